// The list as a table: its columns, how wide they are, and how close the lines stand. It follows the person.
import {$, $$, on, toast, fetchDialog} from './ui.js';
import {withPlace} from './list.js';

const usual = {
  channel: '6.5rem', number: '5rem', title: 'minmax(14rem, 3fr)', client: 'minmax(7rem, 1fr)', last_message: 'minmax(10rem, 3fr)', state: '7.5rem', owner: 'minmax(6rem, 1fr)',
  priority: '5rem', due: '7rem', waiting: '5rem', updated: '8rem', created: '8rem', language: '5rem',
};
const heads = () => $$('#rows-table [data-column]');

function lay() {
  const table = $('#rows-table');
  if (!table) return;
  const widths = heads().map(({dataset: {column, width}}) => (Number(width) ? `${width}px` : usual[column] ?? 'minmax(6rem, 1fr)'));
  table.style.setProperty('--columns', ['2rem', ...widths].join(' '));
}
lay();
document.addEventListener('duradesk:list', lay);

export async function saveLook(change) {
  const now = await (await fetch('/api/v1/me/lists', {credentials: 'same-origin'})).json();
  const response = await fetch('/api/v1/me/lists', {
    method: 'PUT', credentials: 'same-origin', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(change(now)),
  });
  if (!response.ok) toast((await response.json()).detail, {tone: 'bad'});
  return response.ok;
}

// Widths, by dragging the edge of a head or with the arrows on it.
const least = 48;
function widen(head, width) {
  head.dataset.width = Math.round(Math.max(least, width));
  $('.grip', head).setAttribute('aria-valuenow', head.dataset.width);
  lay();
}
let writing = 0;
function keepWidths() {
  clearTimeout(writing);
  writing = setTimeout(() => saveLook((look) => ({...look, columns: look.columns.map((column) => {
    const head = heads().find((h) => h.dataset.column === column.name);
    return head ? {name: column.name, width: Number(head.dataset.width)} : column;
  })})), 400);
}
document.addEventListener('pointerdown', (event) => {
  const grip = event.target.closest?.('.grip'), head = grip?.closest('[data-column]');
  if (!head) return;
  event.preventDefault();
  const from = event.clientX, was = head.getBoundingClientRect().width;
  const drag = (e) => widen(head, was + e.clientX - from);
  grip.setPointerCapture(event.pointerId);
  grip.addEventListener('pointermove', drag);
  grip.addEventListener('pointerup', () => { grip.removeEventListener('pointermove', drag); keepWidths(); }, {once: true});
});
document.addEventListener('keydown', (event) => {
  const head = event.target.closest?.('.grip')?.closest('[data-column]'), step = {ArrowLeft: -16, ArrowRight: 16}[event.key];
  if (!head || !step) return;
  event.preventDefault();
  widen(head, head.getBoundingClientRect().width + step);
  keepWidths();
});

// Which columns, in which order.
on('columns', () => fetchDialog(withPlace('/-/list/columns')));
function shift(button, way) {
  const line = button.closest('li'), other = way < 0 ? line.previousElementSibling : line.nextElementSibling;
  if (!other) return;
  if (way < 0) other.before(line);
  else other.after(line);
  button.focus();
}
on('column-up', (button) => shift(button, -1));
on('column-down', (button) => shift(button, 1));
document.addEventListener('submit', async (event) => {
  const form = event.target.closest?.('#columns-form');
  if (!form) return;
  event.preventDefault();
  const columns = $$('.columns li', form).filter((li) => $('input', li).checked).map((li) => ({name: $('input', li).value, width: Number(li.dataset.width)}));
  const {layout, compact} = form.elements;
  if (await saveLook((look) => ({...look, layout: layout.value, density: compact.checked ? 'compact' : 'normal', columns}))) location.reload();
});
