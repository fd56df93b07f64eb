// While writing: / at the start of a line for macros, :: for text modules and links to articles, @ in a note for a colleague.
import {$, $$, say, make} from './ui.js';
import {composing} from './keys.js';
import {insert, promiseAlong} from './composer.js';

const lang = document.documentElement.lang;
const words = (text) => text?.[lang] || text?.en || text?.ja || '';
const cache = new Map();
async function ask(path) {
  if (!cache.has(path)) cache.set(path, fetch(`/api/v1${path}`, {credentials: 'same-origin'}).then((r) => (r.ok ? r.json() : {items: []})).catch(() => ({items: []})));
  return (await cache.get(path)).items;
}

export const macrosOf = async (form) => (await ask(`/macros?desk=${form.dataset.desk}`)).map((m) => ({text: words(m.name) || m.key, also: m.key, macro: m.id}));
const kinds = [
  {mark: /(?:^|\n)(\/([^\s/]*))$/, label: 'macros', on: () => true, find: macrosOf},
  {mark: /((?:::|：：)([^\s:：]*))$/, label: 'modules', on: () => true, find: async (form) => (await ask(`/text-modules?desk=${form.dataset.desk}`)).map((m) => ({text: m.shortcut, also: words(m.text).slice(0, 40), put: words(m.text)})).concat((await ask(`/articles?state=published&limit=100&desk=${form.dataset.desk}`)).map((a) => ({text: a.title, also: a.id, put: `[${a.title.replace(/[[\]\\]/g, '\\$&')}](${location.origin}/portal/articles/${encodeURIComponent(a.id)})`})))},
  {mark: /(?:^|\s)(@([^\s@]*))$/, label: 'mention', on: (form) => form.dataset.kind === 'note', find: async () => (await ask('/agents')).map((a) => ({text: a.name, also: a.key, put: `@${a.key} `}))},
];

let box = null, area = null, mark = '';

function close() {
  box?.remove();
  area?.removeAttribute('aria-activedescendant');
  box = null;
}

document.addEventListener('input', async (event) => {
  const form = event.target.closest?.('.composer');
  if (!form || event.target.tagName !== 'TEXTAREA' || event.isComposing) return close();
  const before = event.target.value.slice(0, event.target.selectionStart);
  for (const kind of kinds) {
    const found = before.match(kind.mark);
    if (!found || !kind.on(form)) continue;
    const asked = found[2].normalize('NFKC').toLowerCase();
    const entries = (await kind.find(form)).filter((e) => `${e.text} ${e.also}`.normalize('NFKC').toLowerCase().includes(asked)).slice(0, 12);
    if (event.target.value.slice(0, event.target.selectionStart) !== before) return;
    return entries.length ? open(event.target, found[1], entries, kind.label) : close();
  }
  close();
});

function open(textarea, found, entries, label) {
  close();
  area = textarea;
  mark = found;
  box = make('div', {class: 'expander', role: 'listbox', id: 'expander', 'aria-label': say(label)}, ...entries.map((e, i) => {
    const option = make('div', {role: 'option', id: `expand-${i}`, 'aria-selected': i === 0 ? 'true' : 'false'}, make('span', {}, e.text), make('small', {}, e.also));
    option.entry = e;
    return option;
  }));
  const place = textarea.getBoundingClientRect();
  document.body.append(box);
  box.style.setProperty('left', `${place.left + 16}px`);
  box.style.setProperty('bottom', `${innerHeight - place.top + 4}px`);
  area.setAttribute('aria-activedescendant', 'expand-0');
}

async function take(option) {
  const {entry} = option, textarea = area, form = textarea.closest('form'), end = textarea.selectionStart, from = end - mark.length;
  close();
  if (entry.put != null) return insert(textarea, entry.put, from, end);
  return useMacro(form, entry, from, end);
}

/** Writes what a macro says where the cursor is, and promises the rest of it along with the text. */
export async function useMacro(form, entry, from = form.elements.body.selectionStart, end = from) {
  const textarea = form.elements.body;
  const response = await fetch(`/api/v1/tickets/${form.dataset.number}/macros/${encodeURIComponent(entry.macro)}`, {credentials: 'same-origin'});
  if (!response.ok) return insert(textarea, '', from, end);
  const {commands} = await response.json();
  const spoken = commands.find((c) => c.body.message && c.command !== 'note');
  insert(textarea, spoken?.body.message.body ?? '', from, end);
  if (spoken) form.dataset.way = {hold: 'hold', resolve: 'resolve'}[spoken.command] ?? 'answer';
  if (spoken?.body.hold && form.elements.reason) form.elements.reason.value = spoken.body.hold.reason;
  promiseAlong(form, commands.filter((c) => c !== spoken), entry.text);
}

document.addEventListener('keydown', (event) => {
  if (!box || event.target !== area || composing(event)) return;
  const options = $$('[role=option]', box), here = options.findIndex((o) => o.getAttribute('aria-selected') === 'true');
  const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
  if (step) {
    event.preventDefault();
    const next = options[(here + step + options.length) % options.length];
    options[here].setAttribute('aria-selected', 'false');
    next.setAttribute('aria-selected', 'true');
    next.scrollIntoView({block: 'nearest'});
    area.setAttribute('aria-activedescendant', next.id);
  } else if ((event.key === 'Enter' && !event.ctrlKey && !event.metaKey) || event.key === 'Tab') {
    event.preventDefault();
    take(options[here]);
  } else if (event.key === 'Escape') {
    event.preventDefault();
    event.stopImmediatePropagation();
    close();
  }
}, true);
document.addEventListener('click', (event) => {
  const option = event.target.closest?.('.expander [role=option]');
  if (option) { event.preventDefault(); take(option); } else close();
});
