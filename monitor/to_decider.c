/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions to the decider, one message for all of a turn. An opening that is
 * asked about stays owned by pending; nothing but its identity and its
 * subject's leaves this process. If the channel does not take the batch, the
 * openings in it are answered by their deadline.
 */
#include "monitor/monitor.h"

#include <errno.h>

#define ASKS_MAX                                                               \
	(sizeof(((struct msg_ASK *)0)->asks) / sizeof(struct rec_ASK_ONE))

void
to_decider_ask(struct monitor *m, const struct opening *o)
{
	struct rec_ASK_ONE *a;

	if (m->ask->asks_count == ASKS_MAX)
		(void)to_decider_flush(m);
	a = &m->ask->asks[m->ask->asks_count++];
	a->id = o->id;
	a->watch = o->watch;
	a->dev = o->look.dev;
	a->ops = o->ops;
	a->subject = o->subject;
}

int
to_decider_flush(struct monitor *m)
{
	int r;

	if (m->ask->asks_count == 0)
		return 0;
	m->ask->generation = m->generation;
	r = m->decider == NULL ? -ECONNRESET
			       : chan_send(m->decider, MSG_ASK, m->ask, NULL);
	m->ask->asks_count = 0;
	return r;
}
