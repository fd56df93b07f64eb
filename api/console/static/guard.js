// Forms whose changes are not saved yet: leaving the page asks first.
import {$, $$} from './ui.js';

const changed = new Set();
document.addEventListener('input', (event) => {
  const form = event.target.closest?.('form[data-guard]');
  if (form) changed.add(form);
  copy(event.target);
});
document.addEventListener('submit', (event) => changed.delete(event.target));
window.addEventListener('beforeunload', (event) => { if (changed.size) event.preventDefault(); });

// What did not go through is not saved either; the cursor goes to the first thing that is wrong.
const wrong = $('form[data-guard] [aria-invalid=true]');
if ($('.managing .fault')) {
  for (const form of $$('form[data-guard]')) changed.add(form);
  wrong?.focus();
}

// A form beside sends along what is being typed in the form above it, as a preview does.
function copy(element) {
  for (const form of $$('form[data-copies]')) {
    if (form.dataset.copies.split(' ').includes(element.name) && element.form !== form) form.elements[element.name].value = element.value;
  }
}
