-- A room's log: seqs are dense from 1 to head, and epoch names this life of it.
create table room (
	id    integer primary key,
	name  text    not null unique,
	epoch text    not null,
	head  integer not null default 0,
	time  integer not null default 0 -- of the newest event, milliseconds since 1970: times never fall
) strict;

create table event (
	room integer not null references room (id),
	seq  integer not null,
	time integer not null,
	user text    not null, -- id; empty for a guest of the tutorial dialect
	name text    not null, -- as shown when it was said
	text text    not null,
	primary key (room, seq)
) strict, without rowid;

-- One row: what this database is.
create table life (
	id text not null -- is also in the data folder, so that an old copy put back by hand is noticed
) strict;
