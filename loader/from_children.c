/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All that the children may say to root: that they are ready, which generation
 * is taken, that the other one is slow, a pid and an inode, "reload". No
 * string, no path, no descriptor. Who says something else is killed and
 * replaced.
 */
#include "loader/loader.h"

#include <errno.h>

#include "ipc/proc/log.h"

#define JUST_COME_NS (100 * NS_PER_MS)

static void
ready(struct loader *l, enum child_slot slot)
{
	struct child *c = &l->children[slot];

	c->ready = true;
	log_debug("%s (pid %d) is ready", process_name(c->process), c->pid);
	if (c->replacement)
		admin(l, ADMIN_CHILD_STARTED, c->process, (uint64_t)c->pid);
}

static int
on_ready_monitor(struct chan *c, const void *msg, int *fds, void *ctx)
{
	(void)c;
	(void)msg;
	(void)fds;
	ready(ctx, SLOT_MONITOR);
	return 0;
}

static int
on_ready_decider(struct chan *c, const void *msg, int *fds, void *ctx)
{
	(void)c;
	(void)msg;
	(void)fds;
	ready(ctx, SLOT_DECIDER);
	return 0;
}

static int
on_ready_store(struct chan *c, const void *msg, int *fds, void *ctx)
{
	(void)c;
	(void)msg;
	(void)fds;
	ready(ctx, SLOT_STORE);
	admin_flush(ctx);
	return 0;
}

static int
on_ready_sealer(struct chan *c, const void *msg, int *fds, void *ctx)
{
	(void)c;
	(void)msg;
	(void)fds;
	ready(ctx, SLOT_SEALER);
	return 0;
}

static int
on_ready_query(struct chan *c, const void *msg, int *fds, void *ctx)
{
	(void)c;
	(void)msg;
	(void)fds;
	ready(ctx, SLOT_QUERY);
	return 0;
}

static int
on_ready_inspector(struct chan *c, const void *msg, int *fds, void *ctx)
{
	(void)c;
	(void)msg;
	(void)fds;
	ready(ctx, SLOT_INSPECTOR);
	return 0;
}

static int
on_who(struct chan *c, const void *msg, int *fds, void *ctx)
{
	const struct msg_WHO *m = msg;

	(void)c;
	(void)fds;
	label_answer(ctx, m->pid, m->dev, m->ino);
	return 0;
}

static int
on_overdue(struct chan *c, const void *msg, int *fds, void *ctx)
{
	const struct msg_DECIDER_OVERDUE *m = msg;
	struct loader *l = ctx;

	(void)c;
	(void)fds;
	/* What its predecessor did is no fault of one that has just come. */
	if (l->children[SLOT_DECIDER].pid != 0 && l->decider_waiting < 0 &&
	    now_ns() - l->children[SLOT_DECIDER].hello_ns > JUST_COME_NS) {
		log_warnx(
		    "the decider let %u deadlines pass: replaced", m->timeouts);
		admin(l, ADMIN_CHILD_STUCK, PROCESS_DECIDER, m->timeouts);
		child_kill(l, SLOT_DECIDER);
	}
	return 0;
}

static int
on_taken(struct chan *c, const void *msg, int *fds, void *ctx)
{
	const struct msg_POLICY_TAKEN *m = msg;

	(void)c;
	(void)fds;
	handover_decider_to_monitor(ctx);
	reload_policy_taken(ctx, m->generation);
	return 0;
}

static int
on_reload(struct chan *c, const void *msg, int *fds, void *ctx)
{
	const struct msg_RELOAD *m = msg;

	(void)c;
	(void)fds;
	/* query looked at the peer already; only root changes anything. */
	if (m->uid != 0)
		return -EPERM;
	log_info("reload asked for by pid %u", m->pid);
	reload_ask(ctx, true);
	return 0;
}

static const struct chan_row monitor_rows[] = {
    {MSG_READY_MONITOR, true, 0, on_ready_monitor},
    {MSG_WHO, false, 0, on_who},
    {MSG_DECIDER_OVERDUE, false, 0, on_overdue},
};
static const struct chan_row decider_rows[] = {
    {MSG_READY_DECIDER, true, 0, on_ready_decider},
    {MSG_POLICY_TAKEN, false, 0, on_taken},
};
static const struct chan_row store_rows[] = {
    {MSG_READY_STORE, true, 0, on_ready_store},
};
static const struct chan_row sealer_rows[] = {
    {MSG_READY_SEALER, true, 0, on_ready_sealer},
};
static const struct chan_row query_rows[] = {
    {MSG_READY_QUERY, true, 0, on_ready_query},
    {MSG_RELOAD, false, 0, on_reload},
};
static const struct chan_row inspector_rows[] = {
    {MSG_READY_INSPECTOR, true, 0, on_ready_inspector},
};

const struct chan_row *const child_rows[PROCESS_MAX] = {
    [PROCESS_MONITOR] = monitor_rows,
    [PROCESS_DECIDER] = decider_rows,
    [PROCESS_STORE] = store_rows,
    [PROCESS_SEALER] = sealer_rows,
    [PROCESS_QUERY] = query_rows,
    [PROCESS_INSPECTOR] = inspector_rows,
};

const size_t child_nrows[PROCESS_MAX] = {
    [PROCESS_MONITOR] = sizeof(monitor_rows) / sizeof(monitor_rows[0]),
    [PROCESS_DECIDER] = sizeof(decider_rows) / sizeof(decider_rows[0]),
    [PROCESS_STORE] = sizeof(store_rows) / sizeof(store_rows[0]),
    [PROCESS_SEALER] = sizeof(sealer_rows) / sizeof(sealer_rows[0]),
    [PROCESS_QUERY] = sizeof(query_rows) / sizeof(query_rows[0]),
    [PROCESS_INSPECTOR] = sizeof(inspector_rows) / sizeof(inspector_rows[0]),
};
