/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <sodium.h>

#include "ipc/proc/log.h"

#define SEAL_ROW_WITHIN (10 * MS) /* its own commit when nothing else comes */
#define SIGN_PATIENCE SECOND	  /* then rows are written unsealed */
#define RETRY SECOND
#define PUBLISH_EVERY (60 * SECOND)
#define TURN_MAX (500 * MS)	     /* vitals are renewed at least so often */
#define HASHES_MAX ((size_t)4 << 20) /* unsigned leaves: 128 MiB */
#define WAL_PAGES_IDLE 256	     /* 1 MiB: worth moving when idle */
#define WAL_PAGES_MAX (16 * 256)     /* 16 MiB: moved even when busy */

struct batch {
	struct store *s;
	struct record_buf *buf;
	size_t items;
	bool critical;
	int error;
};

static void
on_node(unsigned int h, uint64_t i, const uint8_t hash[HASH_BYTES], void *ctx)
{
	struct batch *b = ctx;

	if (b->error == 0)
		b->error = db_put_node(b->s->db, h, i, hash);
}

static int
keep_hash(struct store *s, const uint8_t hash[HASH_BYTES])
{
	struct ledger *g = &s->ledger;

	if (s->phase == SEALER_UNUSABLE)
		return 0;
	if (g->nhashes == s->hashes_cap) {
		size_t cap = s->hashes_cap == 0 ? 4096 : 2 * s->hashes_cap;
		uint8_t *more;

		if (cap > HASHES_MAX)
			return -ENOBUFS;
		more = realloc(s->hashes, cap * HASH_BYTES);
		if (more == NULL)
			return -ENOMEM;
		s->hashes = more;
		s->hashes_cap = cap;
	}
	memcpy(s->hashes + g->nhashes * HASH_BYTES, hash, HASH_BYTES);
	g->nhashes++;
	return 0;
}

/* Writes the leaf as the next row. */
static int
put(struct batch *b, struct leaf *l, uint64_t *ret_index)
{
	struct store *s = b->s;
	uint8_t bytes[LEAF_BYTES_MAX], hash[HASH_BYTES];
	size_t len;
	int r;

	l->index = s->ledger.tree.size;
	r = leaf_encode(l, bytes, sizeof(bytes), &len);
	if (r == 0)
		r = db_put_leaf(s->db, l);
	if (r < 0)
		return r;
	tree_leaf_hash(bytes, len, hash);
	tree_append(&s->ledger.tree, hash, on_node, b);
	r = b->error;
	if (r == 0)
		r = keep_hash(s, hash);
	s->ledger.since_seal++;
	if (ret_index != NULL)
		*ret_index = l->index;
	return r;
}

static int64_t
policy_of(const struct ledger *g, uint64_t generation)
{
	for (unsigned int i = 0; i < GENERATIONS && i < g->ngenerations; i++)
		if (g->generations[i].number == generation)
			return g->generations[i].index;
	return -1;
}

static int
put_actor(struct batch *b, const struct rec_EVENT *e, int64_t *ret_index)
{
	struct store *s = b->s;
	const struct rec_SUBJECT *who = &e->subject;
	struct actor *a;
	struct leaf l;
	bool known;
	int r;

	*ret_index = -1;
	if (!who->known)
		return 0;
	a = actors_find(&s->actors, who,
	    labels_get(&s->labels, who->exe_dev, who->exe_ino) != NULL, &known);
	if (!known) {
		r = record_actor(&l, b->buf, e, &s->labels);
		if (r == 0)
			r = put(b, &l, &a->index);
		if (r < 0)
			return r;
	}
	*ret_index = (int64_t)a->index;
	return 0;
}

static int
put_event(struct batch *b, const struct rec_EVENT *e)
{
	struct ledger *g = &b->s->ledger;
	struct leaf l;
	int64_t actor;
	int r;

	r = put_actor(b, e, &actor);
	if (r == 0)
		r = record_event(
		    &l, b->buf, e, actor, policy_of(g, e->generation));
	if (r == 0)
		r = put(b, &l, NULL);
	if (r < 0)
		return r;
	g->accepted++;
	if (e->token > g->token)
		g->token = e->token;
	if ((int64_t)e->ts > g->event_ts)
		g->event_ts = (int64_t)e->ts;
	return 0;
}

static int
put_policy(struct batch *b, const struct item *i)
{
	struct ledger *g = &b->s->ledger;
	uint32_t parts =
	    (uint32_t)((i->policy.body_len + POLICY_PART_BYTES - 1) /
		       POLICY_PART_BYTES);
	struct leaf l;
	uint64_t index;
	int r;

	for (uint32_t part = 0; part < parts; part++) {
		r = record_policy(&l, b->buf, i, part, parts);
		if (r == 0)
			r = put(b, &l, &index);
		if (r < 0)
			return r;
		if (part == 0)
			g->policy = (int64_t)index;
	}
	g->generations[g->ngenerations % GENERATIONS] =
	    (struct generation){i->policy.generation, g->policy};
	/* Stays above GENERATIONS once there: all slots are then in use. */
	g->ngenerations = g->ngenerations + 1 < 2 * GENERATIONS
			      ? g->ngenerations + 1
			      : GENERATIONS;
	return 0;
}

static int
put_item(struct batch *b, const struct item *i)
{
	struct ledger *g = &b->s->ledger;
	struct leaf l;
	int r;

	b->critical |= i->critical;
	if (i->kind == KIND_EVENT)
		return put_event(b, &i->event);
	if (i->kind == KIND_POLICY)
		return put_policy(b, i);
	r = record_item(&l, b->buf, i);
	if (r == 0)
		r = put(b, &l, NULL);
	if (r == 0 && i->kind == KIND_GAP) {
		g->gaps++;
		g->lost[i->gap.source] += i->gap.count;
	}
	return r;
}

static int
put_seal_leaf(struct batch *b)
{
	struct store *s = b->s;
	struct ledger *g = &s->ledger;
	struct seal_facts f = {
	    .ts = now_real(),
	    .n = s->next_seal,
	    .records = g->since_seal,
	    .accepted = g->accepted,
	    .policy = g->policy,
	    .heartbeat_s = s->heartbeat_s,
	    .monitor = s->monitor.chan != NULL,
	    .token = g->token,
	    .event_ts = g->event_ts,
	};
	struct leaf l;
	int r;

	memcpy(f.lost, g->lost, sizeof(f.lost));
	r = record_seal(&l, b->buf, &f);
	if (r == 0)
		r = put(b, &l, NULL);
	g->since_seal = 0;
	return r;
}

/*
 * The checkpoint as it is handed out: both signatures, or it is not. A sealer
 * that could not co-sign sends zeroes.
 */
static int
put_published(struct store *s)
{
	const struct seal_row *w = &s->seal;
	struct checkpoint c = {.size = w->size};
	char note[NOTE_BYTES_MAX], name[NOTE_NAME_MAX + 1];
	uint8_t pk[HASH_BYTES];
	size_t len;
	int r;

	if (sodium_is_zero(w->identity_sig, SIG_BYTES)) {
		log_warnx("checkpoint %llu has no identity signature and is "
			  "not published",
		    (unsigned long long)w->n);
		return 0;
	}
	memcpy(c.origin, s->facts.origin, sizeof(c.origin));
	memcpy(c.root, w->root, HASH_BYTES);
	len = checkpoint_format(&c, note);
	note_name_seal(c.origin, w->n, name);
	r = segment_seal_key(s, w->n, pk);
	if (r == 0)
		r = note_add_signature(
		    note, sizeof(note), &len, name, pk, w->sig);
	if (r == 0)
		r = note_add_signature(note, sizeof(note), &len, c.origin,
		    s->identity_pk, w->identity_sig);
	if (r < 0)
		return r;
	return db_put_note(s->db, NOTE_CHECKPOINT, (int64_t)w->n, note, len);
}

static int
put_seal_row(struct store *s)
{
	int r;

	if (!s->seal.have)
		return 0;
	r = db_put_seal(s->db, s->seal.n, s->seal.size, s->seal.sig);
	if (r == 0 && s->seal.publish)
		r = put_published(s);
	return r;
}

static int
put_all(struct batch *b, size_t items, bool with_seal)
{
	struct store *s = b->s;
	struct leaf l;
	int r;

	r = put_seal_row(s);
	if (r == 0 && s->ledger.open_due && items > 0) {
		s->open.ts = now_real();
		r = record_open(&l, b->buf, &s->open);
		if (r == 0)
			r = put(b, &l, NULL);
		s->ledger.open_due = false;
		b->critical = true;
	}
	for (struct item *i = s->queue.first;
	     r == 0 && i != NULL && b->items < items; i = i->next) {
		r = put_item(b, i);
		b->items++;
	}
	if (r == 0 && with_seal)
		r = put_seal_leaf(b);
	return r;
}

/* The batch is durable: what it held is no longer ours to keep. */
static void
committed(struct batch *b, bool with_seal)
{
	struct store *s = b->s;

	for (size_t i = 0; i < b->items; i++)
		item_free(queue_take(&s->queue));
	s->queue.critical_since = now_mono();
	s->seal.have = false;
	s->grew |= b->items > 0;
	if (!with_seal)
		return;
	s->seal = (struct seal_row){
	    .waiting = true,
	    .critical = b->critical,
	    .publish = s->stopping ||
		       (s->grew && now_mono() - s->published >= PUBLISH_EVERY),
	    .n = s->next_seal++,
	    .size = s->ledger.tree.size,
	    .token = s->ledger.token,
	    .asked = now_mono(),
	};
	tree_root(&s->ledger.tree, s->seal.root);
	cadence_sealed(&s->cadence, b->critical, now_mono());
	to_sealer_seal(s);
}

int
batch_write(struct store *s, size_t items, bool with_seal)
{
	static struct record_buf buf;
	struct batch b = {.s = s, .buf = &buf};
	struct ledger before = s->ledger;
	int r;

	r = db_begin(s->db);
	if (r == 0) {
		r = put_all(&b, items, with_seal);
		if (r == 0)
			r = db_commit(s->db);
		if (r < 0)
			db_rollback(s->db);
	}
	if (r == 0) {
		committed(&b, with_seal);
		vital_set(s->vitals->degraded,
		    s->phase == SEALER_UNUSABLE ? ENOKEY : 0);
		return 0;
	}
	s->ledger = before;
	actors_clear(&s->actors);
	vital_add(s->vitals->commit_errors, 1);
	if (vital_get(s->vitals->degraded) != (uint32_t)-r)
		log_warn_r(r, "cannot write to the log");
	vital_set(s->vitals->degraded, (uint32_t)-r);
	/* A file whose sync failed is not believed: start again from it. */
	if (r == -EIO || r == -EUCLEAN)
		fatal_r(r, "the segment cannot be trusted any more");
	s->retry_at = now_mono() + RETRY;
	return r;
}

static uint64_t
due_at(struct store *s, uint64_t now)
{
	struct cadence_load load = {
	    .queued = s->queue.count,
	    .oldest = s->queue.first == NULL ? 0 : s->queue.first->since,
	    .critical = s->queue.critical,
	    .critical_since = s->queue.critical_since,
	};
	bool at_once = s->ledger.open_due || s->stopping;
	uint64_t due;

	/* Rows were written while nothing could be signed: now it can be. */
	at_once |= s->ledger.since_seal > 0 && s->phase == SEALER_IDLE;
	due = at_once ? now : cadence_due(&s->cadence, &load, now);
	if (due < s->retry_at)
		due = s->retry_at;
	/* One signature at a time, but nobody is waited for too long. */
	if (s->seal.waiting && due < s->seal.asked + SIGN_PATIENCE)
		due = s->seal.asked + SIGN_PATIENCE;
	return due;
}

static void
renew_vitals(struct store *s, uint64_t now)
{
	vital_set(s->vitals->heartbeat_ns, now);
	vital_set(s->vitals->size, s->ledger.tree.size);
	vital_set(s->vitals->sealed_size, s->sealed_size);
	vital_set(s->vitals->records, s->ledger.accepted);
	vital_set(s->vitals->gaps, s->ledger.gaps);
	vital_set(s->vitals->queued, s->queue.count);
	vital_set(s->vitals->lost, s->queue.refused);
}

static void
arm(struct store *s, uint64_t at, uint64_t now)
{
	uint64_t wait = at > now ? at - now : 0;
	struct timeval tv;

	if (wait > TURN_MAX)
		wait = TURN_MAX;
	tv.tv_sec = (time_t)(wait / SECOND);
	tv.tv_usec = (suseconds_t)(wait % SECOND / 1000 + 1);
	(void)event_add(s->timer, &tv);
}

/* Nothing waits and nothing is due: time to move the write-ahead file. */
static void
tidy(struct store *s)
{
	int pages = db_wal_pages(s->db);

	if (pages >= WAL_PAGES_MAX ||
	    (pages >= WAL_PAGES_IDLE && s->queue.count == 0))
		(void)db_checkpoint(s->db, false);
}

/* Returns when the next thing is due. */
static uint64_t
batch_turn(struct store *s, uint64_t now)
{
	uint64_t due = due_at(s, now);
	bool work = s->queue.count > 0 || s->ledger.open_due;

	if (due <= now) {
		/* Behind a signature that does not come: rows, no SEAL leaf. */
		bool with_seal =
		    !s->seal.waiting && s->phase != SEALER_UNUSABLE &&
		    (work || s->ledger.since_seal > 0 || !s->stopping);

		if (work || with_seal)
			(void)batch_write(s, BATCH_MOST, with_seal);
		if (!work && !with_seal)
			return now + SIGN_PATIENCE;
		return due_at(s, now_mono());
	}
	if (s->seal.have) {
		if (now >= s->seal.asked + SEAL_ROW_WITHIN &&
		    now >= s->retry_at)
			(void)batch_write(s, 0, false);
		else if (s->seal.asked + SEAL_ROW_WITHIN < due)
			due = s->seal.asked + SEAL_ROW_WITHIN;
	}
	tidy(s);
	return due;
}

void
batch_run(struct store *s)
{
	uint64_t now = now_mono();
	uint64_t due = now + TURN_MAX;

	queue_put_missed(&s->queue, now);
	if (s->in_step) {
		due = batch_turn(s, now);
		if (s->stopping)
			store_stop_turn(s);
	} else if (s->stopping) {
		store_stop_turn(s);
	}
	renew_vitals(s, now_mono());
	arm(s, due, now_mono());
}
