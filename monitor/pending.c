/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/monitor.h"

#include <assert.h>
#include <string.h>

void
pending_init(struct pending *p, struct vitals_monitor *vitals)
{
	p->vitals = vitals;
	p->nactive = 0;
	p->nfree = OPENINGS_MAX;
	/* The openings are not touched: most of their memory is never used. */
	for (size_t i = 0; i < OPENINGS_MAX; i++)
		p->free[i] = (uint16_t)(OPENINGS_MAX - 1 - i);
}

static uint16_t
index_of(const struct pending *p, const struct opening *o)
{
	assert(o >= p->openings && o < p->openings + OPENINGS_MAX);
	return (uint16_t)(o - p->openings);
}

void
pending_renew(struct pending *p, struct opening *o)
{
	/* Low bits: where; high bits: which of all that ever were there. */
	o->id = ++p->next_id << 16 | index_of(p, o);
}

struct opening *
pending_take(struct pending *p, int fd)
{
	struct opening *o;
	uint16_t i;

	if (p->nfree == 0)
		return NULL;
	i = p->free[--p->nfree];
	o = &p->openings[i];
	assert(o->state == OPENING_FREE);
	/* Not the path: it is four pages of a table meant to stay small. */
	memset(o, 0, offsetof(struct opening, path));
	o->path[0] = '\0';
	o->fd = fd;
	o->state = OPENING_ASKED;
	pending_renew(p, o);
	p->at[i] = (uint16_t)p->nactive;
	p->active[p->nactive++] = i;
	vital_set(p->vitals->pending_now, p->nactive);
	if (p->nactive > p->vitals->pending_max)
		vital_set(p->vitals->pending_max, p->nactive);
	return o;
}

void
pending_show(struct pending *p, const struct opening *o)
{
	struct vitals_pending *v;

	if (o->fd < 0 || o->fd >= PENDING_SLOTS)
		return;
	v = &p->vitals->pending[o->fd];
	vital_set(v->deadline_ns, o->deadline_ns);
	vital_set(v->pid, o->subject.tid);
	/* In audit mode nothing is denied, by nobody. */
	vital_set(v->on_timeout,
	    o->mode == MODE_ENFORCE ? o->on_timeout : VERDICT_ALLOW);
	__atomic_store_n(&v->state, PENDING_WAITING, __ATOMIC_RELEASE);
}

struct opening *
pending_find(struct pending *p, uint64_t id)
{
	size_t i = (size_t)(id & 0xffff);
	struct opening *o;

	if (i >= OPENINGS_MAX)
		return NULL;
	o = &p->openings[i];
	if (o->state == OPENING_FREE || o->id != id)
		return NULL;
	return o;
}

void
pending_release(struct pending *p, struct opening *o)
{
	uint16_t i = index_of(p, o);
	uint16_t last;

	assert(o->state != OPENING_FREE && o->fd == -1);
	o->state = OPENING_FREE;
	/* The last takes its place: order does not matter, deadlines do. */
	last = p->active[--p->nactive];
	p->active[p->at[i]] = last;
	p->at[last] = p->at[i];
	p->free[p->nfree++] = i;
	vital_set(p->vitals->pending_now, p->nactive);
}

static uint64_t
due(const struct opening *o)
{
	if (o->state == OPENING_ANSWERED)
		return UINT64_MAX;
	if (o->state == OPENING_NAMED && o->wait_ns < o->deadline_ns)
		return o->wait_ns;
	return o->deadline_ns;
}

uint64_t
pending_next_ns(const struct pending *p)
{
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < p->nactive; i++) {
		uint64_t d = due(&p->openings[p->active[i]]);

		if (d < next)
			next = d;
	}
	return next;
}
