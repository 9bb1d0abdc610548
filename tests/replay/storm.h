/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random play: openers, peers and the clock do anything in any order, and what
 * each opener got is held against what it may get. Event number i is opened by
 * thread STORM_TID + i, so that every question and record tells whose it is.
 */
#ifndef DOORWARD_TESTS_REPLAY_STORM_H
#define DOORWARD_TESTS_REPLAY_STORM_H

#include "tests/replay/world.h"

#define STORM_TID 1000
#define STORM_OWN_PID 77
#define STORM_WATCHES 4
#define STORM_DEV ((uint64_t)8 << 32 | 1)
#define STORM_MOUNT 5

/* What the storm knows about an opener. */
struct opener {
	struct rec_ASK_ONE ask; /* but for id and watch */
	bool own;
	uint64_t queued_ns;
	uint64_t first_gen; /* in force when it was read; 0: not yet */
	uint64_t last_gen;  /* in force when it was answered; 0: not yet */
	uint64_t sealed;    /* up to which token, when it was answered */
	uint8_t records;
	bool told; /* one of them tells the answer it got */
};

struct opener *storm_opener(size_t event);
/* The policy of a generation: an odd and an even one take turns. */
const char *storm_policy(uint64_t generation);

/* The store says it has sealed up to token. */
void storm_sealed(uint64_t token);
/* Notes generations as events are read and answered; checks each answer. */
void storm_watch(void);
/* Checks the records once everything is over. */
void storm_check_records(void);

#endif
