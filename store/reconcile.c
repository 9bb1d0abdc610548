/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WHY this is not simply "go on": after a crash, file and sealer may disagree.
 * The sealer is one signature ahead at most if storage kept its promises. More
 * means that sealed rows are gone, and that must stay visible for ever.
 */
#include "store/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/proc/log.h"

/* Where the file's last seal stands. count: seals so far, counting the base's.
 */
struct standing {
	uint64_t count, size, end;
	uint8_t sig[SIG_BYTES];
	bool in_rows; /* the seal is a row of this file, not its base */
};

static int
stand(struct store *s, struct standing *ret)
{
	struct standing at = {0};
	uint64_t n = 0;
	int r;

	r = db_end(s->db, &at.end);
	if (r < 0)
		return r;
	r = db_last_seal(s->db, &n, &at.size, at.sig);
	at.in_rows = r == 0;
	if (r == -ENOENT)
		r = db_base(s->db, &n, &at.size);
	if (r == 0)
		at.count = n + 1;
	if (r < 0 && r != -ENOENT)
		return r;
	*ret = at;
	return 0;
}

/* Is the tree of size leaves, as this file has it, what the sealer signed? */
static bool
same_root(struct store *s, uint64_t size)
{
	uint8_t ours[HASH_BYTES], theirs[HASH_BYTES];
	struct tree t;

	if (row_tree(db_handle(s->db), size, &t) < 0)
		return false;
	tree_root(&t, ours);
	tree_root(&s->facts.tree, theirs);
	return memcmp(ours, theirs, HASH_BYTES) == 0;
}

struct tail {
	struct store *s;
	bool pending; /* a SEAL leaf without its seal */
	uint64_t pending_size;
};

static int
tail_row(const struct leaf *l, void *ctx)
{
	struct tail *t = ctx;
	struct store *s = t->s;
	uint8_t bytes[LEAF_BYTES_MAX];
	size_t len, at = s->ledger.nhashes;
	int r;

	if (l->index != s->ledger.tree.size)
		return -EUCLEAN;
	r = leaf_encode(l, bytes, sizeof(bytes), &len);
	if (r < 0)
		return r;
	if (at == s->hashes_cap) {
		size_t cap = at == 0 ? 4096 : 2 * at;
		uint8_t *more = realloc(s->hashes, cap * HASH_BYTES);

		if (more == NULL)
			return -ENOMEM;
		s->hashes = more;
		s->hashes_cap = cap;
	}
	tree_leaf_hash(bytes, len, s->hashes + at * HASH_BYTES);
	tree_append(&s->ledger.tree, s->hashes + at * HASH_BYTES, NULL, NULL);
	s->ledger.nhashes++;
	if (leaf_number(l, LEAF_KIND, 0) == KIND_SEAL &&
	    ext_find_number(l, EXT_SEAL_N, -1) == (int64_t)s->facts.next) {
		t->pending = true;
		t->pending_size = s->ledger.tree.size;
		tree_root(&s->ledger.tree, s->seal.root);
	}
	return 0;
}

static int
take_tokens(const struct leaf *l, void *ctx)
{
	struct store *s = ctx;

	s->dup_token = (uint64_t)ext_find_number(l, EXT_SEAL_TOKEN, 0);
	s->dup_ts = ext_find_number(l, EXT_SEAL_EVENT_TS, 0);
	return 0;
}

/* From here on the sealer's size is ours; rows beyond it are sealed late. */
static int
go_on_from(struct store *s, uint64_t size)
{
	struct tail t = {.s = s};
	int r;

	r = row_tree(db_handle(s->db), size, &s->ledger.tree);
	if (r < 0)
		return r;
	s->sealed_size = size;
	s->ledger.nhashes = 0;
	r = db_rows(s->db, size, tail_row, &t);
	if (r < 0)
		return r;
	r = db_last_of_kind(s->db, KIND_SEAL, take_tokens, s);
	if (r < 0 && r != -ENOENT)
		return r;
	s->next_seal = s->facts.next;
	if (t.pending) {
		s->seal.waiting = true;
		s->seal.n = s->next_seal++;
		s->seal.size = t.pending_size;
	}
	if (s->ledger.tree.size > size) {
		s->open.has_late = true;
		s->open.late_first = size;
		s->open.late_last = s->ledger.tree.size - 1;
	}
	return 0;
}

static void
in_step(struct store *s)
{
	uint64_t now = now_mono();

	s->open.has_previous = s->facts.next > 0;
	s->open.previous_seal = s->facts.next - 1;
	s->open.cause = s->corrupt ? OPEN_CORRUPT : OPEN_STARTED;
	s->ledger.open_due = true;
	s->in_step = true;
	s->phase = SEALER_IDLE;
	cadence_init(&s->cadence, s->heartbeat_s * SECOND, now);
	s->seal.asked = now;
	if (s->seal.waiting)
		to_sealer_seal(s);
	from_monitor_greet(s);
}

void
reconcile_unsealed(struct store *s, const char *why)
{
	uint64_t end;

	log_warnx("%s: %s", why,
	    s->db == NULL ? "there is no log to write to"
			  : "records are kept but cannot be sealed");
	vital_set(s->vitals->degraded, ENOKEY);
	s->phase = SEALER_UNUSABLE;
	if (s->db == NULL || s->in_step)
		return;
	if (db_end(s->db, &end) < 0 ||
	    row_tree(db_handle(s->db), end, &s->ledger.tree) < 0)
		fatalx("the segment cannot be read");
	s->ledger.open_due = true;
	s->open.cause = OPEN_STARTED;
	s->in_step = true;
	cadence_init(&s->cadence, s->heartbeat_s * SECOND, now_mono());
}

/* The file cannot be gone on with; the next one starts where the sealer is. */
static void
start_over(struct store *s)
{
	int r;

	s->seal = (struct seal_row){0};
	s->ledger.nhashes = 0;
	r = segment_abandon(s);
	if (r == 0)
		r = segment_create(s);
	if (r < 0)
		fatal_r(r, "cannot begin a new segment");
	reconcile(s);
}

/* Sealed rows are gone from the file: keep the hole open, go on behind it. */
static void
recover(struct store *s, const struct standing *at)
{
	struct tree t;

	if (s->recovering || !at->in_rows || at->size >= s->facts.size ||
	    row_tree(db_handle(s->db), at->size, &t) < 0) {
		start_over(s);
		return;
	}
	s->recovering = true;
	s->open.has_hole = true;
	s->open.hole_first = at->count;
	s->open.hole_last = s->facts.next - 1;
	log_warnx("sealed records are missing: seals %llu to %llu are a hole",
	    (unsigned long long)s->open.hole_first,
	    (unsigned long long)s->open.hole_last);
	to_sealer_recover(s, at->count - 1, at->size, at->sig, &t);
}

static void
settle(struct store *s)
{
	struct standing at;
	uint64_t size;
	int r;

	r = stand(s, &at);
	if (r < 0) {
		start_over(s);
		return;
	}
	if (s->facts.next < at.count) {
		reconcile_unsealed(
		    s, "the key directory is older than the log");
		return;
	}
	size = s->facts.size;
	if (!(s->facts.next == at.count && size == at.size) &&
	    !(s->recovering && size == at.size) &&
	    !(s->facts.next == at.count + 1 && size > at.size &&
		size <= at.end)) {
		recover(s, &at);
		return;
	}
	if (!same_root(s, size) || go_on_from(s, size) < 0) {
		start_over(s);
		return;
	}
	if (size > at.size) {
		/* Signed, and its row lost on the way: here it is. */
		s->seal.have = true;
		s->seal.n = s->facts.next - 1;
		s->seal.size = size;
		memcpy(s->seal.sig, s->facts.sig, SIG_BYTES);
	}
	in_step(s);
}

void
reconcile(struct store *s)
{
	uint64_t missing;
	int r;

	if (s->db == NULL) {
		r = segment_create(s);
		if (r < 0)
			fatal_r(r, "cannot begin a segment");
	}
	if (segment_missing_keys(s, &missing)) {
		to_sealer_keys(s, missing);
		return;
	}
	if (db_is_bare(s->db)) {
		r = segment_begin(s);
		if (r < 0)
			fatal_r(r, "cannot begin a segment");
	}
	settle(s);
}
