/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types the monitor's files share, and the arrows between them. An event
 * descriptor is owned by exactly one struct opening from kernel_read() on, and
 * is closed only after its answer was written (to_kernel.c): the kernel knows
 * an event by its number alone.
 *
 *   from_fanotify.c ─▶ slots.c ─▶ identify.c ─▶ cache.c ─▶ to_kernel.c
 *                                        │                     ▲
 *                                   pending.c ─▶ to_decider.c  │
 *                                   from_decider.c ─▶ finish.c ┘─▶ to_store.c
 */
#ifndef DOORWARD_MONITOR_MONITOR_H
#define DOORWARD_MONITOR_MONITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "bpf/slot.h"
#include "ipc/proc/look.h"
#include "ipc/wire/chan.h"
#include "ipc/wire/compiled.h"
#include "ipc/wire/msg.h"
#include "ipc/wire/vitals.h"
#include "monitor/kernel.h"

/* Openings in hand at once. Beyond it the default is given at once, counted. */
#define OPENINGS_MAX 4096
/* How long an answer waits for the name of a program seen for the first time.
 */
#define LABEL_WAIT_NS 10000000u
/* What an opening may be of which nothing is known: a denial of any denies. */
#define OPS_UNKNOWN (OP_READ | OP_WRITE | OP_TRUNCATE | OP_EXEC)

struct monitor;

enum opening_state {
	OPENING_FREE = 0,
	OPENING_ASKED,	 /* the decider has it */
	OPENING_NAMED,	 /* judged; waits for its program's name */
	OPENING_SEALED,	 /* judged; waits for its record to be sealed */
	OPENING_ANSWERED /* its answer is in to_kernel's batch */
};

/* What was judged about an opening. */
struct judgement {
	uint8_t verdict, answer; /* enum verdict: the policy's, the kernel's */
	uint8_t record;		 /* 0 no, 1 yes, 2 sealed before the answer */
	uint8_t reason, tier, mode;
	bool cacheable;
	uint16_t op; /* the operation it was judged by */
	uint32_t watch, rule;
};

/* One permission event in hand. */
struct opening {
	int fd; /* owned; -1 when free */
	enum opening_state state;
	uint64_t id;	      /* of the question: counts, never reused */
	uint64_t read_ns;     /* when it was read, monotonic */
	uint64_t deadline_ns; /* when the default is due */
	uint64_t wait_ns;     /* OPENING_NAMED: when to stop waiting */
	uint64_t ts;	      /* realtime, for the record */
	uint64_t token;	      /* of its record, once sent */
	uint64_t generation;  /* of the policy that watch is a number of */
	struct look look;
	uint32_t watch; /* index or WATCH_UNKNOWN */
	uint16_t ops;
	uint32_t oflags;
	uint8_t on_timeout, mode; /* of the watch */
	struct rec_SUBJECT subject;
	struct judgement judged;
	bool labelled; /* path has been read */
	bool recorded; /* its record has gone ahead of its answer */
	uint16_t path_len;
	char path[PATH_BYTES_MAX + 1];
};

/* --- slots.c: the context the kernel program left --- */

struct slots {
	const struct slot *map; /* SLOT_COUNT of them, read-only */
	uint8_t rung;		/* enum context_rung */
	uint32_t consumed[SLOT_COUNT];
};

/* What a joined slot says beyond the subject. */
struct joined {
	uint32_t oflags;
	uint32_t watch; /* 1 + index, 0 not known */
	uint32_t generation;
};

/*
 * Joins the slot of tid to the file: fills *subject and *ret and returns true
 * only if tid, file and counter all agree. Otherwise *subject has only tid.
 * Never reads /proc, never uses what was consumed before.
 */
bool slots_join(struct slots *s, pid_t tid, const struct look *look,
    struct rec_SUBJECT *subject, struct joined *ret);

/* The OP_* mask an open with these flags asks for. */
uint16_t slots_ops(uint32_t oflags);

/* --- identify.c: which watch --- */

/*
 * The watch an opening belongs to: an index; WATCH_NONE if a pattern's own
 * directory holds it but no pattern names it; WATCH_UNKNOWN if it is watched
 * and no label can be believed. Reads the label only when it must.
 */
uint32_t identify(const struct policy_view *policy, struct opening *o,
    const struct joined *joined);

/* Sets deadline, default and mode from the watch, or the strictest for unknown.
 */
void identify_settings(const struct policy_view *policy, struct opening *o);

/* Reads the label once. */
void identify_label(struct opening *o);

/* --- cache.c: verdicts given before --- */

struct cache;

int cache_new(struct cache **ret);
/* true and *ret if the decider judged the same question under generation. */
bool cache_find(const struct cache *c, uint64_t generation,
    const struct opening *o, struct judgement *ret);
void cache_add(struct cache *c, uint64_t generation, const struct opening *o,
    const struct judgement *j);
/* Forgets everything (a new policy). */
void cache_flush(struct cache *c);
uint64_t cache_entries(const struct cache *c);

/* --- pending.c: the openings in hand --- */

struct pending {
	struct opening openings[OPENINGS_MAX];
	uint16_t free[OPENINGS_MAX];
	uint16_t active[OPENINGS_MAX]; /* in order of arrival */
	uint16_t at[OPENINGS_MAX];     /* place in active */
	size_t nfree, nactive;
	uint64_t next_id;
	struct vitals_monitor *vitals;
};

/* p is all zeroes. */
void pending_init(struct pending *p, struct vitals_monitor *vitals);
/* A free opening for fd, or NULL when the table is full. */
struct opening *pending_take(struct pending *p, int fd);
/* Shows it on the vitals page: from now on the watchdog may answer it. */
void pending_show(struct pending *p, const struct opening *o);
/* Another id: answers to the question asked so far are to be ignored. */
void pending_renew(struct pending *p, struct opening *o);
/* The opening an answer names, or NULL: unknown, answered, or replaced. */
struct opening *pending_find(struct pending *p, uint64_t id);
/* Gives the place back. fd must have been handed to to_kernel already. */
void pending_release(struct pending *p, struct opening *o);
/* The next thing due, or UINT64_MAX. */
uint64_t pending_next_ns(const struct pending *p);

/* --- to_kernel.c --- */

struct to_kernel {
	size_t n;
	bool woke; /* somebody was answered since the turn began */
	struct kernel_answer answers[KERNEL_EVENTS_MAX];
	struct opening
	    *openings[KERNEL_EVENTS_MAX]; /* NULL: no record, no place */
};

/*
 * Queues an answer and takes over fd and o (which may be NULL); a full batch
 * goes out at once.
 */
void
to_kernel_answer(struct monitor *m, int fd, uint8_t answer, struct opening *o);
/* Writes what is queued in one writev, then records, then closes. */
void to_kernel_flush(struct monitor *m);

/* --- to_store.c --- */

struct to_store;

int to_store_new(
    struct vitals_monitor *vitals, uint64_t epoch, struct to_store **ret);
/*
 * A (new) channel, or NULL: the store is gone and records wait. Nothing is sent
 * to a new store before its first SEALED says what it holds.
 */
void to_store_channel(struct to_store *s, struct chan *c);
/* Would the record of o be kept? */
bool to_store_has_room(const struct to_store *s, const struct opening *o);
/* Queues one record; its token, or 0 if the queue was full (counted). */
uint64_t to_store_record(
    struct to_store *s, const struct opening *o, uint32_t latency_us);
/* The program dev:ino is called path. 0, or -errno: try again later. */
int to_store_label(struct to_store *s, const struct msg_LABEL *label);
/*
 * SEALED: everything up to token need not be kept. A token this monitor gave to
 * no record (its predecessor's, or one the store made up) means none of ours.
 * The newest record of ours that is sealed now, 0 for none.
 */
uint64_t to_store_sealed(struct to_store *s, uint64_t token);
/* Sends what the channel takes. */
void to_store_flush(struct to_store *s);
/* Is something waiting that the channel did not take? */
bool to_store_blocked(const struct to_store *s);

/* --- to_decider.c --- */

/* Adds a question to the batch; to_decider_flush sends it. */
void to_decider_ask(struct monitor *m, const struct opening *o);
/* 0, or -errno: then the openings in the batch wait for their deadline. */
int to_decider_flush(struct monitor *m);

/* --- finish.c: from judgement to answer and record --- */

/* A verdict is in: name, seal, answer, record, in the order the rule asks. */
void finish_judged(struct monitor *m, struct opening *o);
/* The default answer, for the cause given. */
void
finish_default(struct monitor *m, struct opening *o, enum default_cause cause);
/* A program got its name: those waiting for it go on. */
void finish_named(struct monitor *m, const struct msg_LABEL *label);
/* Records up to token are sealed: those waiting for it are answered. */
void finish_sealed(struct monitor *m, uint64_t token);
/* A new policy is in force: questions of the old one are asked under it. */
void finish_asked_anew(struct monitor *m);
/* The answer is written: latency, record, and the opening's place is free. */
void finish_answered(struct monitor *m, struct opening *o);
/* Deadlines that passed, by now. */
void finish_overdue(struct monitor *m, uint64_t now_ns);

/* --- names.c: programs' names --- */

struct names;
int names_new(struct names **ret);
/* Is there a name for this program? */
bool names_known(const struct names *n, uint64_t dev, uint64_t ino);
void names_add(struct names *n, const struct msg_LABEL *label);
/* There is a new store, which has been told none. */
void names_repeat(struct names *n);
/* Tells the store what it has not been told. false: not all got through. */
bool names_tell(struct names *n, struct to_store *s);

/* --- peers.c: a peer went, or its successor came --- */

/* r: why its channel ended. Openings wait for a successor or their deadline. */
void peers_decider_gone(struct monitor *m, int r);
/* Open questions are asked again. The channel stays the caller's. */
void peers_decider_here(struct monitor *m, struct chan *decider);
/* Records wait in the ring. */
void peers_store_gone(struct monitor *m);
void peers_store_here(struct monitor *m, struct chan *store);
/* The timer that monitor_arm() set has fired. */
void peers_deadline(struct monitor *m);

/* --- policy_parts.c: the policy as it arrives --- */

struct policy_parts;
int policy_parts_new(struct policy_parts **ret);
/* 0, or -EPROTO: not the part that follows. */
int
policy_parts_add(struct policy_parts *p, const struct msg_POLICY_PART *part);
/* Checks and makes the parts the policy in force; 0 or -errno, *view untouched
 * then. */
int policy_parts_take(
    struct policy_parts *p, uint64_t generation, struct policy_view *view);

/* --- the process --- */

struct chan_event;
struct event_base;
struct event;

struct monitor {
	int group;
	struct vitals_monitor *vitals;
	const struct vitals_loader *loader_page;
	struct slots *slots;
	struct cache *cache;
	struct pending *pending;
	struct names *names;
	struct policy_parts *parts;
	struct policy_view policy; /* compiled NULL until the first arrives */
	uint64_t generation;
	struct to_kernel to_kernel;
	struct to_store *to_store;
	struct chan *loader, *decider, *store;
	struct msg_ASK *ask; /* the batch being filled */
	uint32_t timeouts;   /* in a row, since the decider last answered */
	bool stopping;	     /* STOP came: end when the store has the records */
	unsigned int again;  /* turns taken without waiting */
	uint64_t armed_ns; /* when the deadline timer fires, UINT64_MAX: not */
	/* libevent, NULL in replay */
	struct event_base *base;
	struct event *group_event, *deadline_event, *heartbeat_event;
	struct event *store_writable;
	struct chan_event *loader_event, *decider_event, *store_event;
};

/* from_fanotify.c: one turn: read a batch, judge what can be, ask the rest. 0
 * or -errno. */
int from_fanotify_turn(struct monitor *m);

/* from_decider.c, from_store.c, from_loader.c: dispatch tables. */
extern const struct chan_row from_decider_rows[];
extern const size_t from_decider_nrows;
extern const struct chan_row from_store_rows[];
extern const size_t from_store_nrows;
extern const struct chan_row from_loader_rows[];
extern const size_t from_loader_nrows;

/* The end of every turn: answers out, then questions, then records, then the
 * timer. */
void monitor_turn_end(struct monitor *m);

/* setup.c: HELLO arrived: descriptors to their numbers, sandbox, READY. fds are
 * taken. 0 or -errno. */
int monitor_setup(
    struct monitor *m, const struct msg_HELLO_MONITOR *hello, int *fds);

/* loop.c: the process around it. */
/* Builds the event base; before the sandbox. 0 or -errno. */
int monitor_loop_new(struct monitor *m);
/* Attach a channel to a successor; fd is taken. 0 or -errno. */
int monitor_new_decider(struct monitor *m, int fd);
int monitor_new_store(struct monitor *m, int fd);
/* (Re)arms the deadline timer for when_ns. */
void monitor_arm(struct monitor *m, uint64_t when_ns);
/* Ends a turn again as soon as the store's channel takes something. */
void monitor_await_store(struct monitor *m);
/* Somebody we answered may have come back already: read once more before
 * waiting. */
void monitor_again(struct monitor *m);
/* Starts listening to the group (the first policy is in). */
int monitor_listen(struct monitor *m);
/* Ends the loop when the store has taken the records, at most a second later.
 */
void monitor_stop(struct monitor *m);

#endif
