import test, {after, afterEach} from 'node:test';
import assert from 'node:assert/strict';
import {context, base, expected, stop, troubles} from './desk.mjs';

after(stop);
afterEach(() => {
  expected.length = 0;
  assert.deepEqual(troubles.splice(0), [], 'what must never happen on any page');
});

const asAdmin = async (scheme) => (await context({who: 'honda', scheme})).newPage();

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
