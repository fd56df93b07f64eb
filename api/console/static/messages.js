// One message: a ticket of its own for what was threaded wrongly, or the ticket that it belongs to.
import {on, toast, announce, apply, fetchFragment, fetchDialog} from './ui.js';
import {withThread} from './list.js';
import {cool} from './ahead.js';

const address = ({number, message}, what) => withThread(`/tickets/${number}/messages/${message}/${what}`);

on('split', async (button) => {
  const answer = await fetchFragment(address(button.dataset, 'split'), {method: 'POST'});
  cool(button.dataset.number);
  await apply(answer.html);
  const text = answer.events['duradesk:done']?.text;
  if (text) { toast(text); announce(text); }
});
on('move-message', (button) => fetchDialog('/-' + address(button.dataset, 'move')));
