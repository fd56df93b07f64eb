-- Sending: mail that rested is woken once its mailbox is set right, and a mailbox may sign what it sends (RFC 6376).

-- The mail's workflow is to look at its row again now: what it waited for has changed.
alter table deliveries add column rouse boolean not null default false;

alter table mailboxes
    add column dkim_selector text,                      -- null: there is no key
    add column dkim_key      bytea,                     -- sealed, PKCS #8
    add column dkim_public   text,                      -- what the DNS record says of it: k=…; p=…
    add column dkim_signs    boolean not null default false;

---- create above / drop below ----
