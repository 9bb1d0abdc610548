/* SPDX-License-Identifier: Apache-2.0 */
#include "store/verify_state.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

static int
bad_keys(struct verify *v, uint64_t block, const char *what)
{
	verify_find(v, VERIFY_TAMPERED, VERIFY_PLACE_KEYS, block, block,
	    "key block %" PRIu64 ": %s", block, what);
	return -EBADMSG;
}

/* The genesis key is the pinned one; without a pin, what the file says. */
static int
take_genesis(struct verify *v)
{
	sqlite3_stmt *s = NULL;
	struct vkey key;
	int r = -EBADMSG;
	char *end;

	if (sqlite3_prepare_v2(v->db, "SELECT body FROM note WHERE kind = 1",
		-1, &s, NULL) == SQLITE_OK &&
	    sqlite3_step(s) == SQLITE_ROW &&
	    sqlite3_column_type(s, 0) == SQLITE_BLOB)
		r = vkey_parse(sqlite3_column_blob(s, 0),
		    (size_t)sqlite3_column_bytes(s, 0), &key);
	sqlite3_finalize(s);
	if (r < 0) {
		verify_find(v, VERIFY_TAMPERED, VERIFY_PLACE_FILE, 0, 0,
		    "no genesis key");
		return r;
	}
	if (v->have_genesis && (strcmp(key.name, v->genesis.name) != 0 ||
				   memcmp(key.pk, v->genesis.pk, 32) != 0)) {
		verify_find(v,
		    v->pinned ? VERIFY_KEY_MISMATCH : VERIFY_TAMPERED,
		    VERIFY_PLACE_FILE, 0, 0, "this is the log of %s", key.name);
		return -EBADMSG;
	}
	v->genesis = key;
	v->have_genesis = true;
	end = strrchr(key.name, '/');
	if (end == NULL || strcmp(end, "/genesis") != 0 ||
	    end - key.name > ORIGIN_BYTES_MAX) {
		verify_find(v, VERIFY_TAMPERED, VERIFY_PLACE_FILE, 0, 0,
		    "the genesis key has another name than a log's");
		return -EBADMSG;
	}
	memcpy(v->origin, key.name, (size_t)(end - key.name));
	v->origin[end - key.name] = '\0';
	return 0;
}

/* Adds the note of the next block, or compares it with the one known. */
static int
take_note(struct verify *v, uint64_t block, const char *body, size_t len)
{
	char name[NOTE_NAME_MAX + 1];
	const uint8_t *signer;
	struct verify_block *more;
	struct key_note k;
	struct note n;

	if (note_parse(body, len, &n) < 0 ||
	    key_note_parse(body, n.text_len, &k) < 0 || k.block != block ||
	    strcmp(k.origin, v->origin) != 0)
		return bad_keys(v, block, "its note is malformed");
	if (block == 0) {
		note_name_genesis(v->origin, name);
		signer = v->genesis.pk;
	} else {
		note_name_cert(v->origin, block - 1, name);
		signer = v->blocks[block - 1].cert;
	}
	if (n.nsigs != 1 || note_verify(body, &n, name, signer) < 0)
		return bad_keys(v, block,
		    "its note is not signed by the key before and it alone");
	if (block < v->nblocks) {
		if (memcmp(v->blocks[block].root, k.root, HASH_BYTES) == 0 &&
		    memcmp(v->blocks[block].cert, k.cert, HASH_BYTES) == 0 &&
		    (block > 0 ||
			memcmp(v->identity, k.identity, HASH_BYTES) == 0))
			return 0;
		verify_find(v, VERIFY_FORK, VERIFY_PLACE_KEYS, block, block,
		    "two signed notes commit different keys");
		return -EBADMSG;
	}
	more = realloc(v->blocks, (v->nblocks + 1) * sizeof(*more));
	if (more == NULL)
		return -ENOMEM;
	v->blocks = more;
	memcpy(more[block].root, k.root, HASH_BYTES);
	memcpy(more[block].cert, k.cert, HASH_BYTES);
	v->nblocks++;
	if (block == 0)
		memcpy(v->identity, k.identity, HASH_BYTES);
	return 0;
}

static int load_block(struct verify *v, uint64_t block);

/*
 * Also the blocks that no seal has needed yet. The walk begins in the lowest:
 * that one is loaded last, and stays.
 */
static void
check_blocks(struct verify *v)
{
	sqlite3_stmt *s = NULL;

	if (sqlite3_prepare_v2(v->db, "SELECT b FROM keyblk ORDER BY b DESC",
		-1, &s, NULL) != SQLITE_OK)
		return;
	while (sqlite3_step(s) == SQLITE_ROW) {
		uint64_t b = (uint64_t)sqlite3_column_int64(s, 0);

		if (b >= v->nblocks)
			(void)bad_keys(v, b, "no note commits it");
		else
			(void)load_block(v, b);
	}
	sqlite3_finalize(s);
}

int
verify_keys(struct verify *v)
{
	sqlite3_stmt *s = NULL;
	uint64_t block = 0;
	int r = take_genesis(v);

	if (r < 0)
		return r;
	if (sqlite3_prepare_v2(v->db,
		"SELECT n, body FROM note WHERE kind = 2 ORDER BY n, id", -1,
		&s, NULL) != SQLITE_OK)
		return -EIO;
	while (r == 0 && sqlite3_step(s) == SQLITE_ROW) {
		const char *body = sqlite3_column_blob(s, 1);
		int len = sqlite3_column_bytes(s, 1);

		if (sqlite3_column_int64(s, 0) != (sqlite3_int64)block ||
		    block >= VERIFY_BLOCKS_MAX ||
		    sqlite3_column_type(s, 1) != SQLITE_BLOB || len == 0)
			r = bad_keys(v, block, "its note is missing");
		else
			r = take_note(v, block, body, (size_t)len);
		block++;
	}
	sqlite3_finalize(s);
	if (r == 0 && block == 0)
		r = bad_keys(v, 0, "its note is missing");
	if (r == 0)
		check_blocks(v);
	return r;
}

static void
block_root(const uint8_t *pks, uint8_t ret[HASH_BYTES])
{
	uint8_t hash[HASH_BYTES];
	struct tree t;

	tree_clear(&t);
	for (size_t i = 0; i < VERIFY_BLOCK_KEYS; i++) {
		tree_leaf_hash(pks + i * HASH_BYTES, HASH_BYTES, hash);
		tree_append(&t, hash, NULL, NULL);
	}
	tree_root(&t, ret);
}

/* Loads a block's public keys and proves them against its note. */
static int
load_block(struct verify *v, uint64_t block)
{
	sqlite3_stmt *s = NULL;
	uint8_t root[HASH_BYTES];
	int r = -ENOENT;

	if (v->pks != NULL && v->pks_block == block)
		return 0;
	if (block == v->bad_block || block >= v->nblocks)
		return -ENOENT;
	if (v->pks == NULL)
		v->pks = malloc(VERIFY_BLOCK_BYTES);
	if (v->pks == NULL)
		return -ENOMEM;
	if (sqlite3_prepare_v2(v->db, "SELECT pks FROM keyblk WHERE b = ?", -1,
		&s, NULL) == SQLITE_OK) {
		(void)sqlite3_bind_int64(s, 1, (sqlite3_int64)block);
		if (sqlite3_step(s) == SQLITE_ROW &&
		    sqlite3_column_type(s, 0) == SQLITE_BLOB &&
		    sqlite3_column_bytes(s, 0) == (int)VERIFY_BLOCK_BYTES) {
			memcpy(v->pks, sqlite3_column_blob(s, 0),
			    VERIFY_BLOCK_BYTES);
			block_root(v->pks, root);
			r = memcmp(root, v->blocks[block].root, HASH_BYTES) == 0
				? 0
				: -EBADMSG;
		}
	}
	sqlite3_finalize(s);
	if (r < 0) {
		(void)bad_keys(v, block,
		    r == -ENOENT
			? "its public keys are missing"
			: "its public keys are not the committed ones");
		v->bad_block = block;
		free(v->pks);
		v->pks = NULL;
		return -ENOENT;
	}
	v->pks_block = block;
	return 0;
}

int
verify_seal_key(struct verify *v, uint64_t n, uint8_t ret[HASH_BYTES])
{
	int r = load_block(v, n / VERIFY_BLOCK_KEYS);

	if (r == 0)
		memcpy(ret,
		    v->pks + (n % VERIFY_BLOCK_KEYS) * (size_t)HASH_BYTES,
		    HASH_BYTES);
	return r;
}

bool
verify_seal(struct verify *v, uint64_t n, const struct tree *t,
    const uint8_t sig[SIG_BYTES])
{
	struct checkpoint c = {.size = t->size};
	char text[NOTE_BYTES_MAX];
	uint8_t pk[HASH_BYTES];
	size_t len;

	if (verify_seal_key(v, n, pk) < 0)
		return false;
	memcpy(c.origin, v->origin, sizeof(c.origin));
	tree_root(t, c.root);
	len = checkpoint_format(&c, text);
	return crypto_sign_verify_detached(
		   sig, (const uint8_t *)text, len, pk) == 0;
}

int
verify_take_have(struct verify *v)
{
	for (size_t i = 0; i < v->o->nhave; i++) {
		const char *text = v->o->have[i];
		struct note n;
		size_t len = strlen(text);

		if (i == VERIFY_HAVE_MAX)
			return -E2BIG;
		/* Files made by hand end in one newline too many. */
		while (
		    len > 1 && text[len - 1] == '\n' && text[len - 2] == '\n')
			len--;
		if (note_parse(text, len, &n) == 0)
			len = n.text_len;
		if (checkpoint_parse(text, len, &v->have[i]) < 0) {
			verify_find(v, VERIFY_INTACT, VERIFY_PLACE_NONE, 0, 0,
			    "the checkpoint to compare with is malformed");
			return -EINVAL;
		}
		v->nhave++;
	}
	return 0;
}
