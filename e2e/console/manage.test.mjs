import test, {after, afterEach} from 'node:test';
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {axePath, context, base, expected, open, stop, troubles} from './desk.mjs';

after(stop);
afterEach(() => {
  expected.length = 0;
  assert.deepEqual(troubles.splice(0), [], 'what must never happen on any page');
});

const axe = readFileSync(axePath, 'utf8');

/** Holds that a page answers and is whole for a screen reader. */
async function look(page, path, bad) {
  const response = await page.goto(base + path);
  if (response.status() !== 200) bad.push(`${path}: ${response.status()}`);
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Runtime.evaluate', {expression: axe});
  const {violations} = await page.evaluate(() => window.axe.run(document, {resultTypes: ['violations']}));
  for (const v of violations) bad.push(`${path} ${v.id}: ${v.nodes.map((n) => n.target.join(' ')).slice(0, 3)}`);
  await cdp.detach();
}

async function asAdmin(scheme) {
  const ctx = await context({who: 'admin', scheme, signedIn: false});
  await ctx.setExtraHTTPHeaders({Authorization: `Bearer ${process.env.DESK_TOKEN}`});
  return ctx.newPage();
}

test('every page of management is whole, for an admin in the dark and a lead in the light', async () => {
  const bad = [];
  const admin = await asAdmin('dark');
  await admin.goto(`${base}/manage`);
  const links = await admin.locator('.manage-nav a').evaluateAll((all) => all.map((a) => a.getAttribute('href')));
  assert.ok(links.length >= 19, links.join(' '));
  for (const link of links) {
    await look(admin, link, bad);
    const fresh = await admin.locator('.page-head a.primary').getAttribute('href', {timeout: 50}).catch(() => null);
    if (fresh) await look(admin, fresh, bad);
  }
  for (const path of ['/manage/desks/support', '/manage/policies/support?clock=resolution&priority=normal', '/manage/templates/answer.ja', '/settings']) await look(admin, path, bad);
  await admin.context().close();

  const lead = await open('/manage/macros');
  const own = await lead.locator('.manage-nav a').evaluateAll((all) => all.map((a) => a.getAttribute('href')));
  for (const kept of ['/manage/agents', '/manage/desks', '/manage/webhooks', '/manage/audit']) assert.ok(!own.includes(kept), `${kept} is an admin's`);
  for (const link of [...own, '/manage/macros/support:thanks', '/settings']) await look(lead, link, bad);
  await lead.keyboard.press('Control+k');
  await lead.keyboard.type('隔離');
  await lead.locator('#palette-list [role=option]', {hasText: '隔離メール'}).waitFor();
  await lead.context().close();
  assert.deepEqual(bad, []);
});

test('a calendar, a reception type and a trigger are made, changed and seen', async () => {
  const page = await asAdmin('light');
  await page.goto(`${base}/manage/calendars/-new`);
  await page.fill('[name=key]', 'osaka');
  await page.fill('[name=closed]', '2026-13-45 nothing');
  expected.push('422');
  await page.locator('form[data-guard] .primary').click();
  await page.locator('[name=closed][aria-invalid]').waitFor();
  assert.equal(await page.inputValue('[name=key]'), 'osaka', 'what was typed stays');
  assert.equal(await page.evaluate(() => document.activeElement.name), 'closed', 'the cursor is where something is wrong');
  await page.fill('[name=closed]', '12-29/01-03 年末年始');
  await page.locator('form[data-guard] .primary').click();
  await page.locator('.fresh a', {hasText: 'osaka'}).click();
  await page.locator('.year .d.named').first().waitFor();
  assert.equal(await page.locator('.month').count(), 12);

  await page.goto(`${base}/manage/reception-types/-new`);
  await page.fill('[name=key]', 'repair');
  await page.fill('[name="label.ja"]', '修理');
  await page.fill('[name="fields.0.key"]', 'model');
  await page.fill('[name="fields.0.label.ja"]', '型番');
  await page.locator('form[data-guard] .primary').click();
  await page.locator('.fresh', {hasText: '型番'}).waitFor();

  await page.goto(`${base}/manage/triggers/-new`);
  await page.selectOption('[name=desk]', 'support');
  await page.fill('[name=key]', 'urgent-words');
  await page.fill('[name=name]', 'Urgent words');
  await page.fill('[name="when.title"]', '至急');
  await page.selectOption('[name="then.group"]', 'support');
  await page.locator('form[data-guard] .primary').click();
  await page.locator('.fresh a', {hasText: 'Urgent words'}).click();
  await page.locator('[name=enabled]').uncheck();
  await page.locator('form[data-guard] .primary').click();
  await page.locator('.fresh .tone.wait').waitFor();
  await page.context().close();
});
