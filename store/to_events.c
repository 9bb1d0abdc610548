/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query → readers of events.sock: every sealed record as one line. This file
 * owns the readers. Each has a buffer of READER_BUFFER_BYTES; the feed waits a
 * moment for one that is behind (query_feed.c), then a reader whose buffer is
 * full loses records and finds {"lost":N} in their place when it reads again.
 *
 * Readers are let in by the socket's permissions, which the loader sets; what
 * they send is thrown away.
 */
#include "store/query.h"

#include <errno.h>
#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ipc/proc/fd.h"

#define ACCEPTS_PER_TURN 16
#define LOST_LINE_BYTES 64
#define INPUT_BYTES_MAX 4096

static void
reader_drop(struct reader *r)
{
	struct query *q = r->q;

	TAILQ_REMOVE(&q->readers, r, entry);
	q->nreaders--;
	if (r->bev != NULL)
		bufferevent_free(r->bev);
	free(r);
}

static void
on_readable(struct bufferevent *bev, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(bev);

	(void)arg;
	(void)evbuffer_drain(in, evbuffer_get_length(in));
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	/* A reader may close its sending half: it has nothing to say. */
	if ((what & BEV_EVENT_READING) != 0 && (what & BEV_EVENT_EOF) != 0) {
		char byte;

		if (send(bufferevent_getfd(bev), &byte, 0,
			MSG_DONTWAIT | MSG_NOSIGNAL) == 0) {
			(void)bufferevent_disable(bev, EV_READ);
			return;
		}
	}
	reader_drop(arg);
}

/* Says what was lost as soon as there is room. False: still no room. */
static bool
say_lost(struct reader *r, struct evbuffer *out)
{
	if (r->lost == 0)
		return true;
	if (evbuffer_get_length(out) > READER_BUFFER_BYTES / 2)
		return false;
	if (evbuffer_add_printf(
		out, "{\"lost\":%llu}\n", (unsigned long long)r->lost) == -1)
		return false;
	r->lost = 0;
	return true;
}

static void
on_written(struct bufferevent *bev, void *arg)
{
	struct reader *r = arg;
	struct evbuffer *out = bufferevent_get_output(bev);

	if (evbuffer_get_length(out) == 0)
		r->given_up = false;
	(void)say_lost(r, out);
	feed_resume(r->q);
}

void
to_events_line(struct query *q, const char *line, size_t len)
{
	struct reader *r;

	TAILQ_FOREACH(r, &q->readers, entry)
	{
		struct evbuffer *out = bufferevent_get_output(r->bev);
		bool room =
		    evbuffer_get_length(out) + len <= READER_BUFFER_BYTES;

		if (say_lost(r, out) && room &&
		    evbuffer_add(out, line, len) == 0)
			continue;
		r->lost++;
		q->count.events_lost++;
	}
}

static int
admit(struct query *q, int *fd, const struct ucred *peer)
{
	struct reader *r;

	if (q->nreaders >= READERS_MAX)
		return -EBUSY;
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return -ENOMEM;
	r->q = q;
	r->peer = *peer;
	r->bev = bufferevent_socket_new(q->base, *fd, BEV_OPT_CLOSE_ON_FREE);
	if (r->bev == NULL) {
		free(r);
		return -ENOMEM;
	}
	(void)take_fd(fd);
	TAILQ_INSERT_TAIL(&q->readers, r, entry);
	q->nreaders++;
	bufferevent_setcb(r->bev, on_readable, on_written, on_event, r);
	bufferevent_setwatermark(r->bev, EV_READ, 0, INPUT_BYTES_MAX);
	bufferevent_setwatermark(r->bev, EV_WRITE, READER_BUFFER_BYTES / 2, 0);
	(void)bufferevent_enable(r->bev, EV_READ | EV_WRITE);
	return 0;
}

static void
on_accept(evutil_socket_t listener, short what, void *arg)
{
	static const char request[] = "events";
	struct query *q = arg;

	(void)what;
	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		int fd fd_cleanup =
		    accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		struct ucred peer = {0};
		socklen_t len = sizeof(peer);

		if (fd == -1)
			return;
		if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) ==
			-1 ||
		    admit(q, &fd, &peer) < 0) {
			q->count.readers_refused++;
			continue;
		}
		to_store_accessed(
		    q, &peer, REQUEST_EVENTS, request, sizeof(request) - 1);
	}
}

int
to_events_open(struct query *q)
{
	if (q->events_fd == -1)
		return 0;
	q->events_event = event_new(
	    q->base, q->events_fd, EV_READ | EV_PERSIST, on_accept, q);
	if (q->events_event == NULL || event_add(q->events_event, NULL) == -1)
		return -ENOMEM;
	return 0;
}

void
to_events_close(struct query *q)
{
	while (!TAILQ_EMPTY(&q->readers))
		reader_drop(TAILQ_FIRST(&q->readers));
	if (q->events_event != NULL)
		event_free(q->events_event);
	q->events_event = NULL;
}
