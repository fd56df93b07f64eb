// Small things that every page needs: texts, what is told in passing, dialogs, ages, tabs, frames.

const texts = document.getElementById('texts')?.dataset ?? {};

/** The text of the page's own catalog, with {placeholders} filled. */
export function say(key, values = {}) {
  return Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, value), texts[key] ?? '');
}

export const $ = (selector, from = document) => from.querySelector(selector);
export const $$ = (selector, from = document) => [...(from?.querySelectorAll(selector) ?? [])];

/** Makes an element; text is only ever text. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, '');
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Says something to who cannot see it happen. */
export function announce(text) {
  const live = $('#live');
  if (live) live.textContent = text;
}

/** Tells something in passing. action: {label, key, run}. Returns a function that takes it away. */
export function toast(text, {tone = '', seconds = 4, action = null} = {}) {
  const box = make('div', {class: `toast ${tone}`, role: tone === 'bad' ? 'alert' : 'status'}, make('span', {}, text));
  const gone = () => { box.remove(); if (shown === entry) shown = null; };
  const entry = {action, gone};
  if (action) {
    const button = make('button', {type: 'button'}, action.label);
    if (action.key) button.append(' ', make('kbd', {}, action.key));
    button.addEventListener('click', () => { gone(); action.run(); });
    box.append(button);
    shown = entry;
  }
  $('#toasts')?.append(box);
  if (seconds) setTimeout(gone, seconds * 1000);
  return gone;
}

let shown = null;

/** Takes back what the last message in passing offers to take back. */
export function undo() {
  const entry = shown;
  if (!entry) return false;
  entry.gone();
  entry.action.run();
  return true;
}

/** How long ago, or how far ahead, in one unit, as the server says it. */
export function age(then, now = Date.now()) {
  const minutes = Math.floor(Math.abs(now - then) / 60000);
  if (minutes < 1) return say('now');
  if (minutes < 60) return say('minutes', {n: minutes});
  if (minutes < 24 * 60) return say('hours', {n: Math.floor(minutes / 60)});
  if (minutes < 60 * 24 * 60) return say('days', {n: Math.floor(minutes / 1440)});
  return say('months', {n: Math.floor(minutes / 43200)});
}

setInterval(() => {
  for (const time of $$('time[data-age]')) {
    const text = age(Date.parse(time.dateTime));
    if (time.textContent !== text) time.textContent = text;
  }
}, 30000);

/** Puts an answer of the server into the page: its <hx-partial>s, and the rest into target. */
export async function apply(html, target = '#flash') {
  const element = typeof target === 'string' ? $(target) : target;
  await htmx.swap({text: html, target: element ?? document.body, swap: 'innerHTML', sourceElement: document.body, hx: {}, transition: false});
}

// What somebody does himself is answered with all that it changed. What is heard of it meanwhile waits for that.
let own = Promise.resolve();
/** Ends when the answer to one's own last command is in the page. */
export const underWay = () => own;
function command(answer) {
  own = answer.catch(() => {}).then(() => new Promise((done) => setTimeout(done, 100)));
  return answer;
}
document.addEventListener('htmx:before:request', ({detail: {ctx}}) => {
  if (ctx.request.method === 'GET') return;
  const ask = ctx.fetch;
  ctx.fetch = (...all) => command(ask(...all));
});

/** Asks for a fragment. Errors come as fragments too: ok tells. */
export async function fetchFragment(url, options = {}) {
  const asked = fetch(url, {credentials: 'same-origin', ...options, headers: {'HX-Request': 'true', ...options.headers}});
  const response = await (options.method ? command(asked) : asked);
  const html = await response.text();
  const events = response.headers.get('HX-Trigger');
  return {ok: response.ok, status: response.status, html, events: events ? JSON.parse(events) : {}};
}

export function openDialog(id = 'dialog') {
  const dialog = document.getElementById(id);
  if (dialog && !dialog.open) dialog.showModal();
  return dialog;
}

/** Fetches a form into the dialog and shows it. */
export async function fetchDialog(url) {
  const {html} = await fetchFragment(url), body = $('#dialog-body');
  body.innerHTML = html;
  htmx.process(body);
  openDialog();
  $('[autofocus]', body)?.focus();
  return body;
}

export const dialogOpen = () => $('dialog[open]') !== null;

// A form that was fetched into the dialog opens it.
document.addEventListener('htmx:after:swap', (event) => {
  const id = event.detail?.ctx?.target?.id;
  if (id === 'dialog-body') openDialog();
  if (id === 'dialog-body' || id === 'fields-box') $(`#${id} [autofocus]`)?.focus();
});

/** A new command's id. Not randomUUID: browsers keep that from pages that came over plain HTTP. */
export const newId = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');

// What was refused is answered: the next try is another command. What broke off is asked again under the same id.
document.addEventListener('htmx:response:error', ({detail: {ctx}}) => {
  const id = ctx.sourceElement.elements?.namedItem('id');
  if (id && ctx.response.status < 500) id.value = newId();
});

// What was done is told, and its dialog closes. Focus goes back to the ticket, where it is of use.
document.addEventListener('duradesk:done', (event) => {
  const dialog = $('#dialog');
  if (dialog?.open) dialog.close();
  const {text, tone} = event.detail;
  toast(text, {tone});
  announce(text);
});

/** Actions of the page: data-do="name" calls what was given here. */
const doings = new Map();
export const on = (name, run) => doings.set(name, run);

document.addEventListener('click', (event) => {
  const element = event.target.closest?.('[data-do]');
  if (element && element.tagName !== 'SELECT' && doings.has(element.dataset.do)) doings.get(element.dataset.do)(element, event);
  // An entry of a menu that was chosen closes it.
  if (event.target.closest?.('.menu .act, .menu .menu-item, .menu a')) event.target.closest('[popover]').hidePopover();
});
document.addEventListener('change', (event) => {
  const element = event.target.closest?.('select[data-do]');
  if (element && doings.has(element.dataset.do)) doings.get(element.dataset.do)(element, event);
});

on('close', (element) => element.closest('dialog')?.close());
on('print', () => window.print());
on('sheet', () => openDialog('sheet'));
on('side', () => document.body.classList.toggle('side-open'));
on('show-views', () => document.body.classList.toggle('views-open'));
on('copy', async (element) => {
  await navigator.clipboard?.writeText(element.dataset.copy);
  toast(say('copied', {what: element.dataset.copy}));
});
on('notices', async () => {
  const {html} = await fetchFragment('/-/notices');
  $('#notices-list').innerHTML = html;
  htmx.trigger(document.body, 'duradesk:bell');
});
document.addEventListener('click', (event) => {
  if (document.body.classList.contains('views-open') && !event.target.closest('.views, [data-do=show-views]')) document.body.classList.remove('views-open');
  if (event.target === event.target.closest?.('dialog')) event.target.close(); // beside it
});

// Ctrl+Enter sends a dialog's form, as it sends an answer.
document.addEventListener('keydown', (event) => {
  const form = event.target.closest?.('dialog form[hx-post], form.wide-form');
  if (form && (event.ctrlKey || event.metaKey) && event.key === 'Enter' && !event.isComposing) {
    event.preventDefault();
    form.requestSubmit();
  }
});

// Tabs: one is shown; what it holds is fetched when it is first looked at.
async function showTab(tab) {
  for (const other of $$('[role=tab]', tab.parentElement)) {
    const here = other === tab;
    other.setAttribute('aria-selected', String(here));
    other.tabIndex = here ? 0 : -1;
    document.getElementById(other.getAttribute('aria-controls')).hidden = !here;
  }
  if (tab.dataset.load) {
    const panel = document.getElementById(tab.getAttribute('aria-controls'));
    panel.innerHTML = (await fetchFragment(tab.dataset.load)).html;
  }
}
document.addEventListener('click', (event) => {
  const tab = event.target.closest?.('[role=tab]');
  if (tab) showTab(tab);
});
document.addEventListener('keydown', (event) => {
  const tab = event.target.closest?.('[role=tab]');
  const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
  if (!tab || !step) return;
  const all = $$('[role=tab]', tab.parentElement);
  const next = all[(all.indexOf(tab) + step + all.length) % all.length];
  next.focus();
  showTab(next);
});

// A mail in its frame is as high as it needs to be: no script runs in it, so its page is measured from here.
export function fit(frame) {
  const grow = () => {
    const page = frame.contentDocument?.documentElement;
    if (page) frame.style.height = `${Math.min(Math.max(page.scrollHeight, 40), 20000)}px`;
  };
  frame.addEventListener('load', () => {
    grow();
    if (frame.contentDocument?.body) new ResizeObserver(grow).observe(frame.contentDocument.body);
  });
  grow();
}
export const fitAll = (within = document) => $$('iframe.mail', within).forEach((frame) => {
  if (!frame.dataset.fits) { frame.dataset.fits = '1'; fit(frame); }
});
on('framed', (button) => {
  const message = button.closest('.msg'), template = $('template[data-frame]', message);
  const frame = make('iframe', {class: 'mail', src: template.dataset.frame, title: template.dataset.title, sandbox: 'allow-same-origin allow-popups allow-popups-to-escape-sandbox', referrerpolicy: 'no-referrer'});
  $('.words', message).replaceChildren(frame);
  button.remove();
  fitAll(message);
});

// The server shows times in the zone of this machine where the person has not chosen one.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const known = document.cookie.match(/(?:^|; )zone=([^;]*)/)?.[1];
if (zone && decodeURIComponent(known ?? '') !== zone) {
  document.cookie = `zone=${encodeURIComponent(zone)}; path=/; max-age=31536000; samesite=lax${location.protocol === 'https:' ? '; secure' : ''}`;
}
