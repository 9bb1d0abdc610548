/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/replay/world.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/proc/fd.h"

#define TURN_MESSAGES 64
#define HEARTBEAT_NS 1000000000u

struct world world;

/* --- what loop.c and setup.c do around the library --- */

int
monitor_setup(
    struct monitor *m, const struct msg_HELLO_MONITOR *hello, int *fds)
{
	(void)m;
	(void)hello;
	(void)fds;
	fake_fail("nobody says HELLO here");
}

int
monitor_new_decider(struct monitor *m, int fd)
{
	struct chan *c, *old = m->decider;
	int r;

	chan_close(&old);
	r = chan_open(fd, PROCESS_MONITOR, PROCESS_DECIDER, from_decider_rows,
	    from_decider_nrows, m, 0, &c);

	if (r < 0)
		return r;
	peers_decider_here(m, c);
	return 0;
}

int
monitor_new_store(struct monitor *m, int fd)
{
	struct chan *c, *old = m->store;
	int r;

	chan_close(&old);
	r = chan_open(fd, PROCESS_MONITOR, PROCESS_STORE, from_store_rows,
	    from_store_nrows, m, 0, &c);

	if (r < 0)
		return r;
	peers_store_here(m, c);
	return 0;
}

void
monitor_again(struct monitor *m)
{
	(void)m; /* scripts say when the kernel has something */
}

void
monitor_arm(struct monitor *m, uint64_t when_ns)
{
	m->armed_ns = when_ns;
}

void
monitor_await_store(struct monitor *m)
{
	(void)m;
	world.awaits_store = true;
}

int
monitor_listen(struct monitor *m)
{
	(void)m;
	return 0;
}

void
monitor_stop(struct monitor *m)
{
	(void)m;
	world.stopped = true;
}

/* --- the far ends --- */

static struct arrival *
arrived(struct arrivals *a, uint16_t type)
{
	struct arrival *one;

	if (a->n == a->room) {
		a->room = a->room == 0 ? 256 : a->room * 2;
		a->all = realloc(a->all, a->room * sizeof(*a->all));
		if (a->all == NULL)
			fake_fail("out of memory");
	}
	one = &a->all[a->n++];
	memset(one, 0, sizeof(*one));
	one->type = type;
	return one;
}

const struct arrival *
arrivals_take(struct arrivals *a)
{
	return a->next < a->n ? &a->all[a->next++] : NULL;
}

const struct arrival *
arrivals_take_type(struct arrivals *a, uint16_t type)
{
	for (size_t i = a->next; i < a->n; i++) {
		struct arrival one = a->all[i];

		if (one.type != type)
			continue;
		/* It moves to the front; the others keep their order. */
		memmove(&a->all[a->next + 1], &a->all[a->next],
		    (i - a->next) * sizeof(one));
		a->all[a->next] = one;
		return arrivals_take(a);
	}
	return NULL;
}

static int
on_ask(struct chan *c, const void *msg, int *fds, void *ctx)
{
	const struct msg_ASK *m = msg;

	(void)c;
	(void)fds;
	(void)ctx;
	for (uint16_t i = 0; i < m->asks_count; i++) {
		struct arrival *a = arrived(&world.to_decider, MSG_ASK);

		a->generation = m->generation;
		a->ask = m->asks[i];
	}
	return 0;
}

static int
on_records(struct chan *c, const void *msg, int *fds, void *ctx)
{
	const struct msg_RECORDS *m = msg;

	(void)c;
	(void)fds;
	(void)ctx;
	for (uint16_t i = 0; i < m->records_count; i++) {
		const struct rec_EVENT *e = &m->records[i];
		size_t n = offsetof(struct rec_EVENT, path) + e->path_len + 1u;
		struct arrival *a = arrived(&world.to_store, MSG_RECORDS);

		a->record = malloc(n);
		if (a->record == NULL)
			fake_fail("out of memory");
		memcpy(a->record, e, n);
	}
	return 0;
}

static int
on_lost(struct chan *c, const void *msg, int *fds, void *ctx)
{
	(void)c;
	(void)fds;
	(void)ctx;
	arrived(&world.to_store, MSG_LOST)->lost =
	    *(const struct msg_LOST *)msg;
	return 0;
}

static int
on_label_store(struct chan *c, const void *msg, int *fds, void *ctx)
{
	const struct msg_LABEL_STORE *m = msg;
	struct arrival *a = arrived(&world.to_store, MSG_LABEL_STORE);

	(void)c;
	(void)fds;
	(void)ctx;
	a->label.dev = m->dev;
	a->label.ino = m->ino;
	if (m->path_len < sizeof(a->label.path))
		memcpy(a->label.path, m->path, m->path_len);
	return 0;
}

static int
on_who(struct chan *c, const void *msg, int *fds, void *ctx)
{
	(void)c;
	(void)fds;
	(void)ctx;
	arrived(&world.to_loader, MSG_WHO)->who = *(const struct msg_WHO *)msg;
	return 0;
}

static int
on_overdue(struct chan *c, const void *msg, int *fds, void *ctx)
{
	const struct msg_DECIDER_OVERDUE *m = msg;

	(void)c;
	(void)fds;
	(void)ctx;
	arrived(&world.to_loader, MSG_DECIDER_OVERDUE)->timeouts = m->timeouts;
	return 0;
}

static const struct chan_row loader_rows[] = {
    {MSG_WHO, false, 0, on_who},
    {MSG_DECIDER_OVERDUE, false, 0, on_overdue},
};
static const struct chan_row decider_rows[] = {
    {MSG_ASK, false, 0, on_ask},
};
static const struct chan_row store_rows[] = {
    {MSG_RECORDS, false, 0, on_records},
    {MSG_LABEL_STORE, false, 0, on_label_store},
    {MSG_LOST, false, 0, on_lost},
};

/* --- moving --- */

static bool
far_end(struct chan *c, bool hangs)
{
	int r;

	if (c == NULL)
		return false;
	if (chan_flush(c) < 0)
		return false;
	r = hangs ? 0 : chan_dispatch_all(c, TURN_MESSAGES);
	if (r < 0 && r != -ECONNRESET)
		fake_fail("the monitor sent nonsense: %d", r);
	return r > 0;
}

/* The monitor's ends, as loop.c's events drive them. */
static bool
monitor_ends(void)
{
	struct monitor *m = &world.m;
	bool moved = false;
	int r;

	if (m->decider != NULL) {
		r = chan_dispatch_all(m->decider, TURN_MESSAGES);
		moved = moved || r > 0;
		if (r < 0) {
			struct chan *c = m->decider;

			peers_decider_gone(m, r);
			chan_close(&c);
			moved = true;
		}
	}
	r = chan_dispatch_all(m->loader, TURN_MESSAGES);
	if (r < 0)
		fake_fail("the monitor ends: the loader's message: %d", r);
	(void)chan_flush(m->loader);
	moved = moved || r > 0;
	if (m->store != NULL) {
		r = chan_dispatch_all(m->store, TURN_MESSAGES);
		moved = moved || r > 0;
		if (r < 0) {
			struct chan *c = m->store;

			peers_store_gone(m);
			chan_close(&c);
			moved = true;
		}
	}
	return moved;
}

/* The monitor is woken when its store takes something again. */
static bool
store_takes(void)
{
	struct pollfd p = {.events = POLLOUT};

	if (!world.awaits_store || world.m.store == NULL)
		return false;
	p.fd = chan_fd(world.m.store);
	if (poll(&p, 1, 0) != 1 || p.revents != POLLOUT)
		return false;
	world.awaits_store = false;
	monitor_turn_end(&world.m);
	return true;
}

void
world_pump(void)
{
	bool moved;

	do {
		moved = monitor_ends();
		moved = far_end(world.loader, false) || moved;
		moved = far_end(world.decider, world.decider_hangs) || moved;
		moved = far_end(world.store, world.store_hangs) || moved;
		moved = store_takes() || moved;
	} while (moved);
}

void
world_turn(void)
{
	int r = from_fanotify_turn(&world.m);

	if (r < 0)
		fake_fail("the monitor ends: reading the group: %d", r);
	world_pump();
}

void
world_time(uint64_t ns)
{
	uint64_t end = fake_now() + ns;
	uint64_t beat = fake_now() + HEARTBEAT_NS;
	unsigned int still = 0;

	for (;;) {
		uint64_t next =
		    world.m.armed_ns < beat ? world.m.armed_ns : beat;

		if (next > end)
			break;
		still = next <= fake_now() ? still + 1 : 0;
		if (still > 8)
			fake_fail("the deadline timer does not come to rest");
		if (next > fake_now())
			fake_set_now(next);
		if (next == beat) {
			monitor_turn_end(&world.m);
			beat += HEARTBEAT_NS;
		} else {
			peers_deadline(&world.m);
		}
		world_pump();
	}
	fake_set_now(end);
}

static void
send(struct chan *c, const char *who, uint16_t type, const void *msg,
    const int *fds)
{
	int r;

	if (c == NULL)
		fake_fail("there is no %s", who);
	r = chan_send(c, type, msg, fds);
	if (r < 0)
		fake_fail("sending as %s: %d", who, r);
	world_pump();
}

void
world_from_decider(uint16_t type, const void *msg)
{
	send(world.decider, "decider", type, msg, NULL);
}

void
world_from_store(uint16_t type, const void *msg)
{
	send(world.store, "store", type, msg, NULL);
}

void
world_from_loader(uint16_t type, const void *msg)
{
	send(world.loader, "loader", type, msg, NULL);
}

/* --- peers --- */

/* A pair; the far end is opened as peer, the other is the monitor's. */
static int
new_end(enum wire_process peer, const struct chan_row *rows, size_t nrows,
    size_t queue_max, struct chan **ret_far)
{
	int fds[2];

	chan_close(ret_far);
	if (chan_pair(fds) < 0 || chan_open(fds[1], peer, PROCESS_MONITOR, rows,
				      nrows, NULL, queue_max, ret_far) < 0)
		fake_fail("no channel");
	return fds[0];
}

void
world_decider_dies(void)
{
	chan_close(&world.decider);
	world_pump();
}

void
world_new_decider(void)
{
	struct msg_NEW_DECIDER msg = {1};
	int fd fd_cleanup =
	    new_end(PROCESS_DECIDER, decider_rows, 1, 4096, &world.decider);

	world.decider_hangs = false;
	send(world.loader, "loader", MSG_NEW_DECIDER, &msg, &fd);
}

void
world_store_dies(void)
{
	chan_close(&world.store);
	world_pump();
}

static void
store_greets(uint64_t token)
{
	struct msg_SEALED msg = {token};

	world.store_hangs = false;
	world_from_store(MSG_SEALED, &msg);
}

void
world_new_store(uint64_t token)
{
	struct msg_NEW_STORE_MONITOR msg = {1};
	int fd fd_cleanup =
	    new_end(PROCESS_STORE, store_rows, 3, 4096, &world.store);

	send(world.loader, "loader", MSG_NEW_STORE_MONITOR, &msg, &fd);
	store_greets(token);
}

void
world_new(uint8_t rung)
{
	struct monitor *m = &world.m;
	int fd;

	world.slots = calloc(SLOT_COUNT, sizeof(*world.slots));
	world.loader_page = calloc(1, sizeof(*world.loader_page));
	m->vitals = calloc(1, sizeof(*m->vitals));
	m->slots = calloc(1, sizeof(*m->slots));
	m->pending = calloc(1, sizeof(*m->pending));
	m->ask = calloc(1, sizeof(*m->ask));
	if (world.slots == NULL || world.loader_page == NULL ||
	    m->vitals == NULL || m->slots == NULL || m->pending == NULL ||
	    m->ask == NULL || cache_new(&m->cache) < 0 ||
	    names_new(&m->names) < 0 || policy_parts_new(&m->parts) < 0 ||
	    to_store_new(m->vitals, WORLD_EPOCH, &m->to_store) < 0)
		fake_fail("out of memory");
	m->slots->map = world.slots;
	m->slots->rung = rung;
	m->loader_page = world.loader_page;
	m->armed_ns = UINT64_MAX;
	pending_init(m->pending, m->vitals);
	fd = new_end(PROCESS_LOADER, loader_rows, 2, 4096, &world.loader);
	if (chan_open(fd, PROCESS_MONITOR, PROCESS_LOADER, from_loader_rows,
		from_loader_nrows, m, 256, &m->loader) < 0)
		fake_fail("no channel");
	chan_set_phase(m->loader, 1);
	world_new_decider();
	world_new_store(0);
}
