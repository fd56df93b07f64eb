import test, {after, afterEach} from 'node:test';
import assert from 'node:assert/strict';
import {api, base, context, expected, inbox, looker, stop, ticket, troubles, until} from './desk.mjs';

after(stop);
afterEach(() => {
  expected.length = 0;
  assert.deepEqual(troubles.splice(0), [], 'what must never happen on any page');
});

test('a client signs in by a mailed link, reads, replies with a file, rates, and finds an article', async () => {
  const email = 'mori@client.example', number = await ticket('スキャナーが動きません', email), bad = [], whole = looker(bad);
  const {body: {client}} = await api('GET', `/tickets/${number}`);
  assert.equal((await api('PUT', `/clients/${client.id}/access`, {access: 'portal'})).status, 200);
  const others = await ticket('よその方のお問い合わせ', 'someone@client.example');
  await api('POST', '/articles', {desk: 'support', key: 'paper', title: '紙詰まりの直し方', body: '## 手順\n\n1. カバーを開けます。\n2. 紙を取り除きます。', state: 'published'});
  await api('POST', '/articles', {desk: 'support', key: 'inside', title: '紙詰まりの社内手順', body: '社内用です。', state: 'internal'});

  const ctx = await context({who: 'mori', signedIn: false}), page = await ctx.newPage();
  await page.goto(`${base}/portal`);
  await page.waitForURL(/portal\/sign-in/);
  await whole(page, 'sign-in');
  await page.fill('[name=email]', email);
  await page.locator('.primary').click();
  await page.locator('[role=status]', {hasText: email}).waitFor();
  const link = await until(async () => (await inbox(email)).match(/http\S+sign-in\/link#[\w-]+/)?.[0], 'the mailed link', 30000);
  await page.goto(link);
  await page.locator('button.primary').click();
  await page.waitForURL(`${base}/portal`);

  const row = page.locator('.portal-rows a', {hasText: 'スキャナーが動きません'});
  await row.waitFor();
  assert.equal(await page.getByText('よその方の').count(), 0, 'nobody else\'s');
  await whole(page, 'list');
  await row.click();
  await page.locator('#p-body').fill('型番の写真をお送りします。');
  await page.setInputFiles('#p-files', {name: '型番.txt', mimeType: 'text/plain', buffer: Buffer.from('X-1')});
  await whole(page, 'ticket');
  await page.locator('form[action$="/reply"] .primary').click();
  await page.locator('.thread', {hasText: '型番の写真をお送りします。'}).waitFor();
  await page.locator('.thread', {hasText: '型番.txt'}).waitFor();
  await api('POST', `/tickets/${number}/note`, {message: {body: '社内のメモです。'}});
  await api('POST', `/tickets/${number}/resolve`, {message: {body: '**部品**をお送りしました。'}});
  await page.goto(`${base}/portal/tickets/${number}`);
  await page.locator('.thread', {hasText: '部品をお送りしました。'}).waitFor();
  assert.equal(await page.getByText('社内のメモ').count(), 0, 'notes are for the staff');
  await page.locator('[name=rating][value="5"]').check();
  await page.fill('#p-comment', '早くて助かりました。');
  await whole(page, 'rating');
  await page.locator('form[action$="/feedback"] .primary').click();
  await page.locator('.ok').waitFor();
  await until(async () => JSON.stringify((await api('GET', `/tickets/${number}/timeline?limit=200`)).body).includes('早くて助かりました'), 'the rating');
  expected.push('404');
  assert.equal((await page.goto(`${base}/portal/tickets/${others}`)).status(), 404, 'what is not his is not there');
  await whole(page, 'nothing');

  await page.goto(`${base}/portal/articles`);
  await page.fill('[name=q]', '紙詰まり');
  await page.keyboard.press('Enter');
  await page.locator('.portal-rows a', {hasText: '紙詰まりの直し方'}).waitFor();
  assert.equal(await page.locator('.portal-rows a').count(), 1, 'what is internal is not found');
  await whole(page, 'articles');
  await page.locator('.portal-rows a').click();
  await page.locator('article h2', {hasText: '手順'}).waitFor();
  await whole(page, 'article');

  await page.goto(`${base}/portal/new`);
  if (await page.locator('#p-title').count() === 0) await page.locator('.portal-rows a').first().click();
  await page.locator('#p-title').pressSequentially('紙詰まりで困っています');
  await page.locator('#suggested a', {hasText: '紙詰まりの直し方'}).waitFor();
  await whole(page, 'new');
  await page.fill('#p-body', '紙が詰まって動きません。');
  await page.locator('form .primary').click();
  await page.locator('.thread', {hasText: '紙が詰まって'}).waitFor();

  const abroad = await context({who: 'mori in English, on a phone', signedIn: false, locale: 'en-GB', width: 390, height: 844}), phone = await abroad.newPage();
  await abroad.addCookies(await ctx.cookies());
  for (const path of ['/portal', `/portal/tickets/${number}`, '/portal/articles', '/portal/new']) {
    await phone.goto(base + path);
    assert.equal(await phone.locator('html').getAttribute('lang'), 'en');
    assert.ok(await phone.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${path}: nothing stands beside a phone's screen`);
    const chrome = await phone.evaluate(() => ['.portal-bar nav', '.portal-tabs', 'form button', 'label'].map((part) => [...document.querySelectorAll(part)].map((e) => e.textContent).join(' ')).join(' '));
    assert.doesNotMatch(chrome, /[\p{Script=Hiragana}\p{Script=Katakana}]/u, path);
  }
  await abroad.close();
  await page.locator('form[action$="sign-out"] button').click();
  await page.waitForURL(/portal\/sign-in/);
  await page.goto(`${base}/portal/tickets/${number}`);
  await page.waitForURL(/portal\/sign-in/);
  await ctx.close();
  assert.deepEqual(bad, []);
});
