/* What a room hears, and when: a batch of frames that are made once and sent to every member. */
#define _GNU_SOURCE
#include "csend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct room {
	char name[64]; /* as in JSON, between its quotes */
	struct session **members;
	size_t n, cap;
	struct bytes out; /* frames that wait to be sent */
	int64_t due;      /* when they are to be */
	struct room *next; /* in the bucket */
};

int64_t gather_ns;
int single;

static struct room *buckets[4096];

/* Rooms in which frames wait, the one that is due first in front: all wait equally long. */
static struct room **waiting;
static size_t waiting_n, waiting_cap;

static struct room *room_named(const char *name) {
	uint32_t hash = 2166136261;
	for (const char *c = name; *c; c++)
		hash = (hash ^ (uint8_t)*c) * 16777619;
	struct room **bucket = &buckets[hash % 4096];
	for (struct room *r = *bucket; r; r = r->next)
		if (!strcmp(r->name, name))
			return r;
	struct room *r = calloc(1, sizeof *r);
	if (!r)
		die("room");
	snprintf(r->name, sizeof r->name, "%s", name);
	r->next = *bucket;
	return *bucket = r;
}

/* string_after finds the JSON string behind name, as it stands between its quotes. */
static const uint8_t *string_after(const uint8_t *b, size_t n, const char *name, size_t *len) {
	const uint8_t *end = b + n, *at = memmem(b, n, name, strlen(name));
	if (!at)
		return NULL;
	at += strlen(name);
	for (const uint8_t *c = at; c < end; c++) {
		if (*c < 0x20)
			return NULL;
		if (*c == '\\')
			c++;
		else if (*c == '"') {
			*len = (size_t)(c - at);
			return at;
		}
	}
	return NULL;
}

static void copy_string(char *dst, size_t size, const uint8_t *b, size_t n, const char *name, const char *otherwise) {
	size_t len = 0;
	const uint8_t *at = string_after(b, n, name, &len);
	if (at && len > 0 && len < size)
		snprintf(dst, size, "%.*s", (int)len, (const char *)at);
	else
		snprintf(dst, size, "%s", otherwise);
}

static void send_text(struct session *s, const char *text) {
	struct bytes b = {0};
	append_frame(&b, text, strlen(text));
	session_send(s, b.at, b.len);
	free(b.at);
}

static void join(struct session *s, const uint8_t *payload, size_t n) {
	char name[64], text[256];
	room_leave(s);
	copy_string(s->name, sizeof s->name, payload, n, "\"username\":\"", "Anonymous");
	copy_string(name, sizeof name, payload, n, "\"room\":\"", "general");
	struct room *r = room_named(name);
	if (r->n == r->cap) {
		r->cap = r->cap ? 2 * r->cap : 16;
		if (!(r->members = realloc(r->members, r->cap * sizeof *r->members)))
			die("members");
	}
	s->room = r;
	s->place = r->n;
	r->members[r->n++] = s;
	snprintf(text, sizeof text, "{\"type\":\"system\",\"text\":\"%s joined #%s\",\"users\":[\"%s\"]}", s->name, r->name, s->name);
	send_text(s, text);
}

void room_leave(struct session *s) {
	struct room *r = s->room;
	if (!r)
		return;
	struct session *last = r->members[--r->n];
	r->members[last->place = s->place] = last;
	s->room = NULL;
}

static void flush(struct room *r) {
	for (size_t i = 0; i < r->n; i++)
		session_send(r->members[i], r->out.at, r->out.len);
	r->out.len = 0;
}

static void chat(struct session *s, const uint8_t *text, size_t len) {
	static struct bytes json;
	struct room *r = s->room;
	struct timespec t;
	char tail[64];
	json.len = 0;
	append_text(&json, "{\"type\":\"chat\",\"username\":\"");
	append_text(&json, s->name);
	append_text(&json, "\",\"text\":\"");
	append(&json, text, len);
	clock_gettime(CLOCK_REALTIME, &t);
	snprintf(tail, sizeof tail, "\",\"timestamp\":%lld}", t.tv_sec * 1000LL + t.tv_nsec / 1000000);
	append_text(&json, tail);
	int first = r->out.len == 0;
	append_frame(&r->out, json.at, json.len);
	if (single) {
		flush(r);
		return;
	}
	if (!first)
		return;
	r->due = now_ns() + gather_ns;
	if (waiting_n == waiting_cap) {
		waiting_cap = waiting_cap ? 2 * waiting_cap : 64;
		if (!(waiting = realloc(waiting, waiting_cap * sizeof *waiting)))
			die("rooms");
	}
	waiting[waiting_n++] = r;
}

void room_command(struct session *s, const uint8_t *payload, size_t n) {
	static const char chats[] = "{\"type\":\"chat\",", joins[] = "{\"type\":\"join\",";
	size_t len;
	const uint8_t *text;
	if (n > sizeof chats && !memcmp(payload, chats, sizeof chats - 1) && s->room &&
	    (text = string_after(payload, n, "\"text\":\"", &len)))
		chat(s, text, len);
	else if (n > sizeof joins && !memcmp(payload, joins, sizeof joins - 1))
		join(s, payload, n);
	else
		send_text(s, "{\"type\":\"error\",\"text\":\"Unknown message type\"}");
}

void room_flush_due(int64_t now) {
	size_t sent = 0;
	while (sent < waiting_n && waiting[sent]->due <= now)
		flush(waiting[sent++]);
	waiting_n -= sent;
	if (sent > 0 && waiting_n > 0)
		memmove(waiting, waiting + sent, waiting_n * sizeof *waiting);
}

int64_t room_due(void) {
	return waiting_n > 0 ? waiting[0]->due : INT64_MAX;
}
