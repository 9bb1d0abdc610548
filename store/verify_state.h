/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of the verifier share. Private to verify*.c. Nothing a file
 * says is used before it is checked against a key, except to be reported.
 */
#ifndef DOORWARD_STORE_VERIFY_STATE_H
#define DOORWARD_STORE_VERIFY_STATE_H

#include <sqlite3.h>

#include "store/note.h"
#include "store/row.h"
#include "store/verify.h"

#define VERIFY_BLOCK_KEYS 4096
#define VERIFY_BLOCK_BYTES ((size_t)VERIFY_BLOCK_KEYS * HASH_BYTES)
#define VERIFY_BLOCKS_MAX (1u << 20) /* 8,000 years of heartbeats */
#define VERIFY_HAVE_MAX 64

/* One committed key block, proved by the chain from the genesis key. */
struct verify_block {
	uint8_t root[HASH_BYTES];
	uint8_t cert[HASH_BYTES];
};

struct verify {
	const struct verify_options *o;
	struct verify_report *report;

	/* keys */
	bool pinned;
	struct vkey genesis;
	bool have_genesis;
	char origin[ORIGIN_BYTES_MAX + 1];
	uint8_t identity[HASH_BYTES];
	struct verify_block *blocks;
	size_t nblocks;
	uint8_t *pks; /* of block pks_block, proved; NULL: none */
	uint64_t pks_block;
	uint64_t bad_block; /* last block found bad, so as to say it once */

	/* the segment in hand */
	sqlite3 *db;
	const char *file; /* its name without folder */

	/* the walk */
	struct tree tree;
	bool tree_good; /* all rows since good_size were there and readable */
	uint64_t good_size; /* up to here a seal has proved everything */
	uint64_t bad_seal,
	    bad_seals;	    /* seals since good_size that do not fit */
	uint64_t bad_size;  /* what the first of them covers */
	uint64_t next_seal; /* the number the next seal must have */
	bool any_seal;
	bool clock_record;	       /* since the last seal */
	int64_t tail_first, tail_last; /* times of rows after the last seal */
	uint32_t heartbeat_s;
	uint64_t nodes; /* that this segment must hold */
	bool bad_node;	/* one since good_size is not what the rows make */
	uint64_t bad_node_first, bad_node_last; /* the rows below it */
	bool said; /* damage since good_size was reported where it is */
	unsigned int number; /* of the segment before */
	bool skipped;	     /* and the one in hand is not the next */

	struct checkpoint have[VERIFY_HAVE_MAX];
	size_t nhave;
};

void verify_find(struct verify *v, enum verify_verdict verdict,
    enum verify_place place, uint64_t first, uint64_t last, const char *format,
    ...) __attribute__((format(printf, 6, 7)));
void verify_remark(struct verify *v, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* verify_file.c: schema, numbers, pages of v->db. 0; -errno: cannot go on. */
int verify_file(struct verify *v, const char *path);

/*
 * verify_keys.c. Genesis and key notes of v->db; extends and compares the
 * chain. 0; -EBADMSG: this segment's keys prove nothing (found and said).
 */
int verify_keys(struct verify *v);
/* The proved public key of seal n, from v->db. 0, -ENOENT (said once). */
int verify_seal_key(struct verify *v, uint64_t n, uint8_t ret[HASH_BYTES]);
/* Is the checkpoint (origin, t) signed as seal n? */
bool verify_seal(struct verify *v, uint64_t n, const struct tree *t,
    const uint8_t sig[SIG_BYTES]);
/* Texts of --have. 0, -EINVAL. */
int verify_take_have(struct verify *v);

/*
 * verify_notes.c: every row of table note, after verify_keys and the walk: its
 * columns, that it is there once, and what no other part looks at. Says what
 * it finds.
 */
void verify_notes(struct verify *v);

/* verify_rows.c: all rows and seals of v->db, from its base. 0 or -errno. */
int verify_rows(struct verify *v, bool last);

#endif
