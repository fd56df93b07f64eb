-- Files by reference: sent ahead of their messages, and kept outside the database where a store is set up for that.

-- Files that wait for the message that they go with. Each is its uploader's alone, and expires.
create table uploads (
    id         uuid primary key,
    by         text not null,                       -- key of the actor
    name       text not null,
    type       text not null,
    size       bigint not null,
    blob       bytea not null references blobs (hash),
    created_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz not null
);
create index uploads_by on uploads (by);
create index uploads_blob on uploads (blob);
create index uploads_expires_at on uploads (expires_at);

-- Where a file lies outside the database, data is null and object is its key there. Sources of mail always have data.
alter table blobs alter column data drop not null, add column object text;
alter table blobs add constraint blobs_somewhere check (data is not null or object is not null) not valid;
-- A part of a file is read without the rest of it (downloads go out in slices).
alter table blobs alter column data set storage external;

-- What may lie in the outside store though no row of blobs speaks for it: written before its bytes are, gone with the
-- commit that speaks for it, back when that row goes. What stays is cleaned away, from that instant on.
create table loose_objects (
    key  text primary key,
    from_then timestamptz not null
);
create index loose_objects_from_then on loose_objects (from_then);
create function object_is_loose() returns trigger language plpgsql as $$
begin
    insert into loose_objects (key, from_then) values (old.object, clock_timestamp()) on conflict do nothing;
    return null;
end $$;
create trigger blob_deleted after delete on blobs for each row when (old.object is not null) execute function object_is_loose();
create trigger blob_moved after update of object on blobs for each row when (old.object is not null and old.object is distinct from new.object)
    execute function object_is_loose();

-- Files whose last reference may be gone. The cleaner looks, and keeps what something else still refers to.
create table loose_blobs (
    hash bytea primary key
);
create function blob_is_loose() returns trigger language plpgsql as $$
begin
    insert into loose_blobs (hash) select distinct blob from gone on conflict do nothing;
    return null;
end $$;
create trigger uploads_deleted after delete on uploads referencing old table as gone for each statement execute function blob_is_loose();
create trigger draft_files_deleted after delete on draft_files referencing old table as gone for each statement execute function blob_is_loose();
