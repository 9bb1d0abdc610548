/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Permission events in. State owned here: an event's descriptor from
 * kernel_read() until it is in an opening (pending.c owns it then) or handed to
 * to_kernel_answer(). Not owned: the answer, the record, the verdict.
 *
 * Nothing on this path opens, reads or logs anything, or waits.
 */
#include "monitor/monitor.h"

#include <errno.h>
#include <string.h>

static bool
is_own(const struct monitor *m, pid_t tid)
{
	/* 0: of another pid namespace; on the page, a place nobody uses. */
	if (tid <= 0)
		return false;
	for (size_t i = 0; i < OWN_PIDS_MAX; i++) {
		if (vital_get(m->loader_page->own_pids[i]) == (uint32_t)tid)
			return true;
	}
	return false;
}

/*
 * The table is full, or there is no policy: the default of the watches on this
 * device at once, without an opening to wait in.
 */
static void
answer_at_once(struct monitor *m, const struct kernel_event *e)
{
	static struct opening o; /* big, and none of it outlives the call */

	memset(&o, 0, offsetof(struct opening, path));
	o.fd = e->fd;
	o.read_ns = kernel_monotonic_ns();
	o.watch = WATCH_UNKNOWN;
	o.mode = MODE_AUDIT;
	if (m->policy.compiled != NULL && kernel_look(e->fd, &o.look) == 0)
		identify_settings(&m->policy, &o);
	vital_add(m->vitals->defaulted[DEFAULT_TABLE_FULL], 1);
	to_kernel_answer(m, e->fd,
	    o.mode == MODE_ENFORCE ? o.on_timeout : VERDICT_ALLOW, NULL);
}

/* Fills what can be known of an opening. false: not watched, after all. */
static bool
understand(struct monitor *m, struct opening *o, pid_t tid)
{
	struct joined joined;

	o->read_ns = kernel_monotonic_ns();
	o->ts = kernel_realtime_ns();
	o->generation = m->generation;
	/* It cannot fail on a descriptor we hold; zeroes match no identity. */
	(void)kernel_look(o->fd, &o->look);
	if (slots_join(m->slots, tid, &o->look, &o->subject, &joined)) {
		o->oflags = joined.oflags;
		o->ops = slots_ops(joined.oflags);
	} else {
		o->ops = OPS_UNKNOWN;
		vital_add(m->vitals->context_unknown, 1);
	}
	o->watch = identify(&m->policy, o, &joined);
	if (o->watch == WATCH_NONE)
		return false;
	identify_settings(&m->policy, o);
	return true;
}

static void
take_event(struct monitor *m, const struct kernel_event *e)
{
	struct opening *o;

	vital_add(m->vitals->events, 1);
	if (e->fd < 0) {
		/* The kernel refused the opener itself (FAN_REPORT_FD_ERROR).
		 */
		vital_add(m->vitals->events_without_fd, 1);
		return;
	}
	if (is_own(m, e->tid)) {
		vital_add(m->vitals->own_allowed, 1);
		to_kernel_answer(m, e->fd, VERDICT_ALLOW, NULL);
		return;
	}
	o = m->policy.compiled == NULL ? NULL : pending_take(m->pending, e->fd);
	if (o == NULL) {
		answer_at_once(m, e);
		return;
	}
	if (!understand(m, o, e->tid)) {
		int fd = o->fd;

		o->fd = -1;
		pending_release(m->pending, o);
		to_kernel_answer(m, fd, VERDICT_ALLOW, NULL);
		return;
	}
	if (cache_find(m->cache, m->generation, o, &o->judged)) {
		vital_add(m->vitals->from_cache, 1);
		finish_judged(m, o);
		if (o->state != OPENING_ANSWERED)
			pending_show(m->pending, o);
		return;
	}
	pending_show(m->pending, o);
	to_decider_ask(m, o);
}

/*
 * Does the read say what became of one opener only? The kernel refused him: the
 * event's descriptor could not be opened, and before FAN_REPORT_FD_ERROR that
 * is all it tells (copy_event_to_user() of fs/notify/fanotify).
 */
static bool
is_one_openers(int r)
{
	return r != -EBADF && r != -EFAULT && r != -EINVAL && r != -EPROTO;
}

int
from_fanotify_turn(struct monitor *m)
{
	static struct kernel_event events[KERNEL_EVENTS_MAX];
	int n;

	vital_set(m->vitals->entered_read_ns, kernel_monotonic_ns());
	n = kernel_read(m->group, events);
	vital_set(m->vitals->entered_read_ns, 0);
	if (n < 0 && is_one_openers(n)) {
		vital_add(m->vitals->events_without_fd, 1);
		n = 0;
	}
	for (int i = 0; i < n; i++)
		take_event(m, &events[i]);
	monitor_turn_end(m);
	return n < 0 ? n : 0;
}

/*
 * Turns in a row without asking the loop, so that timers and channels are
 * served under a flood, too.
 */
#define TURNS_MAX 16

/*
 * Whoever was just let go often opens again before we sleep (on one CPU,
 * always): one more read costs less than being told by epoll.
 */
static void
read_again(struct monitor *m)
{
	bool woke = m->to_kernel.woke;

	m->to_kernel.woke = false;
	if (woke && m->again < TURNS_MAX) {
		m->again++;
		monitor_again(m);
	} else {
		m->again = 0;
	}
}

void
monitor_turn_end(struct monitor *m)
{
	uint64_t next;

	/* Questions first: the decider thinks while we write. */
	(void)to_decider_flush(m);
	to_kernel_flush(m);
	/* A name precedes the records that need it. */
	if (names_tell(m->names, m->to_store))
		to_store_flush(m->to_store);
	if (to_store_blocked(m->to_store))
		monitor_await_store(m);
	vital_set(m->vitals->heartbeat_ns, kernel_monotonic_ns());
	read_again(m);
	if (m->pending->nactive == 0)
		return;
	next = pending_next_ns(m->pending);
	if (next < m->armed_ns)
		monitor_arm(m, next);
}
