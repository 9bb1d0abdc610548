/* SPDX-License-Identifier: Apache-2.0 */
#include "loader/loader.h"

#include <errno.h>
#include <sys/epoll.h>
#include <time.h>

uint64_t
now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

uint64_t
realtime_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

int
loop_open(struct loader *l)
{
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	return l->epoll == -1 ? -errno : 0;
}

int
loop_add(struct loader *l, struct loop_source *s)
{
	struct epoll_event e = {.events = EPOLLIN, .data = {.ptr = s}};

	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, s->fd, &e) == -1)
		return -errno;
	return 0;
}

void
loop_want_write(struct loader *l, struct loop_source *s, bool want)
{
	struct epoll_event e = {.events = EPOLLIN, .data = {.ptr = s}};

	if (s->fd < 0 || s->writing == want)
		return;
	if (want)
		e.events |= EPOLLOUT;
	if (epoll_ctl(l->epoll, EPOLL_CTL_MOD, s->fd, &e) == 0)
		s->writing = want;
}

void
loop_remove(struct loader *l, struct loop_source *s)
{
	if (s->fd >= 0)
		(void)epoll_ctl(l->epoll, EPOLL_CTL_DEL, s->fd, NULL);
	s->fd = -1;
}

int
loop_turn(struct loader *l, int timeout_ms)
{
	struct epoll_event e;
	/* One at a time: a handler may remove any other source. */
	int n = epoll_wait(l->epoll, &e, 1, timeout_ms);

	if (n == -1)
		return errno == EINTR ? 0 : -errno;
	if (n == 1) {
		struct loop_source *s = e.data.ptr;

		s->ready(l, s->arg);
	}
	return 0;
}
