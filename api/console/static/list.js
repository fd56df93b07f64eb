// The list and the ticket beside it: moving, opening, keeping the next one warm, rows that never jump.
import {$, $$, say, on, make, announce, toast, fetchFragment, fitAll} from './ui.js';

const rows = () => $$('#rows > .row');
const rowOf = (number) => document.getElementById(`row-${number}`);
const numberOf = (row) => row?.dataset.number;
export const openNumber = () => $('.t-main')?.dataset.number ?? null;
const current = () => $('#rows .row-link[aria-current]')?.closest('.row') ?? rowOf(openNumber());
const listHead = () => $('.list-head');

/** The address of a fragment that must know what the list shows. */
export function withPlace(path) {
  const fetch = listHead()?.dataset.fetch ?? '/-/list?view=all';
  return path + (path.includes('?') ? '&' : '?') + fetch.slice(fetch.indexOf('?') + 1);
}
/** The same, for what is shown of the open ticket's thread. */
export function withThread(path) {
  const from = $('#t-from')?.dataset.from;
  return withPlace(path) + (from ? `&from=${from}` : '');
}

// Tickets fetched ahead. Whatever is heard of one makes it cold again.
const warm = new Map();
const keepWarm = 5000;
export const cool = (number) => (number ? warm.delete(String(number)) : warm.clear());

function fetchTicket(number, signal) {
  const found = warm.get(number);
  if (found && performance.now() - found.at < keepWarm) return found.answer;
  return fetchFragment(withPlace(`/-/tickets/${number}`), {signal});
}
function warmUp(row) {
  const number = numberOf(row);
  if (!number || (warm.get(number) && performance.now() - warm.get(number).at < keepWarm)) return;
  const answer = fetchFragment(withPlace(`/-/tickets/${number}`));
  answer.catch(() => warm.delete(number));
  warm.set(number, {at: performance.now(), answer});
  if (warm.size > 8) warm.delete(warm.keys().next().value);
}

// On a phone one pane is seen at a time: that one is what the page is mainly about.
const phone = matchMedia('(max-width: 768px)');
function pane(name = document.body.dataset.pane) {
  document.body.dataset.pane = name;
  const list = $('#list');
  if ((phone.matches || document.body.dataset.layout === 'table') && name === 'list') list?.setAttribute('role', 'main');
  else list?.removeAttribute('role');
}
phone.addEventListener('change', () => pane());
if ($('#list')) pane();

let asked = null; // what is being fetched now

/** Opens a ticket in its pane. */
export async function open(number, {href = null, push = true, focus = false} = {}) {
  number = String(number);
  asked?.abort();
  const mine = asked = new AbortController();
  mark(number);
  document.dispatchEvent(new CustomEvent('duradesk:leave'));
  let answer;
  try {
    answer = await fetchTicket(number, mine.signal);
  } catch (error) {
    if (error.name !== 'AbortError') toast(say('offline'), {tone: 'bad'});
    return;
  }
  if (mine.signal.aborted) return;
  asked = null;
  show(answer.html);
  if (!answer.ok) return;
  pane('ticket');
  href ??= $('.row-link', rowOf(number) ?? document.createElement('p'))?.getAttribute('href') ?? `/tickets/${number}`;
  if (location.pathname + location.search !== href) history[push ? 'pushState' : 'replaceState']({duradesk: true}, '', href);
  document.title = `#${number} ${$('.t-title > span')?.textContent ?? ''}`;
  if (focus) $('#ticket').focus({preventScroll: true});
  const row = rowOf(number);
  warmUp(row?.nextElementSibling?.classList.contains('row') ? row.nextElementSibling : null);
}

function show(html) {
  const pane = $('#ticket');
  pane.innerHTML = html;
  htmx.process(pane);
  settled();
}

/** What is to be done with a ticket that was put into the page. */
export function settled() {
  const scroll = $('#t-scroll');
  const said = location.hash.startsWith('#item-') && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (said) said.scrollIntoView({block: 'center'});
  else if (scroll) scroll.scrollTop = scroll.scrollHeight;
  fitAll($('#ticket'));
  document.body.classList.remove('side-open');
  if (openNumber()) document.dispatchEvent(new CustomEvent('duradesk:open', {detail: {number: openNumber()}}));
}

function mark(number) {
  for (const link of $$('#rows .row-link[aria-current]')) link.removeAttribute('aria-current');
  const row = rowOf(number);
  if (!row) return;
  $('.row-link', row).setAttribute('aria-current', 'true');
  row.scrollIntoView({block: 'nearest'});
}

/** Opens the ticket so many rows further on. */
export function move(step) {
  const all = rows(), here = all.indexOf(current());
  const next = here < 0 ? all[step > 0 ? 0 : all.length - 1] : all[here + step];
  if (!next) {
    announce(say('next'));
    return null;
  }
  const inList = document.activeElement?.closest?.('#rows');
  open(numberOf(next), {push: false});
  if (inList) $('.row-link', next).focus({preventScroll: true});
  return next;
}

export function back() {
  pane('list');
  const link = $('.row-link', current() ?? rows()[0] ?? document);
  (link ?? $('#rows-box'))?.focus();
}

document.addEventListener('click', (event) => {
  const link = event.target.closest?.('.row-link');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  open(numberOf(link.closest('.row')));
});
document.addEventListener('pointerover', (event) => {
  const row = event.target.closest?.('#rows .row');
  if (row && !$('.row-link[aria-current]', row)) warmUp(row);
});

window.addEventListener('popstate', () => {
  const number = location.pathname.match(/^\/(?:views\/[^/]+|tickets)\/(\d+)$/)?.[1];
  const view = location.pathname.match(/^\/views\/([^/]+)/)?.[1];
  if (view && view !== listHead()?.dataset.view) return location.reload();
  if (number) return open(number, {href: location.pathname + location.search});
  location.reload();
});

on('back', back);
on('sort', (select) => select.form.requestSubmit());

// Selection.
export const selected = () => $$('#rows .row-check input:checked').map((box) => box.value);
let lastBox = null;
export function select(row = current()) {
  const box = row && $('.row-check input', row);
  if (box) {
    box.checked = !box.checked;
    lastBox = box;
    selectionChanged();
  }
}
export function selectionChanged() {
  const numbers = selected();
  document.body.classList.toggle('selecting', numbers.length > 0);
  document.dispatchEvent(new CustomEvent('duradesk:selected', {detail: {numbers}}));
}
export function unselect() {
  for (const box of $$('#rows .row-check input:checked')) box.checked = false;
  selectionChanged();
}
document.addEventListener('click', (event) => {
  const box = event.target.closest?.('.row-check input');
  if (!box) return;
  if (event.shiftKey && lastBox?.isConnected) {
    const boxes = $$('#rows .row-check input'), [from, to] = [boxes.indexOf(lastBox), boxes.indexOf(box)].sort((a, b) => a - b);
    for (const between of boxes.slice(from, to + 1)) between.checked = box.checked;
  }
  lastBox = box;
  selectionChanged();
});

// New tickets wait behind a pill: nothing moves under the cursor.
const waiting = new Set();
export function news(number) {
  waiting.add(String(number));
  const pill = $('#fresh');
  if (!pill) return;
  pill.textContent = say('fresh', {n: waiting.size});
  pill.hidden = false;
}
export async function reload() {
  const head = listHead();
  if (!head) return;
  const {html} = await fetchFragment(`${head.dataset.fetch}&open=${openNumber() ?? ''}`);
  waiting.clear();
  const list = $('#list'), chosen = selected();
  list.innerHTML = html;
  htmx.process(list);
  for (const number of chosen) {
    const box = $('.row-check input', rowOf(number) ?? make('p'));
    if (box) box.checked = true;
  }
  selectionChanged();
  document.dispatchEvent(new CustomEvent('duradesk:list'));
}
on('fresh', reload);
