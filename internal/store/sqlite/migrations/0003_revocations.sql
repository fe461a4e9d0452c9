-- What no longer opens the door: what was issued to a user until then, and single
-- tokens, by their fingerprints. The other of the two is empty.
create table revocation (
	user  text not null,
	token text not null,
	at    integer not null, -- milliseconds since 1970
	primary key (user, token)
) strict, without rowid;

create index revocation_at on revocation (at);
