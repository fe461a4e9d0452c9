-- Events of every kind. The newest text of a message stands in its own row, and
-- nowhere else: an edit's row has none, and a delete takes it out.
alter table event add column kind     text    not null default 'message';
alter table event add column key      text    not null default ''; -- of a message; '' for none
alter table event add column body     blob;                        -- of a message with a key: stands for what it first said
alter table event add column reply_to integer not null default 0;  -- of a message; 0 for none
alter table event add column target   integer not null default 0;  -- of an edit, delete, react or unreact
alter table event add column emoji    text    not null default ''; -- of a react or unreact
alter table event add column edited   integer not null default 0;  -- of a message: when its text was last changed; 0 for never
alter table event add column deleted  integer not null default 0;  -- of a message: 1 if it was
alter table event add column changed  integer not null default 0;  -- of a message: the seq of what did the one or the other

-- The key comes before the user: keys that begin with the time, as clients make
-- them, then stand side by side, and a commit touches few pages.
create unique index event_key on event (room, key, user) where key <> '';

-- What is counted as unread, and which of it may be a mention.
create index event_unread on event (room, seq, user) where kind = 'message' and deleted = 0;
create index event_mention on event (room, seq) where kind = 'message' and deleted = 0 and instr(text, '@') > 0;

alter table room add column first      integer not null default 1;  -- the oldest seq that is kept; head + 1 if none is
alter table room add column topic      text    not null default '';
alter table room add column topic_seq  integer not null default 0;  -- of the event that set it
alter table room add column topic_time integer not null default 0;

-- Reactions as they stand. The events say the same.
create table reaction (
	room   integer not null references room (id),
	target integer not null,
	emoji  text    not null,
	user   text    not null,
	seq    integer not null, -- of the event that put it there
	primary key (room, target, emoji, user)
) strict, without rowid;

-- How far users have read.
create table mark (
	user text    not null,
	room integer not null references room (id),
	seq  integer not null,
	primary key (user, room)
) strict, without rowid;

-- With the name of a room that has no log yet it gives the epoch that the log will
-- begin with. It changes when all epochs do.
alter table life add column epochs text not null default '';

-- One row, made at the first start: 32 random bytes that signs of ours are derived
-- from.
create table secret (
	value blob not null
) strict;
