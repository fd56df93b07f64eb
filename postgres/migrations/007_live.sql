-- what others hear: event log, webhooks, bulk jobs, external channels, presence

select 1; -- a migration may not be empty

---- create above / drop below ----
