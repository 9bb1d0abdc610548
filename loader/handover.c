/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who holds what. The loader makes every channel, gives each end to exactly one
 * process and keeps none; it keeps the group, the pages and the listening
 * sockets, because it must be able to give them to a successor. Descriptors
 * handed to chan_send are borrowed; the copies of ends made here are closed
 * when the function returns.
 */
#include "loader/loader.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "ipc/proc/fd.h"
#include "loader/to_children.h"

/* Both ends of one edge, on their way. */
struct edge {
	int a, b;
};

static void
edge_close(struct edge *e)
{
	fd_close(&e->a);
	fd_close(&e->b);
}

#define edge_cleanup __attribute__((cleanup(edge_close)))

static int
edge_open(struct edge *e)
{
	int fds[2];
	int r = chan_pair(fds);

	if (r == 0) {
		e->a = fds[0];
		e->b = fds[1];
	}
	return r;
}

static void
read_boot_id(uint8_t id[16])
{
	/* As hexadecimal in the file; 16 digits' worth of it is taken apart. */
	char text[37] = {0};
	int fd fd_cleanup =
	    open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	size_t at = 0;

	memset(id, 0, 16);
	if (fd == -1 || read(fd, text, 36) != 36)
		return;
	for (size_t i = 0; i < 36 && at < 32; i++) {
		int digit = text[i] >= '0' && text[i] <= '9' ? text[i] - '0'
			    : text[i] >= 'a' && text[i] <= 'f'
				? text[i] - 'a' + 10
				: -1;

		if (digit < 0)
			continue;
		id[at / 2] = (uint8_t)(id[at / 2] << 4 | digit);
		at++;
	}
}

int
handover_all(struct loader *l)
{
	struct edge md edge_cleanup = {-1, -1}, ms edge_cleanup = {-1, -1};
	struct edge ss edge_cleanup = {-1, -1}, sq edge_cleanup = {-1, -1};
	int r = edge_open(&md);

	if (r == 0)
		r = edge_open(&ms);
	if (r == 0)
		r = edge_open(&ss);
	if (r == 0)
		r = edge_open(&sq);
	if (r < 0)
		return r;
	read_boot_id(l->boot_id);
	hello_store(l, ms.b, ss.a, sq.a, l->state.clean_stop);
	hello_sealer(l, ss.b);
	hello_decider(l, md.b);
	hello_monitor(l, md.a, ms.a);
	hello_query(l, sq.b);
	hello_inspector(l);
	return 0;
}

static int
again_monitor(struct loader *l, uint32_t pid)
{
	struct msg_NEW_MONITOR_DECIDER to_decider = {.pid = pid};
	struct msg_NEW_MONITOR_STORE to_store = {.pid = pid};
	struct edge md edge_cleanup = {-1, -1}, ms edge_cleanup = {-1, -1};
	int r = edge_open(&md);

	if (r == 0)
		r = edge_open(&ms);
	if (r < 0)
		return r;
	/* A decider that has no policy yet is brought to the monitor later. */
	fd_close(&l->decider_waiting);
	hello_monitor(l, md.a, ms.a);
	tell(l, SLOT_DECIDER, MSG_NEW_MONITOR_DECIDER, &to_decider, &md.b);
	tell(l, SLOT_STORE, MSG_NEW_MONITOR_STORE, &to_store, &ms.b);
	handover_policy_monitor(l, &l->policy);
	return 0;
}

static int
again_decider(struct loader *l)
{
	const struct policy *p = policy_latest(l);
	struct msg_POLICY_DECIDER m = {.generation = p->generation};
	struct edge md edge_cleanup = {-1, -1};
	int fds[2] = {p->compiled, p->resolved};
	int r = edge_open(&md);

	if (r < 0)
		return r;
	hello_decider(l, md.b);
	tell(l, SLOT_DECIDER, MSG_POLICY_DECIDER, &m, fds);
	fd_close(&l->decider_waiting);
	l->decider_waiting = take_fd(&md.a);
	return 0;
}

int
handover_decider_to_monitor(struct loader *l)
{
	struct msg_NEW_DECIDER m = {
	    .pid = (uint32_t)l->children[SLOT_DECIDER].pid};

	if (l->decider_waiting < 0)
		return 0;
	tell(l, SLOT_MONITOR, MSG_NEW_DECIDER, &m, &l->decider_waiting);
	fd_close(&l->decider_waiting);
	return 0;
}

static int
again_store(struct loader *l, uint32_t pid)
{
	struct msg_NEW_STORE_MONITOR to_monitor = {.pid = pid};
	struct msg_NEW_STORE_SEALER to_sealer = {.pid = pid};
	struct msg_NEW_STORE_QUERY to_query = {.pid = pid};
	struct msg_POLICY_STORE policy = {.generation = l->policy.generation};
	struct edge ms edge_cleanup = {-1, -1}, ss edge_cleanup = {-1, -1};
	struct edge sq edge_cleanup = {-1, -1};
	int r = edge_open(&ms);

	if (r == 0)
		r = edge_open(&ss);
	if (r == 0)
		r = edge_open(&sq);
	if (r < 0)
		return r;
	hello_store(l, ms.b, ss.a, sq.a, false);
	tell(l, SLOT_STORE, MSG_POLICY_STORE, &policy, &l->policy.compiled);
	tell(l, SLOT_MONITOR, MSG_NEW_STORE_MONITOR, &to_monitor, &ms.a);
	tell(l, SLOT_SEALER, MSG_NEW_STORE_SEALER, &to_sealer, &ss.b);
	tell(l, SLOT_QUERY, MSG_NEW_STORE_QUERY, &to_query, &sq.b);
	return 0;
}

static int
again_sealer(struct loader *l, uint32_t pid)
{
	struct msg_NEW_SEALER_STORE m = {.pid = pid};
	struct edge ss edge_cleanup = {-1, -1};
	int r = edge_open(&ss);

	if (r < 0)
		return r;
	hello_sealer(l, ss.b);
	tell(l, SLOT_STORE, MSG_NEW_SEALER_STORE, &m, &ss.a);
	return 0;
}

static int
again_query(struct loader *l, uint32_t pid)
{
	struct msg_NEW_QUERY_STORE m = {.pid = pid};
	struct msg_POLICY_QUERY policy = {.generation = l->policy.generation};
	struct edge sq edge_cleanup = {-1, -1};
	int fds[2] = {l->policy.compiled, l->policy.resolved};
	int r = edge_open(&sq);

	if (r < 0)
		return r;
	hello_query(l, sq.b);
	tell(l, SLOT_QUERY, MSG_POLICY_QUERY, &policy, fds);
	tell(l, SLOT_STORE, MSG_NEW_QUERY_STORE, &m, &sq.a);
	return 0;
}

int
handover_child(struct loader *l, enum child_slot slot)
{
	uint32_t pid = (uint32_t)l->children[slot].pid;

	switch (slot) {
	case SLOT_MONITOR:
		return again_monitor(l, pid);
	case SLOT_DECIDER:
		return again_decider(l);
	case SLOT_STORE:
		return again_store(l, pid);
	case SLOT_SEALER:
		return again_sealer(l, pid);
	case SLOT_QUERY:
		return again_query(l, pid);
	case SLOT_INSPECTOR:
		hello_inspector(l);
		return 0;
	case SLOT_STANDBY_MONITOR:
	case SLOT_STANDBY_DECIDER:
	case SLOT_MAX:
		break;
	}
	return -EINVAL;
}
