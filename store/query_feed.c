/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is newly sealed, to everybody who follows: tails (filtered) and the
 * readers of events.sock. Read from the log once for all of them, a piece a
 * turn; with nobody following nothing is read.
 *
 * The log can be read faster than anybody follows. When a follower's buffer is
 * half full the feed waits for it, FEED_PATIENCE_NS at most; after that the
 * follower is given up on: it loses what finds no room, and the feed waits for
 * it again only after it has read all it was given. So a burst costs a reader
 * that reads nothing, and a reader that does not read costs the others a
 * moment.
 */
#include <errno.h>
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/proc/log.h"

#include "store/json_ecs.h"
#include "store/json_ocsf.h"
#include "store/json_text.h"
#include "store/query.h"
#include "store/query_when.h"

#define ROWS_PER_TURN 512

/* json_line() and a line feed; free() it. NULL when out of memory. */
static char *
whole_line(json_t *o, size_t *ret_len)
{
	char *text = o == NULL ? NULL : json_line(o);
	char *line = NULL;
	size_t len;

	if (text != NULL) {
		len = strlen(text);
		line = realloc(text, len + 2);
		if (line == NULL) {
			free(text);
			return NULL;
		}
		memcpy(line + len, "\n", 2);
		*ret_len = len + 1;
	}
	return line;
}

static void
tail_line(struct client *c, const char *line, size_t len)
{
	if (client_waiting(c) + len > CLIENT_BUFFER_BYTES) {
		c->lost++;
		c->q->count.tail_lost++;
		return;
	}
	if (c->lost > 0) {
		client_send(c, json_pack("{s:I}", "lost", (json_int_t)c->lost));
		c->lost = 0;
	}
	client_send_line(c, line, len);
	c->sent++;
	if (c->request.filter.limit == 0 || c->sent < c->request.filter.limit)
		return;
	client_send(c, json_pack("{s:b}", "end", true));
	client_next(c);
}

static void
to_tails(
    struct query *q, const struct json_record *r, const char *line, size_t len)
{
	struct client *c;

	TAILQ_FOREACH(c, &q->clients, entry)
	if (c->state == CLIENT_TAIL && filter_match(&c->request.filter, r))
		tail_line(c, line, len);
}

static bool
give(const struct json_record *r, void *ctx)
{
	struct query *q = ctx;
	json_t *native = json_from_record(r);
	json_t *mapped = NULL;
	size_t len = 0;
	char *line = whole_line(native, &len);

	if (line == NULL) {
		q->count.feed_skipped++;
		json_decref(native);
		return true;
	}
	to_tails(q, r, line, len);
	if (q->nreaders > 0 && q->events_format != EVENTS_NATIVE) {
		mapped = q->events_format == EVENTS_ECS ? json_ecs(native)
							: json_ocsf(native);
		free(line);
		line = whole_line(mapped, &len);
	}
	if (line != NULL)
		to_events_line(q, line, len);
	else
		q->count.feed_skipped++;
	free(line);
	json_decref(mapped);
	json_decref(native);
	return true;
}

static bool
anybody_follows(const struct query *q)
{
	const struct client *c;

	if (q->nreaders > 0)
		return true;
	TAILQ_FOREACH(c, &q->clients, entry)
	if (c->state == CLIENT_TAIL)
		return true;
	return false;
}

/* One piece of [fed, sealed). 0 or -errno; moves fed. */
static int
feed_piece(struct query *q)
{
	static const struct filter all = {
	    .since_ns = INT64_MIN,
	    .until_ns = INT64_MAX,
	    .verdict = -1,
	    .uid = -1,
	};
	uint64_t end = q->sealed - q->fed > ROWS_PER_TURN
			   ? q->fed + ROWS_PER_TURN
			   : q->sealed;
	struct log_scan *scan = NULL;
	int r;

	r = query_log(q);
	if (r < 0)
		return r;
	r = log_scan_open_range(q->log, &all, q->fed, end, &scan);
	if (r < 0)
		return r;
	r = log_scan_piece(scan, ROWS_PER_TURN, NULL, give, q);
	log_scan_close(&scan);
	if (r < 0)
		return r;
	q->fed = end;
	return 0;
}

static bool
client_behind(const struct client *c)
{
	return c->state == CLIENT_TAIL && !c->given_up &&
	       client_waiting(c) > CLIENT_BUFFER_BYTES / 2;
}

static bool
reader_behind(const struct reader *r)
{
	return !r->given_up && evbuffer_get_length(bufferevent_get_output(
				   r->bev)) > READER_BUFFER_BYTES / 2;
}

static bool
anybody_behind(const struct query *q)
{
	const struct client *c;
	const struct reader *r;

	TAILQ_FOREACH(c, &q->clients, entry)
	if (client_behind(c))
		return true;
	TAILQ_FOREACH(r, &q->readers, entry)
	if (reader_behind(r))
		return true;
	return false;
}

static void
give_up(struct query *q)
{
	struct client *c;
	struct reader *r;

	TAILQ_FOREACH(c, &q->clients, entry)
	c->given_up |= client_behind(c);
	TAILQ_FOREACH(r, &q->readers, entry)
	r->given_up |= reader_behind(r);
}

/* True: somebody may still catch up; the feed comes back by itself. */
static bool
waits(struct query *q)
{
	static const struct timeval patience = {
	    .tv_sec = FEED_PATIENCE_NS / 1000000000};
	int64_t now = when_now();

	if (!anybody_behind(q)) {
		q->feed_waits = 0;
		return false;
	}
	if (q->feed_waits == 0)
		q->feed_waits = now;
	/* The clock may be set back: that ends the wait, never prolongs it. */
	if (now >= q->feed_waits && now - q->feed_waits < FEED_PATIENCE_NS) {
		(void)event_add(q->feed, &patience);
		return true;
	}
	give_up(q);
	q->feed_waits = 0;
	return false;
}

static void
on_feed(evutil_socket_t fd, short what, void *arg)
{
	struct query *q = arg;
	int r;

	(void)fd;
	(void)what;
	if (!anybody_follows(q))
		q->fed = q->sealed;
	if (q->fed >= q->sealed || waits(q))
		return;
	r = feed_piece(q);
	if (r < 0) {
		log_warn_r(r, "records %llu to %llu not given out",
		    (unsigned long long)q->fed,
		    (unsigned long long)q->sealed - 1);
		q->count.feed_skipped += q->sealed - q->fed;
		q->fed = q->sealed;
	}
	feed_resume(q);
}

int
feed_open(struct query *q)
{
	q->feed = event_new(q->base, -1, 0, on_feed, q);
	return q->feed == NULL ? -ENOMEM : 0;
}

void
feed_resume(struct query *q)
{
	if (q->fed < q->sealed)
		turn_soon(q->feed);
}

void
feed_sealed(struct query *q, uint64_t n, uint64_t size)
{
	if (size <= q->sealed)
		return;
	if (query_log(q) == 0)
		log_source_sealed(q->log, n, size);
	q->sealed = size;
	feed_resume(q);
}
