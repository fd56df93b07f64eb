-- Who may come in: sessions, second factors, one-time links, what was tried, and the book in which it stands.
-- Of everything that opens a door only a hash is kept, but for the seed of a second factor, which is sealed.

alter table agents
    add column zone        text not null default '', -- IANA name; '': that of the reader's machine
    add column totp_secret bytea,                    -- sealed with the secret key
    add column totp_since  timestamptz,              -- from when on it is asked for; null: being set up
    add column totp_step   bigint not null default 0; -- the last step used: no code works twice (RFC 6238 §5.2)

create table recovery_codes (
    agent   text not null references agents (key),
    hash    bytea not null,
    used_at timestamptz,
    primary key (agent, hash)
);

-- Clients who belong together: with full access each sees the tickets of all of them (E25).
alter table clients add column organisation text check (organisation <> '');
create index clients_organisation on clients (organisation) where organisation is not null;

-- A token is an agent's or a client's.
alter table tokens
    alter column agent drop not null,
    add column client text references clients (id),
    add constraint tokens_holder check (num_nonnulls(agent, client) = 1);
create index tokens_client on tokens (client) where client is not null;

create table sessions (
    id         uuid primary key,
    hash       bytea not null unique,
    agent      text references agents (key),
    client     text references clients (id),
    state      text not null check (state in ('active', 'second_factor', 'enrol')),
    via        text not null check (via in ('password', 'link', 'oidc')),
    address    text not null default '',
    browser    text not null default '',
    created_at timestamptz not null,
    last_used  timestamptz not null,
    expires_at timestamptz not null, -- whatever is done with it
    constraint sessions_holder check (num_nonnulls(agent, client) = 1)
);
create index sessions_agent on sessions (agent) where agent is not null;
create index sessions_client on sessions (client) where client is not null;
create index sessions_expires on sessions (expires_at);

-- Failed logins by account, address, and both; the key is a hash, for a wrong login may be a password.
create table login_attempts (
    key      bytea primary key,
    failures int not null default 0,
    next_at  timestamptz not null, -- when the last try that was let in is looked at
    last_at  timestamptz not null
);
create index login_attempts_last on login_attempts (last_at);

create table one_time_links (
    hash       bytea primary key,
    purpose    text not null check (purpose in ('password', 'sign_in', 'feedback')),
    agent      text references agents (key),
    client     text references clients (id),
    ticket     bigint references tickets (number),
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at    timestamptz,
    constraint one_time_links_holder check (num_nonnulls(agent, client) = 1)
);
create index one_time_links_expires on one_time_links (expires_at);

-- A sign-in that has gone out to the identity provider and has not come back.
create table oidc_flows (
    state      bytea primary key, -- hash
    nonce      text not null,
    verifier   bytea not null,    -- sealed
    back_to    text not null,
    expires_at timestamptz not null
);

create table oidc_accounts (
    issuer     text not null,
    subject    text not null,
    agent      text not null references agents (key),
    created_at timestamptz not null,
    primary key (issuer, subject)
);
create index oidc_accounts_agent on oidc_accounts (agent);

-- The book: written once, never changed.
create table audit (
    id      bigint generated always as identity primary key,
    at      timestamptz not null default clock_timestamp(),
    actor   text not null,             -- agent:sato, client:c_…, nobody
    action  text not null,             -- session.begun, token.made, setting.changed …
    subject text not null default '',  -- whom or what it was done to
    address text not null default '',
    detail  jsonb not null default '{}'
);
create index audit_actor on audit (actor, id desc);
create index audit_action on audit (action, id desc);

create function audit_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'the audit log is only ever appended to';
end $$;
create trigger audit_append_only before update or delete on audit for each row execute function audit_is_append_only();
create trigger audit_not_emptied before truncate on audit for each statement execute function audit_is_append_only();

---- create above / drop below ----
