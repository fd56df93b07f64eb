// Keys. Single ones act only where nothing is being typed, and can be switched off; none acts while an input method
// composes.
import {$, $$, dialogOpen, openDialog, undo} from './ui.js';
import {move, back, select, openNumber, open} from './list.js';
import {openPalette} from './palette.js';

export const composing = (event) => event.isComposing || event.keyCode === 229;
const typing = (element) => element?.closest?.('input:not([type=checkbox], [type=radio], [type=range]), textarea, select, [contenteditable]') != null;
const singles = () => document.body.dataset.keys !== 'off';

const go = (view) => () => location.assign(`/views/${view}`);
const sequences = {g: {u: go('unassigned'), m: go('mine_open'), h: go('mine_on_hold'), a: go('all'), i: go('incoming')}};
const keys = {
  j: () => move(1), k: () => move(-1), ']': () => move(1), '[': () => move(-1),
  o: () => enter(), u: () => back(), x: () => select(), z: () => undo(),
  '/': () => $('#q')?.focus(), '?': () => openDialog('sheet'),
  '.': () => $('[data-do=copy]')?.click(),
  J: () => { select(); move(1); select(); }, K: () => { select(); move(-1); select(); },
};

function enter() {
  const link = document.activeElement?.closest?.('.row-link') ?? $('#rows .row-link[aria-current]') ?? $('#rows .row-link');
  if (link) open(link.closest('.row').dataset.number, {focus: true});
}

let pending = null, timer = 0;

document.addEventListener('keydown', (event) => {
  if (composing(event) || event.defaultPrevented) return;
  if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === 'k') {
    event.preventDefault();
    openPalette();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || dialogOpen()) return;
  if (event.key === 'Escape') return leave(event);
  if (typing(event.target) || !singles() || $('[popover]:popover-open')) return;
  if (event.key === 'Enter') {
    if (event.target === document.body || event.target.closest('.row-link')) { event.preventDefault(); enter(); }
    return;
  }
  const next = pending?.[event.key];
  pending = null;
  clearTimeout(timer);
  if (next) { event.preventDefault(); next(); return; }
  if (sequences[event.key]) {
    pending = sequences[event.key];
    timer = setTimeout(() => { pending = null; }, 1200);
    return;
  }
  const run = keys[event.key];
  if (run) { event.preventDefault(); run(); return; }
  const button = $$(`[data-key="${CSS.escape(event.key)}"]`).find((e) => !e.closest('[hidden]:not(#compose-open), template'));
  if (button) { event.preventDefault(); button.click(); }
});

// Escape leaves what is being typed; what was typed stays.
function leave(event) {
  if (document.body.classList.contains('side-open')) return document.body.classList.remove('side-open');
  if (!typing(event.target)) return;
  event.target.blur();
  if (openNumber()) $('#ticket').focus({preventScroll: true});
}
