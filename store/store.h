/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doorward-store's own types. One thread, one libevent loop; nothing here waits
 * for another process. The order of things (FORMAT.md, "Sealing"):
 *
 *   queue ─ batch_due ─▶ batch_write: rows, the seal row of the batch before,
 *   a SEAL leaf; COMMIT ─▶ sealer: APPEND, SEAL ─▶ SIGNED ─▶ told to monitor
 * and query; its row goes with the next commit, soon in any case.
 *
 * No signature is asked for before the row of the one before is durable: the
 * sealer keeps only the last, so a crash anywhere loses none. While the sealer
 * is away, rows are written without a SEAL leaf and sealed when it is back.
 */
#ifndef DOORWARD_STORE_STORE_H
#define DOORWARD_STORE_STORE_H

#include <stdbool.h>

#include "ipc/wire/chan.h"
#include "ipc/wire/chan_event.h"
#include "ipc/wire/vitals.h"
#include "store/cadence.h"
#include "store/db.h"
#include "store/labels.h"
#include "store/note.h"
#include "store/queue.h"
#include "store/record.h"

struct event;
struct event_base;

enum sealer_phase {
	SEALER_GONE,	 /* no channel, or no answer worth having */
	SEALER_ASKED,	 /* STATE sent */
	SEALER_KEYS,	 /* fetching key blocks */
	SEALER_IDLE,	 /* in step with us */
	SEALER_SIGNING,	 /* a SEAL is out */
	SEALER_UNUSABLE, /* it has no usable keys: nothing will be sealed */
};

/* What the sealer last said of itself. */
struct sealer_facts {
	uint64_t next, size, blocks;
	uint8_t sig[SIG_BYTES];
	struct tree tree;
	char origin[ORIGIN_BYTES_MAX + 1];
	char vkey[VKEY_BYTES_MAX + 1];
};

/* A seal on its way: from its SEAL leaf's commit to its row's commit. */
struct seal_row {
	bool waiting; /* committed leaf, no signature yet */
	bool have;    /* signature, not yet in the database */
	bool critical;
	bool publish;
	uint64_t n, size, token;
	uint8_t root[HASH_BYTES];
	uint8_t sig[SIG_BYTES];
	uint8_t identity_sig[SIG_BYTES];
	uint64_t asked; /* monotonic ns */
};

/* A key block that arrived and is not in the database yet. */
struct key_block {
	bool have;
	uint64_t block;
	uint32_t got;
	char note[NOTE_BYTES_MAX];
	uint8_t pks[4096 * HASH_BYTES];
};

#define GENERATIONS 16
struct generation {
	uint64_t number;
	int64_t index; /* of its first POLICY leaf */
};

/* What a batch changes in memory: copied before it, put back if it fails. */
struct ledger {
	struct tree tree; /* of all rows */
	size_t nhashes;
	uint64_t since_seal; /* leaves since the last SEAL leaf */
	uint64_t accepted, lost[GAP_MAX], gaps;
	uint64_t token;	  /* newest event */
	int64_t event_ts; /* latest time of any event */
	int64_t policy;	  /* index of the POLICY leaf in force; -1: none */
	struct generation generations[GENERATIONS];
	unsigned int ngenerations;
	bool open_due; /* OPEN is the next leaf */
};

struct peer {
	struct chan *chan;
	struct chan_event *event;
};

struct store {
	struct event_base *base;
	struct event *timer, *clock_event;
	int clock_fd;
	struct peer loader, monitor, sealer, query;
	struct vitals_store *vitals;

	struct db *db;
	unsigned int segment;
	bool corrupt; /* the segment before could not be used */
	bool in_step; /* reconciled with the sealer: batches may be written */
	bool recovering; /* RECOVER was asked */
	struct open_facts open;
	char host[256];

	struct queue queue;
	struct cadence cadence;
	uint32_t heartbeat_s;
	struct labels labels;
	struct actors actors;
	struct ledger ledger;
	uint64_t dup_token; /* events up to these are in the log already */
	int64_t dup_ts;

	uint64_t sealed_size; /* leaves the last seal covers */
	uint64_t next_seal;   /* number the next SEAL leaf gets */
	uint8_t *hashes; /* of leaves sealed_size .. ledger.tree.size - 1 */
	size_t hashes_cap;
	uint64_t published; /* monotonic ns of the last published checkpoint */
	bool grew;	    /* by more than heartbeats since then */

	enum sealer_phase phase;
	struct sealer_facts facts;
	struct seal_row seal;
	struct key_block keys;
	uint8_t identity_pk[HASH_BYTES];

	bool stopping;
	uint64_t stop_deadline;
	uint64_t retry_at; /* after a failed commit */
};

uint64_t now_mono(void); /* CLOCK_MONOTONIC, ns */
int64_t now_real(void);	 /* CLOCK_REALTIME, ns */

/* ---- from_*.c: opening a channel takes fd; 0 or -errno ---- */
int from_loader_open(struct store *s, int fd);
int from_monitor_open(struct store *s, int fd);
int from_sealer_open(struct store *s, int fd);
int from_query_open(struct store *s, int fd);
/* Once records can be told from those in the log: the monitor may send. */
void from_monitor_greet(struct store *s);
void peer_close(struct peer *p);
int peer_open(struct store *s, struct peer *p, int fd, enum wire_process who,
    const struct chan_row *rows, size_t nrows, size_t queue_max,
    chan_ended *ended);
/* Sends; a peer that is gone or does not read costs nothing here. */
void peer_send(struct peer *p, uint16_t type, const void *msg);

/* ---- segment.c: the file ---- */

/* Opens the newest segment of the current directory, or leaves db NULL. */
int segment_open(struct store *s);
/* Begins a segment on the sealer's state; its notes come from s->facts. */
int segment_create(struct store *s);
/* Writes whose log an empty file is. */
int segment_claim(struct store *s);
/* With the keys in: writes what it goes on from. */
int segment_begin(struct store *s);
/* Puts the file away as unusable; the next one goes on from the sealer. */
int segment_abandon(struct store *s);
int segment_put_keys(struct store *s); /* own transaction */
/* The public key of seal n, from its block. 0, -ENOENT, -errno. */
int segment_seal_key(struct store *s, uint64_t n, uint8_t ret[HASH_BYTES]);
/* Which key block is missing; false: none. */
bool segment_missing_keys(struct store *s, uint64_t *ret_block);

/* ---- reconcile.c: what the sealer says against what the file says ---- */

/* With facts and keys in hand: in step, a late seal, RECOVER, or a new file. */
void reconcile(struct store *s);
/* Nothing can be signed: rows are written all the same, if there is a file. */
void reconcile_unsealed(struct store *s, const char *why);

/* ---- batch.c ---- */

/* Writes what is due and arms the timer. Call after anything changed. */
void batch_run(struct store *s);
/*
 * One transaction: the seal row that is due, at most items records, and
 * with_seal a SEAL leaf. When the file cannot be written all stays queued. 0 or
 * -errno.
 */
int batch_write(struct store *s, size_t items, bool with_seal);

/* ---- to_sealer.c ---- */
void to_sealer_state(struct store *s);
void to_sealer_keys(struct store *s, uint64_t block);
void to_sealer_recover(struct store *s, uint64_t n, uint64_t size,
    const uint8_t sig[SIG_BYTES], const struct tree *at);
/* All unsigned leaves up to the waiting seal, and the request to sign. */
void to_sealer_seal(struct store *s);

/* A signature came (or was found in the sealer's state). */
void sealed(
    struct store *s, const uint8_t sig[SIG_BYTES], const uint8_t *identity_sig);

/* ---- stop.c ---- */

/* Begins the orderly end: CLOSE, a last seal, exit 0. */
void store_stop(struct store *s, uint32_t signal);
/* While stopping: ends the process when all is written, or time is up. */
void store_stop_turn(struct store *s);

#endif
