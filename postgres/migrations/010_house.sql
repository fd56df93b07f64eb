-- what a desk is furnished with: templates, macros, forbidden words, reception types

select 1; -- a migration may not be empty

---- create above / drop below ----
