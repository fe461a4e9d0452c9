-- A room's log: seqs are dense from 1 to head. Whoever appends holds the row's lock
-- until the commit. A room has a row once it has a log.
create table room (
	id         bigint generated always as identity primary key,
	name       text collate "C" not null unique,
	first      bigint not null default 1,  -- the oldest seq that is kept; head + 1 if none is
	head       bigint not null default 0,
	time       bigint not null default 0,  -- of the newest event, milliseconds since 1970: times never fall
	topic      text   not null default '',
	topic_seq  bigint not null default 0,  -- of the event that set it
	topic_time bigint not null default 0
) with (fillfactor = 50); -- rows change at each commit, in their page

-- Events of every kind. The newest text of a message stands in its own row, and
-- nowhere else: an edit's row has none, and a delete takes it out.
create table event (
	room     bigint  not null,
	seq      bigint  not null,
	time     bigint  not null,
	kind     text    not null default 'message',
	"user"   text    collate "C" not null, -- id; empty for a guest of the tutorial dialect
	name     text    not null,             -- as shown when it was said
	text     text    not null default '',
	key      text    collate "C" not null default '', -- of a message; '' for none
	body     bytea,                        -- of a message with a key: stands for what it first said
	reply_to bigint  not null default 0,   -- of a message; 0 for none
	target   bigint  not null default 0,   -- of an edit, delete, react or unreact
	emoji    text    collate "C" not null default '', -- of a react or unreact
	edited   bigint  not null default 0,   -- of a message: when its text was last changed; 0 for never
	deleted  boolean not null default false, -- of a message
	changed  bigint  not null default 0,   -- of a message: the seq of what did the one or the other
	primary key (room, seq)
);

-- The key comes before the user: keys that begin with the time, as clients make
-- them, then stand side by side.
create unique index event_key on event (room, key, "user") where key <> '';

-- What may be a mention.
create index event_mention on event (room, seq) where kind = 'message' and not deleted and text like '%@%';

-- Reactions as they stand. The events say the same.
create table reaction (
	room   bigint not null,
	target bigint not null,
	emoji  text   collate "C" not null,
	"user" text   collate "C" not null,
	seq    bigint not null, -- of the event that put it there
	time   bigint not null,
	primary key (room, target, emoji, "user")
);

-- How far users have read.
create table mark (
	"user" text   collate "C" not null,
	room   bigint not null,
	seq    bigint not null,
	primary key ("user", room)
);

-- What is revoked: of a user, what was issued until then; or a token. One is ''.
create table revocation (
	"user" text   collate "C" not null,
	token  text   collate "C" not null,
	at     bigint not null,
	primary key ("user", token)
);
create index revocation_at on revocation (at);

-- The nodes that are alive.
create table node (
	id    text collate "C" primary key,
	until timestamptz not null
);

-- The processes that append, and the last batch that each has committed: what becomes of
-- a commit whose answer was lost. A batch holds its row's lock from its beginning.
create table writer (
	id    text collate "C" primary key,
	batch bigint not null,
	used  timestamptz not null
) with (fillfactor = 50);

-- What was appended and is not in doc yet: some events of a room.
create table pending (
	id    bigint generated always as identity primary key,
	room  bigint not null,
	first bigint not null,
	last  bigint not null,
	time  bigint not null -- of the first
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- The words of messages. It follows the log, and can be made anew from it.
create table doc (
	n     bigint primary key, -- greater for a message of a later time
	room  bigint not null,
	seq   bigint not null,
	words tsvector not null,
	unique (room, seq)
);
create index doc_words on doc using gin (words);

-- One row: 32 random bytes that signs of ours are derived from.
create table secret (
	one   boolean primary key default true check (one),
	value bytea not null
);

-- One row: which life of the logs this is, on which server; and of which version of
-- the program's words doc is.
create table life (
	one   boolean primary key default true check (one),
	id    text not null default '',
	tag   text not null default '',
	loose boolean not null default false, -- some node's commits don't wait for the disk
	words int not null default 0
);
insert into life default values;
