// One command for many tickets: what is chosen, the job that carries it out, how far it is.
import {$, $$, say, on, toast, announce, fetchFragment, fetchDialog} from './ui.js';
import {selected, selectionChanged, unselect, withPlace} from './list.js';

let all = false; // all that the list finds, also what is not fetched yet
const listed = () => $('#bulk-all')?.dataset.count ?? '';
const chosen = () => (all ? listed() : String(selected().length));

document.addEventListener('duradesk:selected', ({detail: {numbers}}) => {
  if (numbers.length < $$('#rows .row-check input').length) all = false;
  draw(numbers.length);
});

function draw(n) {
  const bar = $('#bulk'), more = $('#bulk-all');
  if (!bar) return;
  bar.hidden = n === 0;
  $('#bulk-count').textContent = say('selected', {n: chosen()});
  const whole = n > 0 && n === $$('#rows .row-check input').length;
  more.hidden = !whole || all || !Number.isNaN(Number(listed())) && Number(listed()) <= n;
}

on('select-all', (box) => {
  for (const one of $$('#rows .row-check input')) one.checked = box.checked;
  selectionChanged();
});
on('bulk-all', () => { all = true; draw(selected().length); });
on('bulk-none', () => { all = false; unselect(); });

on('bulk', async (button) => {
  $('#bulk-more').hidePopover();
  const ask = new URLSearchParams({count: chosen(), first: selected()[0] ?? ''});
  if (all) ask.set('all', '1');
  const numbers = selected(), whole = all;
  await fetchDialog(withPlace(`/-/bulk-do/${button.dataset.bulk}?${ask}`));
  const form = $('#bulk-form');
  if (form && !whole) form.elements.namedItem('numbers').value = numbers.join(' ');
});

// The mail to one of them, as it will be; the form itself goes on as it is.
on('bulk-preview', (button) => {
  const form = button.closest('form'), way = form.elements.namedItem('way').value;
  $('#bulk-preview').hidden = false;
  form.action = `${form.dataset.preview}?way=${way}`;
  form.target = 'bulk-preview';
  form.submit();
  form.removeAttribute('action');
  form.removeAttribute('target');
});

// The job that is going on stays in sight, also on the next page, until it is put away.
const kept = 'bulk-job';
async function show(id) {
  const place = $('#job-place');
  if (!place || !id) return;
  const {ok, html} = await fetchFragment(`/-/bulk/${id}/strip`);
  if (!ok) { sessionStorage.removeItem(kept); place.replaceChildren(); return; }
  place.innerHTML = html;
  htmx.process(place);
}
document.addEventListener('duradesk:bulk', ({detail: {id, text}}) => {
  $('#dialog')?.close();
  all = false;
  unselect();
  sessionStorage.setItem(kept, id);
  toast(text);
  announce(text);
  show(id);
});
on('job-away', () => { sessionStorage.removeItem(kept); $('#job-place').replaceChildren(); });
document.addEventListener('duradesk:list', () => show(sessionStorage.getItem(kept)));
show(sessionStorage.getItem(kept));
