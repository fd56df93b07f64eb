// Files of what is being written: picked, dropped or pasted, they leave at once, and the draft holds them from then on.
// A closed tab, a refused send or a killed server loses none of them.
import {$, $$, say, on, make} from './ui.js';
import {body, keyOf, later} from './draft.js';

const most = Number(document.getElementById('texts')?.dataset.mostFile) || Infinity; // bytes of a file
const listOf = (form) => $('.files.picked', form);

/** What is on its way, by the key of its composer: one that is drawn anew meanwhile goes on with it. */
const underWay = new Map();
const leaving = (form) => underWay.get(keyOf(form)) ?? new Set();

export const onItsWay = (form) => leaving(form).size > 0;

/** Waits until every file has arrived; false where one did not. */
export async function arrived(form) {
  await Promise.all([...leaving(form)].map((one) => one.done));
  return !$('.picked .failed', form);
}

/** Gives a composer that was drawn anew what was on its way for the one before. */
export function rejoin(form) {
  for (const one of leaving(form)) {
    one.form = form;
    listOf(form).append(one.line);
  }
  show(form);
}

export function forgetFiles(form) {
  listOf(form).replaceChildren();
  show(form);
}

function show(form) {
  const list = listOf(form);
  list.hidden = !list.firstElementChild;
}

function add(form, files) {
  for (const file of files) start(form, file);
  form.elements.namedItem('id').value = ''; // with other files it is another command
  show(form);
}

function start(form, file) {
  const bar = make('progress', {max: 1, value: 0, 'aria-label': say('uploading', {name: file.name})});
  const line = make('li', {class: 'leaving'}, make('span', {}, file.name), make('small', {}, size(file.size)), bar, remover(file.name));
  const one = {form, file, line, bar, request: null, done: null};
  line.one = one;
  listOf(form).append(line);
  if (file.size > most) return fail(one, say('tooLarge'));
  send(one);
}
const size = (bytes) => (bytes < 1 << 20 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / (1 << 20)).toFixed(1)} MB`);
const remover = (name) => make('button', {type: 'button', class: 'ghost', 'data-do': 'drop-file', 'aria-label': `${say('remove')} ${name}`}, '×');

function send(one) {
  const all = leaving(one.form), key = keyOf(one.form);
  underWay.set(key, all.add(one));
  one.line.classList.remove('failed');
  one.line.classList.add('leaving');
  one.done = post(one).finally(() => {
    all.delete(one);
    if (!all.size) underWay.delete(key);
  });
}

// XMLHttpRequest, because fetch does not tell how much has left.
function post(one) {
  const {file, bar} = one, request = one.request = new XMLHttpRequest();
  return new Promise((over) => {
    request.open('POST', '/api/v1/attachments');
    request.setRequestHeader('Content-Type', /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/.test(file.type) ? file.type : 'application/octet-stream');
    request.setRequestHeader('Content-Disposition', `attachment; filename*=UTF-8''${encodeURIComponent(file.name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)}`);
    request.upload.addEventListener('progress', ({loaded, total}) => { bar.value = total ? loaded / total : 1; });
    request.addEventListener('loadend', () => {
      const kept = request.status === 201 && answer(request).id;
      if (kept) arrive(one, kept);
      else fail(one, answer(request).detail ?? say('notUploaded'));
      over();
    });
    request.send(file);
  });
}
function answer(request) {
  try { return JSON.parse(request.responseText); } catch { return {}; }
}

function arrive(one, id) {
  if (one.gone) return;
  one.line.classList.remove('leaving');
  one.line.prepend(make('input', {type: 'hidden', name: 'uploads', value: id}));
  one.bar.remove();
  later(one.form, 0);
}

function fail(one, why) {
  if (one.gone) return;
  one.line.classList.remove('leaving');
  one.line.classList.add('failed');
  $('.why', one.line)?.remove();
  const again = make('button', {type: 'button', class: 'ghost', 'data-do': 'again-file'}, say('again'));
  one.line.querySelector('small').after(make('span', {class: 'why', role: 'alert'}, why, ...(one.file.size > most ? [] : [' ', again])));
}
on('again-file', (button) => {
  const {one} = button.closest('li');
  button.closest('.why').remove();
  one.bar.value = 0;
  send(one);
});

function drop(line) {
  const form = line.closest('form'), next = line.nextElementSibling ?? line.previousElementSibling;
  if (line.one) {
    line.one.gone = true;
    line.one.request?.abort();
  }
  line.remove();
  show(form);
  form.elements.namedItem('id').value = '';
  (next ? $('[data-do=drop-file]', next) : body(form)).focus();
  later(form, 0);
}
on('drop-file', (button) => drop(button.closest('li')));

document.addEventListener('change', (event) => {
  const form = event.target.closest?.('.composer');
  if (!form || event.target.type !== 'file') return;
  add(form, [...event.target.files]);
  event.target.value = '';
});
document.addEventListener('paste', (event) => {
  const form = event.target.closest?.('.composer'), files = [...(event.clipboardData?.files ?? [])];
  if (form && files.length) { event.preventDefault(); add(form, files); }
});
const target = (event) => event.target.closest?.('.composer');
document.addEventListener('dragover', (event) => {
  const form = target(event);
  if (form) { event.preventDefault(); form.classList.add('dropping'); }
});
document.addEventListener('dragleave', (event) => {
  const form = target(event);
  if (form && !form.contains(event.relatedTarget)) form.classList.remove('dropping');
});
document.addEventListener('drop', (event) => {
  const form = target(event);
  for (const one of $$('.composer.dropping')) one.classList.remove('dropping');
  if (form && event.dataTransfer?.files.length) { event.preventDefault(); add(form, [...event.dataTransfer.files]); }
});

// Who leaves now would lose what has not arrived: the browser asks.
window.addEventListener('beforeunload', (event) => { if (underWay.size) event.preventDefault(); });
