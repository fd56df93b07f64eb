-- What is at risk is found by when it is due, and by that index alone: with state and promise looked up elsewhere, Postgres
-- joined it with every ticket that is still worked on. Only tickets with a promise have an entry; all that a page needs to sort
-- them stands in it.
drop index tickets_due;
create index tickets_due on tickets (due_at) include (updated_at, number, created_at, priority, next_due_at, state, breached, desk)
    where due_at is not null;

---- create above / drop below ----
