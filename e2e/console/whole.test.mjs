import test, {after, afterEach} from 'node:test';
import assert from 'node:assert/strict';
import {createHmac} from 'node:crypto';
import {api, base, context, expected, looker, open, password, stop, ticket, troubles, until, whole} from './desk.mjs';

after(stop);
afterEach(() => {
  expected.length = 0;
  assert.deepEqual(troubles.splice(0), [], 'what must never happen on any page');
});

/** What an authenticator shows now (RFC 6238). */
function codeOf(secret) {
  const bits = [...secret.replace(/=+$/, '')].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000)));
  const sum = createHmac('sha1', Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)))).update(counter).digest(), at = sum.at(-1) & 15;
  return String((sum.readUInt32BE(at) & 0x7fffffff) % 1e6).padStart(6, '0');
}

test('who signs in with a second factor is asked for it, and told when it is wrong', async () => {
  const bad = [], look = looker(bad);
  await api('POST', '/agents', {key: 'factor', name: '二要素 太郎', email: 'factor@desk.example', role: 'agent', groups: ['support'], desks: ['support'], password, language: 'ja'});
  const ctx = await context({who: 'factor'});
  const {secret} = await (await ctx.request.post(`${base}/api/v1/factor`)).json();
  const {codes} = await (await ctx.request.post(`${base}/api/v1/factor/confirm`, {data: {code: codeOf(secret)}})).json();
  await ctx.close();

  const page = await open('/sign-in', {signedIn: false}), keys = page.keyboard;
  expected.push('401', '403', '422');
  await keys.type('factor');
  await keys.press('Tab');
  await keys.type('wrong');
  await keys.press('Enter');
  await page.locator('.fault').waitFor();
  await look(page, 'a wrong password');
  await keys.type(password);
  await keys.press('Enter');
  await page.locator('[name=code]').waitFor();
  await look(page, 'the second factor');
  await keys.type('000000');
  await keys.press('Enter');
  await page.locator('.fault').waitFor();
  await look(page, 'a wrong second factor');
  await page.fill('[name=code]', codes[0]);
  await keys.press('Enter');
  await page.waitForURL(/views\/unassigned/);
  await page.context().close();
  assert.deepEqual(bad, []);
});

/** A list of few rows: what stands in one stands in all. */
const few = `${base}/views/all?q=${encodeURIComponent('title:全体の確認')}`;

/** The list in every form that it has: a selection, a job, a table, a search that says nothing. */
async function everyForm(page, who, look, lists) {
  await page.locator('.select-all').click();
  await look(page, `${who}: a selection`);
  await page.locator('[popovertarget=bulk-more]').click();
  await look(page, `${who}: what can be done with many`, {part: '#bulk-more'});
  await page.locator('[data-bulk=classify]').click();
  await page.locator('[name="classify.add_tags"]').fill(who);
  await look(page, `${who}: the form for many`, {part: '#dialog'});
  await page.locator('#bulk-form .primary').click();
  await page.locator('#job[data-state=done]').waitFor();
  await look(page, `${who}: a job`, {part: '#job'});
  await page.locator('#job a.button').click();
  await page.locator('.job-page tbody tr').nth(1).waitFor();
  await look(page, `${who}: its results`, {part: '.job-page'});
  await lists('table');
  await page.goto(few);
  await page.locator('#rows-table .row').first().waitFor();
  await look(page, `${who}: a table`, {part: '#rows-box'});
  await page.locator('[data-do=columns]').click();
  await page.locator('#columns-form').waitFor();
  await look(page, `${who}: its columns`, {part: '#dialog'});
  await lists('cards');
  await page.goto(`${base}/views/all?q=state:`);
  await page.locator('.rows-box .fault').waitFor();
  await look(page, `${who}: a search that cannot be read`, {part: '#list'});
}

test('the list is whole in every form, in both languages: table, selection, job, search, nothing, no line', async () => {
  const bad = [], numbers = [await ticket('全体の確認 一'), await ticket('全体の確認 二')];
  for (const who of ['sato', 'honda']) {
    const ctx = await context({who}), page = await ctx.newPage();
    const look = who === 'sato' ? looker(bad) : async () => {}; // what stands there is the same, in other words
    const lists = (layout) => page.evaluate((to) => fetch('/api/v1/me/lists', {method: 'PUT', headers: {'Content-Type': 'application/json'}, body: JSON.stringify({layout: to, density: 'normal', columns: [{name: 'channel'}, {name: 'number'}, {name: 'title'}, {name: 'due'}, {name: 'tags'}]})}), layout);
    await page.goto(few);
    await page.locator('#rows .row').nth(1).waitFor();
    if (who === 'sato' || whole) await everyForm(page, who, look, lists);
    await page.goto(`${base}/views/all/${numbers[0]}`);
    await page.locator('[popovertarget=acts-more]').click();
    await look(page, `${who}: more that can be done`, {part: '#acts-more'});
    await page.keyboard.press('Escape');
    await page.locator('[popovertarget=legend]').click();
    await look(page, `${who}: the legend`, {part: '#legend'});
    await page.keyboard.press('Escape');
    await page.locator('.rail [data-do=notices]').click();
    await page.locator('#notices-list > *').nth(1).waitFor();
    await look(page, `${who}: the bell`, {part: '#notices'});
    await page.keyboard.press('Escape');
    await page.locator('.rail-me').click();
    await look(page, `${who}: what is his`, {part: '#me-menu'});
    await page.keyboard.press('Escape');
    const lang = who === 'sato' ? /[\p{Script=Hiragana}\p{Script=Katakana}]/u : /^[^\p{Script=Hiragana}\p{Script=Katakana}]*$/u;
    for (const part of ['#acts-more', '#legend', '.list-head', '.rail', '#bulk', '.views']) assert.match(await page.locator(part).textContent(), lang, part);
    expected.push('ERR_INTERNET_DISCONNECTED', 'Failed to fetch');
    await ctx.setOffline(true);
    await page.locator('#rows .row-link').last().click(); // beside the open one they are there already
    await page.locator('.toast.bad').waitFor();
    await look(page, `${who}: without a line`, {part: '.toast.bad'});
    await ctx.close();
  }
  assert.deepEqual(bad, []);
});

test('a thread that is long is read from its end, and what came before stays live', async () => {
  const number = await ticket('長い経過');
  await api('POST', `/tickets/${number}/client-reply`, {client_reply: {channel: 'phone'}, message: {body: '別件です。'}});
  for (let i = 0; i < 205; i += 5) await Promise.all([0, 1, 2, 3, 4].map((n) => api('POST', `/tickets/${number}/note`, {message: {body: `メモ ${i + n}`}})));
  await until(async () => (await api('GET', `/tickets/${number}`)).body.revision > 205, 'all are written', 60000);
  const page = await open(`/tickets/${number}`);
  assert.equal(await page.locator('.msg.by-client').count(), 0, 'the first message is not there yet');
  await page.locator('#t-older button').click();
  const first = page.locator('#t-thread .msg', {hasText: '教えてください'});
  await first.waitFor();
  assert.equal(await page.locator('#t-older button').count(), 0, 'that is all');
  const second = (await page.locator('#t-thread .msg', {hasText: '別件です'}).getAttribute('id')).slice(5);
  await api('POST', `/tickets/${number}/split`, {split: {message: second}});
  await page.locator(`#item-${second}`).waitFor({state: 'detached'}); // gone where it was, without a reload
  assert.equal(await first.isVisible(), true);
  await page.context().close();
});
