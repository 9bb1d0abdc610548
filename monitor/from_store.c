/* SPDX-License-Identifier: Apache-2.0 */
/* What the store says: how far it has sealed. */
#include "monitor/monitor.h"

static int
on_sealed(struct chan *c, const void *msg, int *fds, void *ctx)
{
	const struct msg_SEALED *s = msg;
	struct monitor *m = ctx;

	(void)c;
	(void)fds;
	finish_sealed(m, to_store_sealed(m->to_store, s->token));
	monitor_turn_end(m);
	return 0;
}

const struct chan_row from_store_rows[] = {
    {MSG_SEALED, false, 0, on_sealed},
};
const size_t from_store_nrows = 1;
