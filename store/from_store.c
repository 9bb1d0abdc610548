/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sealer's side of the channel to the store. The store asks, the sealer
 * answers; it sends nothing unasked. The channel is the sealer's; messages hold
 * hashes and numbers only. Whatever the store says, the sealer can be led to
 * sign a false future, never a second version of the past: a key signs once.
 */
#include "store/sealer.h"

#include <errno.h>
#include <string.h>

#include "ipc/proc/fd.h"
#include "ipc/proc/log.h"

#define ANSWERS_MAX 64 /* messages; one KEYS makes five */
#define KEYS_A_MESSAGE 1024

static uint64_t
blocks_committed(const struct sealer *s)
{
	return s->usable ? s->state->keys.n / BLOCK_KEYS + 2 : 0;
}

static int
send_state(struct sealer *s)
{
	static struct msg_STATE_IS m;
	struct sealer_state *st = s->state;
	struct vkey key;

	memset(&m, 0, sizeof(m));
	m.usable = s->usable;
	if (s->usable) {
		m.next = st->keys.n;
		m.size = st->tree.size;
		m.blocks = blocks_committed(s);
		memcpy(m.sig, st->last_sig, SIG_BYTES);
		m.frontier_len = (uint32_t)tree_frontier(&st->tree, m.frontier);
		m.origin_len = (uint16_t)strlen(st->origin);
		memcpy(m.origin, st->origin, m.origin_len);
		note_name_genesis(st->origin, key.name);
		memcpy(key.pk, st->genesis_pk, HASH_BYTES);
		if (vkey_format(&key, m.vkey, sizeof(m.vkey)) < 0)
			return -EMSGSIZE;
		m.vkey_len = (uint16_t)strlen(m.vkey);
	}
	return chan_send(s->store, MSG_STATE_IS, &m, NULL);
}

static int
on_state(struct chan *c, const void *msg, int *fds, void *ctx)
{
	const struct msg_STATE *m = msg;
	struct sealer *s = ctx;
	int r = 0;

	(void)c;
	(void)fds;
	if (s->fresh)
		r = sealer_genesis(s, m->host);
	if (r < 0)
		return r;
	if (s->usable)
		s->appended = s->state->tree;
	return send_state(s);
}

static int
on_append(struct chan *c, const void *msg, int *fds, void *ctx)
{
	const struct msg_APPEND *m = msg;
	struct sealer *s = ctx;

	(void)c;
	(void)fds;
	if (!s->usable || m->hashes_len % HASH_BYTES != 0)
		return -EPROTO;
	if (m->first == s->state->tree.size)
		s->appended = s->state->tree;
	if (m->first != s->appended.size)
		return -EPROTO;
	for (uint32_t at = 0; at < m->hashes_len; at += HASH_BYTES)
		tree_append(&s->appended, m->hashes + at, NULL, NULL);
	return 0;
}

static int
on_seal(struct chan *c, const void *msg, int *fds, void *ctx)
{
	const struct msg_SEAL *m = msg;
	struct sealer *s = ctx;
	struct msg_SIGNED answer;
	int r;

	(void)c;
	(void)fds;
	if (!s->usable || m->n != s->state->keys.n ||
	    m->size != s->appended.size || m->size <= s->state->tree.size)
		return -EPROTO;
	memset(&answer, 0, sizeof(answer));
	answer.n = m->n;
	answer.size = m->size;
	/* After a failed write the state in memory is ahead of the disk: the
	 * process ends here, and its successor starts from the disk. */
	r = sealer_sign(s, answer.root, answer.sig,
	    m->publish ? answer.identity_sig : NULL);
	if (r < 0)
		fatal_r(r, "cannot keep the key of seal %llu",
		    (unsigned long long)m->n + 1);
	answer.blocks = blocks_committed(s);
	r = chan_send(s->store, MSG_SIGNED, &answer, NULL);
	if (r < 0)
		return r;
	r = slot_forget(s->files.slots, s->state);
	if (r < 0)
		fatal_r(r, "cannot erase the key of seal %llu",
		    (unsigned long long)m->n);
	return 0;
}

static int
on_keys(struct chan *c, const void *msg, int *fds, void *ctx)
{
	static struct msg_KEYS_ARE keys;
	static struct msg_KEY_NOTE note;
	const struct msg_KEYS *m = msg;
	struct sealer *s = ctx;
	int r = 0;

	(void)c;
	(void)fds;
	if (m->block >= blocks_committed(s))
		return -EPROTO;
	keys.block = m->block;
	keys.pks_len = KEYS_A_MESSAGE * HASH_BYTES;
	for (keys.first = 0; r == 0 && keys.first < BLOCK_KEYS;
	     keys.first += KEYS_A_MESSAGE) {
		r = key_files_keys(
		    &s->files, m->block, keys.first, KEYS_A_MESSAGE, keys.pks);
		if (r == 0)
			r = chan_send(s->store, MSG_KEYS_ARE, &keys, NULL);
	}
	note.block = m->block;
	if (r == 0)
		r = key_files_note(&s->files, m->block, note.note);
	note.note_len = (uint16_t)strlen(note.note);
	return r < 0 ? r : chan_send(s->store, MSG_KEY_NOTE, &note, NULL);
}

static int
on_recover(struct chan *c, const void *msg, int *fds, void *ctx)
{
	const struct msg_RECOVER *m = msg;
	struct sealer *s = ctx;
	struct tree at;
	int r;

	(void)c;
	(void)fds;
	if (!s->usable ||
	    tree_from_frontier(&at, m->size, m->frontier, m->frontier_len) < 0)
		return -EPROTO;
	/* Refused: the unchanged state says so, and the store gives the file
	 * up. */
	r = sealer_recover(s, m->n, m->sig, &at);
	if (r < 0 && r != -EBADMSG && r != -ENOENT)
		return r;
	return send_state(s);
}

static const struct chan_row rows[] = {
    {MSG_STATE, false, 0, on_state},
    {MSG_APPEND, false, 0, on_append},
    {MSG_SEAL, false, 0, on_seal},
    {MSG_KEYS, false, 0, on_keys},
    {MSG_RECOVER, false, 0, on_recover},
};

int
from_store_open(struct sealer *s, int fd)
{
	int owned fd_cleanup = fd;
	int r;

	chan_close(&s->store);
	r = chan_open(owned, PROCESS_SEALER, PROCESS_STORE, rows,
	    sizeof(rows) / sizeof(rows[0]), s, ANSWERS_MAX, &s->store);
	if (r == 0)
		(void)take_fd(&owned);
	return r;
}
