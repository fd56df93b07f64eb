// Writing: drafts that survive, sending that is never by accident, text that is never lost.
import {$, $$, say, on, make, toast, announce, apply, fetchFragment} from './ui.js';
import {openNumber, move, cool, open, withPlace} from './list.js';
import {composing} from './keys.js';

const me = document.body.dataset.me;
const keyOf = (form) => `draft:${me}:${form.dataset.number}:${form.dataset.kind}`;
const body = (form) => form.elements.namedItem('body');

// A draft is kept on this machine as it is typed, and by the server once typing stops.
export function keep(form) {
  const text = body(form).value;
  try {
    if (text) localStorage.setItem(keyOf(form), JSON.stringify({text, to: form.elements.to?.value, cc: form.elements.cc?.value, at: Date.now()}));
    else localStorage.removeItem(keyOf(form));
  } catch { /* the machine's store is full or closed: the server's draft is left */ }
}
function kept(form) {
  try { return JSON.parse(localStorage.getItem(keyOf(form))); } catch { return null; }
}

function restore() {
  for (const form of $$('.composer')) {
    const draft = kept(form);
    if (draft?.text && draft.at > Number(form.dataset.at || 0)) { // newer than what the server has
      body(form).value = draft.text;
      if (draft.to) form.elements.to.value = draft.to;
      if (draft.cc) form.elements.cc.value = draft.cc;
      later(form);
    }
    // On a phone it would cover the ticket: the draft waits behind its button there.
    if ((body(form).value || $('.kept li', form)) && !matchMedia('(max-width: 768px)').matches) unfold(form, false);
  }
}

// The server's copy is written once typing stops: one write at a time, the last text last.
const saving = new WeakMap();
const address = (form) => `/api/v1/tickets/${form.dataset.number}/drafts/${form.dataset.kind === 'note' ? 'note' : 'agent-response'}`;
function later(form, wait = 500) {
  const state = saving.get(form) ?? {timer: 0, running: null, again: false};
  saving.set(form, state);
  clearTimeout(state.timer);
  state.timer = setTimeout(() => save(form, state), wait);
}
async function save(form, state) {
  if (state.running) { state.again = true; return; }
  state.running = write(form);
  try { await state.running; } finally { state.running = null; }
  if (state.again && !form.dataset.sending) later(form, 0);
  state.again = false;
}
/** Lets no write of a draft overtake the sending: it would be a new draft of what has left, and hide what undo brings back. */
async function settled(form) {
  const state = saving.get(form);
  clearTimeout(state?.timer);
  await Promise.race([state?.running, new Promise((late) => setTimeout(late, 10000))]);
}
const listed = (text) => (text ?? '').split(/[,、;]/).map((word) => word.trim()).filter(Boolean);
async function write(form) {
  const text = body(form).value, hint = $('.draft-state', form);
  try {
    if (!text.trim()) {
      if (form.elements.draft_id.value) await fetch(address(form), {method: 'DELETE', credentials: 'same-origin'});
      form.elements.draft_id.value = '';
      hint.textContent = '';
      return;
    }
    const message = {body: text, body_format: 'markdown', draft_files: $$('[name=draft_files]', form).map((f) => f.value)};
    if (form.elements.to) Object.assign(message, {to: addresses(form.elements.to), cc: addresses(form.elements.cc)});
    if (form.elements.template?.value) message.template = form.elements.template.value;
    const response = await fetch(address(form), {
      method: 'PUT', credentials: 'same-origin', headers: {'Content-Type': 'application/json'},
      body: JSON.stringify({message, shared: form.elements.shared?.checked ?? false, seen_revision: Number(form.elements.seen_revision.value)}),
    });
    if (!response.ok) throw new Error(String(response.status));
    const {id} = await response.json();
    if (body(form).value) form.elements.draft_id.value = id;
    hint.textContent = say('saved');
  } catch {
    hint.textContent = say('savedHere');
  }
}
/** Only whole addresses: half a one, still being typed, would refuse the draft. */
const addresses = (field) => listed(field.value).filter((word) => /^[^\s@<>,;"]+@[^\s@<>,;"]+$/.test(word));

document.addEventListener('duradesk:open', restore);

/** Shows a composer; the other one folds away, with its draft. */
export function unfold(form, focus = true) {
  if (!form) return;
  for (const other of $$('.composer')) other.hidden = other !== form;
  const bar = $('#compose-open');
  if (bar) bar.hidden = true;
  if (focus) {
    if (!body(form).value) seen(form);
    body(form).focus();
  }
}
function fold(form) {
  form.hidden = true;
  const bar = $('#compose-open');
  if (bar) bar.hidden = false;
}
/** What is shown of the ticket now is what the writer has seen when he begins. */
function seen(form) {
  const revision = $('#t-revision')?.dataset.revision;
  if (revision) form.elements.seen_revision.value = revision;
}

on('answer', () => unfold($('#compose-answer')));
on('note', () => unfold($('#compose-note')));
on('fold', (element) => { const form = element.closest('form'); fold(form); $('#ticket').focus({preventScroll: true}); });
on('dismiss', (element) => { const form = element.closest('form'); fault(form, ''); body(form).focus(); });

document.addEventListener('input', (event) => {
  const form = event.target.closest?.('.composer');
  if (!form || event.target.type === 'file') return;
  form.elements.namedItem('id').value = ''; // another text is another command
  keep(form);
  later(form);
  document.dispatchEvent(new CustomEvent('duradesk:writing'));
});

document.addEventListener('keydown', (event) => {
  const form = event.target.closest?.('.composer');
  if (!form || composing(event)) return;
  if ((event.ctrlKey || event.metaKey) && event.key === 'Enter') {
    event.preventDefault();
    send(form, form.dataset.way ?? (form.dataset.kind === 'note' ? 'note' : 'answer'), event.shiftKey);
  }
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'p' && form.dataset.kind === 'answer') {
    event.preventDefault();
    $('[data-do=preview]', form)?.click();
  }
  if (event.key === 'Enter' && event.target.tagName === 'INPUT' && event.target.type !== 'file') event.preventDefault(); // never by plain Enter
});
document.addEventListener('submit', (event) => {
  const form = event.target.closest?.('.composer');
  if (!form) return;
  event.preventDefault();
  if (event.submitter?.value) send(form, event.submitter.value);
});
on('send-anyway', (button) => {
  const form = button.closest('form');
  form.elements.seen_revision.value = button.dataset.revision;
  send(form, form.dataset.tried);
});

function fault(form, html) {
  $('.compose-fault', form).innerHTML = html;
}
function complain(form, text) {
  $('.compose-fault', form).replaceChildren(make('div', {class: 'fault', role: 'alert'}, make('p', {}, text)));
}

/** Sends what was written. The text leaves the page only once the server has it. */
export async function send(form, way, andNext = false) {
  if (form.dataset.sending) return;
  if (!body(form).value.trim()) return complain(form, say('empty'));
  const id = form.elements.namedItem('id');
  id.value ||= crypto.randomUUID();
  form.dataset.sending = '1';
  form.dataset.tried = way;
  for (const button of $$('.send', form)) button.disabled = true;
  body(form).readOnly = true; // what would be typed now would leave with nothing
  fault(form, '');
  try {
    await settled(form);
    const data = new FormData(form), number = form.dataset.number, text = body(form).value;
    data.set('way', way);
    await along(form);
    const response = await fetch(form.action, {method: 'POST', body: data, headers: {'HX-Request': 'true'}, credentials: 'same-origin'});
    const html = await response.text(), events = JSON.parse(response.headers.get('HX-Trigger') ?? '{}');
    if (response.ok) await sent(form, way, html, events, {number, text, andNext});
    else {
      form.dataset.copy = '';
      id.value = ''; // refused is answered: the next try is a new command
      fault(form, html);
      form.dataset.copy = $('.stale', form)?.dataset.draft ?? '';
    }
  } catch {
    complain(form, say('notSent')); // nobody knows what became of it: the same id will tell
  } finally {
    delete form.dataset.sending;
    body(form).readOnly = false;
    for (const button of $$('.send', form)) button.disabled = false;
  }
}

async function sent(form, way, html, events, {number, text, andNext}) {
  const done = events['duradesk:done'] ?? {};
  const copy = $('.stale', form)?.dataset.draft ?? form.dataset.copy;
  form.reset();
  body(form).value = '';
  for (const name of ['id', 'draft_id']) form.elements.namedItem(name).value = '';
  for (const list of $$('.picked.kept', form)) list.remove();
  keep(form);
  forget(form);
  if (copy) fetch(`/api/v1/tickets/${number}/drafts/${copy}`, {method: 'DELETE', credentials: 'same-origin'});
  $('.files.picked', form)?.replaceChildren();
  if ($('.files.picked', form)) $('.files.picked', form).hidden = true;
  cool(number);
  if (form.isConnected && openNumber() === number) {
    $('#hold-ask')?.matches(':popover-open') && $('#hold-ask').hidePopover();
    fold(form);
    await apply(html);
    $('#t-scroll').scrollTop = $('#t-scroll').scrollHeight;
    $('#ticket').focus({preventScroll: true});
  }
  announce(done.text ?? '');
  offerUndo(done, way, number);
  if (andNext) move(1);
}

// Files: picked, dropped, pasted. They stay in the form's own input, so that a refused send keeps them.
function add(form, files) {
  const input = form.elements.namedItem('files'), all = new DataTransfer();
  for (const file of [...input.files, ...files]) all.items.add(file);
  input.files = all.files;
  draw(form);
}
function draw(form) {
  const input = form.elements.namedItem('files'), list = $('.files.picked', form);
  list.hidden = input.files.length === 0;
  list.replaceChildren(...[...input.files].map((file, i) => {
    const drop = make('button', {type: 'button', 'aria-label': `${say('remove')} ${file.name}`}, '×');
    drop.addEventListener('click', () => {
      const rest = new DataTransfer();
      [...input.files].forEach((f, at) => { if (at !== i) rest.items.add(f); });
      input.files = rest.files;
      draw(form);
    });
    return make('li', {}, make('span', {}, file.name), make('small', {}, `${Math.ceil(file.size / 1024)} KB`), drop);
  }));
  form.elements.namedItem('id').value = '';
}
document.addEventListener('change', (event) => {
  const form = event.target.closest?.('.composer');
  if (form && event.target.type === 'file') draw(form);
});
document.addEventListener('paste', (event) => {
  const form = event.target.closest?.('.composer'), files = [...(event.clipboardData?.files ?? [])];
  if (form && files.length) { event.preventDefault(); add(form, files); }
});
document.addEventListener('dragover', (event) => { if (event.target.closest?.('.composer')) event.preventDefault(); });
document.addEventListener('drop', (event) => {
  const form = event.target.closest?.('.composer');
  if (form && event.dataTransfer?.files.length) { event.preventDefault(); add(form, [...event.dataTransfer.files]); }
});

// The toolbar writes Markdown around what is selected; the browser's own undo takes it back.
function insert(area, text, from, to) {
  area.focus();
  area.setSelectionRange(from, to);
  document.execCommand('insertText', false, text);
}
document.addEventListener('click', (event) => {
  const button = event.target.closest?.('.toolbar button');
  if (!button) return;
  const area = body(button.closest('form')), {selectionStart: from, selectionEnd: to, value} = area, chosen = value.slice(from, to);
  const {md, mdLine} = button.dataset;
  if (md) {
    insert(area, md + chosen + md, from, to);
    if (!chosen) area.setSelectionRange(from + md.length, from + md.length);
  } else if (mdLine) {
    const start = value.lastIndexOf('\n', from - 1) + 1;
    insert(area, value.slice(start, to).split('\n').map((line) => mdLine + line).join('\n'), start, to);
  } else {
    insert(area, `[${chosen}](https://)`, from, to);
    area.setSelectionRange(area.selectionEnd - 1, area.selectionEnd - 1);
  }
});

// Within the undo time of its desk a message can be taken back: by the toast, by Z, or at the message itself.
function offerUndo(done, way, number) {
  const message = way === 'note' ? null : $$('#t-thread [data-do=withdraw]').at(-1)?.dataset.message;
  toast(done.text, {
    tone: done.tone, seconds: message ? done.seconds || 4 : 4,
    action: message && done.seconds ? {label: say('undo'), key: 'Z', run: () => withdraw(number, message)} : null,
  });
}
async function withdraw(number, message) {
  const answer = await fetchFragment(withPlace(`/tickets/${number}/messages/${message}/withdraw`), {method: 'POST'});
  cool(number);
  if (!answer.ok) return apply(answer.html);
  toast(say('undone'));
  announce(say('undone'));
  await open(number, {push: false});
  unfold($('#compose-answer'));
}
on('withdraw', (button) => withdraw(button.dataset.number, button.dataset.message));
on('drop-kept', (button) => {
  const form = button.closest('form');
  button.closest('li').remove();
  later(form, 0);
});

// The preview is the real mail, made by the server, in a frame of its own.
on('preview', (button) => {
  const form = button.closest('form'), box = $('.preview', form);
  if (!box.hidden) { box.hidden = true; return; }
  box.hidden = false;
  const {action} = form;
  form.action = `${form.dataset.preview}?way=${form.dataset.way ?? 'answer'}`;
  form.target = 'preview-frame';
  form.submit();
  form.action = action;
  form.removeAttribute('target');
});

/** What a macro does besides writing: sent with the text, before it. */
export function promiseAlong(form, commands, what) {
  form.along = commands;
  const line = $('.macro', form);
  line.textContent = say('along', {what});
  line.hidden = commands.length === 0;
}
function forget(form) {
  form.along = [];
  delete form.dataset.way;
  const line = $('.macro', form);
  if (line) line.hidden = true;
}
async function along(form) {
  for (const {command, body: content} of form.along ?? []) {
    const response = await fetch(`/api/v1/tickets/${form.dataset.number}/${command}`, {
      method: 'POST', credentials: 'same-origin', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(content),
    });
    if (!response.ok && response.status !== 409) throw new Error(String(response.status));
  }
  form.along = [];
}

/** Puts text where the cursor is, as if it were typed. */
export { insert };
