/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doorward-query: the process people and collectors talk to. It reads the log
 * and the vitals pages; it holds no key, can write no file, and nobody waits
 * for it.
 */
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>

#include "ipc/proc/child.h"
#include "ipc/proc/fd.h"
#include "ipc/proc/log.h"
#include "ipc/wire/chan.h"

#include "store/confine_query.h"
#include "store/query.h"

struct hello {
	bool taken;
	struct query_start start;
};

static int
on_hello(struct chan *c, const void *msg, int *fds, void *ctx)
{
	const struct msg_HELLO_QUERY *m = msg;
	struct hello *h = ctx;

	(void)c;
	if (sodium_memcmp(m->table, msg_table_hash, sizeof(m->table)) != 0)
		fatalx("the loader speaks another build's messages");
	h->start.store_fd = take_fd(&fds[0]);
	h->start.control_fd = take_fd(&fds[1]);
	h->start.events_fd = take_fd(&fds[2]);
	h->start.loader_page = take_fd(&fds[3]);
	h->start.monitor_page = take_fd(&fds[4]);
	h->start.store_page = take_fd(&fds[5]);
	h->start.admin_gid = m->admin_gid;
	h->start.events_format = m->events_format;
	h->taken = true;
	return 0;
}

static const struct chan_row hello_rows[] = {
    {MSG_HELLO_QUERY, true, 0, on_hello},
};

/*
 * HELLO is waited for on a channel of its own, which gives the socket back by
 * a duplicate: the serving channel has other rows and lives on the loop.
 */
static void
wait_hello(struct hello *h)
{
	struct chan *c = NULL;
	int again fd_cleanup = fcntl(CHILD_FD_LOADER, F_DUPFD_CLOEXEC, 0);
	int r;

	if (again == -1)
		fatal("keeping the loader's channel");
	r = chan_open(CHILD_FD_LOADER, PROCESS_QUERY, PROCESS_LOADER,
	    hello_rows, 1, h, 1, &c);
	if (r < 0)
		fatal_r(r, "opening the loader's channel");
	if (chan_wait(c, -1) < 0)
		fatalx("waiting for HELLO");
	r = chan_dispatch(c);
	if (r < 0 || !h->taken)
		fatal_r(r, "HELLO");
	chan_close(&c);
	h->start.loader_fd = take_fd(&again);
}

int
main(int argc, char **argv)
{
	/* Our root: "/" would make "//seg…", which SQLite takes for a host. */
	struct hello h = {.start = {.log_dir = "."}};
	struct msg_READY_QUERY ready = {.pid = (uint32_t)getpid()};
	struct query *q = NULL;
	int r;

	child_enter(argc, argv, "doorward-query");
	if (sodium_init() == -1)
		fatalx("libsodium does not start");
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		fatal("ignoring SIGPIPE");
	wait_hello(&h);
	if (h.start.events_format > EVENTS_OCSF)
		fatalx("the loader asks for events format %u, which is none",
		    h.start.events_format);
	r = query_open(&h.start, &q);
	if (r < 0)
		fatal_r(r, "starting");
	r = confine_apply(&confine_query);
	if (r < 0)
		fatal_r(r, "confining");
	r = chan_send(q->loader, MSG_READY_QUERY, &ready, NULL);
	if (r < 0)
		fatal_r(r, "READY");
	chan_event_kick(q->loader_event);
	r = query_run(q);
	query_close(&q);
	if (r < 0)
		fatal_r(r, "protocol violation");
	return 0;
}
