/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the loader says. Owned here: the channel to the loader and both
 * policies' mappings. The descriptors of a policy are the channel's and closed
 * when its handler returns: a mapping needs none. The descriptor of a monitor's
 * channel goes to from_monitor.c.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "ipc/proc/child.h"
#include "ipc/proc/log.h"

#include "decider/decider.h"

static int
hello(struct chan *c, const void *msg, int *fds, void *ctx)
{
	const struct msg_HELLO_DECIDER *m = msg;
	struct msg_READY_DECIDER ready = {.pid = (uint32_t)getpid()};
	int r;

	if (memcmp(m->table, msg_table_hash, HASH_BYTES) != 0)
		fatalx("the loader speaks another version of the messages");
	r = from_monitor_open(ctx, &fds[0]);
	if (r < 0)
		return r;
	chan_set_phase(c, SERVING);
	return chan_send(c, MSG_READY_DECIDER, &ready, NULL);
}

static int
policy(struct chan *c, const void *msg, int *fds, void *ctx)
{
	const struct msg_POLICY_DECIDER *m = msg;
	struct msg_POLICY_TAKEN taken = {.generation = m->generation};
	struct decider_policy next = {.generation = m->generation};
	struct decider *d = ctx;
	int r = policy_view_map(fds[0], fds[1], &next.view);

	/* The loader has checked it before: this is no policy of a loader. */
	if (r < 0)
		fatal_r(r, "policy of generation %llu",
		    (unsigned long long)m->generation);
	policy_view_unmap(&d->before.view);
	d->before = d->now;
	d->now = next;
	return chan_send(c, MSG_POLICY_TAKEN, &taken, NULL);
}

static int
new_monitor(struct chan *c, const void *msg, int *fds, void *ctx)
{
	(void)c;
	(void)msg;
	return from_monitor_open(ctx, &fds[0]);
}

static const struct chan_row rows[] = {
    {MSG_HELLO_DECIDER, true, 1u << WAITING_FOR_HELLO, hello},
    {MSG_POLICY_DECIDER, false, 1u << SERVING, policy},
    {MSG_NEW_MONITOR_DECIDER, false, 1u << SERVING, new_monitor},
};

int
from_loader_open(struct decider *d)
{
	return chan_open(CHILD_FD_LOADER, PROCESS_DECIDER, PROCESS_LOADER, rows,
	    sizeof(rows) / sizeof(rows[0]), d, 4, &d->loader);
}
