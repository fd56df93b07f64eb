// What others do, as they do it: hints come over one stream, and what is shown fetches itself anew.
import {$, $$, say, make, toast, apply, fetchFragment, underWay} from './ui.js';
import {openNumber, withPlace, news, reload} from './list.js';
import {cool, mayBeOld} from './ahead.js';
import {present} from './travel.js';

const me = document.body.dataset.me;
const tab = `t${Math.random().toString(36).slice(2, 10)}`;

/** Runs at most once in so many milliseconds, with everything that came meanwhile. */
function gather(wait, run) {
  const all = new Set();
  let timer = 0;
  return (value) => {
    all.add(value);
    timer ||= setTimeout(() => { timer = 0; const values = [...all]; all.clear(); run(values); }, wait);
  };
}

const heardOf = new Map(); // the newest revision of each ticket that was heard of
const shownRevision = () => Number($('#t-revision')?.dataset.revision ?? 0);
const freshTicket = gather(60, async ([number]) => {
  await underWay();
  if (number !== openNumber() || heardOf.get(number) <= shownRevision() || $('.past [data-do=now]')) return; // who looks at the past is left there
  const scroll = $('#t-scroll'), atEnd = scroll && scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 40;
  await present();
  if (atEnd) scroll.scrollTop = scroll.scrollHeight;
});
const freshRows = gather(150, async (heard) => {
  await underWay();
  const numbers = heard.filter((n) => Number(document.getElementById(`row-${n}`)?.dataset.revision) < heardOf.get(n));
  if (!numbers.length) return;
  const query = numbers.map((n) => `number=${n}`).join('&');
  const {ok, html} = await fetchFragment(withPlace(`/-/rows?open=${openNumber() ?? ''}&${query}`));
  if (ok && html.trim()) await apply(html);
});
const newcomers = gather(300, async (numbers) => {
  const {ok, html} = await fetchFragment(withPlace(`/-/here?${numbers.map((n) => `number=${n}`).join('&')}`));
  if (!ok) return;
  for (const number of html.split(' ').filter(Boolean)) if (!document.getElementById(`row-${number}`)) news(number);
});
// Counts may be a second old: somebody's own doings are not held up for them.
const freshViews = gather(400, () => {
  htmx.trigger(document.body, 'duradesk:views');
  htmx.trigger(document.body, 'duradesk:bell');
});

function heardTicket({number, revision}) {
  number = String(number);
  cool(number);
  heardOf.set(number, Math.max(revision, heardOf.get(number) ?? 0));
  if (heardOf.size > 5000) heardOf.delete(heardOf.keys().next().value);
  if (number === openNumber() && revision > shownRevision()) freshTicket(number);
  const row = document.getElementById(`row-${number}`);
  if (row) { if (Number(row.dataset.revision) < revision) freshRows(number); } else if ($('.list-head')) newcomers(number);
}

// Who else is there: told every 20 s, known for 45.
let doing = null, at = null, writingUntil = 0;
async function tell(number, what) {
  await fetch(`/api/v1/tickets/${number}/presence`, {
    method: 'PUT', credentials: 'same-origin', headers: {'Content-Type': 'application/json'}, body: JSON.stringify({doing: what, tab}),
  }).catch(() => {});
}
function beat(force = false) {
  const number = openNumber();
  if (!number || document.hidden) return;
  const what = performance.now() < writingUntil ? 'writing' : 'viewing';
  if (!force && what === doing && number === at) return;
  if (at && at !== number) leave(at);
  doing = what;
  at = number;
  tell(number, what);
}
function leave(number) {
  if (number) fetch(`/api/v1/tickets/${number}/presence?tab=${tab}`, {method: 'DELETE', credentials: 'same-origin', keepalive: true}).catch(() => {});
  at = null;
}
let dwell = 0;
document.addEventListener('duradesk:open', ({detail: {number, at: since}}) => {
  if (heardOf.get(number) > shownRevision()) freshTicket(number); // it was heard of while it was on its way
  clearTimeout(dwell);
  dwell = setTimeout(() => {
    beat(true);
    whoIsThere([number]);
    if (mayBeOld(since)) present();
  }, 300); // who only passes by is nobody's news
});
document.addEventListener('duradesk:writing', () => { writingUntil = performance.now() + 12000; beat(); });
setInterval(() => beat(true), 20000);
setInterval(() => beat(), 3000);
addEventListener('pagehide', () => { leave(at); port?.postMessage('leave'); });

const whoIsThere = gather(80, async (sets) => {
  const numbers = new Set(sets.flat().map(String));
  const response = await fetch(`/api/v1/presence?${[...numbers].map((n) => `number=${n}`).join('&')}`, {credentials: 'same-origin'}).catch(() => null);
  if (!response?.ok) return;
  const {items} = await response.json();
  for (const number of numbers) {
    const others = items.filter((p) => String(p.number) === number && p.agent !== me);
    for (const place of $$(`[data-presence="${number}"]`)) {
      place.replaceChildren(...others.map((p) => make('span', {class: p.doing}, say(p.doing, {who: p.name}))));
    }
  }
});
document.addEventListener('duradesk:done', () => freshViews());
function heardPresence({number}) {
  if ($(`[data-presence="${number}"]`)) whoIsThere([number]);
}
const shownNumbers = () => $$('#rows > .row').slice(0, 200).map((row) => row.dataset.number);

let away = null;
function heard({kind, data}) {
  if (kind === 'ticket') heardTicket(data);
  else if (kind === 'views') freshViews();
  else if (kind === 'presence') heardPresence(data);
  else if (kind === 'reset') { cool(); freshViews(); reload(); present(); }
  else if (kind === 'lost') { cool(); away ??= setTimeout(() => { lost = toast(say('offline'), {seconds: 0}); }, 4000); }
  else if (kind === 'open') {
    clearTimeout(away);
    if (lost) { lost(); lost = null; toast(say('online')); freshViews(); present(); }
    away = null;
    if (shownNumbers().length) whoIsThere(shownNumbers());
  }
}
let lost = null, port = null;

if (me) {
  if (window.SharedWorker) {
    port = new SharedWorker(new URL('./stream-worker.js', import.meta.url)).port;
    port.addEventListener('message', ({data}) => heard(data));
    port.start();
  } else {
    const source = new EventSource('/api/v1/stream');
    for (const kind of ['ticket', 'views', 'presence', 'reset']) source.addEventListener(kind, (e) => heard({kind, data: JSON.parse(e.data)}));
    source.addEventListener('open', () => heard({kind: 'open'}));
    source.addEventListener('error', () => heard({kind: 'lost'}));
  }
}
