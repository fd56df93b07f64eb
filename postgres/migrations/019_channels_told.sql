-- What a channel was told, the newest first. Only deliveries of channels are in it, so that it is made within one reading
-- of the table and costs mails nothing.
create index deliveries_channel on deliveries (channel, created_at desc, id desc) where channel is not null;

---- create above / drop below ----
