/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a peer's end, and its successor's arrival, mean for the openings in
 * hand. The channels' descriptors and events are loop.c's.
 */
#include "monitor/monitor.h"

#include <errno.h>

void
peers_decider_gone(struct monitor *m, int r)
{
	/* Nobody replaces a decider that still lives unless he is told. */
	struct msg_DECIDER_OVERDUE d = {0};

	m->decider = NULL;
	if (r == -EPROTO && m->loader != NULL)
		(void)chan_send(m->loader, MSG_DECIDER_OVERDUE, &d, NULL);
}

void
peers_decider_here(struct monitor *m, struct chan *decider)
{
	m->decider = decider;
	m->timeouts = 0;
	/* What the old one had not answered is asked again. */
	for (size_t i = 0; i < m->pending->nactive; i++) {
		struct opening *o =
		    &m->pending->openings[m->pending->active[i]];

		if (o->state == OPENING_ASKED)
			to_decider_ask(m, o);
	}
	monitor_turn_end(m);
}

void
peers_store_gone(struct monitor *m)
{
	to_store_channel(m->to_store, NULL);
	m->store = NULL;
}

void
peers_store_here(struct monitor *m, struct chan *store)
{
	m->store = store;
	to_store_channel(m->to_store, store);
	names_repeat(m->names);
}

void
peers_deadline(struct monitor *m)
{
	m->armed_ns = UINT64_MAX;
	finish_overdue(m, kernel_monotonic_ns());
	monitor_turn_end(m);
}
