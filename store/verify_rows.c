/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk: every row in order of its index, every seal at its place. A seal
 * that verifies proves all rows up to it. One that does not: either rows since
 * the last good one are not the signed ones, or the seal is not. The stored
 * nodes tell which, if they themselves lead to a signed root; they also let the
 * walk go on behind the damage, so that it is reported where it is and not from
 * there to the end.
 */
#include "store/verify_state.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define PROGRESS_ROWS 65536
#define GOES_BACK 1000000000 /* ns: more than clock discipline does */

struct seal_cursor {
	sqlite3_stmt *st;
	bool have;
	uint64_t n, size;
	uint8_t sig[SIG_BYTES];
};

/* ---- seals ---- */

static void
next_seal(struct verify *v, struct seal_cursor *c)
{
	for (c->have = false; !c->have;) {
		sqlite3_int64 n, size;

		if (sqlite3_step(c->st) != SQLITE_ROW)
			return;
		n = sqlite3_column_int64(c->st, 0);
		size = sqlite3_column_int64(c->st, 1);
		if (n < 0 || size <= 0 ||
		    sqlite3_column_type(c->st, 2) != SQLITE_BLOB ||
		    sqlite3_column_bytes(c->st, 2) != SIG_BYTES) {
			verify_find(v, VERIFY_TAMPERED, VERIFY_PLACE_SEALS,
			    (uint64_t)n, (uint64_t)n, "not a seal's row");
			continue;
		}
		c->n = (uint64_t)n;
		c->size = (uint64_t)size;
		memcpy(c->sig, sqlite3_column_blob(c->st, 2), SIG_BYTES);
		c->have = true;
	}
	if (c->n > v->next_seal)
		verify_find(v, VERIFY_HOLE, VERIFY_PLACE_SEALS, v->next_seal,
		    c->n - 1,
		    "seals %" PRIu64 " to %" PRIu64
		    " are missing: what they sealed is gone",
		    v->next_seal, c->n - 1);
	v->next_seal = c->n + 1;
}

/* Does the 256-block of rows hash to the node stored for it? */
static bool
block_differs(struct verify *v, uint64_t block)
{
	uint8_t rows[HASH_BYTES], stored[HASH_BYTES];

	return row_block(v->db, block, rows) < 0 ||
	       row_node(v->db, 8, block, stored) < 0 ||
	       memcmp(rows, stored, HASH_BYTES) != 0;
}

/* Rows from..to-1 are not the signed ones; the stored nodes say which. */
static void
report_rows(struct verify *v, uint64_t from, uint64_t to)
{
	bool said = v->said;

	for (uint64_t b = from >> 8; !v->said && b << 8 < to; b++) {
		uint64_t first = b << 8 < from ? from : b << 8;
		uint64_t last = ((b + 1) << 8) > to ? to : (b + 1) << 8;

		if (((b + 1) << 8) > to || !block_differs(v, b))
			continue;
		said = true;
		verify_find(v, VERIFY_TAMPERED, VERIFY_PLACE_ROWS, first,
		    last - 1, "a record here is not the one that was sealed");
	}
	if (!said)
		verify_find(v, VERIFY_TAMPERED, VERIFY_PLACE_ROWS, from, to - 1,
		    "the records here are not the ones that were sealed");
}

static void
good_seal(struct verify *v, const struct seal_cursor *c, int64_t ts)
{
	struct verify_report *r = v->report;
	struct checkpoint p = {.size = v->tree.size};

	if (v->bad_node)
		verify_find(v, VERIFY_TAMPERED, VERIFY_PLACE_ROWS,
		    v->bad_node_first, v->bad_node_last,
		    "the stored node is not that of the sealed records");
	v->good_size = c->size;
	v->tree_good = true;
	v->bad_node = false;
	v->said = false;
	v->bad_seals = 0;
	v->any_seal = true;
	r->seals++;
	r->last_seal = c->n;
	r->sealed_size = c->size;
	if (r->last_seal_ns - ts > GOES_BACK && !v->clock_record)
		verify_remark(v,
		    "seal %" PRIu64 ": the clock went back by %" PRId64
		    " s and no record says why",
		    c->n, (r->last_seal_ns - ts) / 1000000000);
	v->clock_record = false;
	r->last_seal_ns = ts;
	memcpy(p.origin, v->origin, sizeof(p.origin));
	tree_root(&v->tree, p.root);
	(void)checkpoint_format(&p, r->checkpoint);
}

/* At a SEAL leaf that the seal's row points to. */
static void
check_seal(
    struct verify *v, const struct seal_cursor *c, const struct leaf *leaf)
{
	int64_t ts = leaf_number(leaf, LEAF_TS, 0);
	struct tree stored;

	if (ext_find_number(leaf, EXT_SEAL_N, -1) != (int64_t)c->n) {
		verify_find(v, VERIFY_TAMPERED, VERIFY_PLACE_SEALS, c->n, c->n,
		    "seal %" PRIu64 " points to another seal's record", c->n);
		return;
	}
	if (v->tree_good &&
	    ((v->o->quick && (c->n + 1) % VERIFY_BLOCK_KEYS != 0) ||
		verify_seal(v, c->n, &v->tree, c->sig))) {
		if (v->bad_seals > 0)
			verify_find(v, VERIFY_TAMPERED, VERIFY_PLACE_SEALS,
			    v->bad_seal, v->bad_seal + v->bad_seals - 1,
			    "the signature is not the seal key's");
		good_seal(v, c, ts);
		return;
	}
	if (row_tree(v->db, c->size, &stored) == 0 &&
	    verify_seal(v, c->n, &stored, c->sig)) {
		report_rows(v, v->good_size, c->size);
		v->bad_node = false;
		v->tree = stored;
		good_seal(v, c, ts);
		return;
	}
	if (v->bad_seals++ == 0) {
		v->bad_seal = c->n;
		v->bad_size = c->size;
	}
}

/* Seals whose place has been passed without meeting their record. */
static void
passed_seals(struct verify *v, struct seal_cursor *c, uint64_t index)
{
	while (c->have && c->size <= index) {
		verify_find(v, VERIFY_TAMPERED, VERIFY_PLACE_SEALS, c->n, c->n,
		    "seal %" PRIu64 " does not end in its own record", c->n);
		next_seal(v, c);
	}
}

/* ---- rows ---- */

static void
on_node(unsigned int h, uint64_t i, const uint8_t hash[HASH_BYTES], void *ctx)
{
	struct verify *v = ctx;
	uint8_t stored[HASH_BYTES];

	v->nodes++;
	if (!v->tree_good)
		return;
	if (row_node(v->db, h, i, stored) == 0 &&
	    memcmp(stored, hash, HASH_BYTES) == 0)
		return;
	/* Wrong rows show at their seal; a wrong node only here. */
	v->bad_node = true;
	v->bad_node_first = i << h;
	v->bad_node_last = ((i + 1) << h) - 1;
}

static void
remark_on(struct verify *v, const struct leaf *l)
{
	struct verify_report *r = v->report;
	int64_t n;

	switch (leaf_number(l, LEAF_KIND, 0)) {
	case KIND_GAP:
		n = ext_find_number(l, EXT_GAP_COUNT, 0);
		r->gaps++;
		r->lost += n > 0 ? (uint64_t)n : 0;
		verify_remark(v,
		    "record %" PRIu64 ": gap, %" PRId64 " not recorded",
		    l->index, n);
		break;
	case KIND_CLOCK:
		v->clock_record = true;
		verify_remark(
		    v, "record %" PRIu64 ": the clock was set", l->index);
		break;
	case KIND_OPEN:
		n = ext_find_number(l, EXT_OPEN_LATE_FIRST, -1);
		if (n >= 0)
			verify_remark(v,
			    "records %" PRId64 " to %" PRId64
			    " were sealed late, after a restart",
			    n, ext_find_number(l, EXT_OPEN_LATE_LAST, -1));
		if (l->index > 0 && ext_find_number(l, EXT_OPEN_CLEAN, 0) == 0)
			verify_remark(v,
			    "record %" PRIu64
			    ": started after a stop that was not orderly",
			    l->index);
		break;
	case KIND_SEAL:
		n = ext_find_number(l, EXT_SEAL_HEARTBEAT_S, 60);
		v->heartbeat_s = n > 0 && n <= 86400 ? (uint32_t)n : 60;
		break;
	default:
		break;
	}
}

/* A checkpoint the auditor holds must be this tree at its size. */
static void
check_have(struct verify *v)
{
	uint8_t root[HASH_BYTES];

	for (size_t i = 0; i < v->nhave; i++) {
		if (v->have[i].size != v->tree.size || !v->tree_good)
			continue;
		tree_root(&v->tree, root);
		if (memcmp(root, v->have[i].root, HASH_BYTES) != 0 ||
		    strcmp(v->have[i].origin, v->origin) != 0)
			verify_find(v, VERIFY_FORK, VERIFY_PLACE_ROWS, 0,
			    v->have[i].size - 1,
			    "the checkpoint held from earlier has another root "
			    "at size %" PRIu64,
			    v->have[i].size);
	}
}

/* Adds the row to the tree. False: it is no record at all. */
static bool
add_row(struct verify *v, sqlite3_stmt *rows, struct leaf *l)
{
	uint8_t bytes[LEAF_BYTES_MAX], hash[HASH_BYTES];
	size_t len;

	if (row_leaf(rows, l) < 0 ||
	    leaf_encode(l, bytes, sizeof(bytes), &len) < 0)
		return false;
	tree_leaf_hash(bytes, len, hash);
	tree_append(&v->tree, hash, on_node, v);
	return true;
}

static void
missing_rows(struct verify *v, uint64_t from, uint64_t to)
{
	verify_find(v, VERIFY_TAMPERED, VERIFY_PLACE_ROWS, from, to - 1,
	    "%" PRIu64 " records are missing", to - from);
	v->tree_good = false;
	v->said = true;
	v->tree.size = to;
}

static void
one_row(struct verify *v, sqlite3_stmt *rows, struct seal_cursor *seals)
{
	struct verify_report *r = v->report;
	uint64_t index = (uint64_t)sqlite3_column_int64(rows, 0);
	struct leaf l;

	if (sqlite3_column_int64(rows, 0) < 0 || index < v->tree.size) {
		verify_find(v, VERIFY_TAMPERED, VERIFY_PLACE_ROWS, index, index,
		    "an index that cannot be");
		return;
	}
	if (index > v->tree.size)
		missing_rows(v, v->tree.size, index);
	passed_seals(v, seals, index);
	r->records++;
	if (!add_row(v, rows, &l)) {
		verify_find(v, VERIFY_TAMPERED, VERIFY_PLACE_ROWS, index, index,
		    "a value no record can hold");
		v->tree_good = false;
		v->said = true;
		v->tree.size = index + 1;
		return;
	}
	if (r->first_ns == 0)
		r->first_ns = leaf_number(&l, LEAF_TS, 0);
	if (index == v->good_size)
		v->tail_first = leaf_number(&l, LEAF_TS, 0);
	v->tail_last = leaf_number(&l, LEAF_TS, 0);
	remark_on(v, &l);
	check_have(v);
	if (leaf_number(&l, LEAF_KIND, 0) == KIND_SEAL && seals->have &&
	    seals->size == index + 1) {
		check_seal(v, seals, &l);
		next_seal(v, seals);
	}
	if (r->records % PROGRESS_ROWS == 0 && v->o->progress != NULL)
		v->o->progress(r->records, v->o->ctx);
}

/* ---- the base, and the end ---- */

/* The checkpoint a segment goes on from, signed by a seal of this log. */
static int
read_base(struct verify *v, struct tree *ret, uint64_t *ret_n)
{
	char name[NOTE_NAME_MAX + 1];
	uint8_t pk[HASH_BYTES], root[HASH_BYTES];
	sqlite3_stmt *s = NULL;
	struct checkpoint c;
	struct note note;
	int r = row_base(v->db, ret);

	if (r < 0)
		return r;
	r = -EBADMSG;
	if (sqlite3_prepare_v2(v->db, "SELECT n, body FROM note WHERE kind = 4",
		-1, &s, NULL) == SQLITE_OK &&
	    sqlite3_step(s) == SQLITE_ROW &&
	    sqlite3_column_type(s, 1) == SQLITE_BLOB) {
		const char *body = sqlite3_column_blob(s, 1);
		size_t len = (size_t)sqlite3_column_bytes(s, 1);

		*ret_n = (uint64_t)sqlite3_column_int64(s, 0);
		note_name_seal(v->origin, *ret_n, name);
		tree_root(ret, root);
		if (note_parse(body, len, &note) == 0 && note.nsigs == 1 &&
		    checkpoint_parse(body, note.text_len, &c) == 0 &&
		    strcmp(c.origin, v->origin) == 0 && c.size == ret->size &&
		    memcmp(c.root, root, HASH_BYTES) == 0 &&
		    verify_seal_key(v, *ret_n, pk) == 0 &&
		    note_verify(body, &note, name, pk) == 0)
			r = 0;
	}
	sqlite3_finalize(s);
	return r;
}

/* How the base fits what was read so far. */
static void
join_base(struct verify *v, const struct tree *base)
{
	uint8_t ours[HASH_BYTES], theirs[HASH_BYTES];

	if (base->size > v->tree.size) {
		verify_find(v,
		    v->tree.size == 0 || v->skipped ? VERIFY_MISSING_SEGMENT
						    : VERIFY_DATA_MISSING,
		    VERIFY_PLACE_ROWS, v->tree.size, base->size - 1,
		    "not here; the log was signed up to %" PRIu64, base->size);
	} else if (base->size < v->tree.size) {
		verify_find(v, VERIFY_TAMPERED, VERIFY_PLACE_ROWS, base->size,
		    v->tree.size - 1, "records after those it goes on from");
	} else if (v->tree_good) {
		tree_root(&v->tree, ours);
		tree_root(base, theirs);
		if (memcmp(ours, theirs, HASH_BYTES) != 0)
			verify_find(v, VERIFY_FORK, VERIFY_PLACE_FILE, 0, 0,
			    "it goes on from another past");
	}
}

static int
take_base(struct verify *v)
{
	struct tree base;
	uint64_t n;
	int r = read_base(v, &base, &n);

	if (r == -ENOENT) {
		if (v->tree.size == 0)
			return 0;
		verify_find(v, VERIFY_TAMPERED, VERIFY_PLACE_FILE, 0, 0,
		    "it does not say what it goes on from");
		return -EBADMSG;
	}
	if (r < 0) {
		verify_find(v, VERIFY_TAMPERED, VERIFY_PLACE_FILE, 0, 0,
		    "what it goes on from is not signed by this log");
		return -EBADMSG;
	}
	join_base(v, &base);
	v->tree = base;
	v->good_size = base.size;
	v->next_seal = n + 1;
	if (v->report->records == 0)
		v->report->first_index = base.size;
	return 0;
}

/* Seals that cover rows which are not there. */
static void
end_of_seals(struct verify *v, struct seal_cursor *c)
{
	uint64_t first = 0, count = 0, size = 0;

	passed_seals(v, c, v->tree.size);
	for (; c->have; next_seal(v, c)) {
		if (count++ == 0)
			first = c->n;
		if (c->size > size)
			size = c->size;
	}
	if (count > 0)
		verify_find(v, VERIFY_TAMPERED, VERIFY_PLACE_ROWS, v->tree.size,
		    size - 1,
		    "sealed by seals %" PRIu64 " to %" PRIu64 " and missing",
		    first, v->next_seal - 1);
}

/* Nodes of no record are nobody's. */
static void
check_node_count(struct verify *v)
{
	sqlite3_stmt *s = NULL;

	if (sqlite3_prepare_v2(v->db, "SELECT count(*) FROM node", -1, &s,
		NULL) == SQLITE_OK &&
	    sqlite3_step(s) == SQLITE_ROW &&
	    sqlite3_column_int64(s, 0) != (sqlite3_int64)v->nodes &&
	    v->report->verdict < VERIFY_TAMPERED)
		verify_find(v, VERIFY_TAMPERED, VERIFY_PLACE_FILE, 0, 0,
		    "stored nodes that belong to no record");
	sqlite3_finalize(s);
}

static void
end_of_rows(struct verify *v, bool last)
{
	/*
	 * What is wrong is among the first bad seal's own records: every seal
	 * after it covers them, too, and tells nothing of its own.
	 */
	if (v->bad_seals > 0)
		verify_find(v, VERIFY_TAMPERED, VERIFY_PLACE_ROWS, v->good_size,
		    v->bad_size - 1,
		    "seal %" PRIu64 " is not signed by its key over these "
		    "records (later seals that cover them, too: %" PRIu64 ")",
		    v->bad_seal, v->bad_seals - 1);
	else if (v->tree.size > v->good_size && last)
		v->report->unsealed = v->tree.size - v->good_size;
	/* No seal came to say it; rows and node disagree all the same. */
	if (v->bad_node && v->bad_seals == 0)
		verify_find(v, VERIFY_TAMPERED, VERIFY_PLACE_ROWS,
		    v->bad_node_first, v->bad_node_last,
		    "the stored node is not that of the records");
	v->bad_seals = 0;
	v->bad_node = false;
}

int
verify_rows(struct verify *v, bool last)
{
	struct seal_cursor seals = {0};
	sqlite3_stmt *rows = NULL;
	int r = take_base(v), rc;

	if (r < 0)
		return r;
	v->tree_good = true;
	v->nodes = 0;
	if (sqlite3_prepare_v2(v->db,
		"SELECT " ROW_COLUMNS " FROM rec NOT INDEXED ORDER BY idx", -1,
		&rows, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(v->db,
		"SELECT n, size, sig FROM seal NOT INDEXED ORDER BY n", -1,
		&seals.st, NULL) != SQLITE_OK) {
		r = -EIO;
	} else {
		next_seal(v, &seals);
		while ((rc = sqlite3_step(rows)) == SQLITE_ROW)
			one_row(v, rows, &seals);
		if (rc != SQLITE_DONE)
			verify_find(v, VERIFY_TAMPERED, VERIFY_PLACE_ROWS,
			    v->tree.size, v->tree.size,
			    "the file cannot be read from here on: %s",
			    sqlite3_errmsg(v->db));
		end_of_seals(v, &seals);
		end_of_rows(v, last);
		check_node_count(v);
		verify_notes(v);
	}
	sqlite3_finalize(rows);
	sqlite3_finalize(seals.st);
	return r;
}
