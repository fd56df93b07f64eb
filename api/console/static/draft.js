// Drafts: what is being written is kept on this machine as it is typed, and by the server once typing stops.
import {$, $$, say} from './ui.js';
import {cool} from './ahead.js';

const me = document.body.dataset.me;
/** Names what a composer writes, over all the times that it is drawn. */
export const keyOf = (form) => `draft:${me}:${form.dataset.number}:${form.dataset.kind}`;
export const body = (form) => form.elements.namedItem('body');

/** Keeps the text on this machine; one that is empty goes. */
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

/** What this machine kept, where that is newer than what the server has. */
export function newer(form) {
  const draft = kept(form);
  return draft?.text && draft.at > Number(form.dataset.at || 0) ? draft : null;
}

/** Fills a composer with what this machine kept where that is newer than what the server has. */
export function restore(form) {
  const draft = newer(form);
  if (!draft) return;
  body(form).value = draft.text;
  if (draft.to) form.elements.to.value = draft.to;
  if (draft.cc) form.elements.cc.value = draft.cc;
  later(form);
}

// The server's copy is written once typing stops: one write at a time, the last text last.
const saving = new WeakMap();
const address = (form) => `/api/v1/tickets/${form.dataset.number}/drafts/${form.dataset.kind === 'note' ? 'note' : 'agent-response'}`;
export function later(form, wait = 500) {
  const state = saving.get(form) ?? {timer: 0, running: null, again: false};
  saving.set(form, state);
  clearTimeout(state.timer);
  state.timer = setTimeout(() => save(form, state), wait);
}
async function save(form, state) {
  if (state.running) { state.again = true; return; }
  state.running = write(form);
  try { await state.running; } finally { state.running = null; cool(form.dataset.number); } // what was fetched before does not hold it
  if (state.again && !form.dataset.sending) later(form, 0);
  state.again = false;
}
/** Lets no write of a draft overtake the sending: it would be a new draft of what has left, and hide what undo brings back. */
export async function settled(form) {
  const state = saving.get(form);
  clearTimeout(state?.timer);
  await Promise.race([state?.running, new Promise((late) => setTimeout(late, 10000))]);
}

async function write(form) {
  const text = body(form).value, hint = $('.draft-state', form), files = $$('[name=draft_files]', form), ahead = $$('[name=uploads]', form);
  try {
    if (!text.trim() && !files.length && !ahead.length) {
      if (form.elements.draft_id.value) await fetch(address(form), {method: 'DELETE', credentials: 'same-origin'});
      form.elements.draft_id.value = '';
      hint.textContent = '';
      return;
    }
    const message = {body: text, body_format: 'markdown', draft_files: files.map((f) => f.value), attachments: ahead.map((f) => ({id: f.value}))};
    if (form.elements.to) Object.assign(message, {to: addresses(form.elements.to), cc: addresses(form.elements.cc)});
    if (form.elements.template?.value) message.template = form.elements.template.value;
    const response = await fetch(address(form), {
      method: 'PUT', credentials: 'same-origin', headers: {'Content-Type': 'application/json'},
      body: JSON.stringify({message, shared: form.elements.shared?.checked ?? false, seen_revision: Number(form.elements.seen_revision.value)}),
    });
    if (!response.ok) throw new Error(String(response.status));
    const draft = await response.json();
    adopt(draft.message.attachments.slice(files.length), ahead);
    if (body(form).value || ahead.length || files.length) form.elements.draft_id.value = draft.id;
    hint.textContent = say('saved');
  } catch {
    hint.textContent = say('savedHere');
  }
}
/** What was sent ahead is the draft's own now, under another id. */
function adopt(files, ahead) {
  ahead.forEach((input, i) => {
    if (!files[i]) return;
    input.name = 'draft_files';
    input.value = files[i].id;
  });
}
const listed = (text) => (text ?? '').split(/[,、;]/).map((word) => word.trim()).filter(Boolean);
/** Only whole addresses: half a one, still being typed, would refuse the draft. */
const addresses = (field) => listed(field.value).filter((word) => /^[^\s@<>,;"]+@[^\s@<>,;"]+$/.test(word));
