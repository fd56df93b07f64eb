-- What lists, views and timelines walk along, so that none of them ever reads the whole table of tickets.

-- The ordinary list: everything but spam and tombstones, which may be most of the rows.
create index tickets_visible on tickets (updated_at desc, number desc) where state not in ('spam', 'deleted');
create index tickets_priority on tickets (priority, number);
-- The never due come last, and a keyset needs a value for them.
create index tickets_due_order on tickets ((coalesce(next_due_at, timestamptz 'infinity')), number);
-- Closed tickets keep both marks for good; the views want only those that can still be answered.
create index tickets_breached on tickets (updated_at desc, number desc)
    where breached and state in ('new', 'open', 'on_hold', 'handed_over', 'hand_over_answered');
drop index tickets_incoming;
create index tickets_incoming on tickets (updated_at desc, number desc)
    where client_spoke_last and state in ('new', 'open', 'on_hold', 'handed_over', 'hand_over_answered', 'resolved', 'resolved_internally');
create index tickets_due on tickets (due_at) where due_at is not null;
create index tickets_tags on tickets using gin (tags) where tags <> '{}';
create index tokens_agent on tokens (agent, created_at);

---- create above / drop below ----
