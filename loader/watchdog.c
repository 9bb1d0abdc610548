/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loader's look at the others, every WATCHDOG_MS: openers past their
 * deadline are answered; a monitor that leaves work lying is killed and its
 * standby takes over; a store that does not move is killed.
 */
#include "loader/loader.h"

#include <sys/ioctl.h>

#include "ipc/proc/log.h"
#include "loader/overdue.h"

#define STUCK_LEAST_NS (80 * NS_PER_MS)
#define STUCK_MOST_NS NS_PER_S
#define STORE_STUCK_NS (10 * NS_PER_S)

static uint64_t
least_deadline_ns(const struct loader *l)
{
	const struct compiled_header *c = l->policy.view.compiled;
	uint64_t least = 2 * STUCK_MOST_NS;

	for (uint32_t i = 0; i < c->nwatches; i++) {
		uint64_t ns = compiled_watch(c, i)->deadline_ms * NS_PER_MS;

		if (ns < least)
			least = ns;
	}
	return least;
}

/* The openers it has not read yet have this long, at most. */
static uint64_t
stuck_limit(const struct loader *l)
{
	uint64_t half = least_deadline_ns(l) / 2;

	return half < STUCK_LEAST_NS ? STUCK_LEAST_NS : half;
}

uint64_t
watchdog_patience_ns(const struct loader *l)
{
	uint64_t most = least_deadline_ns(l) / 4 * 3;

	return most < STUCK_LEAST_NS ? STUCK_LEAST_NS : most;
}

static void
look_at_monitor(struct loader *l, uint64_t now)
{
	struct child *c = &l->children[SLOT_MONITOR];
	uint64_t beat = vital_get(l->pages.monitor->heartbeat_ns);
	unsigned int overdue = rescue_overdue(l, now);
	int queued = 0;

	if (c->pid == 0 || !c->hello)
		return;
	if (ioctl(l->kernel.group, FIONREAD, &queued) == -1)
		queued = 0;
	if (!stuck_look(&c->stuck, now, beat, overdue > 0 || queued > 0,
		stuck_limit(l)))
		return;
	log_warnx("the monitor (pid %d) is stuck: %d bytes of events unread, "
		  "%u openers overdue",
	    c->pid, queued, overdue);
	admin(l, ADMIN_CHILD_STUCK, PROCESS_MONITOR,
	    (now - c->stuck.since_ns) / NS_PER_MS);
	replace_monitor(l);
}

static void
look_at_store(struct loader *l, uint64_t now)
{
	struct child *c = &l->children[SLOT_STORE];

	if (!stuck_look(&c->stuck, now, vital_get(l->pages.store->heartbeat_ns),
		c->ready, STORE_STUCK_NS))
		return;
	log_warnx("the store (pid %d) does not move: killed", c->pid);
	c->stuck = (struct stuck){0, 0};
	child_kill(l, SLOT_STORE);
}

void
watchdog_tick(struct loader *l)
{
	uint64_t now = now_ns();

	vital_set(l->pages.loader->heartbeat_ns, now);
	if (!l->marking || l->stopping)
		return;
	look_at_monitor(l, now);
	if (rescue_nobody_reads(l)) {
		rescue_serve(l);
		serve_meanwhile(l);
	}
	look_at_store(l, now);
}
