/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The libevent loop: which descriptor calls what, and what becomes of the
 * process when a peer goes away. Answers come before everything: the group and
 * the decider have the higher priority.
 */
#include "monitor/monitor.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <unistd.h>

#include "ipc/proc/fd.h"
#include "ipc/proc/log.h"
#include "ipc/wire/chan_event.h"
#include "monitor/confine_monitor.h"

enum { PRIORITY_ANSWERS, PRIORITY_REST, PRIORITIES };

static const struct timeval heartbeat = {1, 0};

static void
on_group(evutil_socket_t fd, short what, void *arg)
{
	struct monitor *m = arg;
	int r = from_fanotify_turn(m);

	(void)fd;
	(void)what;
	/* A group that cannot be read is not a degraded mode. */
	if (r < 0)
		fatal_r(r, "reading the group");
}

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct monitor *m = arg;

	(void)fd;
	(void)what;
	peers_deadline(m);
}

static void
on_heartbeat(evutil_socket_t fd, short what, void *arg)
{
	struct monitor *m = arg;

	(void)fd;
	(void)what;
	monitor_turn_end(m);
}

static void
on_store_writable(evutil_socket_t fd, short what, void *arg)
{
	struct monitor *m = arg;

	(void)fd;
	(void)what;
	monitor_turn_end(m);
	if (m->stopping && vital_get(m->vitals->records_queued) == 0)
		(void)event_base_loopbreak(m->base);
}

static void
loader_ended(struct chan *c, int r, void *ctx)
{
	(void)c;
	(void)ctx;
	/* Without the loader nobody guards our deadlines: hand back by dying.
	 */
	fatal_r(r, "the loader is gone");
}

static void
decider_ended(struct chan *c, int r, void *ctx)
{
	struct monitor *m = ctx;

	(void)c;
	if (r == -EPROTO)
		log_warnx("the decider broke the protocol");
	chan_event_detach(&m->decider_event);
	/*
	 * The number must stay taken, or an event descriptor would get it: the
	 * dead socket stays open until a successor's is moved onto it.
	 */
	peers_decider_gone(m, r);
}

static void
detach_store(struct monitor *m)
{
	(void)event_del(m->store_writable);
	chan_event_detach(&m->store_event);
}

static void
store_ended(struct chan *c, int r, void *ctx)
{
	struct monitor *m = ctx;

	(void)c;
	if (r == -EPROTO)
		log_warnx("the store broke the protocol");
	detach_store(m);
	peers_store_gone(m);
}

/* Moves a successor's channel onto its number and opens it there. */
static int
successor(struct monitor *m, int fd, int number, enum wire_process peer,
    const struct chan_row *rows, size_t nrows, struct chan **ret)
{
	int owned fd_cleanup = fd;

	if (dup3(owned, number, O_CLOEXEC) == -1)
		return -errno;
	return chan_open(number, PROCESS_MONITOR, peer, rows, nrows, m, 0, ret);
}

int
monitor_new_decider(struct monitor *m, int fd)
{
	struct chan *c;
	int r;

	chan_event_detach(&m->decider_event);
	r = successor(m, fd, MONITOR_FD_DECIDER, PROCESS_DECIDER,
	    from_decider_rows, from_decider_nrows, &c);
	if (r == 0)
		r = chan_event_attach(m->base, c, PRIORITY_ANSWERS,
		    decider_ended, m, &m->decider_event);
	if (r < 0)
		return r;
	peers_decider_here(m, c);
	return 0;
}

int
monitor_new_store(struct monitor *m, int fd)
{
	struct chan *c;
	int r;

	detach_store(m);
	r = successor(m, fd, MONITOR_FD_STORE, PROCESS_STORE, from_store_rows,
	    from_store_nrows, &c);
	if (r == 0)
		r = chan_event_attach(
		    m->base, c, PRIORITY_REST, store_ended, m, &m->store_event);
	if (r < 0)
		return r;
	peers_store_here(m, c);
	return 0;
}

void
monitor_arm(struct monitor *m, uint64_t when_ns)
{
	uint64_t now = kernel_monotonic_ns();
	uint64_t us = when_ns > now ? (when_ns - now + 999) / 1000 : 0;
	struct timeval tv = {
	    (time_t)(us / 1000000), (suseconds_t)(us % 1000000)};

	if (m->deadline_event == NULL)
		return;
	m->armed_ns = when_ns;
	(void)event_add(m->deadline_event, &tv);
}

void
monitor_await_store(struct monitor *m)
{
	(void)event_add(m->store_writable, NULL);
}

int
monitor_listen(struct monitor *m)
{
	if (m->group_event == NULL)
		return 0;
	return event_add(m->group_event, NULL) == -1 ? -ENOMEM : 0;
}

void
monitor_again(struct monitor *m)
{
	/* Runs in this pass of the loop, without a wait in between. */
	if (m->group_event != NULL &&
	    event_pending(m->group_event, EV_READ, NULL) != 0)
		event_active(m->group_event, EV_READ, 0);
}

void
monitor_stop(struct monitor *m)
{
	static const struct timeval bound = {1, 0};

	/* What is recorded is not lost by stopping: the store takes it first.
	 */
	monitor_turn_end(m);
	m->stopping = true;
	if (vital_get(m->vitals->records_queued) == 0)
		(void)event_base_loopbreak(m->base);
	else
		(void)event_base_loopexit(m->base, &bound);
}

static struct event *
new_event(struct monitor *m, int fd, short what, event_callback_fn call)
{
	struct event *e = event_new(m->base, fd, what, call, m);

	if (e != NULL)
		(void)event_priority_set(e, PRIORITY_ANSWERS);
	return e;
}

int
monitor_loop_new(struct monitor *m)
{
	int r;

	m->base = event_base_new();
	if (m->base == NULL ||
	    event_base_priority_init(m->base, PRIORITIES) == -1)
		return -ENOMEM;
	m->armed_ns = UINT64_MAX;
	m->group_event = new_event(m, m->group, EV_READ | EV_PERSIST, on_group);
	m->deadline_event = new_event(m, -1, 0, on_deadline);
	m->heartbeat_event = new_event(m, -1, EV_PERSIST, on_heartbeat);
	m->store_writable =
	    new_event(m, MONITOR_FD_STORE, EV_WRITE, on_store_writable);
	if (m->group_event == NULL || m->deadline_event == NULL ||
	    m->heartbeat_event == NULL || m->store_writable == NULL ||
	    event_add(m->heartbeat_event, &heartbeat) == -1)
		return -ENOMEM;
	r = chan_event_attach(m->base, m->loader, PRIORITY_REST, loader_ended,
	    m, &m->loader_event);
	if (r == 0)
		r = chan_event_attach(m->base, m->decider, PRIORITY_ANSWERS,
		    decider_ended, m, &m->decider_event);
	if (r == 0)
		r = chan_event_attach(m->base, m->store, PRIORITY_REST,
		    store_ended, m, &m->store_event);
	return r;
}
