/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the sealer answers. The channel is the store's. The sealer is trusted to
 * sign, not to count: size and root of every signature are compared with ours.
 */
#include "store/store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ipc/proc/fd.h"
#include "ipc/proc/log.h"

/* As many as carry the hashes of HASHES_MAX leaves, and a little. */
#define QUEUE_MESSAGES 4200

/* Tells those who wait for it. */
static void
announce(struct store *s)
{
	struct msg_SEALED token = {.token = s->seal.token};
	struct msg_SEALED_TO to = {.n = s->seal.n, .size = s->seal.size};

	if (token.token > 0)
		peer_send(&s->monitor, MSG_SEALED, &token);
	peer_send(&s->query, MSG_SEALED_TO, &to);
	vital_set(s->vitals->last_seal, s->seal.n);
	vital_set(s->vitals->last_seal_realtime_ns, (uint64_t)now_real());
	vital_set(s->vitals->sealed_size, s->sealed_size);
}

void
sealed(
    struct store *s, const uint8_t sig[SIG_BYTES], const uint8_t *identity_sig)
{
	size_t n = (size_t)(s->seal.size - s->sealed_size);

	memcpy(s->seal.sig, sig, SIG_BYTES);
	if (identity_sig != NULL)
		memcpy(s->seal.identity_sig, identity_sig, SIG_BYTES);
	else
		s->seal.publish = false;
	memmove(s->hashes, s->hashes + n * HASH_BYTES,
	    (s->ledger.nhashes - n) * HASH_BYTES);
	s->ledger.nhashes -= n;
	s->sealed_size = s->seal.size;
	s->seal.waiting = false;
	s->seal.have = true;
	s->seal.asked = now_mono();
	s->phase = SEALER_IDLE;
	if (s->seal.publish) {
		s->published = s->seal.asked;
		s->grew = false;
	}
	announce(s);
}

static void
take_facts(struct store *s, const struct msg_STATE_IS *m)
{
	struct sealer_facts *f = &s->facts;

	f->next = m->next;
	f->size = m->size;
	f->blocks = m->blocks;
	memcpy(f->sig, m->sig, SIG_BYTES);
	(void)snprintf(f->origin, sizeof(f->origin), "%s", m->origin);
	(void)snprintf(f->vkey, sizeof(f->vkey), "%s", m->vkey);
}

/* A new log's keys beside an old log would be a quiet fresh start. */
static bool
same_log(struct store *s)
{
	char vkey[VKEY_BYTES_MAX + 1];
	int r;

	if (s->db == NULL)
		return true;
	r = db_note(s->db, NOTE_GENESIS, vkey, sizeof(vkey));
	/* Its store was killed before it could say whose the file is. */
	if (r == -ENOENT && db_is_bare(s->db))
		return segment_claim(s) == 0;
	return r == 0 && strcmp(vkey, s->facts.vkey) == 0;
}

/* A sealer that came back while we were in step. */
static int
resume(struct store *s)
{
	s->phase = SEALER_IDLE;
	if (s->seal.waiting && s->facts.next == s->seal.n + 1 &&
	    s->facts.size == s->seal.size) {
		sealed(s, s->facts.sig, NULL);
		return 0;
	}
	if (s->facts.size != s->sealed_size ||
	    s->facts.next != (s->seal.waiting ? s->seal.n : s->next_seal))
		fatalx("the sealer came back with another past");
	if (s->seal.waiting)
		to_sealer_seal(s);
	return 0;
}

static int
on_state_is(struct chan *c, const void *msg, int *fds, void *ctx)
{
	const struct msg_STATE_IS *m = msg;
	struct store *s = ctx;

	(void)c;
	(void)fds;
	if (s->phase != SEALER_ASKED)
		return -EPROTO;
	if (!m->usable) {
		reconcile_unsealed(s, "the sealer has no usable keys");
		batch_run(s);
		return 0;
	}
	if (tree_from_frontier(
		&s->facts.tree, m->size, m->frontier, m->frontier_len) < 0)
		return -EPROTO;
	take_facts(s, m);
	if (!same_log(s)) {
		reconcile_unsealed(s, "the keys are another log's");
		batch_run(s);
		return 0;
	}
	if (s->in_step)
		(void)resume(s);
	else
		reconcile(s);
	batch_run(s);
	return 0;
}

static int
on_keys_are(struct chan *c, const void *msg, int *fds, void *ctx)
{
	const struct msg_KEYS_ARE *m = msg;
	struct store *s = ctx;

	(void)c;
	(void)fds;
	if (m->block != s->keys.block || m->first != s->keys.got ||
	    m->pks_len % HASH_BYTES != 0 ||
	    m->first + m->pks_len / HASH_BYTES > 4096)
		return -EPROTO;
	memcpy(s->keys.pks + (size_t)m->first * HASH_BYTES, m->pks, m->pks_len);
	s->keys.got += m->pks_len / HASH_BYTES;
	return 0;
}

static int
on_key_note(struct chan *c, const void *msg, int *fds, void *ctx)
{
	const struct msg_KEY_NOTE *m = msg;
	struct store *s = ctx;
	uint64_t missing;
	int r;

	(void)c;
	(void)fds;
	if (m->block != s->keys.block || s->keys.got != 4096)
		return -EPROTO;
	memcpy(s->keys.note, m->note, m->note_len + 1u);
	r = segment_put_keys(s);
	if (r < 0)
		fatal_r(r, "cannot write key block %llu",
		    (unsigned long long)m->block);
	if (!s->in_step)
		reconcile(s);
	else if (segment_missing_keys(s, &missing))
		to_sealer_keys(s, missing);
	batch_run(s);
	return 0;
}

static int
on_signed(struct chan *c, const void *msg, int *fds, void *ctx)
{
	const struct msg_SIGNED *m = msg;
	struct store *s = ctx;
	uint64_t missing;

	(void)c;
	(void)fds;
	if (s->phase != SEALER_SIGNING || m->n != s->seal.n ||
	    m->size != s->seal.size)
		return -EPROTO;
	if (memcmp(m->root, s->seal.root, HASH_BYTES) != 0)
		fatalx("the sealer signed another tree as seal %llu",
		    (unsigned long long)m->n);
	sealed(s, m->sig, s->seal.publish ? m->identity_sig : NULL);
	if (m->blocks > s->facts.blocks) {
		s->facts.blocks = m->blocks;
		if (segment_missing_keys(s, &missing))
			to_sealer_keys(s, missing);
	}
	batch_run(s);
	return 0;
}

static const struct chan_row rows[] = {
    {MSG_STATE_IS, false, 0, on_state_is},
    {MSG_KEYS_ARE, false, 0, on_keys_are},
    {MSG_KEY_NOTE, false, 0, on_key_note},
    {MSG_SIGNED, false, 0, on_signed},
};

static void
ended(struct chan *c, int r, void *ctx)
{
	struct store *s = ctx;

	(void)c;
	if (r != -ECONNRESET)
		fatal_r(r, "message from doorward-sealer");
	log_warnx("doorward-sealer is gone; records wait for their seal");
	peer_close(&s->sealer);
	if (s->phase != SEALER_UNUSABLE)
		s->phase = SEALER_GONE;
}

int
from_sealer_open(struct store *s, int fd)
{
	int r = peer_open(s, &s->sealer, fd, PROCESS_SEALER, rows,
	    sizeof(rows) / sizeof(rows[0]), QUEUE_MESSAGES, ended);

	if (r == 0)
		to_sealer_state(s);
	return r;
}
