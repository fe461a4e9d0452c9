/* A socket and the frames on it (RFC 6455). */
#define _GNU_SOURCE
#include "csend.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_UNSENT (64 << 20) /* who is further behind is cut off */

static int epoll_fd;
static struct session **all;
static size_t all_n, all_cap;

void append(struct bytes *b, const void *more, size_t n) {
	if (b->len + n > b->room) {
		b->room = 2 * (b->len + n);
		if (!(b->at = realloc(b->at, b->room)))
			die("memory");
	}
	memcpy(b->at + b->len, more, n);
	b->len += n;
}

void append_text(struct bytes *b, const char *more) {
	append(b, more, strlen(more));
}

static void append_header(struct bytes *b, uint8_t opcode, size_t n) {
	uint8_t head[4] = {0x80 | opcode, (uint8_t)n, 0, 0};
	size_t len = 2;
	if (n > 125) {
		head[1] = 126;
		head[2] = (uint8_t)(n >> 8);
		head[3] = (uint8_t)n;
		len = 4;
	}
	append(b, head, len);
}

/* append_frame makes a text frame of a payload shorter than 64 KiB. */
void append_frame(struct bytes *b, const void *payload, size_t n) {
	append_header(b, 0x1, n);
	append(b, payload, n);
}

struct session *session_new(int epoll, int fd) {
	int on = 1;
	struct session *s = calloc(1, sizeof *s);
	if (!s)
		die("session");
	if (all_n == all_cap) {
		all_cap = all_cap ? 2 * all_cap : 1024;
		if (!(all = realloc(all, all_cap * sizeof *all)))
			die("sessions");
	}
	epoll_fd = epoll;
	s->fd = fd;
	all[s->index = all_n++] = s;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = s};
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
		die("epoll");
	return s;
}

static int end(struct session *s) {
	room_leave(s);
	all[s->index] = all[--all_n];
	all[s->index]->index = s->index;
	close(s->fd);
	free(s->in.at);
	free(s->unsent.at);
	free(s);
	return 0;
}

static void listen_for(struct session *s, uint32_t events) {
	struct epoll_event event = {.events = events, .data.ptr = s};
	epoll_ctl(epoll_fd, EPOLL_CTL_MOD, s->fd, &event);
}

/* session_send never frees a session, since others may be in the middle of it: a broken one is shut, and ends when
 * it is read next. */
void session_send(struct session *s, const void *b, size_t n) {
	if (s->unsent.len > 0) {
		if (s->unsent.len + n > MAX_UNSENT)
			shutdown(s->fd, SHUT_RDWR);
		else
			append(&s->unsent, b, n);
		return;
	}
	ssize_t sent = send(s->fd, b, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent == (ssize_t)n)
		return;
	if (sent < 0 && errno != EAGAIN) {
		shutdown(s->fd, SHUT_RDWR);
		return;
	}
	if (sent < 0)
		sent = 0;
	append(&s->unsent, (const uint8_t *)b + sent, n - (size_t)sent);
	listen_for(s, EPOLLIN | EPOLLOUT);
}

void session_writable(struct session *s) {
	ssize_t sent = send(s->fd, s->unsent.at, s->unsent.len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent < 0)
		return; /* the next read says why */
	s->unsent.len -= (size_t)sent;
	memmove(s->unsent.at, s->unsent.at + sent, s->unsent.len);
	if (s->unsent.len == 0) {
		free(s->unsent.at);
		s->unsent = (struct bytes){0};
		listen_for(s, EPOLLIN);
	}
}

void session_ping_all(void) {
	for (size_t i = 0; i < all_n; i++)
		if (all[i]->upgraded)
			session_send(all[i], "\x89\x00", 2);
}

static void base64(const uint8_t *b, size_t n, char *dst) {
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)b[i] << 16 | (i + 1 < n ? (uint32_t)b[i + 1] << 8 : 0) | (i + 2 < n ? b[i + 2] : 0);
		*dst++ = digits[v >> 18];
		*dst++ = digits[v >> 12 & 63];
		*dst++ = i + 1 < n ? digits[v >> 6 & 63] : '=';
		*dst++ = i + 2 < n ? digits[v & 63] : '=';
	}
	*dst = 0;
}

/* upgrade takes the request from b and returns its size; 0: not whole yet; -1: none of ours. */
static ssize_t upgrade(struct session *s, const uint8_t *b, size_t n) {
	static const char key[] = "\r\nsec-websocket-key:", guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	const uint8_t *end = memmem(b, n, "\r\n\r\n", 4);
	char request[4096], joined[128], accept[32], answer[256];
	uint8_t digest[20];
	if (!end)
		return n < sizeof request ? 0 : -1;
	size_t size = (size_t)(end - b) + 4;
	if (size >= sizeof request)
		return -1;
	memcpy(request, b, size);
	request[size] = 0;
	const char *at = strcasestr(request, key);
	if (!at || sscanf(at + sizeof key - 1, " %60[^ \r\n]", joined) != 1)
		return -1;
	strcat(joined, guid);
	sha1((uint8_t *)joined, strlen(joined), digest);
	base64(digest, sizeof digest, accept);
	int len = snprintf(answer, sizeof answer, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	                                          "Sec-WebSocket-Accept: %s\r\n\r\n", accept);
	session_send(s, answer, (size_t)len);
	s->upgraded = 1;
	return (ssize_t)size;
}

/* frame takes the first frame from b, unmasks it there, and returns its size; 0: not whole yet; -1: none that a client
 * may send, or the end. Fragments and more than 64 KiB are not for this server. */
static ssize_t frame(struct session *s, uint8_t *b, size_t n) {
	if (n < 2)
		return 0;
	size_t len = b[1] & 0x7f, head = 6;
	if ((b[0] & 0xf0) != 0x80 || !(b[1] & 0x80) || len == 127)
		return -1;
	if (len == 126) {
		if (n < 4)
			return 0;
		len = (size_t)b[2] << 8 | b[3];
		head = 8;
	}
	if (n < head + len)
		return 0;
	uint8_t *payload = b + head, *mask = payload - 4;
	for (size_t i = 0; i < len; i++)
		payload[i] ^= mask[i & 3];
	switch (b[0] & 0x0f) {
	case 0x1:
		room_command(s, payload, len);
		break;
	case 0x9: {
		struct bytes pong = {0};
		append_header(&pong, 0xa, len);
		append(&pong, payload, len);
		session_send(s, pong.at, pong.len);
		free(pong.at);
		break;
	}
	case 0xa:
		break;
	default:
		return -1;
	}
	return (ssize_t)(head + len);
}

int session_readable(struct session *s) {
	static uint8_t buf[128 << 10]; /* more than what was left and the longest frame */
	size_t held = s->in.len, at = 0;
	if (held > 0)
		memcpy(buf, s->in.at, held);
	ssize_t got = recv(s->fd, buf + held, sizeof buf - held, MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return 1;
	if (got <= 0)
		return end(s);
	size_t n = held + (size_t)got;
	for (ssize_t size; at < n; at += (size_t)size) {
		size = s->upgraded ? frame(s, buf + at, n - at) : upgrade(s, buf + at, n - at);
		if (size < 0)
			return end(s);
		if (size == 0)
			break;
	}
	s->in.len = 0;
	if (at < n) {
		append(&s->in, buf + at, n - at);
	} else if (s->in.at) {
		free(s->in.at);
		s->in = (struct bytes){0};
	}
	return 1;
}
