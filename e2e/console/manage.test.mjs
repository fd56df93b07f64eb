import test, {after, afterEach} from 'node:test';
import assert from 'node:assert/strict';
import {api, base, context, expected, looker, open, stop, troubles} from './desk.mjs';

after(stop);
afterEach(() => {
  expected.length = 0;
  assert.deepEqual(troubles.splice(0), [], 'what must never happen on any page');
});

const asAdmin = async () => (await context({who: 'honda'})).newPage();
const save = (page) => page.locator('form[data-guard] .primary').click();

test('a calendar is made, with its fault told beside the field, its year is seen, and takes in a file', async () => {
  const page = await asAdmin();
  await page.goto(`${base}/manage/calendars/-new`);
  await page.fill('[name=key]', 'osaka');
  await page.fill('[name=closed]', '2026-13-45 nothing');
  expected.push('422');
  await save(page);
  await page.locator('[name=closed][aria-invalid]').waitFor();
  assert.equal(await page.inputValue('[name=key]'), 'osaka', 'what was typed stays');
  assert.equal(await page.evaluate(() => document.activeElement.name), 'closed', 'the cursor is where something is wrong');
  await page.fill('[name=closed]', '12-29/01-03 年末年始');
  await save(page);
  await page.locator('.fresh a', {hasText: 'osaka'}).click();
  await page.locator('.year .d.named').first().waitFor();
  assert.equal(await page.locator('.month').count(), 12);

  const day = `${new Date().getUTCFullYear()}0611`;
  const event = (name, start) => `BEGIN:VEVENT\r\nUID:${name}\r\nSUMMARY:${name}\r\n${start}\r\nEND:VEVENT\r\n`;
  const file = `BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n${event('創立記念日', `DTSTART;VALUE=DATE:${day}`)}${event('会議', `DTSTART:${day}T140000`)}END:VCALENDAR\r\n`;
  await page.setInputFiles('#import-file', {name: 'holidays.ics', mimeType: 'text/calendar', buffer: Buffer.from(file)});
  await page.locator('button[name=try]').click();
  await page.locator('#imported', {hasText: '創立記念日'}).waitFor();
  await page.locator('#imported details', {hasText: '1'}).waitFor(); // what lasts no whole day
  assert.equal((await api('GET', '/calendars/osaka')).body.version, 1, 'to look stores nothing');
  await page.locator('form[action$="/import"] button:not([name])').click();
  await page.locator('#imported .button').click();
  await page.locator('.named-days', {hasText: '創立記念日'}).waitFor();
  await page.context().close();
});

test('a reception type and a trigger are made, changed and seen', async () => {
  const page = await asAdmin();
  await page.goto(`${base}/manage/reception-types/-new`);
  await page.selectOption('[name=desk]', 'support');
  await page.fill('[name=key]', 'visit');
  await page.fill('[name="label.ja"]', '出張');
  await page.fill('[name="fields.0.key"]', 'place');
  await page.fill('[name="fields.0.label.ja"]', '訪問先');
  await save(page);
  await page.locator('.fresh', {hasText: '訪問先'}).waitFor();

  await page.goto(`${base}/manage/triggers/-new`);
  await page.selectOption('[name=desk]', 'support');
  await page.fill('[name=key]', 'urgent-words');
  await page.fill('[name=name]', 'Urgent words');
  await page.fill('[name="when.title"]', '至急');
  await page.selectOption('[name="then.group"]', 'support');
  await save(page);
  await page.locator('.fresh a', {hasText: 'Urgent words'}).click();
  await page.locator('[name=enabled]').uncheck();
  await save(page);
  await page.locator('.fresh .tone.wait').waitFor();
  await page.context().close();
});

test('a channel shows its secret once, and an article is seen as it reads while it is written', async () => {
  const page = await asAdmin();
  await page.goto(`${base}/manage/channels/-new`);
  await page.fill('[name=key]', 'shop');
  await page.selectOption('[name=desk]', 'support');
  await save(page);
  const secret = await page.locator('#secret').innerText();
  assert.match(secret, /^whsec_/);
  await page.locator('.button.primary').click();
  await page.locator('.shelf a', {hasText: 'shop'}).click();
  assert.ok(!(await page.content()).includes(secret));
  await page.locator('form[action$="/rotate"] button').click();
  assert.notEqual(await page.locator('#secret').innerText(), secret);

  await page.goto(`${base}/manage/articles/-new`);
  await page.fill('[name=title]', 'Clear a paper jam');
  await page.fill('[name=key]', 'jam');
  await page.selectOption('[name=desk]', 'support');
  await page.fill('[name=body]', '## Steps\n\n- Open the **lid**.');
  await page.locator('form[data-copies] button').click();
  const seen = page.frameLocator('[name=tried-article]');
  await seen.locator('h2', {hasText: 'Steps'}).waitFor();
  await seen.locator('strong', {hasText: 'lid'}).waitFor();
  await page.selectOption('[name=state]', 'published');
  await save(page);
  await page.locator('.fresh .tone.good').waitFor();
  await page.locator('.fresh a').click();
  await page.locator('details.version').waitFor();
  await page.context().close();
});

test('every page of management is whole, in both themes and languages', async () => {
  const bad = [], whole = looker(bad), page = await asAdmin(), language = async (to) => assert.equal((await page.request.put(`${base}/api/v1/me/settings`, {data: {language: to, notice_mail: 'off'}})).status(), 200);
  await language('ja');
  await page.goto(`${base}/manage`);
  const shelves = await page.locator('.manage-nav a').evaluateAll((all) => all.map((a) => a.getAttribute('href')));
  assert.ok(shelves.length >= 21, shelves.join(' '));
  await whole(page, 'navigation');
  const seen = [];
  async function look(path) {
    const response = await page.goto(base + path);
    if (response.status() !== 200) bad.push(`${path}: ${response.status()}`);
    // In the dark only what has colours of its own is looked at again.
    const own = /desks\/|reception|policies|calendars|mailboxes\/|templates\/|articles|channels\/|settings/.test(path);
    await whole(page, path, {part: 'main', schemes: own ? ['light', 'dark'] : ['light']});
    if (!(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth))) bad.push(`${path}: something stands beside the screen`);
    seen.push(path);
  }
  for (const shelf of shelves) {
    await look(shelf);
    // The form of one that is there, else of a new one: they are the same.
    const form = await page.evaluate(() => ['.shelf td:first-child a[href^="/manage/"]', '.page-head a.primary'].map((a) => document.querySelector(a)?.getAttribute('href')).find(Boolean));
    if (form) await look(form);
  }
  for (const path of ['/settings', '/manage/agents/-new', '/manage/tokens/-new', '/manage/policies/support?clock=resolution&priority=normal']) await look(path);

  await language('en');
  for (const path of seen) {
    const chrome = await page.evaluate(async (from) => {
      const there = new DOMParser().parseFromString(await fetch(from).then((r) => r.text()), 'text/html');
      return `${there.documentElement.lang} ${['.manage-nav', '.page-head a', 'th', 'label', 'legend', '.help', 'h2', 'button', 'main > .muted'].map((part) => [...there.querySelectorAll(part)].filter((e) => !e.closest('.several, .version')).map((e) => e.textContent).join(' ')).join(' ')}`;
    }, path);
    assert.match(chrome, /^en /);
    const stray = chrome.replaceAll('チケット', '').match(/[\p{Script=Hiragana}\p{Script=Katakana}]+/u); // what a desk calls a ticket in Japanese
    if (stray) bad.push(`${path} in English: ${stray[0]}`);
  }
  await page.context().close();

  const lead = await open('/manage/macros');
  const own = await lead.locator('.manage-nav a').evaluateAll((all) => all.map((a) => a.getAttribute('href')));
  for (const kept of ['/manage/agents', '/manage/desks', '/manage/webhooks', '/manage/channels', '/manage/audit']) assert.ok(!own.includes(kept), `${kept} is an admin's`);
  await lead.context().close();
  assert.deepEqual(bad, []);
});
