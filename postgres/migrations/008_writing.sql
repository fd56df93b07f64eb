-- What is being written: drafts, forbidden words, notices by mail.

-- What somebody has begun to write. One row per agent, ticket and kind of command is being written; what was refused or
-- taken back while another text stood there is kept beside it. Nothing but its agent, or a command that carries the text,
-- takes a row away.
create table drafts (
    id            uuid primary key,
    agent         text not null references agents (key),
    ticket        bigint not null references tickets (number),
    kind          text not null,                    -- of the command
    kept          boolean not null default false,   -- beside the one that is being written
    why           text not null default 'written' check (why in ('written', 'refused', 'withdrawn')),
    shared        boolean not null default false,   -- others of the desk may read it
    body          text not null default '',
    body_format   text not null default 'markdown',
    sent_to       text[] not null default '{}',
    sent_cc       text[] not null default '{}',
    template      text not null default '',
    params        jsonb not null default '{}',      -- the rest of the command
    seen_revision bigint not null default 0,
    created_at    timestamptz not null,
    updated_at    timestamptz not null
);
create unique index drafts_written on drafts (agent, ticket, kind) where not kept;
create index drafts_agent on drafts (agent, updated_at desc);
create index drafts_ticket on drafts (ticket);

create table draft_files (
    id         uuid primary key,
    draft      uuid not null references drafts (id) on delete cascade,
    position   int  not null,
    name       text not null,
    type       text not null,
    content_id text,
    inline     boolean not null default false,
    size       bigint not null,
    blob       bytea not null references blobs (hash)
);
create index draft_files_draft on draft_files (draft);
create index draft_files_blob on draft_files (blob);

-- The draft that a command was written from; of a refused one, the draft that keeps its text.
alter table commands add column draft uuid;
create index commands_message on commands (message) where message is not null;

-- Words that must not stand in a mail to a client (N50). desk null: of every desk.
create table forbidden_words (
    id         uuid primary key,
    desk       text references desks (key),
    word       text not null check (word <> ''),
    action     text not null default 'warn' check (action in ('warn', 'block')),
    note       text not null default '',            -- what to write instead
    created_by text,
    created_at timestamptz not null default now()
);
create unique index forbidden_words_word on forbidden_words (coalesce(desk, ''), word);

-- How a member of staff hears of what concerns him beside the bell: by mail at once, in a digest, or not; in quiet hours
-- a mail waits for their end. No row: no mail.
create table agent_settings (
    agent       text primary key references agents (key) on delete cascade,
    notice_mail text not null default 'off' check (notice_mail in ('off', 'instant', 'digest')),
    digest_hour smallint not null default 9 check (digest_hour between 0 and 23),
    quiet_from  text not null default '',           -- "22:00"; '': no quiet hours
    quiet_to    text not null default '',
    zone        text not null default 'UTC',
    updated_at  timestamptz not null default now()
);

-- A notice that is to be mailed waits; its mail is a delivery like any other, made in the transaction that ends the wait.
alter table notices
    add column waiting  boolean not null default false,
    add column rung_at  timestamptz,                -- its agent's workflow was told
    add column due_at   timestamptz,                -- when that workflow means to mail it
    add column delivery uuid references deliveries (id);
create index notices_waiting on notices (agent, id) where waiting;
drop index notices_unmailed;

-- Whom a mail to staff is for; it is no part of the ticket's conversation.
alter table deliveries add column agent text references agents (key);

---- create above / drop below ----
