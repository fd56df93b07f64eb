// The palette: every command that is possible now, those that are not with the reason, tickets, places.
import {$, $$, say, make, openDialog, fetchFragment, on} from './ui.js';
import {macrosOf, useMacro} from './expander.js';
import {composer, unfold} from './composer.js';

const dialog = () => $('#palette');
let timer = 0, found = '', macros = [];

const plain = (text) => text.normalize('NFKC').toLowerCase();
const label = (element) => (element.querySelector('span') ?? element).textContent.trim() || element.title;

/** What the page itself offers: buttons with a key or an action, and the views. */
function commands() {
  const out = $$('[data-act], .compose-open [data-key], .rail [data-key]').map((button) => ({
    group: 'commands', text: label(button).replace(/\s+[A-Z]$/, ''), key: button.dataset.key, run: () => button.click(), also: button.dataset.act ?? '',
  }));
  for (const link of $$('.views-list a')) out.push({group: 'go', text: $('span', link).textContent, run: () => link.click()});
  for (const link of $$('#places a')) if (!out.some((o) => o.text === link.textContent)) out.push({group: 'go', text: link.textContent, run: () => location.assign(link.href)});
  for (const line of $$('.refused li')) out.push({group: 'refused', text: line.dataset.command, why: line.textContent});
  return [...out, ...macros];
}

function draw() {
  const q = plain($('#palette-input').value.trim()), list = $('#palette-list');
  const fits = commands().filter((c) => plain(`${c.text} ${c.also ?? ''}`).includes(q));
  list.replaceChildren();
  for (const group of ['commands', 'macros', 'tickets', 'clients', 'go', 'refused']) {
    const entries = fits.filter((c) => c.group === group).map(entry).concat(thoseFound(group));
    if (!entries.length) continue;
    list.append(make('div', {class: 'palette-group', role: 'presentation'}, say(group)), ...entries);
  }
  if (!$('[role=option]', list)) list.append(make('p', {class: 'empty-line', role: 'option', 'aria-disabled': 'true'}, say('none')));
  choose($$('[role=option]:not([aria-disabled])', list)[0]);
}

function entry(c, i) {
  const item = make('div', {role: 'option', class: 'palette-item', id: `command-${c.group}-${i}`, 'aria-disabled': c.why ? 'true' : null},
    make('span', {class: 'grow'}, c.text, ...(c.why ? [make('small', {}, c.why)] : [])));
  if (c.key) item.append(make('kbd', {}, c.key.toUpperCase()));
  if (c.run) item.run = c.run;
  return item;
}

function thoseFound(group) {
  const box = document.createElement('div');
  box.innerHTML = found;
  return [...box.children].filter((item) => item.dataset.group === group);
}

/** What the desk of the open ticket answers with often. */
async function findMacros() {
  const form = composer('answer');
  macros = [];
  if (!form) return;
  macros = (await macrosOf(form)).map((m) => ({group: 'macros', text: m.text, also: m.also, run: () => { unfold(form); useMacro(form, m); }}));
  if (dialog().open && macros.length) draw();
}

function choose(item) {
  for (const other of $$('#palette-list [aria-selected]')) other.removeAttribute('aria-selected');
  const input = $('#palette-input');
  if (!item) return input.removeAttribute('aria-activedescendant');
  item.setAttribute('aria-selected', 'true');
  input.setAttribute('aria-activedescendant', item.id);
  item.scrollIntoView({block: 'nearest'});
}

function run(item) {
  if (!item || item.getAttribute('aria-disabled')) return;
  dialog().close();
  if (item.run) item.run();
  else if (item.href) location.assign(item.href);
}

export function openPalette() {
  if (!dialog() || dialog().open) return;
  for (const open of $$('dialog[open]')) open.close();
  openDialog('palette');
  found = '';
  $('#palette-input').value = '';
  draw();
  findMacros();
  $('#palette-input').focus();
}
on('palette', openPalette);

document.addEventListener('input', (event) => {
  if (event.target.id !== 'palette-input' || event.isComposing) return;
  draw();
  clearTimeout(timer);
  const q = event.target.value.trim();
  if (!q) { found = ''; return; }
  timer = setTimeout(async () => {
    const answer = await fetchFragment(`/-/palette?q=${encodeURIComponent(q)}`);
    if ($('#palette-input').value.trim() !== q) return;
    found = answer.ok ? answer.html : '';
    draw();
  }, 120);
});
document.addEventListener('compositionend', (event) => {
  if (event.target.id === 'palette-input') event.target.dispatchEvent(new Event('input', {bubbles: true}));
});
document.addEventListener('keydown', (event) => {
  if (event.target.id !== 'palette-input' || event.isComposing || event.keyCode === 229) return;
  const options = $$('#palette-list [role=option]:not([aria-disabled])'), here = options.findIndex((o) => o.getAttribute('aria-selected'));
  const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
  if (step) { event.preventDefault(); choose(options[(here + step + options.length) % options.length]); }
  if (event.key === 'Enter') { event.preventDefault(); run(options[here]); }
});
document.addEventListener('click', (event) => {
  const item = event.target.closest?.('#palette-list [role=option]');
  if (item) { event.preventDefault(); run(item); }
});
