/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The orderly end. First nobody new waits, then nobody waits at all, then the
 * log is closed: every step has a bound, and what does not end in time is
 * killed. Left behind: the log, the keys and the marker that says so.
 */
#include "loader/loader.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipc/proc/fd.h"
#include "ipc/proc/log.h"

#define MONITOR_NS (2 * NS_PER_S)
#define STORE_NS (10 * NS_PER_S)
#define OTHERS_NS NS_PER_S
#define POLL_MS 2

/* Waits for its end; SIGKILL at the bound. True: it ended with status 0. */
static bool
end_child(struct loader *l, enum child_slot slot, uint64_t bound_ns)
{
	struct child *c = &l->children[slot];
	uint64_t until = now_ns() + bound_ns;
	bool killed = false;
	int status = -1;

	if (c->pid == 0)
		return false;
	while (waitpid(c->pid, &status, WNOHANG) == 0) {
		if (c->chan != NULL)
			(void)chan_flush(c->chan);
		if (now_ns() > until && !killed) {
			log_warnx("%s (pid %d) does not end: killed",
			    process_name(c->process), c->pid);
			child_kill(l, slot);
			killed = true;
		}
		(void)poll(NULL, 0, POLL_MS);
	}
	loop_remove(l, &c->source);
	chan_close(&c->chan);
	c->pid = 0;
	return !killed && status == 0;
}

/* Its channel closed is the word to go; those without work go at once. */
static void
end_rest(struct loader *l)
{
	static const enum child_slot order[] = {SLOT_STANDBY_MONITOR,
	    SLOT_STANDBY_DECIDER, SLOT_DECIDER, SLOT_INSPECTOR, SLOT_QUERY};

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		struct child *c = &l->children[order[i]];

		loop_remove(l, &c->source);
		chan_close(&c->chan);
	}
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		(void)end_child(l, order[i], OTHERS_NS);
}

void
stop_run(struct loader *l, int sig)
{
	struct msg_STOP_MONITOR monitor = {.signal = (uint32_t)sig};
	struct msg_STOP_STORE store = {.signal = (uint32_t)sig};
	bool clean;

	l->stopping = true;
	log_info("stopping on signal %d", sig);
	manager_tell("STOPPING=1");
	admin(l, ADMIN_STOPPING, (uint64_t)sig, 0);
	if (l->reload.job.pid > 0) {
		(void)kill(l->reload.job.pid, SIGKILL);
		(void)waitpid(l->reload.job.pid, NULL, 0);
	}
	marks_flush(l);
	tell(l, SLOT_MONITOR, MSG_STOP_MONITOR, &monitor, NULL);
	(void)end_child(l, SLOT_MONITOR, MONITOR_NS);
	rescue_drain(l);
	rescue_report(l);
	loop_remove(l, &l->notify_source);
	loop_remove(l, &l->group_source);
	fd_close(&l->kernel.notify);
	/* The last copy: whoever still waits is let through by the kernel. */
	fd_close(&l->kernel.group);
	bpf_stop(&l->bpf);
	tell(l, SLOT_STORE, MSG_STOP_STORE, &store, NULL);
	clean = end_child(l, SLOT_STORE, STORE_NS);
	chan_close(&l->children[SLOT_SEALER].chan);
	(void)end_child(l, SLOT_SEALER, OTHERS_NS);
	end_rest(l);
	state_close(&l->state, l->policy.view.compiled, clean);
	log_info("stopped%s", clean ? "" : ", but the log was not closed");
	log_out_end(l);
	exit(0);
}
