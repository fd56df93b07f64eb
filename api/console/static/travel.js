// Going back in a ticket's life: the slider chooses an instant, the server tells how it stood then.
import {$, say, on, apply, fetchFragment} from './ui.js';
import {openNumber, withThread} from './list.js';

let timer = 0;

document.addEventListener('input', (event) => {
  if (event.target.id !== 'travel') return;
  const slider = event.target, moments = slider.dataset.moments.split(','), at = moments[slider.value];
  const now = Number(slider.value) === moments.length - 1;
  $('#travel-at').textContent = now ? say('now') : new Date(at).toLocaleString(document.documentElement.lang);
  clearTimeout(timer);
  timer = setTimeout(() => (now ? present() : past(at)), 80);
});

async function past(at) {
  const {html} = await fetchFragment(withThread(`/-/tickets/${openNumber()}/then?at=${encodeURIComponent(at)}`));
  await apply(html);
}

/** The ticket as it is, put in the place of what is shown. */
export async function present() {
  const number = openNumber();
  if (!number) return;
  const {html, ok} = await fetchFragment(withThread(`/-/tickets/${number}/fresh`));
  if (ok && number === openNumber()) await apply(html);
}

on('now', () => {
  const slider = $('#travel');
  slider.value = slider.max;
  $('#travel-at').textContent = say('now');
  present();
});
