/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the loader says: HELLO, a policy, names of programs, successors of
 * processes that died, stop. Descriptors that arrive are taken here and belong
 * to setup.c and loop.c from then on.
 */
#include "monitor/monitor.h"

#include "ipc/proc/fd.h"

static int
on_hello(struct chan *c, const void *msg, int *fds, void *ctx)
{
	int r = monitor_setup(ctx, msg, fds);

	if (r == 0)
		chan_set_phase(c, 1);
	return r;
}

static int
on_part(struct chan *c, const void *msg, int *fds, void *ctx)
{
	struct monitor *m = ctx;

	(void)c;
	(void)fds;
	return policy_parts_add(m->parts, msg);
}

static int
on_policy(struct chan *c, const void *msg, int *fds, void *ctx)
{
	const struct msg_POLICY_MONITOR *p = msg;
	struct monitor *m = ctx;
	int r;

	(void)c;
	(void)fds;
	r = policy_parts_take(m->parts, p->generation, &m->policy);
	if (r < 0)
		return r;
	m->generation = p->generation;
	vital_set(m->vitals->generation, p->generation);
	cache_flush(m->cache);
	vital_add(m->vitals->cache_flushes, 1);
	vital_set(m->vitals->cache_entries, 0);
	finish_asked_anew(m);
	r = monitor_listen(m);
	monitor_turn_end(m);
	return r;
}

static int
on_label(struct chan *c, const void *msg, int *fds, void *ctx)
{
	const struct msg_LABEL *label = msg;
	struct monitor *m = ctx;

	(void)c;
	(void)fds;
	if (label->path_len > 0)
		names_add(m->names, label);
	finish_named(m, label);
	monitor_turn_end(m);
	return 0;
}

static int
on_new_decider(struct chan *c, const void *msg, int *fds, void *ctx)
{
	(void)c;
	(void)msg;
	return monitor_new_decider(ctx, take_fd(&fds[0]));
}

static int
on_new_store(struct chan *c, const void *msg, int *fds, void *ctx)
{
	(void)c;
	(void)msg;
	return monitor_new_store(ctx, take_fd(&fds[0]));
}

static int
on_stop(struct chan *c, const void *msg, int *fds, void *ctx)
{
	(void)c;
	(void)msg;
	(void)fds;
	monitor_stop(ctx);
	return 0;
}

/* Phase 0: a standby, waiting for HELLO. Phase 1: at work. */
#define AT_WORK (1u << 1)

const struct chan_row from_loader_rows[] = {
    {MSG_HELLO_MONITOR, true, 1u << 0, on_hello},
    {MSG_POLICY_PART, false, AT_WORK, on_part},
    {MSG_POLICY_MONITOR, false, AT_WORK, on_policy},
    {MSG_LABEL, false, AT_WORK, on_label},
    {MSG_NEW_DECIDER, false, AT_WORK, on_new_decider},
    {MSG_NEW_STORE_MONITOR, false, AT_WORK, on_new_store},
    {MSG_STOP_MONITOR, true, 0, on_stop},
};
const size_t from_loader_nrows =
    sizeof(from_loader_rows) / sizeof(from_loader_rows[0]);
