/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store → query: how far the log is sealed. The store owns the log; query only
 * reads files, and only below the size it has heard here. When the store dies
 * the loader sends NEW_STORE_QUERY: until then queries read what is there.
 */
#include "store/query.h"

#include <errno.h>

#include "ipc/proc/log.h"

#define STORE_QUEUE_MAX 256 /* ACCESS records; beyond: dropped and counted */

static int
on_sealed_to(struct chan *c, const void *msg, int *fds, void *ctx)
{
	const struct msg_SEALED_TO *m = msg;

	(void)c;
	(void)fds;
	feed_sealed(ctx, m->n, m->size);
	return 0;
}

static const struct chan_row rows[] = {
    {MSG_SEALED_TO, false, 0, on_sealed_to},
};

static void
on_ended(struct chan *c, int r, void *ctx)
{
	struct query *q = ctx;

	(void)c;
	chan_event_detach(&q->store_event);
	chan_close(&q->store);
	if (r == -ECONNRESET) {
		log_warnx("the store is gone; waiting for the next one");
		return;
	}
	q->failed = r;
	(void)event_base_loopbreak(q->base);
}

int
from_store_open(struct query *q, int fd)
{
	struct chan *c = NULL;
	struct chan_event *ce = NULL;
	int r;

	r = chan_open(fd, PROCESS_QUERY, PROCESS_STORE, rows,
	    sizeof(rows) / sizeof(rows[0]), q, STORE_QUEUE_MAX, &c);
	if (r < 0)
		return r;
	r = chan_event_attach(q->base, c, -1, on_ended, q, &ce);
	if (r < 0) {
		chan_close(&c);
		return r;
	}
	chan_event_detach(&q->store_event);
	chan_close(&q->store);
	q->store = c;
	q->store_event = ce;
	return 0;
}
