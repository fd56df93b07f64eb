-- What reports count by its instant: answers and ends of tickets, time worked, ratings. Only those lines are in the
-- indexes, so that they are made in a second and cost other events nothing.
create index events_reported on events (at)
    where name in ('answered', 'resolved', 'resolved_internally', 'client_solved', 'client_cancelled', 'closed', 'reopened');
create index messages_worked on messages (at) where work_minutes > 0;
create index feedback_at on feedback (at);

---- create above / drop below ----
