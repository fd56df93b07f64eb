-- How a person has his lists of tickets laid out: cards or a table, how close the lines stand, which columns in which
-- order and how wide.

create table agent_lists (
    agent      text primary key references agents (key) on delete cascade,
    look       jsonb not null,
    updated_at timestamptz not null default now()
);

---- create above / drop below ----
