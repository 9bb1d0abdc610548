/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients of the control socket → query. This file owns the list of clients:
 * it makes them (accept), decides who may speak (SO_PEERCRED, unix(7)), cuts
 * their bytes into lines, and ends them. A line leaves for query_answer.c only
 * when the one before is answered and its answer mostly read.
 *
 * What a client sends costs only that client: too long a line, bytes that are
 * not JSON, half a line for CLIENT_STUCK_S, or answers it does not read.
 */
#include "store/query.h"

#include <errno.h>
#include <event2/buffer.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipc/proc/fd.h"

#include "store/query_when.h"

#define GROUPS_MAX 1024
#define ACCEPTS_PER_TURN 16

/* ---- who ---- */

/* SO_PEERGROUPS, Linux 4.13 (28b5ba2aa0f5). */
static bool
peer_in_group(int fd, const struct ucred *peer, gid_t gid)
{
	gid_t groups[GROUPS_MAX];
	socklen_t len = sizeof(groups);

	if (peer->gid == gid)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) == -1)
		return false;
	for (size_t i = 0; i < len / sizeof(groups[0]); i++)
		if (groups[i] == gid)
			return true;
	return false;
}

static unsigned int
clients_of(const struct query *q, uid_t uid)
{
	const struct client *c;
	unsigned int n = 0;

	TAILQ_FOREACH(c, &q->clients, entry)
	n += c->peer.uid == uid;
	return n;
}

/* NULL, or why this peer is not served. */
static const char *
refusal(const struct query *q, int fd, const struct ucred *peer)
{
	if (peer->uid != 0 && !peer_in_group(fd, peer, q->admin_gid))
		return "permission denied: only root and members of the "
		       "doorward group may ask";
	if (q->nclients >= CLIENTS_MAX)
		return "too many clients";
	if (peer->uid != 0 && clients_of(q, peer->uid) >= CLIENTS_PER_UID_MAX)
		return "too many clients of this user";
	return NULL;
}

/* One write to an empty socket buffer; a peer that is gone is nobody's loss. */
static void
turn_away(int fd, const char *why)
{
	static const char head[] = "{\"ok\":false,\"error\":\"";
	char line[256];
	int n = snprintf(line, sizeof(line), "%s%s\"}\n", head, why);

	(void)send(fd, line, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* ---- ends ---- */

void
client_drop(struct client *c)
{
	struct query *q = c->q;

	TAILQ_REMOVE(&q->clients, c, entry);
	q->nclients--;
	log_scan_close(&c->scan);
	request_free(&c->request);
	if (c->turn != NULL)
		event_free(c->turn);
	if (c->bev != NULL)
		bufferevent_free(c->bev);
	free(c);
}

static bool
gone(const struct client *c)
{
	struct pollfd p = {.fd = bufferevent_getfd(c->bev)};

	return poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLERR)) != 0;
}

void
from_ctl_sweep(struct query *q)
{
	struct client *c, *next;

	for (c = TAILQ_FIRST(&q->clients); c != NULL; c = next) {
		next = TAILQ_NEXT(c, entry);
		/* A half-closed peer is not read from: nobody else notices. */
		if ((c->half_closed && gone(c)) ||
		    (c->state == CLIENT_LEAVING && client_waiting(c) == 0))
			client_drop(c);
	}
}

/* ---- lines ---- */

/*
 * Only half a line is timed: somebody who waits between two requests may wait.
 * Answers not read are always timed.
 */
static void
set_timeouts(struct client *c)
{
	static const struct timeval stuck = {.tv_sec = CLIENT_STUCK_S};
	size_t got = evbuffer_get_length(bufferevent_get_input(c->bev));
	bool half = c->state == CLIENT_IDLE && got > 0;

	(void)bufferevent_set_timeouts(c->bev, half ? &stuck : NULL, &stuck);
}

/* Takes at most one line. False: there is none, or none may be taken now. */
static bool
take_line(struct client *c)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);
	char error[REQUEST_ERROR_BYTES];
	struct request request;
	size_t len;
	char *line;

	if (c->state != CLIENT_IDLE || client_waiting(c) > CLIENT_RESUME_BYTES)
		return false;
	line = evbuffer_readln(in, &len, EVBUFFER_EOL_LF);
	if (line == NULL) {
		if (evbuffer_get_length(in) <= REQUEST_BYTES_MAX)
			return false;
		client_refuse(
		    c, "a request has at most %d bytes", REQUEST_BYTES_MAX);
		c->state = CLIENT_LEAVING;
		return false;
	}
	if (request_parse(line, len, when_now(), &request, error) < 0) {
		client_refuse(c, "%s", error);
	} else {
		if (request.verb != REQUEST_STATUS &&
		    request.verb != REQUEST_METRICS &&
		    request.verb != REQUEST_RELOAD)
			to_store_accessed(
			    c->q, &c->peer, request.verb, line, len);
		client_answer(c, &request);
	}
	free(line);
	return true;
}

/* The only place where a client can end after its answer; c may be gone. */
static void
take_lines(struct client *c)
{
	while (take_line(c))
		;
	if (c->half_closed && c->state == CLIENT_IDLE)
		c->state = CLIENT_LEAVING;
	if (c->state == CLIENT_LEAVING) {
		(void)bufferevent_disable(c->bev, EV_READ);
		if (client_waiting(c) == 0) {
			client_drop(c);
			return;
		}
	}
	set_timeouts(c);
}

void
client_next(struct client *c)
{
	log_scan_close(&c->scan);
	request_free(&c->request);
	if (c->state != CLIENT_LEAVING)
		c->state = CLIENT_IDLE;
}

static void
on_readable(struct bufferevent *bev, void *arg)
{
	(void)bev;
	take_lines(arg);
}

/* Goes on with whatever this client is at. c may be gone afterwards. */
static void
advance(struct client *c)
{
	if (c->state == CLIENT_SCAN)
		client_scan_turn(c);
	if (c->state != CLIENT_SCAN)
		take_lines(c);
}

/* The client has read its answers down to the low watermark. */
static void
on_written(struct bufferevent *bev, void *arg)
{
	struct client *c = arg;

	(void)bev;
	if (client_waiting(c) == 0)
		c->given_up = false;
	feed_resume(c->q);
	advance(c);
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	struct client *c = arg;

	if ((what & (BEV_EVENT_EOF | BEV_EVENT_READING)) ==
		(BEV_EVENT_EOF | BEV_EVENT_READING) &&
	    !gone(c)) {
		/* shutdown(SHUT_WR): it still reads its answers. */
		c->half_closed = true;
		(void)bufferevent_disable(bev, EV_READ);
		take_lines(c);
		return;
	}
	if ((what & BEV_EVENT_TIMEOUT) != 0)
		c->q->count.clients_dropped++;
	client_drop(c);
}

/* ---- beginnings ---- */

static void
on_turn(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	advance(arg);
}

static void
admit(struct query *q, int *fd, const struct ucred *peer)
{
	struct client *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return;
	c->q = q;
	c->peer = *peer;
	c->turn = event_new(q->base, -1, 0, on_turn, c);
	c->bev = bufferevent_socket_new(q->base, *fd, BEV_OPT_CLOSE_ON_FREE);
	TAILQ_INSERT_TAIL(&q->clients, c, entry);
	q->nclients++;
	if (c->bev != NULL)
		(void)take_fd(fd);
	if (c->turn == NULL || c->bev == NULL) {
		client_drop(c);
		return;
	}
	bufferevent_setcb(c->bev, on_readable, on_written, on_event, c);
	/* Reading pauses at one request and a bit; writing tells when low. */
	bufferevent_setwatermark(c->bev, EV_READ, 0, REQUEST_BYTES_MAX + 2);
	bufferevent_setwatermark(c->bev, EV_WRITE, CLIENT_RESUME_BYTES, 0);
	(void)bufferevent_enable(c->bev, EV_READ | EV_WRITE);
	set_timeouts(c);
}

static void
on_accept(evutil_socket_t listener, short what, void *arg)
{
	struct query *q = arg;

	(void)what;
	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		int fd fd_cleanup =
		    accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		struct ucred peer = {0};
		socklen_t len = sizeof(peer);
		const char *why;

		if (fd == -1)
			return;
		if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == -1)
			continue;
		why = refusal(q, fd, &peer);
		if (why == NULL) {
			admit(q, &fd, &peer);
			continue;
		}
		q->count.clients_refused++;
		turn_away(fd, why);
	}
}

int
from_ctl_open(struct query *q)
{
	q->control_event = event_new(
	    q->base, q->control_fd, EV_READ | EV_PERSIST, on_accept, q);
	if (q->control_event == NULL || event_add(q->control_event, NULL) == -1)
		return -ENOMEM;
	return 0;
}

void
from_ctl_close(struct query *q)
{
	while (!TAILQ_EMPTY(&q->clients))
		client_drop(TAILQ_FIRST(&q->clients));
	if (q->control_event != NULL)
		event_free(q->control_event);
	q->control_event = NULL;
}
