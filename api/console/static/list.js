// The list and the ticket beside it: moving, opening, keeping the next one warm, rows that never jump.
import {$, $$, say, on, make, announce, toast, fetchFragment, fitAll} from './ui.js';
import {afterPaint, cool, fetchTicket, ready, warmUp} from './ahead.js';

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

const ticketAddress = (number) => withPlace(`/-/tickets/${number}`);

// While somebody reads, what he may go on to is fetched: first the next one on his way, then the other way.
let way = 1;
function warmBeside() {
  const here = current(), beside = [here?.nextElementSibling, here?.previousElementSibling];
  if (way < 0) beside.reverse();
  if (!here) beside.unshift(rows()[0]);
  for (const row of beside) if (row?.matches('.row')) warmUp(numberOf(row), ticketAddress(numberOf(row)));
}

// On a phone one pane is seen at a time: that one is what the page is mainly about.
const phone = matchMedia('(max-width: 768px)');
function pane(name = document.body.dataset.pane) {
  if (document.body.dataset.pane !== name) document.body.dataset.pane = name;
  const list = $('#list');
  if ((phone.matches || document.body.dataset.layout === 'table') && name === 'list') list?.setAttribute('role', 'main');
  else list?.removeAttribute('role');
}
phone.addEventListener('change', () => pane());
if ($('#list')) pane();

let asked = null; // what is being fetched now

/** Opens a ticket in its pane: in the same breath where it was fetched before. */
export async function open(number, {href = null, push = true, focus = false} = {}) {
  number = String(number);
  asked?.abort();
  const mine = asked = new AbortController();
  mark(number);
  let answer = ready(number);
  if (!answer) {
    inView(number);
    try {
      answer = await fetchTicket(number, ticketAddress(number), mine.signal);
    } catch (error) {
      if (error.name !== 'AbortError') toast(say('offline'), {tone: 'bad'});
      return;
    }
  }
  if (mine.signal.aborted) return;
  asked = null;
  show(answer);
  if (!answer.ok) return;
  pane('ticket');
  inView(number);
  if (focus) $('#ticket').focus({preventScroll: true});
  afterPaint(() => arrived(number, href, push));
}

/** What need not be done before the ticket is seen. */
function arrived(number, href, push) {
  if (number !== openNumber()) return;
  href ??= $('.row-link', rowOf(number) ?? document.createElement('p'))?.getAttribute('href') ?? `/tickets/${number}`;
  if (location.pathname + location.search !== href) history[push ? 'pushState' : 'replaceState']({duradesk: true}, '', href);
  document.title = `#${number} ${$('.t-title > span')?.textContent ?? ''}`;
  warmBeside();
}

function show({take, at}) {
  const pane = $('#ticket');
  pane.replaceChildren(take());
  htmx.process(pane);
  settled(at);
}

/** What is to be done with a ticket that was put into the page. */
export function settled(at = performance.now()) {
  const scroll = $('#t-scroll');
  const said = location.hash.startsWith('#item-') && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (said) said.scrollIntoView({block: 'center'});
  else if (scroll) scroll.scrollTop = scroll.scrollHeight;
  fitAll($('#ticket'));
  document.body.classList.remove('side-open');
  if (openNumber()) document.dispatchEvent(new CustomEvent('duradesk:open', {detail: {number: openNumber(), at}}));
}

/** What the page came with is put into use. */
export function begin() {
  settled();
  if ($('#rows')) afterPaint(warmBeside);
}

function mark(number) {
  for (const link of $$('#rows .row-link[aria-current]')) link.removeAttribute('aria-current');
  const row = rowOf(number);
  if (!row) return;
  $('.row-link', row).setAttribute('aria-current', 'true');
}
const inView = (number) => rowOf(number)?.scrollIntoView({block: 'nearest'});

/** Opens the ticket so many rows further on. */
export function move(step) {
  const all = rows(), here = all.indexOf(current());
  const next = here < 0 ? all[step > 0 ? 0 : all.length - 1] : all[here + step];
  if (!next) {
    announce(say('next'));
    return null;
  }
  const inList = document.activeElement?.closest?.('#rows');
  way = step;
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
let rest = 0; // who only passes over a row does not mean it
document.addEventListener('pointerover', (event) => {
  clearTimeout(rest);
  const number = numberOf(event.target.closest?.('#rows .row'));
  if (number && number !== openNumber()) rest = setTimeout(() => warmUp(number, ticketAddress(number)), 60);
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
