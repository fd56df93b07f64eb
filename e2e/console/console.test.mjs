import test, {after, afterEach} from 'node:test';
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {api, base, context, expected, looker, open, password, stop, ticket, troubles, until} from './desk.mjs';

after(stop);
afterEach(() => {
  expected.length = 0;
  assert.deepEqual(troubles.splice(0), [], 'what must never happen on any page');
});

test('by keyboard only, in Japanese: from signing in to the next ticket', async () => {
  const page = await open('/', {signedIn: false}), keys = page.keyboard;
  const picking = new Promise((picked) => page.once('filechooser', picked)); // listened for early: it takes the browser a while
  await page.waitForURL(/sign-in/);
  await keys.type('sato');
  await keys.press('Tab');
  await keys.type(password);
  await keys.press('Enter');
  await page.waitForURL(/views\/unassigned/);
  await page.locator('#rows .row').first().waitFor();
  assert.equal(await page.locator('html').getAttribute('lang'), 'ja');

  await keys.press('j'); // the oldest
  await page.getByRole('heading', {name: 'プリンターが動きません'}).waitFor();
  const number = await page.locator('.t-main').getAttribute('data-number');
  await keys.press('i');
  await page.locator('#t-head', {hasText: '佐藤 花子'}).waitFor();

  await keys.press('r');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'body-answer');
  await keys.type('お世話になっております。\nご返金ではなく、新しい紙をお入れください。');
  await keys.press('Shift+Tab'); // the template
  assert.equal(await page.evaluate(() => document.activeElement.id), 'template');
  await keys.press('ArrowDown');
  assert.equal(await page.inputValue('#template'), 'thanks');
  await keys.press('Tab');
  await keys.press('Tab'); // attach
  assert.equal(await page.evaluate(() => document.activeElement.type), 'file');
  await keys.press('Enter');
  const chooser = await Promise.race([picking, new Promise((_, late) => setTimeout(late, 15000, new Error('no file chooser opens')))]);
  await chooser.setFiles({name: '手順.txt', mimeType: 'text/plain', buffer: Buffer.from('紙の入れ方')});
  await page.locator('#files-answer', {hasText: '手順.txt'}).waitFor();

  await keys.press('Control+p'); // the mail as it will be, with the word to look at again
  const frame = page.frameLocator('iframe[name=preview-frame]');
  await frame.getByText('お問い合わせありがとうございました').waitFor();
  await frame.getByText(`[#${number}]`).waitFor();
  await frame.getByText('返金').first().waitFor();

  await keys.press('Control+Enter');
  await page.locator('.toast', {hasText: '取り消す'}).waitFor();
  await keys.press('z');
  await page.locator('#compose-answer:not([hidden])').waitFor();
  await until(async () => (await page.inputValue('#body-answer')).includes('新しい紙'), 'the text is back');
  await page.locator('#files-answer li', {hasText: '手順.txt'}).waitFor(); // and so is the file
  assert.equal(await page.inputValue('#template'), 'thanks');
  await until(() => page.evaluate(() => document.activeElement.id === 'body-answer'), 'the cursor is there');
  await keys.press('Control+Enter');
  await page.locator('#t-thread .msg.by-agent', {hasText: '新しい紙'}).waitFor();
  assert.equal(await page.locator('#compose-answer').isHidden(), true);

  await keys.press('h');
  await page.locator('#dialog[open] select').waitFor();
  await keys.press('Control+Enter');
  await page.locator('#t-head .s-on_hold').waitFor();
  await keys.press('e');
  await page.locator('#dialog[open] textarea').waitFor();
  await keys.press('Control+Enter');
  await page.locator('#t-head .s-resolved').waitFor();
  await keys.press('j');
  await until(async () => (await page.locator('.t-main').getAttribute('data-number')) !== number, 'the next ticket');
  await page.context().close();
});

test('a draft on its way when the answer leaves does not hide what undo brings back', async () => {
  const number = await ticket('遅い下書き');
  const page = await open(`/tickets/${number}`), keys = page.keyboard;
  await page.route('**/drafts/**', async (route) => {
    if (route.request().method() === 'PUT') await new Promise((r) => setTimeout(r, 1000));
    await route.continue();
  });
  const put = (event) => page.waitForEvent(event, (x) => /drafts/.test(x.url()) && (x.method?.() ?? x.request().method()) === 'PUT');
  await keys.press('r');
  await page.setInputFiles('#compose-answer [type=file]', {name: '手順.txt', mimeType: 'text/plain', buffer: Buffer.from('紙の入れ方')});
  const begun = put('request'), ended = put('response');
  await page.locator('#body-answer').focus();
  await keys.type('手順をお送りします。');
  await begun;
  await keys.press('Control+Enter');
  await page.locator('.toast', {hasText: '取り消す'}).waitFor();
  await ended;
  await keys.press('z');
  await until(async () => (await page.inputValue('#body-answer')).includes('手順を'), 'the text is back');
  await page.locator('#files-answer li', {hasText: '手順.txt'}).waitFor();
  await page.context().close();
});

test('Enter while an input method composes never sends', async () => {
  const number = await ticket('IMEの確認');
  const page = await open(`/tickets/${number}`), keys = page.keyboard;
  const cdp = await page.context().newCDPSession(page);
  await keys.press('r');
  await cdp.send('Input.imeSetComposition', {text: 'にほんご', selectionStart: 4, selectionEnd: 4});
  const sends = [];
  page.on('request', (r) => { if (r.method() === 'POST') sends.push(r.url()); });
  const enter = (modifiers) => cdp.send('Input.dispatchKeyEvent', {type: 'rawKeyDown', key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 229, modifiers});
  await enter(0);
  await enter(2); // with Ctrl
  await cdp.send('Input.insertText', {text: '日本語'});
  await keys.press('Enter'); // a line break
  await keys.type('です');
  assert.match(await page.inputValue('#body-answer'), /日本語\n?です/);
  await keys.press('Tab');
  await page.locator('#compose-answer [name=to]').focus();
  await keys.press('Enter');
  await new Promise((r) => setTimeout(r, 300));
  assert.deepEqual(sends, []);
  assert.equal(await page.locator('#t-thread .msg.by-agent').count(), 0);
  await page.context().close();
});

test('a draft survives a transfer, a live update, a refusal, a closed tab, a killed server, and another machine', async () => {
  const number = await ticket('下書きの確認'), text = 'まだ途中の文章です。消えてはいけません。';
  const ctx = await context(), page = await ctx.newPage();
  await page.goto(`${base}/tickets/${number}`);
  await page.keyboard.press('r');
  await page.keyboard.type(text);
  const kept = async (what) => assert.equal(await page.inputValue('#body-answer'), text, what);
  await page.locator('#hint-answer', {hasText: '保存'}).waitFor();

  await api('POST', `/tickets/${number}/assign`, {assign: {owner: 'suzuki'}});
  await page.locator('#t-head', {hasText: '鈴木 一郎'}).waitFor(); // live
  await kept('a colleague took the ticket');
  await api('POST', `/tickets/${number}/note`, {message: {body: '横から失礼します。'}});
  await page.locator('#t-thread .msg.note', {hasText: '横から'}).waitFor();
  await kept('a live update');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'body-answer', 'the cursor stays');

  expected.push('409');
  await page.keyboard.press('Control+Enter'); // something unseen was written
  await page.locator('.stale', {hasText: '横から'}).waitFor();
  await kept('a refusal');
  const above = await page.evaluate(() => document.querySelector('.stale').getBoundingClientRect().bottom <= document.querySelector('#body-answer').getBoundingClientRect().top + 1);
  assert.ok(above, 'the unseen message stands above the text');

  expected.push('Failed to fetch', 'ERR_CONNECTION', 'ERR_INCOMPLETE', 'Failed to load', 'net::ERR', '503', 'stream');
  process.kill(Number(readFileSync(`${process.env.DESK_DIR}/run/api.pid`, 'utf8')), 'SIGKILL');
  await page.locator('[data-do=send-anyway]').click();
  await page.locator('#fault-answer', {hasText: '送信できませんでした'}).waitFor();
  await kept('a killed server');
  await until(() => fetch(`${base}/readyz`).then((r) => r.ok, () => false), 'the server is back', 60000);

  await page.close();
  const again = await ctx.newPage();
  await again.goto(`${base}/tickets/${number}`);
  assert.equal(await again.inputValue('#body-answer'), text, 'a closed tab');
  await ctx.close();
  const elsewhere = await open(`/tickets/${number}`);
  assert.equal(await elsewhere.inputValue('#body-answer'), text, 'another machine');
  expected.push('409');
  await elsewhere.locator('#body-answer').focus();
  await elsewhere.keyboard.press('Control+Enter'); // this page has seen the note
  await elsewhere.locator('#t-thread .msg.by-agent', {hasText: '消えてはいけません'}).waitFor();
  const drafts = await api('GET', `/tickets/${number}`);
  assert.equal(drafts.body.last_message.kind, 'public');
  await elsewhere.context().close();
});

test('two browsers see each other within two seconds, and what the other writes', async () => {
  const number = await ticket('在席の確認');
  const one = await open(`/tickets/${number}`, {who: 'sato'}), two = await open(`/tickets/${number}`, {who: 'suzuki'});
  const began = Date.now();
  await one.locator('#t-head .viewers', {hasText: '鈴木'}).waitFor({timeout: 2000});
  await two.locator('#t-head .viewers', {hasText: '佐藤'}).waitFor({timeout: 2000});
  console.log(`presence seen after ${Date.now() - began} ms`);
  await two.keyboard.press('n');
  await two.keyboard.type('メモです');
  await one.locator('#t-head .writing', {hasText: '鈴木'}).waitFor({timeout: 2000});
  await two.keyboard.press('Control+Enter');
  await one.locator('#t-thread .msg.note', {hasText: 'メモです'}).waitFor({timeout: 4000});
  await two.context().close();
  await one.context().close();
});

test('new tickets wait behind a pill, and rows never jump', async () => {
  const page = await open('/views/unassigned');
  await page.keyboard.press('j');
  await page.locator('.t-main').waitFor();
  const first = await page.locator('#rows .row').first().getAttribute('id');
  await ticket('新着の確認');
  await page.locator('#fresh', {hasText: '新着'}).waitFor();
  assert.equal(await page.locator('#rows .row').first().getAttribute('id'), first);
  await page.locator('#fresh').click();
  await page.locator('#fresh').waitFor({state: 'hidden'});
  await page.context().close();
});

test('what cannot be done is not drawn, and the palette says why', async () => {
  const number = await ticket('スパムの確認');
  await api('POST', `/tickets/${number}/resolve`, {resolve: {category: 'spam'}});
  const page = await open(`/tickets/${number}`);
  await page.locator('[data-act=restore]').waitFor();
  assert.equal(await page.locator('[data-act=hold], [data-act=transfer], [data-act=resolve], [data-do=answer]').count(), 0);
  await page.keyboard.press('Control+k');
  await page.keyboard.type('転送');
  await page.locator('#palette-list [aria-disabled=true]', {hasText: '復元'}).waitFor();
  await page.keyboard.press('Escape');
  await page.locator('[data-act=restore]').click();
  await page.locator('#t-head .s-new').waitFor();
  await page.context().close();
});

test('a ticket goes back in time, and its deadline explains itself', async () => {
  const number = await ticket('過去の確認');
  await new Promise((r) => setTimeout(r, 1100)); // the slider counts whole seconds
  await api('POST', `/tickets/${number}/hold`, {hold: {reason: 'client'}});
  const page = await open(`/tickets/${number}`);
  await page.locator('#t-head .s-on_hold').waitFor();
  await page.locator('#travel').focus();
  await page.keyboard.press('Home');
  await page.locator('#t-head .past').waitFor();
  await page.locator('#t-head .s-new').waitFor();
  await page.locator('[data-do=now]').click();
  await page.locator('#t-head .s-on_hold').waitFor();
  await page.locator('.clocks button').first().click();
  await page.locator('#dialog[open] .explain table').waitFor();
  await page.context().close();
});

test('every page is whole for a screen reader, in light and dark', async () => {
  const number = await ticket('読み上げの確認');
  await api('POST', `/tickets/${number}/note`, {message: {body: '社内で確認します。'}});
  await api('POST', `/tickets/${number}/agent-response`, {message: {body: '**お待ち**ください。\n\n- 一\n- 二'}});
  const bad = [], look = looker(bad);
  const out = await open('/sign-in', {signedIn: false});
  await look(out, 'sign-in');
  await out.context().close();
  await api('POST', `/tickets/${number}/assign`, {assign: {owner: 'sato'}});
  const page = await open('/views/mine_open');
  await look(page, 'list');
  await page.goto(`${base}/views/mine_open/${number}`);
  await look(page, 'ticket');
  await page.keyboard.press('n');
  await look(page, 'note', {part: '#compose-note'});
  await page.locator('#compose-note [data-do=fold]').click();
  await page.keyboard.press('r');
  await look(page, 'composer', {part: '#compose-answer'});
  await page.keyboard.press('Escape');
  for (const tab of ['history', 'events', 'client']) {
    await page.locator(`#tab-${tab}`).click();
    await page.locator(`#panel-${tab} > *`).first().waitFor();
    await look(page, tab, {part: `#panel-${tab}`});
  }
  await page.locator('#ticket').focus();
  await page.keyboard.press('t');
  await page.locator('#dialog[open] select').first().waitFor();
  await look(page, 'dialog', {part: '#dialog'});
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+k');
  await look(page, 'palette', {part: '#palette'});
  await page.keyboard.press('Escape');
  await page.locator('#ticket').focus();
  await page.keyboard.press('?');
  await look(page, 'sheet', {part: '#sheet'});
  expected.push('404');
  for (const path of ['/new', '/settings', '/nothing-here', '/views/spam', '/views/mine_closed?q=nichtszufinden']) {
    await page.goto(base + path);
    await look(page, path);
  }
  await page.setViewportSize({width: 390, height: 844});
  for (const path of ['/views/mine_open', `/views/mine_open/${number}`]) {
    await page.goto(base + path);
    await look(page, `phone ${path}`);
  }
  await page.context().close();
  assert.deepEqual(bad, []);
});

test('hostile mail does no harm', async () => {
  const page = await open('/views/all'), count = Number(process.env.DESK_HOSTILE);
  const {body} = await api('GET', '/tickets?title=Hostile&limit=200&sort=created');
  assert.equal(body.items.length, count);
  const samples = body.items.reduce((sum, {title}) => sum + Number(title.split(': ')[1]), 0);
  assert.ok(samples >= 60, `${samples} samples`);
  const script = await page.evaluate(() => document.querySelector('script[type=module]').src.replace('app.js', 'list.js'));
  for (const {number, title} of body.items) {
    await page.evaluate(async ([from, n]) => (await import(from)).open(n), [script, number]);
    await page.locator(`.t-main[data-number="${number}"]`).waitFor();
    const eye = page.locator('[data-do=framed]').first();
    if (await eye.count()) await eye.click();
    if (await page.locator('iframe.mail').count()) {
      const frame = page.frameLocator('iframe.mail').first();
      await frame.locator('.mail').waitFor({state: 'attached'});
      const ends = (await frame.locator('.mail').textContent()).split('its end').length;
      assert.equal(ends, Number(title.split(': ')[1]), `${title}: no sample hides another`);
      for (const link of await frame.locator('a').all()) {
        const href = (await link.getAttribute('href')) ?? '';
        assert.doesNotMatch(href, /^\s*(javascript|data|vbscript):/i, title);
      }
    }
    const state = await page.evaluate(() => ({hurt: window.__hurt, path: location.pathname, head: document.querySelectorAll('#t-head').length, forms: document.querySelectorAll('iframe.mail')[0]?.contentDocument?.querySelectorAll('form, input, script, iframe, object, embed, link:not([href^="/static"]), meta[http-equiv]').length ?? 0}));
    assert.deepEqual(state, {hurt: undefined, path: new URL(page.url()).pathname, head: 1, forms: 0}, title);
  }
  await page.context().close();
});
