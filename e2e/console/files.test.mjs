import test, {after, afterEach} from 'node:test';
import assert from 'node:assert/strict';
import {api, base, context, expected, open, stop, ticket, troubles, until} from './desk.mjs';

after(stop);
afterEach(() => {
  expected.length = 0;
  assert.deepEqual(troubles.splice(0), [], 'what must never happen on any page');
});

const text = (name) => ({name, mimeType: 'text/plain', buffer: Buffer.from(`これは${name}です。`)});
/** What the browser does when files fall onto, or are pasted into, an element. */
const throwAt = (page, selector, kind, names) => page.evaluate(([at, type, all]) => {
  const files = new DataTransfer();
  for (const name of all) files.items.add(new File([`これは${name}です。`], name, {type: 'text/plain'}));
  const event = type === 'paste' ? new ClipboardEvent(type, {clipboardData: files, bubbles: true, cancelable: true}) : new DragEvent(type, {dataTransfer: files, bubbles: true, cancelable: true});
  document.querySelector(at).dispatchEvent(event);
}, [selector, kind, names]);
const drafted = async (page, number) => page.evaluate(async (n) => (await (await fetch(`/api/v1/tickets/${n}/drafts`)).json()).items.flatMap((d) => d.message.attachments.map((a) => a.name)), number);

test('files leave at once, and the draft keeps them: over a closed tab, a refusal and undo, to the mail', async () => {
  const number = await ticket('添付の確認');
  const ctx = await context(), page = await ctx.newPage();
  await page.goto(`${base}/tickets/${number}`);
  await page.keyboard.press('r');
  await page.setInputFiles('#compose-answer [type=file]', [text('一.txt'), text("it's two (2).txt")]);
  await throwAt(page, '#body-answer', 'drop', ['三.txt']);
  await throwAt(page, '#body-answer', 'paste', ['四.txt']);
  await until(async () => (await drafted(page, number)).length === 4, 'the draft has them, without a word of text');

  // By keyboard: from the text on to the files; what is taken out is gone from the draft too.
  await page.locator('#body-answer').focus();
  await page.keyboard.press('Tab');
  assert.match(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), /一\.txt/);
  await page.keyboard.press('Enter');
  await until(async () => (await drafted(page, number)).join() === "it's two (2).txt,三.txt,四.txt", 'one is taken out');
  await page.close();

  const again = await ctx.newPage();
  await again.goto(`${base}/tickets/${number}`);
  await again.locator('#files-answer li', {hasText: '四.txt'}).waitFor();
  assert.equal(await again.locator('#compose-answer').isVisible(), true, 'what was begun is open');
  await again.locator('#body-answer').fill('資料をお送りします。');
  await again.locator('#hint-answer', {hasText: '保存'}).waitFor();
  await api('POST', `/tickets/${number}/note`, {message: {body: '横から失礼します。'}});
  await again.locator('#t-thread .msg.note').waitFor();
  expected.push('409');
  await again.locator('#body-answer').focus();
  await again.keyboard.press('Control+Enter');
  await again.locator('.stale').waitFor();
  assert.equal(await again.locator('#files-answer li').count(), 3, 'after a refusal');
  await again.locator('[data-do=send-anyway]').click();
  await again.locator('.toast', {hasText: '取り消す'}).waitFor();
  await again.keyboard.press('z');
  await again.locator('#files-answer li', {hasText: '三.txt'}).waitFor();
  assert.equal(await again.locator('#files-answer li').count(), 3, 'after undo');
  await again.locator('#body-answer').focus();
  await again.keyboard.press('Control+Enter');
  await again.locator('#t-thread .msg.by-agent .files a', {hasText: "it's two (2).txt"}).waitFor();
  assert.equal(await again.locator('#t-thread .msg.by-agent .files a').count(), 3);
  await until(async () => (await again.locator('#files-answer li').count()) === 0, 'the next answer begins empty'); // once the sender knows
  await ctx.close();
});

test('a file shows how far it is, waits for nobody, and tells what went wrong', async () => {
  const [number, other] = [await ticket('遅い添付'), await ticket('別の問い合わせ')];
  const page = await open(`/tickets/${number}`);
  let release, broken = true;
  const held = new Promise((r) => { release = r; });
  await page.route('**/api/v1/attachments', async (route) => {
    if (broken) { broken = false; return route.abort('connectionreset'); }
    await held;
    return route.continue();
  });
  expected.push('net::ERR_CONNECTION_RESET');
  await page.keyboard.press('n');
  await page.keyboard.type('資料です。');
  await page.setInputFiles('#compose-note [type=file]', text('遅い.txt'));
  await page.locator('#files-note .failed [role=alert]').waitFor();
  await page.locator('#body-note').focus();
  await page.keyboard.press('Control+Enter');
  await page.locator('#fault-note', {hasText: 'アップロードできていない'}).waitFor(); // nothing leaves without its file
  await page.locator('[data-do=again-file]').click();
  await page.locator('#files-note .leaving progress').waitFor();

  // Another ticket is looked at meanwhile; the file arrives where it belongs.
  const go = (n) => page.evaluate(async (to) => (await import(document.querySelector('script[type=module]').src.replace('app.js', 'list.js'))).open(to), n);
  await go(other);
  await page.locator(`.t-main[data-number="${other}"]`).waitFor();
  await go(number);
  await page.locator('#files-note .leaving').waitFor();
  await go(other);
  release();
  await until(async () => (await drafted(page, number)).join() === '遅い.txt', 'the draft has it');
  await go(number);
  await page.locator('#files-note li', {hasText: '遅い.txt'}).waitFor();
  await page.locator('#body-note').focus();
  await page.keyboard.press('Control+Enter');
  await page.locator('#t-thread .msg.note .files a', {hasText: '遅い.txt'}).waitFor();

  await page.keyboard.press('n');
  await page.evaluate(() => {
    const files = new DataTransfer();
    files.items.add(new File([new Uint8Array(25 * 1024 * 1024 + 1)], '大きい.bin'));
    document.querySelector('#body-note').dispatchEvent(new DragEvent('drop', {dataTransfer: files, bubbles: true, cancelable: true}));
  });
  await page.locator('#files-note .failed', {hasText: '25 MB'}).waitFor();
  await page.locator('#files-note .failed [data-do=drop-file]').click();
  assert.equal(await page.locator('#files-note li').count(), 0);
  assert.equal(await page.evaluate(() => document.activeElement.id), 'body-note');
  await page.context().close();
});
