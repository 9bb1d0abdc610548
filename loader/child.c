/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One child: its process, its channel and its place among the others.
 */
#include "loader/loader.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "ipc/proc/fd.h"
#include "ipc/proc/log.h"

#define CHILD_QUEUE_MAX 4096 /* parts of the largest policy, with room */
#define TURN_MESSAGES 64

const unsigned int child_processes[SLOT_MAX] = {
    [SLOT_STORE] = PROCESS_STORE,
    [SLOT_SEALER] = PROCESS_SEALER,
    [SLOT_DECIDER] = PROCESS_DECIDER,
    [SLOT_MONITOR] = PROCESS_MONITOR,
    [SLOT_QUERY] = PROCESS_QUERY,
    [SLOT_INSPECTOR] = PROCESS_INSPECTOR,
    [SLOT_STANDBY_MONITOR] = PROCESS_MONITOR,
    [SLOT_STANDBY_DECIDER] = PROCESS_DECIDER,
};

/* What it said was malformed, or it closed its end: it has no way back. */
static void
child_lost(struct loader *l, enum child_slot slot, int r)
{
	struct child *c = &l->children[slot];

	if (r != -ECONNRESET)
		log_warn_r(r, "%s (pid %d) broke the protocol: killed",
		    process_name(c->process), c->pid);
	loop_remove(l, &c->source);
	c->ready = c->hello = false;
	c->lost_ns = now_ns();
	child_kill(l, slot);
}

static void
child_ready_to_read(struct loader *l, void *arg)
{
	struct child *c = arg;
	enum child_slot slot = (enum child_slot)(c - l->children);
	int r;

	child_flush(l, c);
	r = chan_dispatch_all(c->chan, TURN_MESSAGES);
	if (r < 0)
		child_lost(l, slot, r);
}

static int
root_of(const struct loader *l, unsigned int process)
{
	switch (process) {
	case PROCESS_STORE:
	case PROCESS_QUERY:
		return l->state.log_dir;
	case PROCESS_SEALER:
		return l->state.key_dir;
	default:
		return l->state.empty_root;
	}
}

int
child_start(struct loader *l, enum child_slot slot)
{
	static char debug_arg[] = "--debug";
	struct child *c = &l->children[slot];
	const struct account *a = &l->accounts.of[child_processes[slot]];
	char uid[16], gid[16];
	int fds[2], near fd_cleanup = -1, far fd_cleanup = -1;
	struct spawn s = {.nfds = 5};
	int r = chan_pair(fds);

	if (r < 0)
		return r;
	near = fds[0];
	far = fds[1];
	(void)snprintf(uid, sizeof(uid), "%u", (unsigned int)a->uid);
	(void)snprintf(gid, sizeof(gid), "%u", (unsigned int)a->gid);
	s.argv[0] = l->programs.path[child_processes[slot]];
	s.argv[1] = uid;
	s.argv[2] = gid;
	s.argv[3] = l->options.debug ? debug_arg : NULL;
	s.urgent = child_processes[slot] == PROCESS_MONITOR ||
		   child_processes[slot] == PROCESS_DECIDER;
	s.fds[0] = s.fds[1] = -1;
	s.fds[2] = 2;
	s.fds[3] = far;
	s.fds[4] = root_of(l, child_processes[slot]);
	c->process = child_processes[slot];
	r = chan_open(near, PROCESS_LOADER, (enum wire_process)c->process,
	    child_rows[c->process], child_nrows[c->process], l, CHILD_QUEUE_MAX,
	    &c->chan);
	if (r < 0)
		return r;
	(void)take_fd(&near);
	r = spawn_run(l, &s, &c->pid);
	if (r < 0) {
		chan_close(&c->chan);
		return r;
	}
	c->hello = c->ready = false;
	c->lost_ns = 0;
	c->started_ns = now_ns();
	c->stuck = (struct stuck){0, 0};
	c->source = (struct loop_source){
	    .fd = chan_fd(c->chan), .ready = child_ready_to_read, .arg = c};
	return loop_add(l, &c->source);
}

/* Closes what we hold of it; the pid is free again. */
void
child_clear(struct loader *l, struct child *c)
{
	if (c->pid != 0)
		own_pid_remove(l->pages.loader, c->pid);
	loop_remove(l, &c->source);
	chan_close(&c->chan);
	c->pid = 0;
	c->hello = c->ready = false;
	c->lost_ns = 0;
	c->stuck = (struct stuck){0, 0};
}

void
child_kill(struct loader *l, enum child_slot slot)
{
	struct child *c = &l->children[slot];

	if (c->pid != 0)
		(void)kill(c->pid, SIGKILL);
}

bool
child_promote(struct loader *l, enum child_slot slot, enum child_slot from,
    uint64_t retry_ns)
{
	struct child *c = &l->children[slot], *s = &l->children[from];
	unsigned int quick = c->quick_deaths;

	if (s->pid == 0)
		return false;
	loop_remove(l, &s->source);
	*c = *s;
	c->quick_deaths = quick;
	c->replacement = true;
	c->started_ns = now_ns();
	*s = (struct child){.process = c->process, .retry_ns = retry_ns};
	s->source.fd = -1;
	c->source = (struct loop_source){
	    .fd = chan_fd(c->chan), .ready = child_ready_to_read, .arg = c};
	return loop_add(l, &c->source) == 0;
}
