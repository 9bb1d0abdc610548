/* SPDX-License-Identifier: Apache-2.0 */
#include "store/queue.h"

#include <stdlib.h>
#include <string.h>

void
queue_init(struct queue *q)
{
	memset(q, 0, sizeof(*q));
	q->last = &q->first;
}

struct item *
item_make(enum record_kind kind, int64_t ts, uint64_t now)
{
	struct item *i = calloc(1, sizeof(*i));

	if (i == NULL)
		return NULL;
	i->kind = kind;
	i->ts = ts;
	i->since = now;
	i->critical = true;
	return i;
}

void
item_free(struct item *i)
{
	if (i != NULL && i->kind == KIND_POLICY)
		free(i->policy.body);
	free(i);
}

void
queue_put(struct queue *q, struct item *i)
{
	if (i->critical && q->critical++ == 0)
		q->critical_since = i->since;
	i->next = NULL;
	*q->last = i;
	q->last = &i->next;
	q->count++;
	q->bytes += i->bytes;
}

static void
miss(struct queue *q, int64_t ts)
{
	if (q->missed.count == 0 || ts < q->missed.from)
		q->missed.from = ts;
	if (q->missed.count == 0 || ts > q->missed.to)
		q->missed.to = ts;
	q->missed.source = GAP_STORE_QUEUE;
	q->missed.count++;
	q->refused++;
}

static bool
full(const struct queue *q)
{
	return q->count >= QUEUE_EVENTS_MAX || q->bytes >= QUEUE_BYTES_MAX;
}

void
queue_put_missed(struct queue *q, uint64_t now)
{
	struct item *i;

	if (q->missed.count == 0 || full(q))
		return;
	i = item_make(KIND_GAP, q->missed.to, now);
	if (i == NULL)
		return;
	i->gap = q->missed;
	q->missed.count = 0;
	queue_put(q, i);
}

bool
queue_offer(struct queue *q, struct item *i)
{
	queue_put_missed(q, i->since);
	if (full(q)) {
		miss(q, i->ts);
		item_free(i);
		return false;
	}
	queue_put(q, i);
	return true;
}

bool
queue_put_event(struct queue *q, const struct rec_EVENT *e, uint64_t now)
{
	const size_t used = offsetof(struct rec_EVENT, path) + e->path_len + 1u;
	struct item *i;

	queue_put_missed(q, now);
	if (full(q)) {
		miss(q, (int64_t)e->ts);
		return false;
	}
	i = malloc(offsetof(struct item, event) + used);
	if (i == NULL) {
		miss(q, (int64_t)e->ts);
		return false;
	}
	i->kind = KIND_EVENT;
	i->ts = (int64_t)e->ts;
	i->since = now;
	i->critical = e->verdict == VERDICT_DENY || e->seal != 0;
	i->bytes = offsetof(struct item, event) + used;
	memcpy(&i->event, e, used);
	queue_put(q, i);
	return true;
}

struct item *
queue_take(struct queue *q)
{
	struct item *i = q->first;

	if (i == NULL)
		return NULL;
	q->first = i->next;
	if (q->first == NULL)
		q->last = &q->first;
	q->count--;
	q->bytes -= i->bytes;
	if (i->critical)
		q->critical--;
	return i;
}
