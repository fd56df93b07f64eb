-- finding tickets: full text, saved views

-- The words of titles and messages, cut by package find (English stems, pairs of Japanese characters). They stand
-- beside the rows they belong to, not in them: those change often, and an index of words is the dearest to write.
-- ticket_words also holds what a ticket is filed under, as channel=phone: rare labels are found, common ones walked to.
create table ticket_words (
    ticket bigint primary key,
    words  tsvector not null
);
create table message_words (
    message uuid primary key,
    words   tsvector not null
);
alter table clients add column words tsvector; -- null: not cut yet

create index ticket_words_words on ticket_words using gin (words) with (gin_pending_list_limit = 512);
create index message_words_words on message_words using gin (words) with (gin_pending_list_limit = 512);
create index clients_words on clients using gin (words) with (gin_pending_list_limit = 512);
-- How common a word is decides how it is looked for.
alter table ticket_words alter column words set statistics 500;
alter table message_words alter column words set statistics 500;
alter table clients alter column words set statistics 500;

-- Text as find.Fold writes it, but for letters that the database's locale does not know.
create function folded(text) returns text language sql immutable strict parallel safe as $$
    select regexp_replace(translate(lower(normalize($1, NFKC)),
        'ぁあぃいぅうぇえぉおかがきぎくぐけげこごさざしじすずせぜそぞただちぢっつづてでとどなにぬねのはばぱひびぴふぶぷへべぺほぼぽまみむめもゃやゅゆょよらりるれろゎわゐゑをんゔゕゖゝゞ',
        'ァアィイゥウェエォオカガキギクグケゲコゴサザシジスズセゼソゾタダチヂッツヅテデトドナニヌネノハバパヒビピフブプヘベペホボポマミムメモャヤュユョヨラリルレロヮワヰヱヲンヴヵヶヽヾ'),
        '\s+', ' ', 'g')
$$;

-- Since when a client has been waiting for an answer: his first message after the last one to him.
alter table tickets add column waiting_since timestamptz;
update tickets t set waiting_since = w.since from (
    select m.ticket, min(m.at) as since from messages m
    where m.applied and not m.note and m.by_kind = 'client'
        and m.at > coalesce((select max(a.at) from messages a where a.ticket = m.ticket and a.applied and not a.note and a.by_kind <> 'client'), '-infinity')
    group by m.ticket) w
where w.ticket = t.number and t.client_spoke_last;

create index tickets_waiting on tickets (waiting_since) where waiting_since is not null;
create index tickets_resolved on tickets (resolved_at) where resolved_at is not null;
create index tickets_category on tickets (category, updated_at desc, number desc) where category <> '';

-- Lists that people keep: a line of the grammar, an order, columns. "me" in it is whoever looks.
create table saved_views (
    key        text primary key check (key ~ '^[a-z][a-z0-9_-]{0,39}$'),
    owner      text not null references agents (key),
    shared     boolean not null default false,
    name       text not null check (name <> ''),
    q          text not null,
    sort       text not null,
    columns    text[] not null default '{}',
    created_at timestamptz not null default now(),
    changed_at timestamptz not null default now()
);
create index saved_views_owner on saved_views (owner);

-- The file of a client: what colleagues should know of him; and into whose it went, where two turned out to be one.
alter table clients
    add column notes       text not null default '',
    add column merged_into text references clients (id),
    add column changed_at  timestamptz;
-- What a client signs in with may be a name of its own.
alter table identities drop constraint if exists identities_kind_check;
alter table identities add constraint identities_kind_check check (kind in ('mail', 'phone', 'number', 'external', 'login'));

---- create above / drop below ----
