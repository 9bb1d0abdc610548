/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vocabulary every process shares: the numbers that travel on the wire and
 * lie in the log, with their names. A number, once released, keeps its meaning
 * for ever (the log outlives the program); new words are added at the end.
 *
 * Not for: anything with behaviour, or words only one process knows.
 */
#ifndef DOORWARD_IPC_WIRE_WORDS_H
#define DOORWARD_IPC_WIRE_WORDS_H

#include <stdint.h>
#include <sys/sysmacros.h>
#include <sys/types.h>

/* Who sits at the end of a channel. */
enum wire_process {
	PROCESS_NONE = 0,
	PROCESS_LOADER = 1,
	PROCESS_MONITOR = 2,
	PROCESS_DECIDER = 3,
	PROCESS_STORE = 4,
	PROCESS_SEALER = 5,
	PROCESS_QUERY = 6,
	PROCESS_INSPECTOR = 7,
	PROCESS_POLICY = 8,
	PROCESS_MAX
};

/* Operations of the policy language, as bits of a rule's or an event's mask. */
enum op_bit {
	OP_READ = 1u << 0,
	OP_WRITE = 1u << 1,
	OP_EXEC = 1u << 2,
	OP_CREATE = 1u << 3,
	OP_DELETE = 1u << 4,
	OP_RENAME = 1u << 5,
	OP_LINK = 1u << 6,
	OP_ATTRIB = 1u << 7,
	OP_TRUNCATE = 1u << 8,
	OP_MAP = 1u << 9,
	OP_MOUNT = 1u << 10,
};
#define OP_COUNT 11
#define OP_CHANGE                                                              \
	(OP_WRITE | OP_CREATE | OP_DELETE | OP_RENAME | OP_LINK | OP_ATTRIB |  \
	    OP_TRUNCATE | OP_MAP | OP_MOUNT)
#define OP_ANY ((1u << OP_COUNT) - 1)

/* What the policy says. The log's verdict column holds these. */
enum verdict { VERDICT_ALLOW = 0, VERDICT_DENY = 1 };

/* audit: a denial is recorded and the open is allowed. */
enum mode { MODE_AUDIT = 0, MODE_ENFORCE = 1 };

/* Why the verdict is what it is. */
enum reason {
	REASON_RULE = 0,       /* a rule of the policy matched */
	REASON_DEFAULT = 1,    /* no rule of the watch matched */
	REASON_TIMEOUT = 2,    /* nobody decided before the deadline */
	REASON_KERNEL = 3,     /* the kernel tier decided */
	REASON_UNMEDIATED = 4, /* it happened before we could be asked */
	REASON_MAX
};

/* Who gave the answer. */
enum tier {
	TIER_KERNEL = 0,
	TIER_CACHE = 1,
	TIER_DECIDER = 2,
	TIER_WATCHDOG = 3,
	TIER_MAX
};

/* Rungs of the context ladder (ARCHITECTURE.md, "The ladder"). */
enum context_rung {
	CONTEXT_NONE = 0,   /* every open is a write by an unknown subject */
	CONTEXT_RAW_TP = 1, /* flags and subject from the system call entry */
	CONTEXT_FENTRY = 2,
	CONTEXT_LSM = 3,
	CONTEXT_MAX
};

/* Kinds of record (FORMAT.md). */
enum record_kind {
	KIND_EVENT = 1,
	KIND_SEAL = 2,
	KIND_OPEN = 3,
	KIND_CLOSE = 4,
	KIND_GAP = 5,
	KIND_CLOCK = 6,
	KIND_POLICY = 7,
	KIND_ACTOR = 8,
	KIND_ANCHOR = 9,
	KIND_BASELINE = 10,
	KIND_TAMPER = 11,
	KIND_ACCESS = 12,
	KIND_PRUNE = 13,
	KIND_ADMIN = 14,
	KIND_MAX
};

/* What an ADMIN record tells (column act); its arguments are in brackets. */
enum admin_what {
	ADMIN_STARTED = 1,	 /* service up [context rung] */
	ADMIN_STOPPING = 2,	 /* orderly stop [signal] */
	ADMIN_RELOADED = 3,	 /* policy replaced [generation] */
	ADMIN_RELOAD_FAILED = 4, /* old policy stays [number of errors] */
	ADMIN_CHILD_DIED = 5,	 /* [process, wait status] */
	ADMIN_CHILD_STUCK =
	    6, /* killed by the watchdog [process, overdue ms] */
	ADMIN_CHILD_STARTED = 7, /* replacement is up [process, pid] */
	ADMIN_RESCUED = 8,  /* watchdog answered openers [allowed, denied] */
	ADMIN_COVERAGE = 9, /* reserved: nothing writes it yet */
	ADMIN_EXE_CHANGED = 10, /* a named program was replaced [generation] */
	ADMIN_UNMEDIATED = 11, /* files there before their directory was watched
				  [files, recorded one by one] */
	ADMIN_NOTIFY_OVERFLOW =
	    12, /* the kernel dropped notifications [times since the start] */
	ADMIN_MAX
};

/* What was lost (GAP record, column act). */
enum gap_source {
	GAP_RECORD_QUEUE = 1, /* monitor's queue to the store was full */
	GAP_STORE_QUEUE = 2,  /* store could not keep up */
	GAP_RING_BUFFER = 3,  /* reserved, as the next two: nothing writes */
	GAP_NOTIFY_QUEUE = 4, /* them; an overflow of the notification group */
	GAP_STORE_DOWN = 5,   /* is an ADMIN record */
	GAP_MAX
};

/* State of one capability, for status. */
enum coverage {
	COVERAGE_OFF = 0,      /* not wanted */
	COVERAGE_GUARDED = 1,  /* refused before it happens */
	COVERAGE_OBSERVED = 2, /* recorded, cannot be refused */
	COVERAGE_BLIND = 3,    /* neither */
	COVERAGE_MAX
};

#define WATCH_NONE UINT32_MAX /* not a watched object */
#define WATCH_UNKNOWN                                                          \
	(UINT32_MAX - 1)     /* watched, but by which watch is not known */
#define RULE_NONE UINT32_MAX /* no rule matched */

/* Bounds shared by wire, policy and log. */
#define PATH_BYTES_MAX 4095
#define NAME_BYTES_MAX 255
#define COMM_BYTES 16
#define HASH_BYTES 32
#define ANCESTORS_MAX 8

/*
 * A device number as the wire and the log hold it: major << 32 | minor, the
 * same on every architecture and libc.
 */
static inline uint64_t
wire_dev(dev_t dev)
{
	return (uint64_t)major(dev) << 32 | (uint64_t)minor(dev);
}

/* Names for people and for JSON; NULL for a number that has none. */
const char *process_name(unsigned int process);
const char *op_name(uint32_t one_bit);
const char *verdict_name(unsigned int verdict);
const char *mode_name(unsigned int mode);
const char *reason_name(unsigned int reason);
const char *tier_name(unsigned int tier);
const char *context_name(unsigned int rung);
const char *kind_name(unsigned int kind);
const char *admin_name(unsigned int what);
const char *gap_name(unsigned int source);
const char *coverage_name(unsigned int state);

#endif
