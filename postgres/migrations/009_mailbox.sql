-- What a mailbox is told: how often it is asked, how fast it may send, who refreshes its token, and its end.

alter table mailboxes
    add column version      int not null default 1,  -- of its settings: a watch with others ends
    add column poll_seconds int not null default 60 check (poll_seconds between 5 and 600),
    add column sends_minute int not null default 0 check (sends_minute >= 0), -- 0: as fast as the server takes them
    add column next_send_at timestamptz,             -- of the next mail, where sends_minute bounds them
    -- who refreshes the token holds this until then; where he dies another may
    add column token_lease_until timestamptz,
    -- no longer read or sent through: its lines in the ledger and its tickets stay
    add column removed_at   timestamptz;

-- The turn that a mail was given where its mailbox bounds how many leave in a minute.
alter table deliveries add column turn_at timestamptz;

-- Addresses without automatic mail, newest first, as a person looks through them.
create index undeliverable_since on undeliverable (since desc, address);

---- create above / drop below ----
