/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a log folder: records by index, seals, the policy a record was judged
 * under. Read-only; works on the live log (query), and on a copy. For showing
 * records, not for believing them: that is verify.h.
 *
 * A reader is one process's, used from one thread. Between log_begin and
 * log_end it sees one state of the log; keep that short on the live log,
 * because the writer cannot shrink its write-ahead file meanwhile.
 */
#ifndef DOORWARD_STORE_LOG_READ_H
#define DOORWARD_STORE_LOG_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/leaf.h"
#include "store/policy_body.h"

#define ORIGIN_BYTES_MAX 300
#define VKEY_BYTES_MAX 400
#define CHECKPOINT_BYTES_MAX 2048

struct log_reader;
struct log_cursor;

struct log_seal {
	uint64_t n;    /* its number */
	uint64_t size; /* leaves it covers */
	uint8_t sig[64];
};

/*
 * Opens every segment of the folder (in a chroot, "/"). live: a store may be
 * writing, its locks are respected. 0; -ENOENT no segment there; -EBADMSG not
 * our files; -EBUSY; other -errno.
 */
int log_open(const char *dir, bool live, struct log_reader **ret);
void log_close(struct log_reader **r);

/* One consistent view until log_end. begin also notices new segments. 0 or
 * -errno. */
int log_begin(struct log_reader *r);
void log_end(struct log_reader *r);

/* Indexes present: first .. end - 1. Segments may be missing between. */
int log_bounds(struct log_reader *r, uint64_t *ret_first, uint64_t *ret_end);
/* -ENOENT: nothing is sealed yet. */
int log_last_seal(struct log_reader *r, struct log_seal *ret);
/* The seal that first covers the record. -ENOENT: not sealed yet. */
int log_seal_of(struct log_reader *r, uint64_t index, struct log_seal *ret);

/*
 * Records first .. last (inclusive), ascending, or descending when reverse.
 * log_next: 1 and the record, whose bytes are valid until the next call on this
 * cursor; 0 at the end; -errno. The cursor must be closed before log_end.
 */
int log_seek(struct log_reader *r, uint64_t first, uint64_t last, bool reverse,
    struct log_cursor **ret);
int log_next(struct log_cursor *c, struct leaf *ret);
void log_cursor_close(struct log_cursor **c);

/* One record. *ret borrows from *ret_hold, which the caller frees. -ENOENT. */
int log_get(
    struct log_reader *r, uint64_t index, struct leaf *ret, void **ret_hold);

/* Where the policy of an EVENT starts; -ENOENT when the log does not hold it.
 */
int log_policy_index(
    struct log_reader *r, const struct leaf *event, uint64_t *ret_index);
/*
 * The policy whose first part is the leaf index. hash is its BLAKE2b-256.
 * -ENOENT, -EBADMSG, -ENOMEM.
 */
int log_policy(struct log_reader *r, uint64_t index, struct policy_body **ret,
    uint64_t *ret_generation, uint8_t ret_hash[HASH_BYTES]);

/* The key an auditor pins, as one line without newline: log.pub. */
int log_vkey(struct log_reader *r, char *buf, size_t cap);
/* The name of the log: "HOST/doorward/16 hex". */
int log_origin(struct log_reader *r, char *buf, size_t cap);
/*
 * The checkpoint of the last seal as a C2SP signed note under its seal key (and
 * the identity key when it was published). -ENOENT: nothing sealed.
 */
int
log_checkpoint(struct log_reader *r, char *buf, size_t cap, size_t *ret_len);

#endif
