/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sealer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sodium.h>

#include "ipc/proc/log.h"

int
sealer_load(struct sealer *s)
{
	struct stat st;
	int r = slot_load(s->files.slots, s->state);

	if (r == -ENOENT) {
		/* No slots beside existing keys is a loss, not a first start.
		 */
		if (fstat(s->files.public_keys, &st) < 0)
			return -errno;
		if (st.st_size == 0) {
			s->fresh = true;
			return 0;
		}
		r = -EBADMSG;
	}
	if (r == -ENODATA) {
		s->fresh = true;
		return 0;
	}
	if (r == -EBADMSG) {
		log_warnx("the key slots are damaged or missing: nothing can "
			  "be sealed any more; see doorward-sealer(8)");
		return 0;
	}
	if (r < 0)
		return r;
	ratchet_resume(&s->state->keys);
	s->appended = s->state->tree;
	s->usable = true;
	return 0;
}

/* Commits a block: its note, signed with sign's key, and its public keys. */
static int
commit_block(struct sealer *s, struct key_note *k, const char *signer,
    const uint8_t signer_pk[HASH_BYTES], const uint8_t sig[SIG_BYTES],
    const uint8_t pks[BLOCK_BYTES])
{
	char note[NOTE_BYTES_MAX];
	size_t len = key_note_format(k, note);
	int r;

	r = note_add_signature(
	    note, sizeof(note), &len, signer, signer_pk, sig);
	if (r < 0)
		return r;
	return key_files_put(&s->files, k->block, pks, note);
}

/* The note of block `block` (> 0), signed by the cert key of the one before. */
static int
commit_next_block(struct sealer *s, uint64_t block,
    const uint8_t before[SECRET_BYTES], const uint8_t first[SECRET_BYTES],
    const uint8_t pks[BLOCK_BYTES])
{
	struct key_note k = {.block = block};
	uint8_t cert[HASH_BYTES], sig[SIG_BYTES];
	char name[NOTE_NAME_MAX + 1], text[NOTE_BYTES_MAX];
	size_t len;

	memcpy(k.origin, s->state->origin, sizeof(k.origin));
	ratchet_block_root(pks, k.root);
	ratchet_cert_key(first, k.cert);
	ratchet_cert_key(before, cert);
	len = key_note_format(&k, text);
	ratchet_cert_sign(before, text, len, sig);
	note_name_cert(s->state->origin, block - 1, name);
	return commit_block(s, &k, name, cert, sig, pks);
}

/* Key note 0, by the genesis key, which exists in this function only. */
static int
commit_genesis(struct sealer *s, const char *host, uint8_t *pks)
{
	uint8_t sk[crypto_sign_SECRETKEYBYTES], sig[SIG_BYTES];
	struct sealer_state *st = s->state;
	struct key_note k = {.block = 0};
	char name[NOTE_NAME_MAX + 1], text[NOTE_BYTES_MAX];
	size_t len;

	crypto_sign_keypair(st->genesis_pk, sk);
	note_origin(host, st->genesis_pk, st->origin);
	memcpy(k.origin, st->origin, sizeof(k.origin));
	ratchet_block_keys(st->keys.s, pks);
	ratchet_block_root(pks, k.root);
	ratchet_cert_key(st->keys.s, k.cert);
	ratchet_identity_key(&st->keys, k.identity);
	len = key_note_format(&k, text);
	(void)crypto_sign_detached(sig, NULL, (const uint8_t *)text, len, sk);
	sodium_memzero(sk, sizeof(sk));
	note_name_genesis(st->origin, name);
	return commit_block(s, &k, name, st->genesis_pk, sig, pks);
}

int
sealer_genesis(struct sealer *s, const char *host)
{
	struct sealer_state *st = s->state;
	uint8_t *pks = malloc(BLOCK_BYTES);
	int r;

	if (pks == NULL)
		return -ENOMEM;
	r = slot_begin(s->files.slots);
	if (r < 0) {
		free(pks);
		return r;
	}
	memset(st, 0, sizeof(*st));
	ratchet_new(&st->keys);
	r = commit_genesis(s, host, pks);
	if (r == 0) {
		ratchet_block_keys(st->keys.next, pks);
		r = commit_next_block(s, 1, st->keys.s, st->keys.next, pks);
	}
	free(pks);
	if (r == 0)
		r = slot_store(s->files.slots, st);
	if (r < 0)
		return r;
	tree_clear(&s->appended);
	s->fresh = false;
	s->usable = true;
	log_info("new log %s", st->origin);
	return 0;
}

static size_t
signed_text(const struct sealer *s, const struct tree *t, char *text,
    uint8_t ret_root[HASH_BYTES])
{
	struct checkpoint c = {.size = t->size};

	memcpy(c.origin, s->state->origin, sizeof(c.origin));
	tree_root(t, c.root);
	memcpy(ret_root, c.root, HASH_BYTES);
	return checkpoint_format(&c, text);
}

/* The ratchet's step; at a block's end the block after the next is committed.
 */
static int
step(struct sealer *s)
{
	struct ratchet *k = &s->state->keys;
	uint8_t *pks = NULL;
	int r;

	if ((k->n + 1) % BLOCK_KEYS == 0) {
		pks = malloc(BLOCK_BYTES);
		if (pks == NULL)
			return -ENOMEM;
	}
	r = 0;
	if (ratchet_step(k, pks))
		r = commit_next_block(
		    s, k->n / BLOCK_KEYS + 1, k->s, k->next, pks);
	free(pks);
	return r;
}

int
sealer_sign(struct sealer *s, uint8_t ret_root[HASH_BYTES],
    uint8_t ret_sig[SIG_BYTES], uint8_t *identity_sig)
{
	struct sealer_state *st = s->state;
	char text[NOTE_BYTES_MAX];
	size_t len = signed_text(s, &s->appended, text, ret_root);
	int r;

	ratchet_sign(&st->keys, text, len, ret_sig);
	if (identity_sig != NULL)
		ratchet_identity_sign(&st->keys, text, len, identity_sig);
	memcpy(st->last_sig, ret_sig, SIG_BYTES);
	st->tree = s->appended;
	r = step(s);
	if (r == 0)
		r = slot_store(s->files.slots, st);
	return r;
}

int
sealer_recover(struct sealer *s, uint64_t n, const uint8_t sig[SIG_BYTES],
    const struct tree *at)
{
	struct sealer_state *st = s->state;
	uint8_t pk[HASH_BYTES], root[HASH_BYTES];
	char text[NOTE_BYTES_MAX];
	size_t len;
	int r;

	if (s->recovered || n >= st->keys.n || at->size >= st->tree.size)
		return -EBADMSG;
	r = key_files_keys(
	    &s->files, n / BLOCK_KEYS, (uint32_t)(n % BLOCK_KEYS), 1, pk);
	if (r < 0)
		return r;
	len = signed_text(s, at, text, root);
	if (crypto_sign_verify_detached(sig, (const uint8_t *)text, len, pk) !=
	    0)
		return -EBADMSG;
	log_warnx("storage lost what seals %llu to %llu covered: going on "
		  "from seal %llu",
	    (unsigned long long)n + 1, (unsigned long long)st->keys.n - 1,
	    (unsigned long long)n);
	st->tree = *at;
	memcpy(st->last_sig, sig, SIG_BYTES);
	r = slot_store(s->files.slots, st);
	if (r < 0)
		return r;
	s->appended = st->tree;
	s->recovered = true;
	return slot_forget(s->files.slots, st);
}
