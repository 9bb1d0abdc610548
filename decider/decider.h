/* SPDX-License-Identifier: Apache-2.0 */
/* Private to doorward-decider: its state, and the edges that work on it. */
#ifndef DOORWARD_DECIDER_DECIDER_H
#define DOORWARD_DECIDER_DECIDER_H

#include "ipc/proc/confine.h"
#include "ipc/wire/chan.h"
#include "ipc/wire/compiled.h"

enum decider_phase { WAITING_FOR_HELLO = 0, SERVING = 1 };

/* Answers that wait for the monitor to read; beyond it they are dropped. */
#define VERDICTS_QUEUED_MAX 64

struct decider_policy {
	struct policy_view view; /* compiled NULL: none */
	uint64_t generation;
};

struct decider {
	struct chan *loader;
	struct chan *monitor; /* NULL: none, or dead */
	/*
	 * The policy before this one is kept: what the monitor asked before it
	 * heard of the new one is answered by the one it was asked under.
	 */
	struct decider_policy now, before;
	uint64_t dropped; /* batches of answers the monitor did not take */
};

/* from_loader.c: the rows of the loader's channel, and its start. */
int from_loader_open(struct decider *d);
/* from_monitor.c: takes fd (closed on failure too); replaces the old channel.
 */
int from_monitor_open(struct decider *d, int *fd);
/* to_monitor.c: one batch of answers. */
void
to_monitor_verdicts(struct decider *d, const struct msg_VERDICTS *verdicts);

extern const struct confine confine_decider;

#endif
