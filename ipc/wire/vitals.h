/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vitals pages: shared memory by which a process shows how it is, without
 * anybody having to ask it. One page per writer; everybody else holds a
 * read-only descriptor. The loader's watchdog acts on the monitor's page when
 * the monitor itself can no longer act; `status` is drawn from all three.
 *
 * Every field is written by its owner with a relaxed atomic store and read the
 * same way; nothing here is trusted for memory safety, readers bound what they
 * read. Counters only grow. Times are CLOCK_MONOTONIC ns unless they say else.
 */
#ifndef DOORWARD_IPC_WIRE_VITALS_H
#define DOORWARD_IPC_WIRE_VITALS_H

#include <stdint.h>

#include "ipc/wire/words.h"

#define VITALS_MAGIC 0x44575654u
#define PENDING_SLOTS                                                          \
	65536 /* event descriptor numbers; RLIMIT_NOFILE of the monitor */
/*
 * Event descriptors have numbers from here on in the monitor and below it in
 * the loader, so that one number never names two unanswered events.
 */
#define EVENT_FDS_FROM 16
#define OWN_PIDS_MAX 32
#define HOOKS_MAX 8
#define SUPERBLOCKS_MAX 64
#define LATENCY_BUCKETS 40 /* bucket i: < 2^(i/2) us, last: everything else */

#define vital_set(p, v) __atomic_store_n(&(p), (v), __ATOMIC_RELAXED)
#define vital_get(p) __atomic_load_n(&(p), __ATOMIC_RELAXED)
#define vital_add(p, v) vital_set((p), (p) + (v)) /* single writer */

enum pending_state { PENDING_FREE = 0, PENDING_WAITING = 1 };

/* One unanswered permission event; the index is its descriptor number. */
struct vitals_pending {
	uint64_t deadline_ns; /* written before state becomes WAITING */
	uint32_t pid;	      /* tid of the opener */
	uint8_t on_timeout;   /* enum verdict: the answer when nobody decides */
	uint8_t state;	      /* enum pending_state; release store */
	uint8_t reserved[2];
};

/* Why an answer was the default one, counted apart. */
enum default_cause {
	DEFAULT_DEADLINE = 0, /* decider too slow */
	DEFAULT_DECIDER_DOWN = 1,
	DEFAULT_TABLE_FULL = 2, /* more pending events than the table holds */
	DEFAULT_SEAL_LATE = 3,	/* the seal did not come in time */
	DEFAULT_BAD_VERDICT = 4,
	DEFAULT_CAUSES
};

struct vitals_monitor {
	uint32_t magic, bytes;
	uint64_t heartbeat_ns;	  /* last turn of the loop */
	uint64_t entered_read_ns; /* 0: not inside read() on the group */
	uint64_t epoch;	     /* which monitor this is: counts replacements */
	uint64_t generation; /* policy in use */
	uint64_t events, answered_allow, answered_deny;
	uint64_t own_allowed; /* opens of our own processes */
	uint64_t from_cache, from_decider;
	uint64_t defaulted[DEFAULT_CAUSES];
	uint64_t
	    already_answered; /* ENOENT: by the watchdog, or the opener died */
	uint64_t events_without_fd; /* the kernel could not open it: opener
				       refused */
	uint64_t context_unknown;
	uint64_t pending_now, pending_max;
	uint64_t cache_entries, cache_flushes;
	uint64_t records_sent, records_lost, records_queued;
	uint64_t latency[LATENCY_BUCKETS]; /* read to answer */
	struct vitals_pending pending[PENDING_SLOTS];
};

struct vitals_hook {
	char name[48];
	uint32_t state; /* enum coverage */
	int32_t err;	/* -errno that stopped it, or 0 */
	uint64_t lost;	/* how often it could not do its part */
};

struct vitals_superblock {
	uint64_t dev;
	uint32_t state; /* enum coverage: answer of the canary */
	int32_t err;
	uint64_t marks;
	char fstype[16];
};

enum policy_state {
	POLICY_NONE = 0,
	POLICY_OK = 1,
	POLICY_LAST_RELOAD_FAILED = 2
};

struct vitals_loader {
	uint32_t magic, bytes;
	uint64_t started_realtime_ns;
	uint64_t heartbeat_ns;
	uint64_t generation;
	uint32_t policy_state, policy_errors;
	uint32_t context;		  /* enum context_rung */
	int32_t context_err[CONTEXT_MAX]; /* why each better rung was refused; 0
					     taken or not tried, 1 loaded but
					     never fired */
	uint32_t fanotify_flags;	  /* flags fanotify_init took */
	uint32_t fanotify_refused;	  /* flags of the full set it refused */
	uint32_t own_pids[OWN_PIDS_MAX];  /* 0: free; ours: opens are allowed
					     unasked */
	uint64_t marks, marks_failed, missing_paths;
	uint64_t restarts[PROCESS_MAX];
	uint64_t rescued_allow,
	    rescued_deny; /* answers given by the watchdog */
	uint64_t notify_overflows;
	uint64_t unmediated; /* files there before their directory was marked */
	uint64_t admin_lost; /* ADMIN records made while no store took them */
	uint32_t nhooks, nsuperblocks;
	struct vitals_hook hooks[HOOKS_MAX];
	struct vitals_superblock superblocks[SUPERBLOCKS_MAX];
};

struct vitals_store {
	uint32_t magic, bytes;
	uint64_t heartbeat_ns;
	uint64_t size;	      /* leaves in the tree */
	uint64_t sealed_size; /* leaves below the last seal */
	uint64_t last_seal;
	uint64_t last_seal_realtime_ns;
	uint64_t records, gaps, lost;
	uint64_t queued;
	uint64_t commit_errors;
	uint32_t degraded; /* 0, or why nothing can be written: errno */
	uint32_t reserved;
};

#endif
