/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting the children and replacing those that die: the monitor and the
 * decider by their standby, at once; the others by a new process, later and
 * later the quicker they die (the ceiling is RETRY_MAX_NS, for ever).
 */
#include "loader/loader.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipc/proc/fd.h"
#include "ipc/proc/log.h"

#define START_NS (20 * NS_PER_S)
#define QUICK_NS (10 * NS_PER_S) /* a life shorter than this is a quick one */
#define RETRY_FIRST_NS (100 * NS_PER_MS)
#define RETRY_MAX_NS (30 * NS_PER_S)
#define KILL_WAIT_NS (200 * NS_PER_MS)
#define CHILD_QUEUE_MAX 4096 /* parts of the largest policy, with room */
#define TURN_MESSAGES 64
#define ZOMBIE_NS (10 * NS_PER_MS) /* for the true wait status to come */

static const unsigned int processes[SLOT_MAX] = {
    [SLOT_STORE] = PROCESS_STORE,
    [SLOT_SEALER] = PROCESS_SEALER,
    [SLOT_DECIDER] = PROCESS_DECIDER,
    [SLOT_MONITOR] = PROCESS_MONITOR,
    [SLOT_QUERY] = PROCESS_QUERY,
    [SLOT_INSPECTOR] = PROCESS_INSPECTOR,
    [SLOT_STANDBY_MONITOR] = PROCESS_MONITOR,
    [SLOT_STANDBY_DECIDER] = PROCESS_DECIDER,
};

void
admin(struct loader *l, unsigned int what, uint64_t a, uint64_t b)
{
	struct msg_ADMIN m = {.what = (uint16_t)what, .a = a, .b = b};
	struct child *c = &l->children[SLOT_STORE];

	if (c->ready && chan_send(c->chan, MSG_ADMIN, &m, NULL) == 0)
		child_flush(l, c);
	else if (l->nadmin_waiting < ADMIN_WAITING_MAX)
		l->admin_waiting[l->nadmin_waiting++] = m;
	else
		vital_add(l->pages.loader->admin_lost, 1);
}

void
admin_flush(struct loader *l)
{
	size_t n = l->nadmin_waiting;

	l->nadmin_waiting = 0;
	for (size_t i = 0; i < n; i++) {
		struct msg_ADMIN m = l->admin_waiting[i];

		admin(l, m.what, m.a, m.b);
	}
}

void
child_flush(struct loader *l, struct child *c)
{
	if (c->chan == NULL)
		return;
	(void)chan_flush(c->chan);
	loop_want_write(l, &c->source, chan_wants_write(c->chan));
}

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

static bool
is_standby(enum child_slot slot)
{
	return slot == SLOT_STANDBY_MONITOR || slot == SLOT_STANDBY_DECIDER;
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
	const struct account *a = &l->accounts.of[processes[slot]];
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
	s.argv[0] = l->programs.path[processes[slot]];
	s.argv[1] = uid;
	s.argv[2] = gid;
	s.argv[3] = l->options.debug ? debug_arg : NULL;
	s.fds[0] = s.fds[1] = -1;
	s.fds[2] = 2;
	s.fds[3] = far;
	s.fds[4] = root_of(l, processes[slot]);
	c->process = processes[slot];
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
static void
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

static void
schedule(struct child *c)
{
	uint64_t now = now_ns(), wait = 0;

	if (now - c->started_ns >= QUICK_NS)
		c->quick_deaths = 0;
	if (c->quick_deaths > 0) {
		unsigned int shift =
		    c->quick_deaths > 10 ? 10 : c->quick_deaths;

		wait = RETRY_FIRST_NS << (shift - 1);
		if (wait > RETRY_MAX_NS)
			wait = RETRY_MAX_NS;
	}
	c->quick_deaths++;
	c->retry_ns = now + wait;
}

/* The standby takes the place; everything it is moves with it. */
static bool
promote(struct loader *l, enum child_slot slot, enum child_slot from)
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
	*s = (struct child){
	    .process = c->process, .retry_ns = now_ns() + RETRY_FIRST_NS};
	s->source.fd = -1;
	c->source = (struct loop_source){
	    .fd = chan_fd(c->chan), .ready = child_ready_to_read, .arg = c};
	return loop_add(l, &c->source) == 0;
}

static void
serve(struct loader *l, void *arg)
{
	(void)arg;
	if (rescue_nobody_reads(l))
		rescue_serve(l);
	else
		loop_remove(l, &l->group_source);
}

/* Our own programs may lie in a watched tree: somebody must let them start. */
void
serve_meanwhile(struct loader *l)
{
	if (l->group_source.fd >= 0)
		return;
	l->group_source = (struct loop_source){
	    .fd = l->kernel.group, .ready = serve, .arg = NULL};
	if (loop_add(l, &l->group_source) < 0)
		l->group_source.fd = -1; /* the watchdog serves, slower */
}

static void
revive(struct loader *l, enum child_slot slot)
{
	struct child *c = &l->children[slot];
	bool up;
	int r = 0;

	if (slot == SLOT_MONITOR)
		up = promote(l, slot, SLOT_STANDBY_MONITOR);
	else if (slot == SLOT_DECIDER)
		up = promote(l, slot, SLOT_STANDBY_DECIDER);
	else
		up = false;
	if (!up)
		r = child_start(l, slot);
	c->replacement = true;
	if (r == 0 && !is_standby(slot))
		r = handover_child(l, slot);
	if (r < 0) {
		log_warn_r(r, "replacing %s", process_name(processes[slot]));
		child_kill(l, slot);
		if (c->pid == 0)
			schedule(c);
		return;
	}
	if (!is_standby(slot)) {
		vital_add(l->pages.loader->restarts[c->process], 1);
		log_info(
		    "%s replaced by pid %d", process_name(c->process), c->pid);
	}
}

static void
report_death(struct loader *l, enum child_slot slot, pid_t pid, int status)
{
	const char *name = process_name(processes[slot]);
	const char *standby = is_standby(slot) ? "standby " : "";

	if (WIFSIGNALED(status))
		log_warnx("%s%s (pid %d) was killed by signal %d%s", standby,
		    name, pid, WTERMSIG(status),
		    WTERMSIG(status) == SIGSYS
			? ": a system call its sandbox forbids"
			: "");
	else
		log_warnx("%s%s (pid %d) ended with status %d", standby, name,
		    pid, WEXITSTATUS(status));
	admin(l, ADMIN_CHILD_DIED, processes[slot], (uint64_t)(uint32_t)status);
}

void
child_died(struct loader *l, pid_t pid, int status)
{
	for (unsigned int i = 0; i < SLOT_MAX; i++) {
		struct child *c = &l->children[i];

		if (c->pid != pid)
			continue;
		child_clear(l, c);
		report_death(l, (enum child_slot)i, pid, status);
		if (!l->marking && !l->stopping)
			fatalx("%s did not start; nothing is guarded",
			    process_name(processes[i]));
		schedule(c);
		if (i == SLOT_MONITOR)
			rescue_drain(l);
		/* What a standby can do is done now, not at the next tick. */
		if ((i == SLOT_MONITOR &&
			l->children[SLOT_STANDBY_MONITOR].pid != 0) ||
		    (i == SLOT_DECIDER &&
			l->children[SLOT_STANDBY_DECIDER].pid != 0) ||
		    c->quick_deaths == 1)
			c->retry_ns = 0;
		supervise_tick(l, now_ns());
		return;
	}
	if (pid == l->reload.job.pid) {
		own_pid_remove(l->pages.loader, pid);
		reload_compiled(l, status);
	} else if (pid == l->log_out) {
		log_out_died(l);
	}
}

/* Its descriptors are closed: it answers nobody any more, zombie or not. */
static bool
has_let_go(const struct child *c)
{
	struct pollfd p = {.fd = chan_fd(c->chan)};

	return poll(&p, 1, 0) == 1 && (p.revents & POLLHUP) != 0;
}

/*
 * SIGKILL, its end seen, and its successor in place, without the loop. A
 * debugger keeps the zombie to itself for as long as it likes; what counts is
 * that its descriptors are closed.
 */
void
replace_monitor(struct loader *l)
{
	const struct child *c = &l->children[SLOT_MONITOR];
	uint64_t until = now_ns() + KILL_WAIT_NS, gone = 0;
	pid_t pid = c->pid;
	int status;

	if (pid == 0)
		return;
	child_kill(l, SLOT_MONITOR);
	for (uint64_t now = now_ns(); now < until; now = now_ns()) {
		if (waitpid(pid, &status, WNOHANG) == pid) {
			child_died(l, pid, status);
			return;
		}
		if (gone == 0 && has_let_go(c))
			gone = now;
		if (gone != 0 && now - gone > ZOMBIE_NS) {
			child_died(l, pid, SIGKILL);
			return;
		}
		(void)usleep(200);
	}
	log_warnx("the monitor (pid %d) does not die", pid);
}

/* Children whose channel is closed but whose end nobody tells us. */
static void
bury(struct loader *l, uint64_t now)
{
	for (unsigned int i = 0; i < SLOT_MAX; i++) {
		struct child *c = &l->children[i];

		if (c->pid != 0 && c->lost_ns != 0 &&
		    now - c->lost_ns > ZOMBIE_NS)
			child_died(l, c->pid, SIGKILL);
	}
}

void
supervise_tick(struct loader *l, uint64_t now)
{
	if (l->stopping || !l->marking)
		return;
	bury(l, now);
	for (unsigned int i = 0; i < SLOT_MAX; i++) {
		if (l->children[i].pid == 0 && l->children[i].retry_ns <= now)
			revive(l, (enum child_slot)i);
	}
}

/*
 * A stopped process serves nobody, and most have no deadline that would tell:
 * replaced at once. What the monitor had in hand gets its default.
 */
static void
child_stopped(struct loader *l, pid_t pid)
{
	for (unsigned int i = 0; i < SLOT_MAX; i++) {
		struct child *c = &l->children[i];

		if (c->pid != pid)
			continue;
		log_warnx("%s (pid %d) was stopped: replaced",
		    process_name(c->process), pid);
		c->ready = false;
		admin(l, ADMIN_CHILD_STUCK, c->process, 0);
		child_kill(l, (enum child_slot)i);
	}
}

static void
collect(struct loader *l)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
		if (WIFSTOPPED(status))
			child_stopped(l, pid);
		else
			child_died(l, pid, status);
	}
}

void
supervise_signals(struct loader *l, void *arg)
{
	struct signalfd_siginfo si;

	(void)arg;
	while (read(l->signals, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		switch (si.ssi_signo) {
		case SIGCHLD:
			collect(l);
			break;
		case SIGHUP:
			if (l->marking)
				reload_ask(l, false);
			break;
		default:
			stop_run(l, (int)si.ssi_signo);
		}
	}
}

static bool
all_ready(const struct loader *l)
{
	for (unsigned int i = 0; i < SLOT_STANDBY_MONITOR; i++) {
		if (!l->children[i].ready)
			return false;
	}
	return true;
}

void
supervise_start_all(struct loader *l)
{
	uint64_t until = now_ns() + START_NS;
	int r = 0;

	for (unsigned int i = 0; r == 0 && i < SLOT_MAX; i++)
		r = child_start(l, (enum child_slot)i);
	if (r == 0)
		r = handover_all(l);
	if (r < 0)
		fatal_r(r, "starting the other processes");
	while (!all_ready(l)) {
		if (now_ns() > until)
			fatalx("not all processes became ready in time");
		r = loop_turn(l, 100);
		if (r < 0)
			fatal_r(r, "waiting for the other processes");
	}
	reload_first_hand_out(l);
	while (l->policy.generation == 0) {
		if (now_ns() > until)
			fatalx("the decider did not take the policy in time");
		r = loop_turn(l, 100);
		if (r < 0)
			fatal_r(r, "handing out the policy");
	}
}
