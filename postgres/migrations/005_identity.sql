-- who may come in: sessions, second factors, audit

select 1; -- a migration may not be empty

---- create above / drop below ----
