/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A query under way: a piece of the log a turn of the loop, so that others are
 * served between two pieces; paused while the client has not read what it has.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/json_text.h"
#include "store/query.h"
#include "store/query_when.h"

#define ROWS_PER_TURN 512

struct turn {
	struct client *c;
	bool full; /* the client must read first */
};

static bool
show(const struct json_record *r, void *ctx)
{
	struct turn *t = ctx;
	struct client *c = t->c;

	client_send(c, json_from_record(r));
	c->sent++;
	t->full = client_waiting(c) >= CLIENT_BUFFER_BYTES;
	return c->state == CLIENT_SCAN &&
	       (c->request.filter.limit == 0 ||
		   c->sent < c->request.filter.limit);
}

static void
finish(struct client *c, const char *error)
{
	json_t *end = json_object();

	(void)json_object_set_new(end, "end", json_true());
	if (error != NULL)
		(void)json_object_set_new(end, "error", json_string(error));
	client_send(c, end);
	client_next(c);
}

void
client_scan_turn(struct client *c)
{
	struct turn t = {c, false};
	int64_t began;
	int r;

	if (client_waiting(c) > CLIENT_RESUME_BYTES)
		return;
	began = when_now();
	r = log_scan_piece(c->scan, ROWS_PER_TURN, &t.full, show, &t);
	c->scan_spent_ns += when_now() - began;
	if (c->state != CLIENT_SCAN)
		return;
	if (r < 0)
		finish(c, "the log cannot be read");
	else if (r == 0)
		finish(c, NULL);
	else if (c->scan_spent_ns > SCAN_LIMIT_NS)
		finish(c, "stopped after 30 seconds of reading: narrow it with "
			  "since and until");
	else
		turn_soon(c->turn);
}

json_t *
stream_reply(const struct filter *f)
{
	json_t *reply = json_pack("{s:b}", "ok", true);

	/* Until the subject's container is looked up, no record names one. */
	if (f->container != NULL)
		(void)json_object_set_new(reply, "note",
		    json_string("this version does not record containers: no "
				"record has one"));
	return reply;
}

void
client_scan(struct client *c)
{
	int r;

	c->sent = 0;
	c->scan_spent_ns = 0;
	r = query_log(c->q);
	if (r == 0)
		r = log_scan_open(c->q->log, &c->request.filter, &c->scan);
	/* A file that is just being made is no broken log, but none yet. */
	if ((r == -EBUSY || r == -EBADMSG) &&
	    vital_get(c->q->store_page->sealed_size) == 0)
		r = -ENOENT;
	if (r < 0 && r != -ENOENT) {
		client_refuse(c, "the log cannot be read: %s", strerror(-r));
		client_next(c);
		return;
	}
	client_send(c, stream_reply(&c->request.filter));
	if (c->state == CLIENT_LEAVING)
		return;
	if (r == -ENOENT) {
		/* The store has just been started: nothing is written yet. */
		finish(c, NULL);
		return;
	}
	c->state = CLIENT_SCAN;
	turn_soon(c->turn);
}
