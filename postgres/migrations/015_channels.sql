-- Conversations with clients outside mail: other programs bring what is said there, and are told the answers.

-- A channel is one such program. Secrets are sealed; two may live at once, so that they can be changed. A channel that
-- was taken away keeps its row, for conversations and deliveries name it.
create table channels (
    id         uuid primary key,
    key        text not null unique check (key ~ '^[a-z][a-z0-9_-]{0,39}$'), -- for ever: clients are known by it
    name       text not null default '',
    desk       text not null references desks (key),
    kind       text not null default 'external' check (kind in ('external', 'chat')),
    url        text not null default '', -- where answers go; '': they go by mail
    verified   text[] not null default '{}', -- what the program proves about people before it tells: email, phone
    secret     bytea not null,
    old_secret bytea,
    old_until  timestamptz,
    enabled    boolean not null default true,
    created_by text not null default '',
    created_at timestamptz not null default now(),
    removed_at timestamptz
);

create table conversations (
    id         bigint generated always as identity primary key,
    channel    uuid not null references channels (id),
    key        text not null,   -- the program's own id
    person     text not null,   -- its id of whom we answer
    ticket     bigint not null references tickets (number), -- where the next message goes
    created_at timestamptz not null default now(),
    unique (channel, key)
);

-- What came in, by the program's own ids: nothing is taken in twice.
create table channel_messages (
    channel     uuid not null references channels (id),
    id          text not null,
    fingerprint text not null,
    ticket      bigint not null references tickets (number),
    seq         bigint not null,
    at          timestamptz not null default now(),
    primary key (channel, id)
);

-- The conversation that a ticket is answered in, and that a message leaves into instead of by mail.
alter table tickets add column conversation bigint references conversations (id);
alter table deliveries
    add column channel      uuid references channels (id),
    add column conversation bigint references conversations (id),
    add column doubtful     boolean not null default false; -- an attempt left and nobody answered: it may be there
create index deliveries_conversation on deliveries (conversation, created_at, id) where conversation is not null and finished_at is null;
