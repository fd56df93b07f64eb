-- What others hear: the one order of all events, presence, webhooks, bulk jobs, external channels.

-- Events get their ids before their transactions end, so ids alone tell nobody whether a lower one is still to come.
-- A line of the feed is written after the commit of its event, by one writer at a time: its position is final, without
-- gaps, and whatever comes later comes behind it.
create table feed (
    position bigint primary key,
    event    bigint not null unique references events (id)
);

-- Where the feed ends, and up to which id no event can be missing from it (low). sure_low becomes low once every
-- transaction below sure_xid has ended; both only save looking.
create table feed_end (
    one      boolean primary key default true check (one),
    position bigint not null,
    low      bigint not null default 0,
    sure_low bigint not null default 0,
    sure_xid xid8
);
insert into feed (position, event) select row_number() over (order by id), id from events;
insert into feed_end (position) select coalesce(max(position), 0) from feed;

-- Who looks at a ticket or writes there now. Not worth a disk's turn: after a crash everybody says it again.
create unlogged table presence (
    ticket bigint not null references tickets (number),
    agent  text   not null references agents (key),
    tab    text   not null default '',
    doing  text   not null check (doing in ('viewing', 'writing')),
    since  timestamptz not null default now(),
    until  timestamptz not null,
    primary key (ticket, agent, tab)
);
create index presence_until on presence (until);

-- Whom the desk tells what happens. Secrets are sealed; two may live at once, so that they can be changed.
create table webhooks (
    id            uuid primary key,
    url           text not null,
    events        text[] not null default '{}', -- types of events; empty: all
    desk          text references desks (key),  -- of that one only
    secret        bytea not null,
    old_secret    bytea,
    old_until     timestamptz,
    enabled       boolean not null default true,
    off_reason    text not null default '',     -- failing, gone: switched off by itself
    failures      int not null default 0,       -- in a row
    failing_since timestamptz,
    resting_until timestamptz,
    lent          text not null default '',     -- to which sender, and until when
    lent_until    timestamptz,
    created_by    text not null default '',
    created_at    timestamptz not null default now()
);

-- One event for one webhook; a ping has neither position nor ticket. Written with the feed.
create table hooks (
    id         bigint generated always as identity primary key,
    webhook    uuid not null references webhooks (id) on delete cascade,
    position   bigint references feed (position),
    ticket     bigint references tickets (number),
    message_id text not null, -- the header webhook-id: the same however often it is sent
    state      text not null default 'pending' check (state in ('pending', 'delivered', 'failed')),
    attempts   int not null default 0,
    next_at    timestamptz not null,
    created_at timestamptz not null,
    done_at    timestamptz,
    unique (webhook, position)
);
create index hooks_pending on hooks (webhook, ticket, id) where state = 'pending';
create index hooks_due on hooks (webhook, next_at) where state = 'pending';
create index hooks_of on hooks (webhook, id desc);

create table hook_attempts (
    hook   bigint not null references hooks (id) on delete cascade,
    no     int not null,
    at     timestamptz not null,
    took   interval not null,
    status int not null default 0, -- of HTTP; 0: nobody answered
    error  text not null default '',
    primary key (hook, no)
);

-- One command for many tickets. The job is the truth, its workflow only works on it.
create table bulk_jobs (
    id          uuid primary key,
    agent       text not null references agents (key),
    request     text not null,           -- the asker's own id of the request
    fingerprint text not null,
    command     text not null,
    template    jsonb not null,          -- the order as it goes to each ticket
    state       text not null default 'running' check (state in ('running', 'paused', 'cancelled', 'done')),
    undo_of     uuid references bulk_jobs (id),
    lent_until  timestamptz,             -- somebody works on it until then
    created_at  timestamptz not null default now(),
    finished_at timestamptz,
    unique (agent, request)
);
create index bulk_jobs_unfinished on bulk_jobs (created_at) where finished_at is null;

create table bulk_items (
    job    uuid not null references bulk_jobs (id) on delete cascade,
    n      int not null,
    ticket bigint not null references tickets (number),
    state  text not null default 'waiting' check (state in ('waiting', 'stored', 'skipped')),
    reason text not null default '',
    seq    bigint,                       -- of the command; its receipt tells the outcome
    other  jsonb,                        -- the order for this ticket alone, where it is another than the job's
    before jsonb,                        -- how the ticket stood, to undo
    primary key (job, n),
    unique (job, ticket)
);
create index bulk_items_waiting on bulk_items (job, n) where state = 'waiting';

---- create above / drop below ----
