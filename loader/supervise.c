/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting the children and replacing those that die: the monitor and the
 * decider by their standby, at once; the others by a new process, later and
 * later the quicker they die (the ceiling is RETRY_MAX_NS, for ever).
 */
#include "loader/loader.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipc/proc/log.h"

#define START_NS (20 * NS_PER_S)
#define QUICK_NS (10 * NS_PER_S) /* a life shorter than this is a quick one */
#define RETRY_FIRST_NS (100 * NS_PER_MS)
#define RETRY_MAX_NS (30 * NS_PER_S)
#define KILL_WAIT_NS (200 * NS_PER_MS)
#define ZOMBIE_NS (10 * NS_PER_MS) /* for the true wait status to come */

static bool
is_standby(enum child_slot slot)
{
	return slot == SLOT_STANDBY_MONITOR || slot == SLOT_STANDBY_DECIDER;
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

static void
revive(struct loader *l, enum child_slot slot)
{
	struct child *c = &l->children[slot];
	uint64_t next = now_ns() + RETRY_FIRST_NS;
	bool up;
	int r = 0;

	if (slot == SLOT_MONITOR)
		up = child_promote(l, slot, SLOT_STANDBY_MONITOR, next);
	else if (slot == SLOT_DECIDER)
		up = child_promote(l, slot, SLOT_STANDBY_DECIDER, next);
	else
		up = false;
	if (!up)
		r = child_start(l, slot);
	c->replacement = true;
	if (r == 0 && !is_standby(slot))
		r = handover_child(l, slot);
	if (r < 0) {
		log_warn_r(
		    r, "replacing %s", process_name(child_processes[slot]));
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
	const char *name = process_name(child_processes[slot]);
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
	admin(l, ADMIN_CHILD_DIED, child_processes[slot],
	    (uint64_t)(uint32_t)status);
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
			    process_name(child_processes[i]));
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
	siginfo_t si = {.si_pid = 0};
	int status;

	while (waitid(P_ALL, 0, &si, WEXITED | WSTOPPED | WNOHANG | WNOWAIT) ==
		   0 &&
	       si.si_pid > 0) {
		/* Once it is reaped, its number may be a stranger's. */
		if (si.si_code != CLD_STOPPED && si.si_code != CLD_TRAPPED)
			own_pid_remove(l->pages.loader, si.si_pid);
		if (waitpid(si.si_pid, &status, WNOHANG | WUNTRACED) !=
		    si.si_pid)
			break;
		if (WIFSTOPPED(status))
			child_stopped(l, si.si_pid);
		else
			child_died(l, si.si_pid, status);
		si.si_pid = 0;
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
