-- The oldest first, as the console shows its queues: what waits is the newest of the desk, so that along the order of all tickets
-- Postgres passed every one that is done before it came to the first.
create index tickets_unassigned on tickets (created_at, number)
    where owner is null and state in ('new', 'open', 'on_hold', 'handed_over', 'hand_over_answered');
create index tickets_unanswered on tickets (created_at, number)
    where client_spoke_last and state in ('new', 'open', 'on_hold', 'handed_over', 'hand_over_answered', 'resolved');
create index tickets_live on tickets (created_at, number) where state in ('new', 'open', 'on_hold', 'handed_over', 'hand_over_answered');
-- By due time, what is at risk is sorted from the index, without reading the tickets.
drop index tickets_breached;
create index tickets_breached on tickets (updated_at desc, number desc) include (created_at, priority, next_due_at, desk)
    where breached and state in ('new', 'open', 'on_hold', 'handed_over', 'hand_over_answered');

---- create above / drop below ----
