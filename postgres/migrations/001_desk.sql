-- The record of the desk. Texts and personal data live here and nowhere else (PRODUCT rule 8).
-- Forward only: a later migration may add, never rename or drop what rows were written with.

create table desks (
    key        text primary key check (key ~ '^[a-z][a-z0-9_-]{0,39}$'),
    name       text not null,
    kind       text not null default 'inquiry' check (kind in ('inquiry', 'issue')),
    address    text not null,
    policy     int  not null default 1,
    created_at timestamptz not null default now()
);

-- One row per version of a desk's settings; a ticket pins the version it was opened under.
create table policies (
    desk       text not null references desks (key),
    version    int  not null,
    settings   jsonb not null,
    created_at timestamptz not null default now(),
    primary key (desk, version)
);

create table groups (
    key        text primary key check (key ~ '^[a-z][a-z0-9_-]{0,39}$'),
    name       text not null,
    created_at timestamptz not null default now()
);

create table desk_groups (
    desk     text not null references desks (key),
    group_key text not null references groups (key),
    primary key (desk, group_key)
);

create table agents (
    key           text primary key check (key ~ '^[a-z][a-z0-9_-]{0,39}$'),
    name          text not null,
    email         text not null,
    role          text not null check (role in ('agent', 'lead', 'admin')),
    language      text not null default 'en',
    password_hash text,
    created_at    timestamptz not null default now()
);
create unique index agents_email on agents (lower(email));

create table agent_groups (
    agent     text not null references agents (key),
    group_key text not null references groups (key),
    primary key (agent, group_key)
);

create table agent_desks (
    agent text not null references agents (key),
    desk  text not null references desks (key),
    primary key (agent, desk)
);

create table tokens (
    id         uuid primary key,
    agent      text not null references agents (key),
    hash       bytea not null unique,
    scopes     text[] not null,
    expires_at timestamptz,
    last_used  timestamptz,
    created_at timestamptz not null default now()
);

create table clients (
    id         text primary key, -- c_ + uuid v7 in base32
    name       text not null default '',
    email      text,             -- as last written by the client; identities decide
    phone      text,
    number     text,
    access     text not null default 'none' check (access in ('none', 'portal', 'full')),
    language   text,
    created_at timestamptz not null default now()
);

-- What a client is known by: one address belongs to one client.
create table identities (
    kind   text not null check (kind in ('mail', 'phone', 'number', 'external')),
    value  text not null,        -- folded: lower case addresses, digits of phone numbers
    client text not null references clients (id),
    primary key (kind, value)
);
create index identities_client on identities (client);

create sequence ticket_numbers start 1001;

create table tickets (
    number          bigint primary key,
    id              uuid not null unique,
    desk            text not null references desks (key),
    title           text not null,
    client          text not null references clients (id),
    channel         text not null,
    language        text not null default 'en',
    type            text not null default 'question',
    reception_type  text,
    tags            text[] not null default '{}',
    fields          jsonb not null default '{}',
    -- the queue's end: the last seq given out and the last instant (both read and written under the row's lock)
    seq             bigint not null default 0,
    last_at         timestamptz not null,
    -- the process as the last Apply left it; columns below mirror it for lists
    process         jsonb not null,
    revision        bigint not null default 0,
    applied_seq     bigint not null default 0,
    items           bigint not null default 0, -- lines in its timeline so far
    state           text not null default '',
    hold_reason     text not null default '',
    hold_until      timestamptz,
    category        text not null default '',
    owner           text references agents (key),
    group_key       text references groups (key),
    tier            int  not null default 1,
    priority        smallint not null default 2, -- 1 low … 4 urgent, so that lists sort by it
    breached        boolean not null default false,
    failed          boolean not null default false, -- a mail failed or is uncertain, or a command was poisonous
    next_due_at     timestamptz,                    -- earliest wanted timer; the sweeper's index
    due_at          timestamptz,
    created_at      timestamptz not null,
    updated_at      timestamptz not null,
    resolved_at     timestamptz,
    closes_at       timestamptz,
    closed_at       timestamptz,
    last_by         text not null default '',       -- client, agent, system, operator
    last_name       text not null default '',
    last_kind       text not null default '',       -- public, note
    last_at_message timestamptz,
    last_excerpt    text not null default '',
    client_spoke_last boolean not null default false,
    reply_token     text not null unique            -- goes into reply addresses
);
create index tickets_updated on tickets (updated_at desc, number desc);
create index tickets_state on tickets (state, updated_at desc, number desc);
create index tickets_owner on tickets (owner, state, updated_at desc, number desc);
create index tickets_group on tickets (group_key, state, updated_at desc, number desc);
create index tickets_desk on tickets (desk, updated_at desc, number desc);
create index tickets_client on tickets (client, created_at desc);
create index tickets_created on tickets (created_at desc, number desc);
create index tickets_incoming on tickets (updated_at desc, number desc) where client_spoke_last;
create index tickets_attention on tickets (updated_at desc, number desc) where failed;
create index tickets_next_due on tickets (next_due_at) where next_due_at is not null;

create table links (
    ticket     bigint not null references tickets (number),
    kind       text not null,
    other      bigint not null references tickets (number),
    created_at timestamptz not null default now(),
    primary key (ticket, kind, other)
);

create table blobs (
    hash       bytea primary key, -- sha256
    data       bytea not null,
    created_at timestamptz not null default now()
);

create table messages (
    id           uuid primary key,
    ticket       bigint not null references tickets (number),
    note         boolean not null default false,
    by_kind      text not null,
    by_id        text not null,
    by_name      text not null,
    body         text not null,
    body_format  text not null default 'text',
    html         text,
    visible      text,           -- the new part of body, null where all of it is
    sent_to      text[] not null default '{}',
    sent_cc      text[] not null default '{}',
    work_minutes int not null default 0,
    template     text,
    mail_id      text,           -- Message-ID of the mail it came or went as
    in_reply_to  text,
    raw          bytea references blobs (hash),
    at           timestamptz not null,
    applied      boolean not null default false -- false: its command is not applied (yet): kept, not shown
);
create index messages_ticket on messages (ticket, at);
create index messages_raw on messages (raw) where raw is not null;
create index messages_mail_id on messages (mail_id) where mail_id is not null;

create table attachments (
    id         uuid primary key,
    message    uuid not null references messages (id),
    position   int  not null,
    name       text not null,
    type       text not null,
    content_id text,
    inline     boolean not null default false,
    size       bigint not null,
    blob       bytea not null references blobs (hash)
);
create index attachments_message on attachments (message);
create index attachments_blob on attachments (blob);

-- The queue. The row is the truth, the signal is a bell (HOUSE, "The heart").
create table commands (
    ticket      bigint not null references tickets (number),
    seq         bigint not null,
    id          text not null,
    actor       text not null,   -- kind:id; ids are unique per actor
    by_kind     text not null,
    by_id       text not null,
    by_role     text not null default '',
    by_name     text not null default '',
    name        text not null,   -- the signal's name
    at          timestamptz not null,
    params      jsonb not null default '{}',
    reason_text text,
    message     uuid references messages (id),
    seen_revision bigint not null default 0,
    fingerprint text not null default '',
    signalled_at timestamptz,
    rings       int not null default 0,
    outcome     text not null default 'pending',
    reason      text,
    revision    bigint,
    applied_at  timestamptz,
    failure     text,            -- what went wrong with a poisonous one
    primary key (ticket, seq),
    unique (actor, id)
);
create index commands_unapplied on commands (ticket, seq) where outcome = 'pending';
create index commands_unsignalled on commands (at) where outcome = 'pending' and signalled_at is null;
create index commands_waiting on commands (signalled_at) where outcome = 'pending' and signalled_at is not null;
create index commands_id on commands (id);

-- What happened, append-only and complete by itself.
create table events (
    id         bigint generated always as identity primary key,
    ticket     bigint not null references tickets (number),
    revision   bigint not null,
    n          bigint not null,  -- its place in the ticket's timeline, without gaps: what people see as seq
    seq        bigint not null,  -- of the command that caused it
    at         timestamptz not null,
    type       text not null check (type in ('message', 'note', 'event')),
    name       text not null,
    from_state text not null default '',
    to_state   text not null default '',
    by_kind    text not null,
    by_id      text not null default '',
    by_name    text not null default '',
    command_id text not null default '',
    message    uuid references messages (id),
    rule       text not null default '',
    why        text not null default '',
    data       jsonb not null default '{}',
    rules_hash text not null default '',
    unique (ticket, n)
);

-- One outgoing mail each. Changed by compare-and-set only; the row says what is left to do.
create table deliveries (
    id          uuid primary key,
    ticket      bigint not null references tickets (number),
    message     uuid references messages (id),
    occasion    text not null,   -- acknowledge, answer, interim, final
    mail_id     text not null unique,
    token       text not null default '',
    state       text not null default 'queued', -- queued, attempted, accepted, uncertain, failed, bounced
    phase       text not null default '',       -- before_data, data: how far the running attempt has come
    attempt     int not null default 0,
    next_at     timestamptz not null,           -- not before
    raw         bytea,                          -- frozen at the first attempt
    reason      text,
    started     boolean not null default false, -- its workflow was started once
    created_at  timestamptz not null,
    finished_at timestamptz
);
create index deliveries_unfinished on deliveries (next_at) where finished_at is null;
create index deliveries_ticket on deliveries (ticket);
create index deliveries_unstarted on deliveries (ticket) where not started;
create index deliveries_message on deliveries (message);

create table recipients (
    delivery uuid not null references deliveries (id),
    address  text not null,
    cc       boolean not null default false,
    state    text not null default 'queued',
    attempts int not null default 0,
    reason   text,
    primary key (delivery, address)
);
create index recipients_address on recipients (address);

-- One acknowledgement per ticket and address, capped in the database (MAIL §3).
create table acknowledgements (
    ticket  bigint not null references tickets (number),
    address text not null,
    at      timestamptz not null,
    primary key (ticket, address)
);
create index acknowledgements_address on acknowledgements (address, at);

create table mailboxes (
    id           uuid primary key,
    desk         text not null references desks (key),
    address      text not null unique,
    imap_addr    text not null,
    imap_tls     text not null default 'none' check (imap_tls in ('none', 'starttls', 'tls')),
    smtp_addr    text not null,
    smtp_tls     text not null default 'none' check (smtp_tls in ('none', 'starttls', 'tls')),
    username     text not null,
    secret       bytea,          -- sealed with the secret key
    folder       text not null default 'INBOX',
    subaddress   boolean not null default false,
    uidvalidity  bigint not null default 0,
    last_uid     bigint not null default 0,
    first_uid    bigint not null default 0,  -- mail up to here lay there before the first contact and is left alone
    from_start   boolean not null default false, -- read from its first message
    state        text not null default 'waiting', -- waiting, polling, failed
    last_error   text,
    last_seen_at timestamptz,
    enabled      boolean not null default true,
    created_at   timestamptz not null default now()
);

-- Every UID ever seen has exactly one fate.
create table ledger (
    mailbox     uuid not null references mailboxes (id),
    uidvalidity bigint not null,
    uid         bigint not null,
    fate        text not null,   -- received (not done yet), message, duplicate, automatic, bounce, quarantined, ignored
    attempts    int not null default 0,
    ticket      bigint references tickets (number),
    seq         bigint,
    mail_id     text,
    digest      bytea not null,  -- sha256 of the raw source
    raw         bytea references blobs (hash),
    evidence    jsonb not null default '{}',
    marked      boolean not null default false,
    at          timestamptz not null default now(),
    primary key (mailbox, uidvalidity, uid)
);
create index ledger_digest on ledger (mailbox, digest);
create index ledger_mail_id on ledger (mail_id) where mail_id is not null;
create index ledger_raw on ledger (raw) where raw is not null;
create index ledger_ticket on ledger (ticket) where ticket is not null;
create index ledger_at on ledger (at desc);
create index ledger_received on ledger (at) where fate = 'received';
create index ledger_quarantine on ledger (at desc) where fate = 'quarantined';

-- Small facts about this database: which desk it is, what was done once.
create table facts (
    name  text primary key,
    value text not null
);
insert into facts values ('desk_id', gen_random_uuid()::text);

---- create above / drop below ----
