-- A key that comes as text is looked up as what it is: id::text = '...' walks along no index, and reads the whole table for
-- one row. What is no such key is null, and finds nothing.
create function uuid_of(words text) returns uuid language sql immutable parallel safe as $$
  select case when words ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' then words::uuid end
$$;

---- create above / drop below ----
