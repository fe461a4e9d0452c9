/* csend is the least that can pass for a chat server, in C: one thread over epoll that takes the tutorial's join and
 * chat, makes each message's JSON and frame once, and in each pass over the sockets sends every member all that its
 * room heard in this pass, by one send(). It keeps nothing, checks of a message no more than that what it makes of it
 * is JSON, and tells a join to who joined alone. What it delivers is what this machine's kernel allows a server
 * that writes to sockets.
 *
 *     csend [-listen HOST:PORT] [-gather MILLISECONDS] [-single]
 *
 * With -gather a message waits up to so long for others of its room. With -single each message is sent to each member
 * on its own, as servers without batches do. */
#define _GNU_SOURCE
#include "csend.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#define HEARTBEAT_NS (30 * INT64_C(1000000000))

void die(const char *what) {
	perror(what);
	exit(1);
}

int64_t now_ns(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static int listen_on(const char *where) {
	char host[64];
	int port, on = 1;
	struct sockaddr_in addr = {.sin_family = AF_INET};
	socklen_t len = sizeof addr;
	if (sscanf(where, "%63[^:]:%d", host, &port) != 2 || inet_pton(AF_INET, host, &addr.sin_addr) != 1) {
		fprintf(stderr, "-listen %s: want an IPv4 address and a port\n", where);
		exit(2);
	}
	addr.sin_port = htons((uint16_t)port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) || bind(fd, (struct sockaddr *)&addr, len) ||
	    listen(fd, 4096) || getsockname(fd, (struct sockaddr *)&addr, &len))
		die("listen");
	printf("listening on http://%s:%d\n", host, ntohs(addr.sin_port));
	fflush(stdout);
	return fd;
}

static void accept_all(int epoll, int listener) {
	int fd;
	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
		session_new(epoll, fd);
	if (errno != EAGAIN && errno != ECONNABORTED)
		die("accept");
}

/* await waits for events until a time. epoll_wait counts in milliseconds, which is too coarse to gather for less, so
 * a shorter time is waited for on the epoll's own descriptor. */
static int await(int epoll, struct epoll_event *events, int max, int64_t until) {
	int64_t wait = until - now_ns();
	if (wait > 0) {
		struct pollfd p = {.fd = epoll, .events = POLLIN};
		struct timespec t = {.tv_sec = wait / 1000000000, .tv_nsec = wait % 1000000000};
		ppoll(&p, 1, &t, NULL);
	}
	return epoll_wait(epoll, events, max, 0);
}

static void serve(int epoll, int listener) {
	struct epoll_event events[512];
	int64_t beat = now_ns() + HEARTBEAT_NS;
	for (;;) {
		int64_t due = room_due(), until = due < beat ? due : beat;
		int n = due == INT64_MAX ? epoll_wait(epoll, events, 512, (int)((beat - now_ns()) / 1000000 + 1))
		                         : await(epoll, events, 512, until);
		for (int i = 0; i < n; i++) {
			struct session *s = events[i].data.ptr;
			if (!s)
				accept_all(epoll, listener);
			else if ((events[i].events & ~(uint32_t)EPOLLOUT) == 0 || session_readable(s))
				if (events[i].events & EPOLLOUT)
					session_writable(s);
		}
		int64_t now = now_ns();
		room_flush_due(now);
		if (now >= beat) {
			session_ping_all();
			beat = now + HEARTBEAT_NS;
		}
	}
}

int main(int argc, char **argv) {
	const char *where = "127.0.0.1:8080";
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-listen") && i + 1 < argc) {
			where = argv[++i];
		} else if (!strcmp(argv[i], "-gather") && i + 1 < argc) {
			gather_ns = (int64_t)(atof(argv[++i]) * 1e6);
		} else if (!strcmp(argv[i], "-single")) {
			single = 1;
		} else {
			fprintf(stderr, "usage: csend [-listen HOST:PORT] [-gather MILLISECONDS] [-single]\n");
			return 2;
		}
	}
	struct rlimit files;
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event accepts = {.events = EPOLLIN};
	int listener = listen_on(where);
	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &accepts))
		die("epoll");
	serve(epoll, listener);
}
