-- what a mailbox is told: doors, caps, tokens

select 1; -- a migration may not be empty

---- create above / drop below ----
