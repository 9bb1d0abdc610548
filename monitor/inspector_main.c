/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doorward-inspector: the process that will read bytes others wrote (content
 * to hash, containers' metadata). Today it takes HELLO, stands in its sandbox
 * and waits for the loader to end.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "ipc/proc/child.h"
#include "ipc/proc/log.h"
#include "ipc/wire/chan.h"
#include "monitor/confine_inspector.h"

static int
on_hello(struct chan *c, const void *msg, int *fds, void *ctx)
{
	const struct msg_HELLO_INSPECTOR *hello = msg;
	struct msg_READY_INSPECTOR ready = {(uint32_t)getpid()};
	int r;

	(void)fds;
	(void)ctx;
	if (memcmp(hello->table, msg_table_hash, sizeof(hello->table)) != 0)
		fatalx("the loader is of another build");
	r = confine_apply(&confine_inspector);
	if (r < 0)
		fatal_r(r, "sandbox");
	return chan_send(c, MSG_READY_INSPECTOR, &ready, NULL);
}

static const struct chan_row rows[] = {
    {MSG_HELLO_INSPECTOR, true, 0, on_hello},
};

int
main(int argc, char **argv)
{
	struct chan *loader = NULL;
	int r;

	child_enter(argc, argv, "doorward-inspector");
	r = chan_open(CHILD_FD_LOADER, PROCESS_INSPECTOR, PROCESS_LOADER, rows,
	    1, NULL, 1, &loader);
	if (r < 0)
		fatal_r(r, "starting");
	do {
		r = chan_wait(loader, -1);
		if (r >= 0)
			r = chan_dispatch(loader);
	} while (r >= 0);
	if (r != -ECONNRESET)
		fatal_r(r, "the loader's channel");
	return 0;
}
