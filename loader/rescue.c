/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers from the loader's own copy of the group. An answer names the event by
 * the descriptor number its reader got, so whoever holds the group can give it,
 * and whoever gives one for a number that is in use again releases a stranger.
 * Therefore: a dead monitor's numbers are all answered before its successor
 * reads; a living one's only when the page still says that very event waits.
 */
#include "loader/loader.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ipc/proc/fd.h"
#include "ipc/proc/log.h"
#include "loader/overdue.h"

#define GRACE_NS (25 * NS_PER_MS) /* the monitor's own timer comes first */
#define BATCH 256
#define SERVE_EVENTS 64
/*
 * Numbers are given lowest first: what a monitor had read but not yet written
 * into its page lies close above what it had.
 */
#define BEYOND 2048

static bool
answer(struct loader *l, uint32_t number, unsigned int verdict,
    struct rescued *count)
{
	struct fanotify_response r = {.fd = (int)number,
	    .response = verdict == VERDICT_ALLOW ? FAN_ALLOW : FAN_DENY};

	if (write(l->kernel.group, &r, sizeof(r)) != (ssize_t)sizeof(r)) {
		/* ENOENT: nobody waits under this number. */
		if (errno != ENOENT)
			log_warn("answering for the monitor");
		return false;
	}
	if (verdict == VERDICT_ALLOW)
		count->allowed++;
	else
		count->denied++;
	return true;
}

/* Counted now, said with the next tick: there may be many in a moment. */
static void
note(struct loader *l, const struct rescued *count)
{
	struct vitals_loader *page = l->pages.loader;

	vital_add(page->rescued_allow, count->allowed);
	vital_add(page->rescued_deny, count->denied);
	l->rescued.allowed += count->allowed;
	l->rescued.denied += count->denied;
}

void
rescue_report(struct loader *l)
{
	const struct rescued *count = &l->rescued;

	if (count->allowed + count->denied == 0)
		return;
	log_warnx("answered in place of the monitor: %llu allowed, %llu denied",
	    (unsigned long long)count->allowed,
	    (unsigned long long)count->denied);
	admin(l, ADMIN_RESCUED, count->allowed, count->denied);
	l->rescued = (struct rescued){0, 0};
}

struct strictest {
	const struct compiled_header *c;
	unsigned int verdict;
};

/* In audit mode nothing is denied, by nobody. */
static unsigned int
watch_default(const struct compiled_watch *w)
{
	return w->mode == MODE_ENFORCE ? w->on_timeout : VERDICT_ALLOW;
}

static void
consider(uint32_t watch, void *ctx)
{
	struct strictest *s = ctx;

	if (watch_default(compiled_watch(s->c, watch)) == VERDICT_DENY)
		s->verdict = VERDICT_DENY;
}

unsigned int
rescue_default(const struct loader *l, uint64_t dev)
{
	struct strictest s = {l->policy.view.compiled, VERDICT_ALLOW};

	if (s.c == NULL || l->policy.view.resolved == NULL)
		return VERDICT_ALLOW;
	if (dev != 0) {
		resolved_watches_on(l->policy.view.resolved, dev, consider, &s);
		return s.verdict;
	}
	for (uint32_t i = 0; i < s.c->nwatches; i++)
		consider(i, &s);
	return s.verdict;
}

/*
 * The default of the watch that the event's file belongs to, if its path can be
 * believed (as the monitor does); else the strictest on its device.
 */
static unsigned int
default_of(const struct loader *l, int fd)
{
	static char path[PATH_BYTES_MAX + 1];
	const struct policy_view *v = &l->policy.view;
	char link[32];
	struct look look;
	uint32_t watch;
	ssize_t n;

	if (look_at(fd, "", AT_EMPTY_PATH, &look) < 0)
		return rescue_default(l, 0);
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, PATH_BYTES_MAX);
	if (n <= 0 || v->compiled == NULL || v->resolved == NULL ||
	    !resolved_mount_known(v->resolved, look.dev, look.mnt_id))
		return rescue_default(l, look.dev);
	watch = compiled_find_watch(v->compiled, path, (size_t)n);
	if (watch >= v->compiled->nwatches)
		return rescue_default(l, look.dev);
	return watch_default(compiled_watch(v->compiled, watch));
}

void
rescue_drain(struct loader *l)
{
	struct vitals_monitor *page = l->pages.monitor;
	struct overdue list[BATCH];
	struct rescued count = {0, 0};
	unsigned int other = rescue_default(l, 0);
	size_t at = 0, n, top = 0;

	while ((n = overdue_find_waiting(
		    page->pending, PENDING_SLOTS, &at, list, BATCH)) > 0) {
		for (size_t i = 0; i < n; i++) {
			(void)answer(
			    l, list[i].number, list[i].verdict, &count);
			vital_set(
			    page->pending[list[i].number].state, PENDING_FREE);
			top = list[i].number;
		}
	}
	for (uint32_t i = 0; i < PENDING_SLOTS && i < top + BEYOND; i++) {
		if (answer(l, i, other, &count) && i >= top)
			top = i;
	}
	vital_set(page->pending_now, 0);
	vital_set(page->entered_read_ns, 0);
	vital_set(page->heartbeat_ns, now_ns());
	note(l, &count);
}

unsigned int
rescue_overdue(struct loader *l, uint64_t now)
{
	const struct vitals_monitor *page = l->pages.monitor;
	struct overdue list[BATCH];
	struct rescued count = {0, 0};
	unsigned int found = 0;
	size_t at = 0, n;

	if (vital_get(page->pending_now) == 0)
		return 0;
	while ((n = overdue_find(page->pending, PENDING_SLOTS, now, GRACE_NS,
		    &at, list, BATCH)) > 0) {
		for (size_t i = 0; i < n; i++) {
			size_t again = list[i].number;
			struct overdue one;

			if (overdue_find(page->pending, again + 1, now,
				GRACE_NS, &again, &one, 1) == 1)
				(void)answer(
				    l, one.number, one.verdict, &count);
		}
		found += (unsigned int)n;
	}
	note(l, &count);
	return found;
}

/* Has the monitor taken what we sent it? Until then it does not read events. */
static bool
monitor_has_read(const struct child *c)
{
	int unread = 0;

	return c->chan != NULL &&
	       ioctl(chan_fd(c->chan), SIOCOUTQ, &unread) == 0 && unread == 0 &&
	       !chan_wants_write(c->chan);
}

static bool
nobody_is_there(const struct loader *l)
{
	const struct child *c = &l->children[SLOT_MONITOR];

	return c->pid == 0 || !c->hello;
}

bool
rescue_nobody_reads(struct loader *l)
{
	struct child *c = &l->children[SLOT_MONITOR];

	if (nobody_is_there(l))
		return true;
	/*
	 * It may wait for a processor: what it will judge rightly is not
	 * answered wrongly before its time is nearly over.
	 */
	if (now_ns() - c->hello_ns < watchdog_patience_ns(l))
		return false;
	/*
	 * Only once: later messages lie unread while it is busy with events,
	 * and with two readers a number means two openers.
	 */
	c->reads = c->reads || monitor_has_read(c);
	return !c->reads;
}

void
rescue_serve(struct loader *l)
{
	struct rescued count = {0, 0};

	for (int i = 0; i < SERVE_EVENTS && rescue_nobody_reads(l); i++) {
		struct fanotify_event_metadata e;
		struct rescued own = {0, 0};

		/*
		 * Room for one: nothing is read that is not answered here. The
		 * spare number is given up for it: a monitor that wakes up now
		 * reads into higher ones, and no answer meets the wrong opener.
		 */
		fd_close(&l->kernel.spare);
		if (read(l->kernel.group, &e, sizeof(e)) != (ssize_t)sizeof(e))
			break;
		if (e.fd < 0)
			continue;
		assert(e.fd < EVENT_FDS_FROM);
		if (own_pid_is(l->pages.loader, e.pid)) {
			(void)answer(l, (uint32_t)e.fd, VERDICT_ALLOW, &own);
		} else {
			(void)answer(
			    l, (uint32_t)e.fd, default_of(l, e.fd), &count);
		}
		(void)close(e.fd);
	}
	if (l->kernel.spare == -1)
		kernel_spare(&l->kernel);
	note(l, &count);
	/* Who comes now has his time before him, too. */
	if (!nobody_is_there(l))
		l->children[SLOT_MONITOR].hello_ns = now_ns();
}

static void
serve(struct loader *l, void *arg)
{
	(void)arg;
	if (nobody_is_there(l))
		rescue_serve(l);
	else
		loop_remove(l, &l->group_source);
}

/* Our own programs may lie in a watched tree: somebody must let them start. */
void
serve_meanwhile(struct loader *l)
{
	if (l->group_source.fd >= 0 || !nobody_is_there(l))
		return;
	l->group_source = (struct loop_source){
	    .fd = l->kernel.group, .ready = serve, .arg = NULL};
	if (loop_add(l, &l->group_source) < 0)
		l->group_source.fd = -1; /* the watchdog serves, slower */
}
