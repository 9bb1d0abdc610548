/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what happened to what is written: fills leaves. Pure but for the caches
 * handed in; ext is written into the caller's buffer, the leaf borrows it and
 * the event's path.
 */
#ifndef DOORWARD_STORE_RECORD_H
#define DOORWARD_STORE_RECORD_H

#include "store/labels.h"
#include "store/leaf.h"
#include "store/queue.h"

struct record_buf {
	uint8_t ext[LEAF_EXT_MAX];
	char names[ANCESTORS_MAX * (PATH_BYTES_MAX + 1)];
};

/* actor < 0: subject unknown; policy < 0: that generation is not in the log. */
int record_event(struct leaf *l, struct record_buf *b,
    const struct rec_EVENT *e, int64_t actor, int64_t policy);
int record_actor(struct leaf *l, struct record_buf *b,
    const struct rec_EVENT *e, struct labels *labels);
/* KIND_GAP, ADMIN, ACCESS, CLOCK, CLOSE. */
int record_item(struct leaf *l, struct record_buf *b, const struct item *i);
/* Part part of an item's policy. */
int record_policy(struct leaf *l, struct record_buf *b, const struct item *i,
    uint32_t part, uint32_t parts);

struct open_facts {
	int64_t ts;
	bool has_previous, has_late, has_hole;
	uint64_t previous_seal;
	uint64_t late_first, late_last, hole_first, hole_last;
	uint8_t boot_id[16];
	bool clean;
	const char *host;
	enum open_cause cause;
};
int
record_open(struct leaf *l, struct record_buf *b, const struct open_facts *f);

struct seal_facts {
	int64_t ts;
	uint64_t n;
	uint64_t records, accepted;
	uint64_t lost[GAP_MAX]; /* by enum gap_source */
	int64_t policy;		/* < 0: none yet */
	uint32_t heartbeat_s;
	bool monitor;
	uint64_t token; /* of the newest event; 0: none */
	int64_t event_ts;
};
/* Reads the clocks' state and the free space of the current directory itself.
 */
int
record_seal(struct leaf *l, struct record_buf *b, const struct seal_facts *f);

#endif
