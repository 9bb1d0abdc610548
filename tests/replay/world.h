/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A monitor with a fake kernel below it (fake_kernel.h) and the far ends of its
 * three channels beside it: loader, decider and store are played by whoever
 * drives the world, with real messages over real socket pairs. What arrives at
 * a far end is kept in order until it is taken.
 *
 * One world per process.
 */
#ifndef DOORWARD_TESTS_REPLAY_WORLD_H
#define DOORWARD_TESTS_REPLAY_WORLD_H

#include "monitor/monitor.h"
#include "tests/replay/fake_kernel.h"

#define WORLD_EPOCH 3

/* One thing that arrived at a far end. */
struct arrival {
	uint16_t type;	     /* MSG_* */
	uint64_t generation; /* MSG_ASK */
	union {
		struct rec_ASK_ONE ask;
		struct rec_EVENT *record; /* up to the end of its path */
		struct msg_LOST lost;
		struct msg_WHO who;
		struct {
			uint64_t dev, ino;
			char path[FAKE_LABEL_BYTES];
		} label;
		uint32_t timeouts;
	};
};

struct arrivals {
	struct arrival *all;
	size_t n, next, room;
};

/* A policy as decider and monitor see it. */
struct world_policy {
	uint64_t generation;
	struct policy_view view;
};

struct world {
	struct monitor m;
	struct slot *slots;
	struct vitals_loader *loader_page;
	struct chan *loader, *decider, *store; /* the far ends */
	bool decider_hangs, store_hangs;       /* nothing is taken from them */
	struct arrivals to_loader, to_decider, to_store;
	/* now: what the decider has; before: what it had. */
	struct world_policy now, before;
	bool awaits_store;
	bool stopped;
};

extern struct world world;

/* A monitor that has had HELLO, with a decider and a store. */
void world_new(uint8_t rung);

/*
 * Compiles text; resolved is taken from lines "EXE pattern dev ino" and "PLACE
 * watch dev mnt" given before.
 */
void world_exe(const char *pattern, uint64_t dev, uint64_t ino);
void world_place(const char *watch, uint64_t dev, uint64_t mnt_id);
void world_compile(const char *text, uint64_t generation);
/* The monitor gets the policy that was compiled last. */
void world_load(void);

/* Everything there is to hand on is handed on, until nothing moves. */
void world_pump(void);
/* The monitor reads once. */
void world_turn(void);
/* The clock moves; timers fire at their time. */
void world_time(uint64_t ns);

/* Sends from a far end and pumps. */
void world_from_decider(uint16_t type, const void *msg);
void world_from_store(uint16_t type, const void *msg);
void world_from_loader(uint16_t type, const void *msg);

void world_decider_dies(void);
void world_new_decider(void);
void world_store_dies(void);
/* It says SEALED token as its first word. */
void world_new_store(uint64_t token);

/* The next arrival, or NULL. */
const struct arrival *arrivals_take(struct arrivals *a);
/* The next arrival of type, whatever else comes before it; or NULL. */
const struct arrival *arrivals_take_type(struct arrivals *a, uint16_t type);

#endif
