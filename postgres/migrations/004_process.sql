-- What the whole process needs: the table that a desk works by, calendars in versions, and the texts beside clocks.

alter table desks add column process text not null default 'inquiry';
update desks set process = 'issue' where kind = 'issue';

-- A version of a calendar never changes; a ticket pins the one it was opened under.
create table calendars (
    key        text not null check (key ~ '^[a-z][a-z0-9_-]{0,39}$'),
    version    int  not null,
    spec       jsonb not null,
    created_at timestamptz not null default now(),
    primary key (key, version)
);

alter table tickets add column solution text;
alter table tickets add column wanted_at timestamptz; -- the due date that people set by hand; clocks don't go by it

-- The process after each revision: how a ticket stood at any instant.
create table revisions (
    ticket   bigint not null references tickets (number),
    revision bigint not null,
    at       timestamptz not null,
    process  jsonb not null,
    primary key (ticket, revision)
);

create table promises (
    ticket bigint not null references tickets (number),
    clock  text not null,
    text   text not null,
    due_at timestamptz not null,
    at     timestamptz not null,
    primary key (ticket, clock)
);

create table feedback (
    ticket  bigint primary key references tickets (number),
    rating  smallint not null check (rating between 1 and 5),
    comment text not null default '',
    at      timestamptz not null
);

-- Words to staff (bell, mail), made with the decision that they are about.
create table notices (
    id       bigint generated always as identity primary key,
    agent    text not null references agents (key),
    ticket   bigint not null references tickets (number),
    seq      bigint not null,
    name     text not null,      -- of the event
    audience text not null,      -- why this person: owner, group, leads
    at       timestamptz not null,
    read_at  timestamptz,
    mailed_at timestamptz,
    unique (agent, ticket, seq, name)
);
create index notices_agent on notices (agent, id desc);
create index notices_unmailed on notices (id) where mailed_at is null;
drop index tickets_visible;
create index tickets_visible on tickets (updated_at desc, number desc) where state not in ('spam', 'deleted', 'merged');

---- create above / drop below ----
