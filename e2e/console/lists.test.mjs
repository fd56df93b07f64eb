import test, {after, afterEach} from 'node:test';
import assert from 'node:assert/strict';
import {api, base, context, expected, open, password, stop, ticket, troubles, until} from './desk.mjs';

after(stop);
afterEach(() => {
  expected.length = 0;
  assert.deepEqual(troubles.splice(0), [], 'what must never happen on any page');
});

const state = async (number) => (await api('GET', `/tickets/${number}`)).body.state;

test('a selection is answered and held as one job, which tells what each ticket said to it, and is undone', async () => {
  const numbers = [];
  for (const n of [1, 2, 3]) numbers.push(await ticket(`一括の確認 ${n}`)); // one after the other: the closed one is the youngest, the preview is of the oldest
  await api('POST', `/tickets/${numbers[2]}/close`, {});
  const page = await open('/views/all?q=' + encodeURIComponent('一括の確認 or(state:new state:closed)') + '&sort=created');
  await page.locator('#rows .row').nth(2).waitFor();
  await page.locator('.select-all').click();
  await page.locator('[data-bulk=answer]').click();
  await page.locator('#bulk-body').fill('お待たせしております。');
  await page.locator('[data-do=bulk-preview]').click();
  await page.frameLocator('iframe[name=bulk-preview]').getByText('お待たせしております').waitFor();
  await page.locator('#bulk-form [name=way][value=hold]').check();
  await page.locator('#bulk-form .primary', {hasText: '3件'}).click();
  await page.locator('#job .o-refused').waitFor();
  await until(async () => (await state(numbers[0])) === 'on_hold' && (await state(numbers[1])) === 'on_hold', 'both are on hold');
  await page.locator('#job a.button').click();
  const refused = page.locator('.job-page tr', {hasText: `#${numbers[2]}`});
  await refused.locator('.o-refused').waitFor();
  assert.match(await refused.innerText(), /完了/, 'with the reason');
  await page.goBack();
  await page.locator('#job[data-state=done]').waitFor(); // it is still in sight
  await page.context().close();

  // All that a list finds, also what it does not show yet; and back again.
  const other = await open('/views/all?q=' + encodeURIComponent('title:一括の確認 state:on_hold'));
  await other.locator('#rows .row').nth(1).waitFor();
  await other.locator('.select-all').click();
  await other.locator('[popovertarget=bulk-more]').click();
  await other.locator('[data-bulk=classify]').click();
  await other.locator('[name="classify.add_tags"]').fill('至急');
  await other.locator('#bulk-form .primary').click();
  await other.locator('#job[data-state=done]').waitFor();
  await until(async () => (await api('GET', `/tickets/${numbers[0]}`)).body.tags.includes('至急'), 'the tag is there');
  await other.locator('#job button[hx-post*=undo]').click();
  await until(async () => !(await api('GET', `/tickets/${numbers[0]}`)).body.tags.includes('至急'), 'the tag is gone');
  await other.context().close();
});

test('the list as a table follows its person, and a kept view remembers search and order', async () => {
  const page = await open('/views/all');
  await page.locator('[data-do=columns]').click();
  await page.locator('#columns-form [name=layout][value=table]').check();
  await page.locator('#columns-form [value=created]').check();
  await page.locator('#columns-form .primary').click();
  await page.locator('#rows-table [data-column=created] a').click();
  await page.locator('[data-column=created][aria-sort=ascending]').waitFor(); // oldest first
  const grip = page.locator('[data-column=title] .grip'), wide = () => page.locator('[data-column=title]').evaluate((head) => head.getBoundingClientRect().width);
  await grip.focus();
  const before = await wide();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  assert.ok(Math.abs((await wide()) - before - 32) < 4, 'by the arrows');
  const stored = async () => {
    const {columns} = await page.evaluate(() => fetch('/api/v1/me/lists').then((r) => r.json()));
    return columns.find((column) => column.name === 'title').width;
  };
  const width = Math.round(await wide());
  await until(async () => Math.abs((await stored()) - width) < 3, 'the width is kept');
  await page.keyboard.press('Escape');
  await page.locator('#rows-box').focus();
  await page.keyboard.press('j');
  await page.locator('.t-main').waitFor();
  assert.equal(await page.locator('#list').isVisible(), false);
  await page.keyboard.press('u');
  await page.locator('#list').waitFor();

  const elsewhere = await open('/views/all?q=state:open');
  await elsewhere.locator('#rows-table [data-column=created]').waitFor(); // on another machine
  await elsewhere.locator('.chip-save').click();
  await elsewhere.locator('#dialog[open] [name=name]').fill('処理中だけ');
  await elsewhere.locator('#dialog[open] .primary').click();
  await elsewhere.locator('.views-list a[aria-current]', {hasText: '処理中だけ'}).waitFor();
  await elsewhere.locator('[hx-get*="/edit"]').click();
  await elsewhere.locator('#dialog[open] [name=name]').fill('処理中のみ');
  await elsewhere.locator('#dialog[open] [name=sort]').selectOption('-created');
  await elsewhere.locator('#dialog[open] .primary').click();
  await elsewhere.locator('[data-column=created][aria-sort=descending]').waitFor();
  await elsewhere.locator('[hx-get*="/edit"]').click();
  await elsewhere.locator('#dialog[open] .danger').click();
  await until(async () => (await elsewhere.locator('.views-list', {hasText: '処理中のみ'}).count()) === 0, 'the view is gone');
  await elsewhere.evaluate(() => fetch('/api/v1/me/lists', {method: 'PUT', headers: {'Content-Type': 'application/json'}, body: JSON.stringify({layout: 'cards', density: 'normal', columns: [{name: 'title'}]})}));
  await elsewhere.context().close();
  await page.context().close();
});

test('macros come by /, and what was begun survives a merge', async () => {
  const [number, into] = [await ticket('マクロの確認'), await ticket('統合先の確認')];
  const page = await open(`/tickets/${number}`), keys = page.keyboard;
  await keys.press('r');
  await keys.type('/');
  await page.locator('.expander [role=option]', {hasText: 'お礼'}).waitFor();
  await keys.press('Enter');
  await until(async () => (await page.inputValue('#body-answer')).includes('ありがとうございました'), 'the macro writes');
  await keys.type(' 追伸です。');
  const text = await page.inputValue('#body-answer');
  await page.locator('#hint-answer', {hasText: '保存'}).waitFor();
  await api('POST', `/tickets/${number}/merge`, {merge: {into}});
  await page.locator('#t-head .s-merged').waitFor(); // live
  assert.equal(await page.inputValue('#body-answer'), text);
  await page.context().close();
});

test('a message tells why it is here, and is split off', async () => {
  const number = await ticket('分割の確認');
  await api('POST', `/tickets/${number}/client-reply`, {client_reply: {channel: 'phone'}, message: {body: '別件ですが、住所が変わりました。'}});
  const page = await open(`/tickets/${number}`);
  const message = page.locator('.msg', {hasText: '別件ですが'});
  await message.hover();
  await message.locator('[popovertarget]').click();
  await page.locator('.about:popover-open [data-do=split]').click();
  await page.locator('.links a').waitFor(); // to the ticket that it is now
  assert.equal(await page.locator('#t-thread .msg', {hasText: '別件ですが'}).count(), 0);
  const {body} = await api('GET', '/tickets?title=Hostile&limit=1');
  await page.goto(`${base}/tickets/${body.items[0].number}`);
  await page.locator('.msg').first().hover();
  await page.locator('.msg [popovertarget^=about]').first().click();
  await page.locator('.about:popover-open', {hasText: 'このチケットに届いた理由'}).waitFor();
  await page.context().close();
});

test('a form asks what the reception type asks for', async () => {
  await api('POST', '/desks', {key: 'repairs', name: '修理', kind: 'issue'});
  await api('POST', '/desks/repairs/reception-types', {key: 'repair', label: {en: 'Repair', ja: '修理依頼'}, fields: [{key: 'model', label: {en: 'Model', ja: '型番'}, kind: 'choice', required: true, by: 'operator', choices: [{key: 'x1', label: {en: 'X-1', ja: 'X-1'}}]}, {key: 'pieces', label: {en: 'Pieces', ja: '台数'}, kind: 'number'}]});
  const number = await ticket('移管の確認');
  await api('POST', `/tickets/${number}/assign`, {assign: {owner: 'sato'}});
  const page = await open(`/tickets/${number}`);
  await page.locator('[popovertarget=acts-more]').click();
  await page.locator('[data-act=hand_over]').click();
  await page.locator('[name="escalate.reception_type"]').selectOption({label: '修理依頼'});
  await page.locator('[name="escalate.fields.model"]').selectOption('x1');
  await page.locator('[name="escalate.fields.pieces"]').fill('2');
  await page.locator('[name="escalate.reason"]').fill('部品の交換');
  await page.locator('#dialog[open] .primary').click();
  await page.locator('#t-head .s-handed_over').waitFor();
  const {body} = await api('GET', `/tickets/${number}`);
  const child = await until(async () => (await api('GET', `/tickets/${body.hand_over.number}`)).body, 'the child');
  assert.deepEqual([child.reception_type, child.fields], ['repair', {model: 'x1', pieces: 2}]);
  await page.context().close();
});

test('in English, on a tablet', async () => {
  await api('POST', '/agents', {key: 'smith', name: 'Ann Smith', email: 'smith@desk.example', role: 'agent', groups: ['support'], desks: ['support'], password, language: 'en'});
  const ctx = await context({who: 'smith', width: 1024, height: 768}), page = await ctx.newPage();
  await page.goto(`${base}/views/all`);
  await page.locator('#rows .row').first().click();
  await page.locator('.t-main').waitFor();
  assert.equal(await page.locator('html').getAttribute('lang'), 'en');
  const chrome = await page.evaluate(() => ['.rail', '.views', '.acts', '.compose-open', '.list-title', '.bulk'].map((part) => document.querySelector(part)?.textContent ?? '').join(' '));
  assert.doesNotMatch(chrome, /[\p{Script=Hiragana}\p{Script=Katakana}]/u);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= 1024, `nothing stands beside the screen: ${wide}`);
  await page.locator('[data-do=side]').first().click();
  await page.locator('#t-side').waitFor();
  await ctx.close();
});
