/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From HELLO to READY: every descriptor on its fixed number (the filter stands
 * on numbers), shared pages mapped, no number below MONITOR_FD_EVENTS free, the
 * sandbox.
 */
#include "monitor/monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ipc/proc/fd.h"
#include "ipc/proc/log.h"
#include "monitor/confine_monitor.h"

/* What HELLO_MONITOR carries, in order. */
enum {
	HELLO_GROUP,
	HELLO_SLOTS,
	HELLO_VITALS,
	HELLO_LOADER_PAGE,
	HELLO_DECIDER,
	HELLO_STORE
};

/* Out of the way of the fixed numbers before anything is moved onto one. */
#define ABOVE_ALL_FIXED 64

static int
map_pages(struct monitor *m, const int *fds)
{
	void *p;

	p = mmap(NULL, sizeof(struct slot) * SLOT_COUNT, PROT_READ, MAP_SHARED,
	    fds[HELLO_SLOTS], 0);
	if (p == MAP_FAILED)
		return -errno;
	m->slots->map = p;
	p = mmap(NULL, sizeof(struct vitals_monitor), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fds[HELLO_VITALS], 0);
	if (p == MAP_FAILED)
		return -errno;
	m->vitals = p;
	p = mmap(NULL, sizeof(struct vitals_loader), PROT_READ, MAP_SHARED,
	    fds[HELLO_LOADER_PAGE], 0);
	if (p == MAP_FAILED)
		return -errno;
	m->loader_page = p;
	return 0;
}

static int
move_fds(int *fds)
{
	static const struct {
		int from, to;
	} moves[] = {
	    {HELLO_GROUP, MONITOR_FD_GROUP},
	    {HELLO_DECIDER, MONITOR_FD_DECIDER},
	    {HELLO_STORE, MONITOR_FD_STORE},
	};

	for (int i = 0; i < MSG_HELLO_MONITOR_NFDS; i++) {
		int up = fcntl(fds[i], F_DUPFD_CLOEXEC, ABOVE_ALL_FIXED);

		if (up == -1)
			return -errno;
		fd_close(&fds[i]);
		fds[i] = up;
	}
	for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
		if (dup3(fds[moves[i].from], moves[i].to, O_CLOEXEC) == -1)
			return -errno;
	}
	for (int i = 0; i < MSG_HELLO_MONITOR_NFDS; i++)
		fd_close(&fds[i]);
	return 0;
}

/* Duplicates of the log pipe, which nothing can be read from. */
static int
fill_low_numbers(void)
{
	int fd;

	do {
		fd = fcntl(MONITOR_FD_LOG, F_DUPFD_CLOEXEC, 0);
		if (fd == -1)
			return -errno;
	} while (fd < MONITOR_FD_EVENTS);
	(void)close(fd);
	return 0;
}

static int
make_tables(struct monitor *m, const struct msg_HELLO_MONITOR *hello)
{
	int r;

	m->vitals->magic = VITALS_MAGIC;
	m->vitals->bytes = sizeof(*m->vitals);
	vital_set(m->vitals->epoch, hello->epoch);
	m->slots->rung = hello->context;
	pending_init(m->pending, m->vitals);
	r = to_store_new(m->vitals, hello->epoch, &m->to_store);
	if (r == 0)
		r = chan_open(MONITOR_FD_DECIDER, PROCESS_MONITOR,
		    PROCESS_DECIDER, from_decider_rows, from_decider_nrows, m,
		    0, &m->decider);
	if (r == 0)
		r = chan_open(MONITOR_FD_STORE, PROCESS_MONITOR, PROCESS_STORE,
		    from_store_rows, from_store_nrows, m, 0, &m->store);
	if (r == 0)
		to_store_channel(m->to_store, m->store);
	return r;
}

int
monitor_setup(
    struct monitor *m, const struct msg_HELLO_MONITOR *hello, int *fds)
{
	struct msg_READY_MONITOR ready = {(uint32_t)getpid()};
	int r;

	if (memcmp(hello->table, msg_table_hash, sizeof(hello->table)) != 0)
		fatalx("the loader is of another build");
	r = map_pages(m, fds);
	if (r == 0)
		r = move_fds(fds);
	if (r == 0)
		r = make_tables(m, hello);
	m->group = MONITOR_FD_GROUP;
	if (r == 0)
		r = monitor_loop_new(m);
	if (r == 0)
		r = fill_low_numbers();
	if (r == 0)
		r = confine_apply(&confine_monitor);
	if (r < 0)
		fatal_r(r, "setting up");
	return chan_send(m->loader, MSG_READY_MONITOR, &ready, NULL);
}
