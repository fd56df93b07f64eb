-- What is known to be lost: commands of which Temporal remembers the signal and that no row has, after the database was
-- restored from a backup. Nobody's words are in it: where they came from is what can be told.

create table lost_commands (
    ticket   bigint not null, -- a ticket may be lost as a whole
    id       text not null,
    name     text not null,
    seq      bigint not null default 0,
    heard_at timestamptz not null,
    found_at timestamptz not null default now(),
    primary key (ticket, name, id, seq, heard_at)
);

---- create above / drop below ----
