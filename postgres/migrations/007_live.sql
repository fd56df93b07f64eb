-- What others hear: the one order of all events, presence, webhooks, bulk jobs, external channels.

-- Events get their ids before their transactions end, so ids alone tell nobody whether a lower one is still to come.
-- A line of the feed is written after the commit of its event, by one writer at a time: its position is final, without
-- gaps, and whatever comes later comes behind it.
create table feed (
    position bigint primary key,
    event    bigint not null unique references events (id)
);

-- Where the feed ends, and below which id no event can be missing from it (low). sure_low becomes low once every
-- transaction below sure_xid has ended; both only save looking.
create table feed_end (
    one      boolean primary key default true check (one),
    position bigint not null,
    low      bigint not null default 0,
    sure_low bigint not null default 0,
    sure_xid xid8
);
insert into feed (position, event) select row_number() over (order by id), id from events;
insert into feed_end (position, low) select coalesce(max(position), 0), 0 from feed;

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

---- create above / drop below ----
