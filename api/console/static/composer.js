// Writing: drafts that survive, sending that is never by accident, text that is never lost.
import {$, $$, say, on, make, toast, announce, apply, fetchFragment, newId} from './ui.js';
import {openNumber, move, open, withPlace} from './list.js';
import {cool, afterPaint} from './ahead.js';
import {composing} from './keys.js';
import {body, keep, later, newer, restore, settled} from './draft.js';
import {arrived, forgetFiles, onItsWay, rejoin} from './files.js';

// What nobody writes in yet is made once the ticket is painted, or when it is asked for.
document.addEventListener('duradesk:open', () => {
  const {content} = $('#writing') ?? {};
  if (content && $$('.composer', content).some(begun)) furnish();
  else afterPaint(furnish);
});
function furnish() {
  const store = $('#writing');
  if (!store) return;
  store.replaceWith(store.content);
  // On a phone a composer would cover the ticket: the draft waits behind its button there.
  for (const form of $$('.composer')) {
    restore(form);
    rejoin(form);
    if ((body(form).value || $('.picked li', form)) && !matchMedia('(max-width: 768px)').matches) unfold(form, false);
  }
}
const begun = (form) => body(form).value || $('.picked li', form) || onItsWay(form) || newer(form);
/** What an answer or a note is written in. */
export function composer(kind) {
  furnish();
  return $(`#compose-${kind}`);
}

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

on('answer', () => unfold(composer('answer')));
on('note', () => unfold(composer('note')));
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
  id.value ||= newId();
  form.dataset.sending = '1';
  form.dataset.tried = way;
  for (const button of $$('.send', form)) button.disabled = true;
  body(form).readOnly = true; // what would be typed now would leave with nothing
  fault(form, '');
  try {
    if (!await arrived(form)) return complain(form, say('fileMissing'));
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
  const copy = $('.stale', form)?.dataset.draft ?? form.dataset.copy, gone = form.elements.draft_id.value; // with the command
  form.reset();
  body(form).value = '';
  for (const name of ['id', 'draft_id']) form.elements.namedItem(name).value = '';
  forgetFiles(form);
  keep(form);
  forget(form);
  if (copy && copy !== gone) fetch(`/api/v1/tickets/${number}/drafts/${copy}`, {method: 'DELETE', credentials: 'same-origin'});
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
  unfold(composer('answer'));
}
on('withdraw', (button) => withdraw(button.dataset.number, button.dataset.message));

// The preview is the real mail, made by the server, in a frame of its own.
on('preview', (button) => {
  const form = button.closest('form'), box = $('.preview', form);
  if (!box.hidden) { box.hidden = true; return; }
  box.hidden = false;
  if (!box.firstChild) box.append(make('iframe', {name: 'preview-frame', title: box.dataset.title, sandbox: 'allow-same-origin allow-popups allow-popups-to-escape-sandbox'}));
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
