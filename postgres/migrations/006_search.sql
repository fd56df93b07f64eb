-- finding tickets: full text, saved views

select 1; -- a migration may not be empty

---- create above / drop below ----
