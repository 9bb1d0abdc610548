/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One record of the log as a leaf of its tree: the columns of table rec and
 * their canonical encoding (FORMAT.md, "The leaf"). The row is the record: what
 * an auditor's SQL reads is what was hashed and signed.
 *
 * A leaf borrows every byte string it holds; nothing here allocates. Pure.
 * Not for: how leaves are stored (db.h) or read back (log_read.h).
 */
#ifndef DOORWARD_STORE_LEAF_H
#define DOORWARD_STORE_LEAF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/wire/words.h"

#define LEAF_VERSION 1
#define LEAF_BYTES_MAX 16384 /* one encoded leaf */
#define LEAF_EXT_MAX 15360   /* its ext column */
#define EXT_KEYS_MAX 23	     /* a map's count fits its first byte */

/* Columns in the order of the table and of the encoding. */
enum leaf_column {
	LEAF_TS,      /* CLOCK_REALTIME, ns; never null */
	LEAF_KIND,    /* enum record_kind; never null */
	LEAF_ACT,     /* EVENT: one op_bit; GAP: gap_source; ADMIN: admin_what;
			 ACCESS: access_what */
	LEAF_VERDICT, /* EVENT: enum verdict */
	LEAF_RULE,    /* EVENT: rule number in its policy; null: none matched */
	LEAF_ACTOR, /* EVENT: index of the ACTOR leaf; null: subject unknown */
	LEAF_UID,
	LEAF_AUID,
	LEAF_PID, /* thread group id */
	LEAF_PATH,
	LEAF_DEV, /* wire_dev() */
	LEAF_INO, /* as a signed 64-bit number */
	LEAF_MODE,
	LEAF_SIZE,
	LEAF_HNEW, /* content hash after, before */
	LEAF_HOLD,
	LEAF_EXT, /* canonical CBOR map, keys below; null when empty */
	LEAF_COLUMNS
};

enum leaf_type { LEAF_NULL = 0, LEAF_NUMBER = 1, LEAF_BYTES = 2 };

struct leaf_value {
	enum leaf_type type;
	int64_t number;
	const uint8_t *bytes; /* borrowed */
	size_t len;
};

struct leaf {
	uint64_t index; /* position in the log; not part of the encoding */
	struct leaf_value col[LEAF_COLUMNS];
};

/* ---- keys of ext; a number keeps its meaning for ever ---- */

/* KIND_EVENT. Absent TID, EUID, EGID: the same as pid, uid, gid. */
enum ext_event {
	EXT_EVENT_TID = 1,
	EXT_EVENT_OFLAGS = 2, /* open(2) flags; 0x20: an exec */
	EXT_EVENT_REASON = 3, /* enum reason */
	EXT_EVENT_TIER = 4,   /* enum tier */
	EXT_EVENT_MODE = 5,   /* enum mode */
	EXT_EVENT_ANSWER = 6, /* enum verdict: what the kernel was told */
	EXT_EVENT_LATENCY_US = 7,
	EXT_EVENT_ERRNO = 8, /* absent: 0 */
	EXT_EVENT_WATCH = 9, /* watch number in its policy; absent: none */
	EXT_EVENT_GENERATION = 10,
	EXT_EVENT_POLICY =
	    11, /* index of the first POLICY leaf of that generation */
	EXT_EVENT_EUID = 12,
	EXT_EVENT_GID = 13,
	EXT_EVENT_EGID = 14,
	EXT_EVENT_TOKEN = 15, /* the opener waited for this record's seal */
	EXT_EVENT_HOST_PATH = 16,
	EXT_EVENT_CONTAINER_PATH = 17,
	EXT_EVENT_LAYER = 18,	    /* 1 host, 2 lower, 3 upper, 4 merged */
	EXT_EVENT_PATH_SHA256 = 19, /* of the whole path, when path was cut */
	EXT_EVENT_OTHER_PATH = 20,  /* rename, link: the other name */
	EXT_EVENT_OTHER_DEV = 21,
	EXT_EVENT_OTHER_INO = 22,
};

/* KIND_ACTOR; column pid is the thread group id. */
enum ext_actor {
	EXT_ACTOR_START_NS = 1, /* task start, boot time */
	EXT_ACTOR_EXE = 2,	/* label: the path of the program */
	EXT_ACTOR_EXE_DEV = 3,
	EXT_ACTOR_EXE_INO = 4,
	EXT_ACTOR_COMM = 5,
	EXT_ACTOR_PPID = 6,
	EXT_ACTOR_CGROUP = 7,
	EXT_ACTOR_MNTNS = 8,
	EXT_ACTOR_ANCESTORS = 9, /* each path followed by a NUL, nearest first;
				    empty: not known */
	EXT_ACTOR_ANCESTOR_IDS =
	    10, /* the same ones: dev u64, ino u64, pid u32, big-endian */
	EXT_ACTOR_EXE_SHA256 = 11,
	EXT_ACTOR_CONTAINER_ID = 12,
	EXT_ACTOR_CONTAINER_NAME = 13,
	EXT_ACTOR_CONTAINER_IMAGE = 14,
	EXT_ACTOR_CONTAINER_ENGINE = 15,
	EXT_ACTOR_POD = 16,
	EXT_ACTOR_CONTAINER_LABELS = 17, /* key NUL value NUL ... */
	EXT_ACTOR_ARGV = 18,
};
#define ANCESTOR_ID_BYTES 20

/* KIND_SEAL (column ts: realtime of the seal) */
enum ext_seal {
	EXT_SEAL_N = 1,
	EXT_SEAL_BOOTTIME_NS = 2,
	EXT_SEAL_RECORDS =
	    3, /* leaves since the last SEAL leaf, without this one */
	EXT_SEAL_ACCEPTED = 4, /* events taken since OPEN */
	/* lost since OPEN, absent for none: 4 + enum gap_source */
	EXT_SEAL_LOST_RECORD_QUEUE = 5,
	EXT_SEAL_LOST_STORE_QUEUE = 6,
	EXT_SEAL_LOST_RING_BUFFER = 7,
	EXT_SEAL_LOST_NOTIFY_QUEUE = 8,
	EXT_SEAL_LOST_STORE_DOWN = 9,
	EXT_SEAL_POLICY =
	    10, /* index of the POLICY leaf in force; absent: none yet */
	EXT_SEAL_CLOCK_STATE = 11,    /* adjtimex(2): TIME_*; absent: unknown */
	EXT_SEAL_CLOCK_ERROR_US = 12, /* adjtimex(2): maxerror */
	EXT_SEAL_FREE_MB = 13,	      /* free space where the log lies */
	EXT_SEAL_SENSORS = 14,	      /* bitmap: bit 0 a monitor is connected */
	EXT_SEAL_HEARTBEAT_S = 15,    /* the next seal comes within this */
	EXT_SEAL_TOKEN = 16,	/* the monitor's number of the newest event */
	EXT_SEAL_EVENT_TS = 17, /* and the latest time of any, since OPEN */
};

/* KIND_OPEN */
enum ext_open {
	EXT_OPEN_PREVIOUS_SEAL = 1, /* last seal before; absent: first start */
	EXT_OPEN_BOOT_ID = 2,	    /* 16 bytes */
	EXT_OPEN_CLEAN = 3, /* 1: the last run ended in an orderly stop */
	EXT_OPEN_HOST = 4,
	EXT_OPEN_LATE_FIRST = 5, /* leaves sealed late, first and last */
	EXT_OPEN_LATE_LAST = 6,
	EXT_OPEN_HOLE_FIRST = 7, /* seal numbers whose leaves storage lost */
	EXT_OPEN_HOLE_LAST = 8,
	EXT_OPEN_VERSION = 9, /* of the program, text */
	EXT_OPEN_CAUSE = 10,  /* enum open_cause */
};
enum open_cause {
	OPEN_STARTED = 1,
	OPEN_CORRUPT = 2, /* the segment before could not be used any more */
};

/* KIND_CLOSE */
enum ext_close {
	EXT_CLOSE_SIGNAL = 1, /* that stopped the service; 0: the loader died */
};

/* KIND_GAP: what was not recorded. Times: realtime ns. */
enum ext_gap {
	EXT_GAP_COUNT = 1,
	EXT_GAP_FROM = 2,
	EXT_GAP_TO = 3,
};

/* KIND_CLOCK: the wall clock was set. Column ts: the new time. */
enum ext_clock {
	EXT_CLOCK_EXPECTED = 1, /* realtime as it would have been, ns */
	EXT_CLOCK_BOOTTIME_NS = 2,
};

/* KIND_POLICY: parts of one policy follow each other (policy_body.h). */
enum ext_policy {
	EXT_POLICY_GENERATION = 1,
	EXT_POLICY_HASH =
	    2, /* BLAKE2b-256 of the source texts with their names */
	EXT_POLICY_PART = 3, /* 0 .. parts - 1 */
	EXT_POLICY_PARTS = 4,
	EXT_POLICY_BODY = 5,
};
#define POLICY_PART_BYTES 12288

/* KIND_ADMIN */
enum ext_admin { EXT_ADMIN_A = 1, EXT_ADMIN_B = 2 };

/* KIND_ACCESS: somebody read the log; columns uid and pid: who. */
enum ext_access { EXT_ACCESS_DIGEST = 1 }; /* of the request, 32 bytes */

/* ---- building and reading ---- */

void leaf_clear(struct leaf *l);
void leaf_set_number(struct leaf *l, enum leaf_column c, int64_t number);
/* bytes are borrowed; len 0 is an empty string, not null. */
void leaf_set_bytes(
    struct leaf *l, enum leaf_column c, const void *bytes, size_t len);

/* The column's number, or other when it is null. */
int64_t leaf_number(const struct leaf *l, enum leaf_column c, int64_t other);

/* True when column c of the canonical form holds numbers (else bytes). */
bool leaf_column_is_number(enum leaf_column c);

/*
 * Is this a record that can exist? Types per column, ts and kind present,
 * sizes, ext canonical. 0 or -EBADMSG.
 */
int leaf_check(const struct leaf *l);

/*
 * The canonical encoding: RFC 8949 section 4.2.1, profile of FORMAT.md.
 * 0 and *ret_len; -EBADMSG as leaf_check; -EMSGSIZE beyond cap or
 * LEAF_BYTES_MAX.
 */
int
leaf_encode(const struct leaf *l, uint8_t *buf, size_t cap, size_t *ret_len);

/*
 * Accepts exactly what leaf_encode makes: any other spelling of the same
 * values, any trailing byte, is -EBADMSG. The leaf borrows from buf; its index
 * is 0.
 */
int leaf_decode(const uint8_t *buf, size_t len, struct leaf *ret);

/* Writes ext: keys ascending. Errors stick and are told by ext_end. */
struct ext_writer {
	uint8_t *buf;
	size_t cap, len;
	unsigned int count, last;
	int error;
};
void ext_begin(struct ext_writer *w, uint8_t *buf, size_t cap);
void ext_number(struct ext_writer *w, unsigned int key, int64_t number);
void ext_bytes(
    struct ext_writer *w, unsigned int key, const void *bytes, size_t len);
/* Puts the map into l (null if empty); l borrows the buffer. 0, -EMSGSIZE,
 * -EINVAL. */
int ext_end(struct ext_writer *w, struct leaf *l);

/* 0 if bytes are one canonical map of this profile, else -EBADMSG. */
int ext_check(const uint8_t *bytes, size_t len);
/* The value under key; false if absent (or ext is null or malformed). */
bool ext_find(const struct leaf *l, unsigned int key, struct leaf_value *ret);
/* The number under key, or other. */
int64_t ext_find_number(const struct leaf *l, unsigned int key, int64_t other);

#endif
