/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What query reports: that somebody read the log. The channel is the store's;
 * the peer faces clients, so of its messages only the numbers are used.
 */
#include "store/store.h"

#include <errno.h>
#include <string.h>

#include "ipc/proc/log.h"

#define QUEUE_MESSAGES 64

static int
on_accessed(struct chan *c, const void *msg, int *fds, void *ctx)
{
	const struct msg_ACCESSED *m = msg;
	struct store *s = ctx;
	struct item *i = item_make(KIND_ACCESS, now_real(), now_mono());

	(void)c;
	(void)fds;
	if (i == NULL)
		return -ENOMEM;
	/* Reading the log is no reason to seal it at once. */
	i->critical = false;
	i->access =
	    (struct item_access){.uid = m->uid, .pid = m->pid, .what = m->what};
	memcpy(i->access.digest, m->digest, HASH_BYTES);
	(void)queue_offer(&s->queue, i);
	batch_run(s);
	return 0;
}

static const struct chan_row rows[] = {
    {MSG_ACCESSED, false, 0, on_accessed},
};

static void
ended(struct chan *c, int r, void *ctx)
{
	struct store *s = ctx;

	(void)c;
	if (r != -ECONNRESET)
		log_warn_r(r, "message from doorward-query");
	peer_close(&s->query);
}

int
from_query_open(struct store *s, int fd)
{
	return peer_open(s, &s->query, fd, PROCESS_QUERY, rows,
	    sizeof(rows) / sizeof(rows[0]), QUEUE_MESSAGES, ended);
}
