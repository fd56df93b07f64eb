-- Articles of the knowledge base stand among the furniture. What they said before is kept, and so are their words, by
-- which they are found as tickets are.
create table article_versions (
    desk       text not null,
    key        text not null,
    revision   bigint not null,
    body       jsonb not null,
    changed_by text not null,
    changed_at timestamptz not null,
    primary key (desk, key, revision)
);
create table article_words (
    desk  text not null,
    key   text not null,
    words tsvector not null,
    primary key (desk, key)
);
create index article_words_words on article_words using gin (words);

---- create above / drop below ----
