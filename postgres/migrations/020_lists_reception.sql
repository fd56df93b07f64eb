-- Lists by reception type. Few tickets have one, so that this index is small, and made in a moment.
create index tickets_reception on tickets (reception_type, updated_at desc, number desc) where reception_type is not null;

---- create above / drop below ----
