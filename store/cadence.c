/* SPDX-License-Identifier: Apache-2.0 */
#include "store/cadence.h"

void
cadence_init(struct cadence *c, uint64_t heartbeat_ns, uint64_t now)
{
	c->tokens = CADENCE_BURST;
	c->refilled = now;
	c->heartbeat = heartbeat_ns;
	c->last_seal = now;
}

static void
refill(struct cadence *c, uint64_t now)
{
	uint64_t whole = (now - c->refilled) / SECOND;

	if (whole == 0)
		return;
	c->refilled += whole * SECOND;
	c->tokens = whole >= CADENCE_BURST - c->tokens
			? CADENCE_BURST
			: c->tokens + (unsigned int)whole;
}

uint64_t
cadence_due(struct cadence *c, const struct cadence_load *l, uint64_t now)
{
	uint64_t due;

	refill(c, now);
	if (l->queued == 0)
		return c->last_seal + c->heartbeat;
	if (l->queued >= BATCH_MAX)
		return now;
	due = l->oldest + (c->tokens > 0 ? CADENCE_NORMAL : CADENCE_SLOW);
	if (l->critical > 0 && l->critical_since + CADENCE_CRITICAL < due)
		due = l->critical_since + CADENCE_CRITICAL;
	return due;
}

void
cadence_sealed(struct cadence *c, int critical, uint64_t now)
{
	refill(c, now);
	c->last_seal = now;
	if (!critical && c->tokens > 0)
		c->tokens--;
}
