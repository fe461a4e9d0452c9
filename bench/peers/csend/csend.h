/* What the parts of csend know of each other: main.c loops, session.c reads and writes sockets, room.c says what a
 * room hears, sha1.c is the handshake's digest. */
#ifndef CSEND_H
#define CSEND_H

#include <stddef.h>
#include <stdint.h>

struct bytes {
	uint8_t *at;
	size_t len, room;
};

void append(struct bytes *b, const void *more, size_t n);
void append_text(struct bytes *b, const char *more);
void append_frame(struct bytes *b, const void *payload, size_t n);

struct room;

struct session {
	int fd;
	int upgraded;
	struct bytes in;      /* the beginning of what was not read whole */
	struct bytes unsent;  /* what the socket did not take; empty but for slow readers */
	char name[64];        /* as in JSON, between its quotes */
	struct room *room;    /* NULL before it joined */
	size_t place;         /* in the room's members */
	size_t index;         /* in the list of all */
};

/* session.c */
struct session *session_new(int epoll, int fd);
int session_readable(struct session *s); /* 0: it is over, and gone */
void session_writable(struct session *s);
void session_send(struct session *s, const void *b, size_t n);
void session_ping_all(void);

/* room.c */
extern int64_t gather_ns; /* how long a message may wait for others */
extern int single;        /* write each message on its own */
void room_command(struct session *s, const uint8_t *payload, size_t n);
void room_leave(struct session *s);
void room_flush_due(int64_t now);
int64_t room_due(void); /* when the next batch is to be written; INT64_MAX: nothing waits */

/* main.c */
int64_t now_ns(void);
void die(const char *what);

/* sha1.c */
void sha1(const uint8_t *b, size_t n, uint8_t digest[20]);

#endif
