/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the monitor reports. The channel is the store's; the messages' values
 * were decided by monitor and decider and are written as they are. Nothing here
 * waits: events go to a bounded queue, and what does not fit is counted.
 */
#include "store/store.h"

#include <errno.h>

#include "ipc/proc/log.h"

#define QUEUE_MESSAGES 64 /* SEALED only; the newest says it all */

/* Sent again by a monitor that did not hear of its seal before we died. */
static bool
in_log_already(const struct store *s, const struct rec_EVENT *e)
{
	return e->token != 0 && e->token <= s->dup_token &&
	       (int64_t)e->ts <= s->dup_ts;
}

static int
on_records(struct chan *c, const void *msg, int *fds, void *ctx)
{
	const struct msg_RECORDS *m = msg;
	struct store *s = ctx;
	uint64_t now = now_mono();

	(void)c;
	(void)fds;
	for (unsigned int i = 0; i < m->records_count; i++)
		if (!in_log_already(s, &m->records[i]))
			(void)queue_put_event(&s->queue, &m->records[i], now);
	batch_run(s);
	return 0;
}

static int
on_label(struct chan *c, const void *msg, int *fds, void *ctx)
{
	const struct msg_LABEL_STORE *m = msg;
	struct store *s = ctx;

	(void)c;
	(void)fds;
	if (m->path_len > 0)
		labels_put(&s->labels, m->dev, m->ino, m->path);
	return 0;
}

static int
on_lost(struct chan *c, const void *msg, int *fds, void *ctx)
{
	const struct msg_LOST *m = msg;
	struct store *s = ctx;
	struct item *i;

	(void)c;
	(void)fds;
	if (m->source == 0 || m->source >= GAP_MAX || m->count == 0)
		return -EPROTO;
	i = item_make(KIND_GAP, (int64_t)m->to_ts, now_mono());
	if (i == NULL)
		return -ENOMEM;
	i->gap = (struct item_gap){
	    m->source, m->count, (int64_t)m->from_ts, (int64_t)m->to_ts};
	queue_put(&s->queue, i);
	batch_run(s);
	return 0;
}

static const struct chan_row rows[] = {
    {MSG_RECORDS, false, 0, on_records},
    {MSG_LABEL_STORE, false, 0, on_label},
    {MSG_LOST, false, 0, on_lost},
};

static void
ended(struct chan *c, int r, void *ctx)
{
	struct store *s = ctx;

	(void)c;
	if (r != -ECONNRESET)
		fatal_r(r, "message from doorward-monitor");
	peer_close(&s->monitor);
}

void
from_monitor_greet(struct store *s)
{
	/*
	 * The first word (messages.def): a monitor sends nothing before it.
	 * It may send all it keeps; what is in the log already is sifted out
	 * by token and time above, so it comes when these are known. Not with
	 * the log's token: an earlier run counted its epochs from 1 as well.
	 */
	static const struct msg_SEALED first_word = {.token = 0};

	if (s->in_step)
		peer_send(&s->monitor, MSG_SEALED, &first_word);
}

int
from_monitor_open(struct store *s, int fd)
{
	int r = peer_open(s, &s->monitor, fd, PROCESS_MONITOR, rows,
	    sizeof(rows) / sizeof(rows[0]), QUEUE_MESSAGES, ended);

	if (r == 0)
		from_monitor_greet(s);
	return r;
}
