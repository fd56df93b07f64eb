// The order of kept views, which is the person's own: in a form, or by keys on the view itself.
import {$, $$, announce, say} from './ui.js';
import {saveLook} from './table.js';

const store = (views) => saveLook((look) => ({...look, views}));
const refresh = () => htmx.trigger(document.body, 'duradesk:views');

document.addEventListener('submit', async (event) => {
  const form = event.target.closest?.('#views-form');
  if (!form) return;
  event.preventDefault();
  if (!await store($$('li', form).map((line) => line.dataset.view))) return;
  $('#dialog').close();
  refresh();
});

let storing = 0;
document.addEventListener('keydown', (event) => {
  const view = event.target.closest?.('[data-kept-view]'), step = event.altKey && {ArrowUp: 'previousElementSibling', ArrowDown: 'nextElementSibling'}[event.key];
  if (!view || !step) return;
  event.preventDefault();
  const line = view.closest('li'), other = line[step];
  if (!other) return;
  if (step === 'previousElementSibling') other.before(line);
  else other.after(line);
  view.focus();
  announce(say('moved', {n: $$('li', line.parentElement).indexOf(line) + 1}));
  clearTimeout(storing);
  storing = setTimeout(async () => { await store($$('[data-kept-view]').map((one) => one.dataset.keptView)); refresh(); }, 300);
});
