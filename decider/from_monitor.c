/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the monitor asks: a batch of questions is answered by a batch of as many
 * verdicts, in the same order, at once. Owned here: the channel to the monitor.
 * Nothing is remembered between two batches.
 */
#include <errno.h>

#include "ipc/proc/fd.h"
#include "ipc/proc/log.h"

#include "decider/decide.h"
#include "decider/decider.h"

/* The policy the question was asked under, if it is still here. */
static const struct decider_policy *
policy_for(const struct decider *d, uint64_t generation)
{
	if (d->before.view.compiled != NULL &&
	    d->before.generation == generation)
		return &d->before;
	return &d->now;
}

static int
ask(struct chan *c, const void *msg, int *fds, void *ctx)
{
	static struct msg_VERDICTS verdicts;
	const struct msg_ASK *m = msg;
	struct decider *d = ctx;
	const struct decider_policy *p = policy_for(d, m->generation);

	(void)c;
	(void)fds;
	if (p->view.compiled == NULL) {
		/* The monitor's deadline answers them. */
		log_warnx("%u questions before there is a policy",
		    (unsigned int)m->asks_count);
		return 0;
	}
	verdicts.generation = p->generation;
	verdicts.verdicts_count = m->asks_count;
	for (uint16_t i = 0; i < m->asks_count; i++)
		decide(&p->view, &m->asks[i], &verdicts.verdicts[i]);
	to_monitor_verdicts(d, &verdicts);
	return 0;
}

static const struct chan_row rows[] = {
    {MSG_ASK, false, 0, ask},
};

int
from_monitor_open(struct decider *d, int *fd)
{
	int r;

	chan_close(&d->monitor);
	r = chan_open(*fd, PROCESS_DECIDER, PROCESS_MONITOR, rows,
	    sizeof(rows) / sizeof(rows[0]), d, VERDICTS_QUEUED_MAX,
	    &d->monitor);
	if (r == 0)
		(void)take_fd(fd);
	return r;
}
