// Tickets fetched ahead, and drawn as far as can be without showing them: who goes on finds the next one here. Whatever is
// heard of one makes it cold again.
import {fetchFragment, make} from './ui.js';

const most = 8; // that are kept
const longest = 300000; // milliseconds; what is older than fresh is looked at again once it is shown
const fresh = 5000;

const warm = new Map(); // by number, the oldest first
const old = (entry, age) => performance.now() - entry.at > age;

/** Forgets a ticket, or all of them. */
export const cool = (number) => (number ? warm.delete(String(number)) : warm.clear());

function begin(number, url, options) {
  const entry = {at: performance.now(), answer: null, ready: null};
  entry.answer = fetchFragment(url, options).then(({ok, html}) => {
    const drawn = make('template');
    drawn.innerHTML = html;
    entry.ready = {ok, at: entry.at, take: taken(drawn.content)};
    return entry.ready;
  });
  return entry;
}
/** Gives a copy that is made beforehand, and makes another one for who comes back. */
function taken(content) {
  const copied = () => document.importNode(content, true);
  let next = copied();
  return () => {
    const now = next ?? copied();
    next = null;
    afterPaint(() => { next = copied(); });
    return now;
  };
}
function keep(number, entry) {
  warm.delete(number);
  warm.set(number, entry);
  entry.answer.then(({ok}) => { if (!ok) drop(number, entry); }, () => drop(number, entry));
  if (warm.size > most) warm.delete(warm.keys().next().value);
}
function drop(number, entry) {
  if (warm.get(number) === entry) warm.delete(number);
}

function known(number) {
  const entry = warm.get(number);
  return entry && !old(entry, longest) ? entry : null;
}
/** What can be shown at once, if there is such a thing. */
export const ready = (number) => known(number)?.ready ?? null;

/** The ticket, to be shown: it can be taken more than once, and it is known since when. */
export function fetchTicket(number, url, signal) {
  const entry = known(number);
  if (entry) return entry.answer;
  const asked = begin(number, url, {signal});
  keep(number, asked);
  signal.addEventListener('abort', () => drop(number, asked));
  return asked.answer;
}
/** Fetches a ticket that may be asked for next. */
export function warmUp(number, url) {
  if (!known(number)) keep(number, begin(number, url, {priority: 'low'}));
}
/** Whether what was known since then may have become something else without a word. */
export const mayBeOld = (at) => performance.now() - at > fresh;

/** Runs something when what was just put into the page is painted and nothing else is to be done. */
export function afterPaint(run) {
  const idle = window.requestIdleCallback ?? ((go) => setTimeout(go, 50));
  requestAnimationFrame(() => idle(run, {timeout: 300}));
}
