/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When the next batch is due (FORMAT.md, "Cadence"): critical records at once,
 * others within 250 ms while tokens last, then within a second; with nothing to
 * say, a heartbeat. Pure; times are CLOCK_MONOTONIC ns, handed in.
 */
#ifndef DOORWARD_STORE_CADENCE_H
#define DOORWARD_STORE_CADENCE_H

#include <stddef.h>
#include <stdint.h>

#define MS 1000000ull
#define SECOND (1000 * MS)
#define CADENCE_CRITICAL (2 * MS) /* coalescing */
#define CADENCE_NORMAL (250 * MS)
#define CADENCE_SLOW SECOND
#define CADENCE_BURST 240
#define BATCH_MAX 512	/* so many records do not wait */
#define BATCH_MOST 8192 /* and so many share one sync when it is slow */

struct cadence {
	unsigned int tokens; /* one a second, at most CADENCE_BURST */
	uint64_t refilled;
	uint64_t heartbeat; /* ns */
	uint64_t last_seal;
};

struct cadence_load {
	size_t queued;		 /* records waiting */
	uint64_t oldest;	 /* since when the first has waited */
	size_t critical;	 /* how many of them are critical */
	uint64_t critical_since; /* and since when */
};

void cadence_init(struct cadence *c, uint64_t heartbeat_ns, uint64_t now);
/* When the next batch is due; may lie in the past. */
uint64_t
cadence_due(struct cadence *c, const struct cadence_load *l, uint64_t now);
/* A batch was sealed; critical ones take no token. */
void cadence_sealed(struct cadence *c, int critical, uint64_t now);

#endif
