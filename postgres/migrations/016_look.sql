-- How the pages look to a member of staff, on whatever machine he sits at; both are small additions with a constant
-- default, which rewrite nothing.
alter table agents add column theme text not null default 'auto';         -- auto (as the machine), light, dark
alter table agents add column keys_off boolean not null default false;    -- single keys do nothing

---- create above / drop below ----
