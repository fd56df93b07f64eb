-- Mail: what rested is woken once its mailbox is set right, a mailbox may sign what it sends (RFC 6376), and a mail that
-- came twice on two ways is known by what its sender wrote.

-- The mail's workflow is to look at its row again now: what it waited for has changed.
alter table deliveries add column rouse boolean not null default false;

alter table mailboxes
    add column dkim_selector text,                      -- null: there is no key
    add column dkim_key      bytea,                     -- sealed, PKCS #8
    add column dkim_public   text,                      -- what the DNS record says of it: k=…; p=…
    add column dkim_signs    boolean not null default false;

-- Hash of what the sender wrote, without what hosts added on the way: the same mail to two addresses of one mailbox has
-- it in common. Null for older lines, which are compared by their whole source.
alter table ledger add column content bytea;
create index ledger_content on ledger (mailbox, content) where content is not null;

---- create above / drop below ----
