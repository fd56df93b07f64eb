-- what is being written: drafts, undo send, notices by mail

select 1; -- a migration may not be empty

---- create above / drop below ----
