import test, {after, afterEach} from 'node:test';
import assert from 'node:assert/strict';
import {context, base, expected, stop, troubles} from './desk.mjs';

after(stop);
afterEach(() => {
  expected.length = 0;
  assert.deepEqual(troubles.splice(0), [], 'what must never happen on any page');
});

const asAdmin = async (scheme) => (await context({who: 'honda', scheme})).newPage();

test('a calendar is made, with its fault told beside the field, and its year is seen', async () => {
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
  await page.context().close();
});
