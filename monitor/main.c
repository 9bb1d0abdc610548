/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doorward-monitor: answers permission events. It starts as a standby (all its
 * memory and code in place, nothing open but the loader's channel) and goes to
 * work when HELLO comes, without opening a file.
 */
#include "monitor/monitor.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "ipc/proc/child.h"
#include "ipc/proc/fd.h"
#include "ipc/proc/log.h"
#include "monitor/confine_monitor.h"

#define LOADER_QUEUE_MAX                                                       \
	256 /* questions for names; beyond, records go without */

/* Labels come through /proc, which the empty root does not have. */
static int
open_self(void)
{
	return open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* As many events in hand as the pending page can show. */
static void
raise_nofile(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) == -1)
		return;
	l.rlim_cur = l.rlim_max < PENDING_SLOTS ? l.rlim_max : PENDING_SLOTS;
	l.rlim_max = l.rlim_cur;
	(void)setrlimit(RLIMIT_NOFILE, &l);
}

static int
make_standby(struct monitor *m)
{
	int r;

	m->slots = calloc(1, sizeof(*m->slots));
	m->pending = calloc(1, sizeof(*m->pending));
	m->ask = calloc(1, sizeof(*m->ask));
	if (m->slots == NULL || m->pending == NULL || m->ask == NULL)
		return -ENOMEM;
	r = cache_new(&m->cache);
	if (r == 0)
		r = names_new(&m->names);
	if (r == 0)
		r = policy_parts_new(&m->parts);
	if (r == 0)
		r = chan_open(CHILD_FD_LOADER, PROCESS_MONITOR, PROCESS_LOADER,
		    from_loader_rows, from_loader_nrows, m, LOADER_QUEUE_MAX,
		    &m->loader);
	return r;
}

int
main(int argc, char **argv)
{
	static struct monitor m;
	int self fd_cleanup = open_self();
	int r;

	raise_nofile();
	/*
	 * The answer path must not wait for a page to be read back. Only what
	 * is touched is locked; an unprivileged --help run may fail this.
	 */
	if (mlockall(MCL_CURRENT | MCL_ONFAULT) == -1)
		log_debug("memory is not locked");
	if (child_enter_keep(argc, argv, "doorward-monitor",
		self > CHILD_FD_ROOT ? self : CHILD_FD_ROOT) < argc)
		fatalx("unexpected argument");
	if (self == -1 || dup3(self, MONITOR_FD_SELF, O_CLOEXEC) == -1)
		fatal("/proc/self/fd");
	fd_close(&self);
	r = make_standby(&m);
	if (r < 0)
		fatal_r(r, "starting");
	while (m.base == NULL) {
		if (chan_wait(m.loader, -1) < 0)
			fatal("waiting for the loader");
		r = chan_dispatch(m.loader);
		if (r == -ECONNRESET)
			return 0; /* a standby nobody needed */
		if (r < 0)
			fatal_r(r, "the loader's greeting");
	}
	(void)event_base_dispatch(m.base);
	if (vital_get(m.vitals->records_queued) > 0)
		log_warnx("ending with %llu records the store did not take",
		    (unsigned long long)vital_get(m.vitals->records_queued));
	return 0;
}
