// What the tests share: one browser, people who sign in, and a watch over what must never happen on any page.
import {createRequire} from 'node:module';
import {connect} from 'node:net';
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';

const require = createRequire(process.env.DESK_MODULES + '/');
export const {chromium} = require('playwright-core');
const axePath = require.resolve('axe-core/axe.min.js');
export const base = process.env.DESK_BASE;
export const password = 'a long password for tests';

const browser = await chromium.launch({executablePath: process.env.DESK_BROWSER, args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu']});
export const stop = () => browser.close();

/** Everything that went wrong on any page: console errors, violations of the policy, requests to elsewhere, dialogs. */
export const troubles = [];
/** Errors that a test brings about on purpose, by what their text or address holds. */
export const expected = [];

function watch(page, who) {
  const note = (what) => { if (!expected.some((part) => what.includes(part))) troubles.push(`${who}: ${what}`); };
  page.on('console', (m) => { if (m.type() === 'error' || /Content Security Policy|Content-Security-Policy/.test(m.text())) note(`${m.text()} ${m.location().url}`); });
  page.on('pageerror', (e) => note(e.stack ?? e.message));
  page.on('dialog', (dialog) => { note(`a dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on('request', (r) => { if (!r.url().startsWith(base) && !/^(data|blob|about):/.test(r.url())) note(`a request to ${r.url()}`); });
}

export async function context({who = 'sato', scheme = 'light', width = 1440, height = 900, signedIn = true, locale = 'ja-JP'} = {}) {
  const ctx = await browser.newContext({viewport: {width, height}, colorScheme: scheme, reducedMotion: 'reduce', locale, timezoneId: 'Asia/Tokyo', acceptDownloads: true});
  ctx.setDefaultTimeout(15000);
  ctx.on('page', (page) => watch(page, who));
  if (signedIn) {
    const response = await ctx.request.post(base + '/api/v1/session', {data: {login: who, password}});
    assert.equal(response.status(), 201, await response.text());
  }
  return ctx;
}

export async function open(path, options = {}) {
  const ctx = await context(options), page = await ctx.newPage();
  await page.goto(base + path);
  return page;
}

/** The API as a script uses it, as an admin or with another's cookie. */
export async function api(method, path, body, headers = {Authorization: `Bearer ${process.env.DESK_TOKEN}`}) {
  const response = await fetch(`${base}/api/v1${path}`, {method, headers: {'Content-Type': 'application/json', ...headers}, body: body && JSON.stringify(body)});
  const text = await response.text();
  return {status: response.status, body: text ? JSON.parse(text) : null};
}

export async function ticket(title, client = 'kato@client.example') {
  const {status, body} = await api('POST', '/tickets', {desk: 'support', client: {name: '加藤 健', email: client}, channel: 'mail', title, message: {body: '教えてください。'}});
  assert.ok(status === 201 || status === 202, JSON.stringify(body));
  await until(async () => (await api('GET', `/tickets/${body.number}`)).body.revision > 0, `ticket ${body.number}`);
  return body.number;
}

export async function until(look, what, within = 15000) {
  const end = Date.now() + within;
  for (;;) {
    const found = await look();
    if (found) return found;
    assert.ok(Date.now() < end, `not within ${within} ms: ${what}`);
    await new Promise((r) => setTimeout(r, 25));
  }
}

/** The mails in somebody's mailbox, in words. */
export async function inbox(address) {
  const at = process.env.DESK_IMAP.lastIndexOf(':');
  const socket = connect(Number(process.env.DESK_IMAP.slice(at + 1)), process.env.DESK_IMAP.slice(0, at));
  socket.write(`a LOGIN "${address}" demo\r\nb SELECT INBOX\r\nc FETCH 1:* BODY.PEEK[]\r\nd LOGOUT\r\n`);
  let raw = '';
  for await (const piece of socket) raw += piece;
  const base64 = raw.replace(/^[A-Za-z0-9+/=]{20,}\r?\n(?:[A-Za-z0-9+/=]+\r?\n)*/gm, (block) => Buffer.from(block, 'base64').toString());
  return base64.replace(/=\r?\n/g, '').replaceAll('=3D', '=');
}

export const p95 = (all) => all.toSorted((a, b) => a - b)[Math.ceil(all.length * 0.95) - 1];
export const p50 = (all) => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)];

/** Whether everything is looked at in every way that there is (DURADESK_SOAK=1); else each in one of them, in turn. */
export const whole = process.env.DESK_WHOLE === '1';
let looks = 0;

/** Looks at pages as a screen reader's user and one who sees poorly must: all rules in the light or in the dark, one page so and the next so; as a whole, all rules in the light, and what differs in the dark. Within a part of them where one is named. */
export const looker = (bad) => async (page, where, {part, schemes = ['light', 'dark']} = {}) => {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(readFileSync(axePath, 'utf8'));
  for (const scheme of whole ? schemes : [schemes[looks++ % schemes.length]]) {
    await page.emulateMedia({colorScheme: scheme});
    await page.evaluate(() => Promise.all(document.getAnimations().map((a) => a.finished.catch(() => {}))));
    const rules = whole && scheme === 'dark' ? {runOnly: ['color-contrast']} : {};
    const {violations} = await page.evaluate(([o, within]) => window.axe.run(within ?? document, {iframes: false, preload: false, resultTypes: ['violations'], ...o}), [rules, part]);
    for (const v of violations) bad.push(`${where} ${scheme}: ${v.id}: ${v.nodes.slice(0, 3).map((n) => `${n.html.slice(0, 160)} ${n.any.map((a) => a.message).join(' ').slice(0, 200)}`).join(' | ')}`);
  }
};
