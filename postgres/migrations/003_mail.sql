-- Mail that can be trusted: what came back about what we sent, how much is answered automatically, how each mailbox is
-- read and written through.

-- What a proven report said about a recipient (RFC 3464, 8098, 5965). The state says bounced; here is why and how.
alter table recipients
    add column status        text,                                          -- RFC 3463, such as 5.1.1
    add column bounce        text check (bounce in ('hard', 'soft')),       -- hard: the address itself is at fault
    add column delayed_at    timestamptz,
    add column delivered_at  timestamptz,
    add column displayed_at  timestamptz,
    add column complained_at timestamptz;

-- Addresses that get no automatic mail: they do not exist, or their owner called our mail spam.
create table undeliverable (
    address  text primary key, -- folded
    why      text not null check (why in ('bounce', 'complaint')),
    status   text not null default '',
    reason   text not null default '',
    delivery uuid references deliveries (id),
    since    timestamptz not null default now()
);

-- Caps on automatic mail, and the mailbox that sent it.
alter table acknowledgements add column mailbox uuid references mailboxes (id);
create index acknowledgements_mailbox on acknowledgements (mailbox, at) where mailbox is not null;

alter table mailboxes
    add column acks_address_hour int not null default 5   check (acks_address_hour >= 0),
    add column acks_address_day  int not null default 20  check (acks_address_day >= 0),
    add column acks_hour         int not null default 200 check (acks_hour >= 0),
    add column automatics_ticket int not null default 10  check (automatics_ticket >= 0), -- automatic mails of one ticket in ten minutes
    -- what an operator must see, until it is over: refused logins, a breaker that fell
    add column alert             text,
    add column alert_at          timestamptz,
    -- what becomes of a mail on its server once it is taken in
    add column after_intake      text not null default 'keyword' check (after_intake in ('keyword', 'seen', 'move', 'delete')),
    add column after_folder      text not null default '',
    -- where a copy of what was sent is stored; '': nowhere
    add column sent_folder       text not null default '',
    -- the name of the receiving host whose Authentication-Results are believed; '': none are
    add column authserv_id       text not null default '',
    -- sending rests until then: the account, not a mail, is in trouble
    add column resting_until     timestamptz,
    add column troubles          int not null default 0,
    -- login by token: the mechanism, and where the token is refreshed; the refresh token is sealed
    add column token_mechanism   text not null default '' check (token_mechanism in ('', 'XOAUTH2', 'OAUTHBEARER')),
    add column token_url         text not null default '',
    add column token_client      text not null default '',
    add column token_scope       text not null default '',
    add column token_secret      bytea, -- the client's secret, sealed
    add column token_refresh     bytea, -- sealed; replaced before a new access token is used
    add column token_access      bytea, -- sealed
    add column token_expires_at  timestamptz,
    add column token_issued_at   timestamptz;

-- The mailbox through which a ticket's mail leaves: the one that its mail came to.
alter table tickets add column mailbox uuid references mailboxes (id);

-- Copies in the folder of sent mail that are still to be stored.
alter table deliveries
    add column copied_at timestamptz,
    add column late_at   timestamptz; -- its lateness was told then

create index deliveries_created on deliveries (ticket, created_at);
