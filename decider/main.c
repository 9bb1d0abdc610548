/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doorward-decider: maps the policy the loader gives it and answers what the
 * monitor asks, one batch after the other. It has no files, no clock, no other
 * peer. Confined before it hears a word, so that a standby is ready to serve
 * the moment HELLO comes.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "ipc/proc/child.h"
#include "ipc/proc/log.h"

#include "decider/decider.h"

#define NAME "doorward-decider"

/*
 * A page fault while answering would make an opener wait for a disk. Mappings
 * made later are populated when they are made.
 */
static void
lock_memory(void)
{
	if (mlockall(MCL_CURRENT | MCL_ONFAULT) == -1)
		log_warn("memory is not locked");
}

static short
wanted(const struct chan *c)
{
	return (short)(POLLIN | (chan_wants_write(c) ? POLLOUT : 0));
}

static int
serve(struct chan *c, short revents)
{
	int r = 0;

	if ((revents & POLLOUT) != 0)
		r = chan_flush(c);
	if (r >= 0 && (revents & ~POLLOUT) != 0)
		r = chan_dispatch(c); /* poll says if there is more */
	return r;
}

static void
turn(struct decider *d)
{
	struct pollfd fds[2] = {
	    {.fd = chan_fd(d->loader), .events = wanted(d->loader)},
	    {.fd = -1},
	};
	int r;

	if (d->monitor != NULL) {
		fds[1].fd = chan_fd(d->monitor);
		fds[1].events = wanted(d->monitor);
	}
	if (poll(fds, 2, -1) == -1) {
		if (errno != EINTR)
			fatal("waiting");
		return;
	}
	/* The monitor first: the loader may replace its channel. */
	if (fds[1].revents != 0) {
		r = serve(d->monitor, fds[1].revents);
		if (r == -ECONNRESET)
			chan_close(&d->monitor);
		else if (r < 0)
			fatal_r(r, "the monitor's channel");
	}
	if (fds[0].revents != 0) {
		r = serve(d->loader, fds[0].revents);
		if (r == -ECONNRESET)
			exit(0);
		if (r < 0)
			fatal_r(r, "the loader's channel");
	}
}

int
main(int argc, char **argv)
{
	static struct decider decider;
	int r;

	child_enter(argc, argv, NAME);
	r = from_loader_open(&decider);
	if (r < 0)
		fatal_r(r, "the loader's channel");
	lock_memory();
	r = confine_apply(&confine_decider);
	if (r < 0)
		fatal_r(r, "entering the sandbox");
	for (;;)
		turn(&decider);
}
