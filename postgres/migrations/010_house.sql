-- What a desk is furnished with: how it speaks, and its templates, macros, reception types, triggers.

-- The manner of a desk (ticket.Manner); what is left out is as in a new desk. The revision tells two people who change
-- a desk at once apart.
alter table desks
    add column manner   jsonb  not null default '{}',
    add column revision bigint not null default 1;

-- Who has left keeps his name in the record, and nothing else.
alter table agents add column disabled_at timestamptz;

-- Small documents that people write and the desk reads whole: one row each, by kind, desk and key. '' is for every desk.
create table furniture (
    kind       text not null check (kind in ('reception_type', 'template', 'macro', 'text_module', 'trigger', 'article')),
    desk       text not null default '',
    key        text not null,
    position   int  not null default 0,
    body       jsonb not null,
    revision   bigint not null default 1,
    changed_by text not null default '',
    created_at timestamptz not null default now(),
    changed_at timestamptz not null default now(),
    primary key (kind, desk, key)
);

---- create above / drop below ----
