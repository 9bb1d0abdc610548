/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What waits to become records: a first-in first-out queue with a bound. At the
 * bound an event is not taken but counted, and the count becomes a GAP record
 * at the place where the events are missing. So it is with ACCESS, which
 * clients cause. Our own records (GAP, ADMIN, ...) are few and always taken.
 */
#ifndef DOORWARD_STORE_QUEUE_H
#define DOORWARD_STORE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/wire/msg.h"

#define QUEUE_EVENTS_MAX 65536
#define QUEUE_BYTES_MAX ((size_t)64 << 20)

struct item_gap {
	uint8_t source; /* enum gap_source */
	uint64_t count;
	int64_t from, to;
};
struct item_policy {
	uint64_t generation;
	uint8_t hash[HASH_BYTES];
	uint8_t *body; /* owned */
	size_t body_len;
};
struct item_admin {
	uint16_t what;
	uint64_t a, b;
};
struct item_access {
	uint32_t uid, pid;
	uint16_t what;
	uint8_t digest[HASH_BYTES];
};
struct item_clock {
	int64_t expected;
};
struct item_close {
	uint32_t signal;
};

/* One thing to record. kind says which member counts; KIND_EVENT: event. */
struct item {
	struct item *next;
	enum record_kind kind;
	int64_t ts;	/* realtime ns */
	uint64_t since; /* monotonic ns: when it came */
	bool critical;
	size_t bytes;
	union {
		struct item_gap gap;
		struct item_policy policy;
		struct item_admin admin;
		struct item_access access;
		struct item_clock clock;
		struct item_close close;
		struct rec_EVENT
		    event; /* allocated only as far as its path goes */
	};
};

struct queue {
	struct item *first, **last;
	size_t count, bytes;
	size_t critical;	 /* items of that kind waiting */
	uint64_t critical_since; /* of the first since the queue had none */
	struct item_gap missed;	 /* events refused since the last GAP item */
	uint64_t refused;	 /* ever */
};

void queue_init(struct queue *q);
/* The caller fills kind's member of an item made here. NULL: no memory. */
struct item *item_make(enum record_kind kind, int64_t ts, uint64_t now);
void item_free(struct item *i);
/* Takes the item, whatever the queue holds: for what is few and our own. */
void queue_put(struct queue *q, struct item *i);
/*
 * Takes the item, or counts it like an event when the queue is full: for what
 * others can cause without end. True when it waits.
 */
bool queue_offer(struct queue *q, struct item *i);
/*
 * A copy of the event, or its count in missed when the queue is full. True when
 * taken.
 */
bool queue_put_event(struct queue *q, const struct rec_EVENT *e, uint64_t now);
/* If events are missing and there is room: the GAP item that says so. */
void queue_put_missed(struct queue *q, uint64_t now);
/* Removes the first item; the caller frees it. NULL when empty. */
struct item *queue_take(struct queue *q);

#endif
