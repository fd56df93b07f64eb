import test, {after, afterEach} from 'node:test';
import assert from 'node:assert/strict';
import {api, base, expected, open, stop, ticket, troubles, until} from './desk.mjs';

after(stop);
afterEach(() => {
  expected.length = 0;
  assert.deepEqual(troubles.splice(0), [], 'what must never happen on any page');
});

const focused = (page) => page.evaluate(() => document.activeElement.name || document.activeElement.id);
/** Chooses a command as who knows its name does. */
async function command(page, name) {
  await page.keyboard.press('Control+k');
  await page.keyboard.type(name);
  await page.locator('#palette-list [aria-selected=true]', {hasText: name}).waitFor();
  await page.keyboard.press('Enter');
  await page.locator('#dialog[open] .stack :focus').waitFor();
}

test('by keyboard: a ticket for who calls, what he says, a promise, a link', async () => {
  const other = await ticket('関連の確認');
  const page = await open('/views/unassigned'), keys = page.keyboard;
  await page.locator('#rows .row').first().waitFor();
  await keys.press('c');
  await page.waitForURL(/\/new$/);
  assert.equal(await focused(page), 'channel');
  await keys.press('Tab');
  await keys.type('高橋 次郎');
  await keys.press('Tab');
  await keys.type('takahashi@client.example');
  while ((await focused(page)) !== 'title') await keys.press('Tab');
  await keys.press('Control+Enter'); // what is needed is missing: nothing is made, and the cursor goes there
  assert.equal(await focused(page), 'title');
  await keys.type('電話での問い合わせ');
  await keys.press('Tab');
  await keys.type('電源が入らないそうです。');
  await keys.press('Control+Enter');
  await page.waitForURL(/\/tickets\/\d+/);
  await page.locator('.t-title', {hasText: '電話での問い合わせ'}).waitFor();
  await page.locator('#t-head', {hasText: '佐藤 花子'}).waitFor();

  await command(page, '電話');
  assert.equal(await focused(page), 'message.body');
  await keys.type('もう一度お電話がありました。');
  await keys.press('Control+Enter');
  await page.locator('#t-thread .msg.by-client', {hasText: 'もう一度'}).waitFor();

  await command(page, '約束');
  assert.equal(await focused(page), 'promise.due_at');
  await page.fill('[name="promise.due_at"]', '2001-01-01T10:00'); // long past
  await keys.press('Control+Enter');
  assert.equal(await page.locator('#dialog[open]').count(), 1, 'what is needed is missing');
  await page.fill('[name="promise.text"]', '部品の到着をお知らせします');
  expected.push('422');
  await keys.press('Control+Enter');
  await page.locator('#dialog-fault .fault').waitFor();
  await page.fill('[name="promise.due_at"]', `${new Date().getFullYear() + 1}-01-05T10:30`);
  await keys.press('Control+Enter');
  await page.locator('#dialog[open]').waitFor({state: 'detached'});
  await page.locator('#t-info .clocks', {hasText: '約束'}).waitFor();

  await command(page, '関連付け');
  await keys.type(`#${other}`);
  await keys.press('Tab');
  await keys.press('Control+Enter');
  await page.locator(`#t-info .links a[href="/tickets/${other}"]`).waitFor();
  await page.context().close();
});

test('by keyboard: one ticket goes into another and comes back', async () => {
  const [number, into] = [await ticket('統合の往復'), await ticket('統合を受ける側')];
  const page = await open(`/tickets/${number}`), keys = page.keyboard;
  await page.locator('.t-main').waitFor();
  await keys.press('m');
  await page.locator('#dialog[open] [name="merge.into"]:focus').waitFor();
  expected.push('422', '409');
  await keys.type(String(number)); // into itself
  await keys.press('Control+Enter');
  await page.locator('#dialog-fault .fault').waitFor();
  await page.fill('[name="merge.into"]', String(into));
  await keys.press('Control+Enter');
  await page.locator('#t-head .s-merged').waitFor();
  await command(page, '統合を取り消す');
  await keys.press('Enter');
  await page.locator('#t-head .s-new').waitFor();
  assert.equal((await api('GET', `/tickets/${number}`)).body.state, 'new');
  await page.context().close();
});

test('kept views stand in the order that their person gave them', async () => {
  for (const [key, name] of [['order-a', 'い'], ['order-b', 'ろ'], ['order-c', 'は']]) await api('POST', '/views', {key, name, q: 'state:open', shared: true});
  const page = await open('/views/all'), keys = page.keyboard;
  const order = () => page.locator('[data-kept-view^=order-]').evaluateAll((all) => all.map((one) => one.dataset.keptView.slice(-1)).join(''));
  const first = await order(), [a, b, c] = first;
  await page.locator(`[data-kept-view=order-${c}]`).focus();
  await keys.press('Alt+ArrowUp');
  assert.equal(await order(), a + c + b);
  assert.equal(await page.evaluate(() => document.activeElement.dataset.keptView), `order-${c}`, 'the cursor goes along');
  const stored = (want) => until(async () => (await page.evaluate(() => fetch('/api/v1/me/lists').then((r) => r.json()))).views.filter((key) => key.startsWith('order-')).map((key) => key.slice(-1)).join('') === want, `${want} is kept`);
  await stored(a + c + b);
  await page.locator('.views-top button').click();
  await page.locator(`#views-form [data-view=order-${a}] [data-do=column-down]`).click();
  await keys.press('Enter');
  await page.locator('#views-form .primary').click();
  await stored(c + b + a);
  await page.goto(`${base}/views/all`);
  assert.equal(await order(), c + b + a);
  for (const key of ['order-a', 'order-b', 'order-c']) await api('DELETE', `/views/${key}`);
  await page.context().close();
});

test('the palette finds clients, and answers with a macro', async () => {
  const number = await ticket('パレットの確認', 'palette@client.example');
  const page = await open(`/tickets/${number}`), keys = page.keyboard;
  await page.locator('.t-main').waitFor();
  await keys.press('Control+k');
  await keys.type('お礼');
  await page.locator('#palette-list [aria-selected=true]', {hasText: 'お礼'}).waitFor();
  await keys.press('Enter');
  await until(async () => (await page.inputValue('#body-answer')).includes('ありがとうございました'), 'the macro writes');
  await keys.press('Escape');
  await keys.press('Control+k');
  await keys.type('palette@client');
  const client = page.locator('#palette-list [data-group=clients]', {hasText: 'palette@client.example'});
  await client.waitFor();
  await client.click();
  await page.locator(`#row-${number}`).waitFor(); // all that he asked
  await page.context().close();
});
