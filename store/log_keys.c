/* SPDX-License-Identifier: Apache-2.0 */
#include "store/log_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/note.h"
#include "store/row.h"

/* A note's bytes as a string. -ENOENT, -EMSGSIZE. */
static int
note_text(sqlite3 *db, const char *sql, uint64_t parameter, char *buf,
    size_t cap, size_t *ret_len)
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &s, NULL);
	int r;

	if (rc == SQLITE_OK) {
		(void)sqlite3_bind_int64(s, 1, (sqlite3_int64)parameter);
		rc = sqlite3_step(s);
	}
	r = rc == SQLITE_DONE ? -ENOENT : log_errno(rc);
	if (rc == SQLITE_ROW) {
		size_t len = (size_t)sqlite3_column_bytes(s, 0);

		if (len >= cap)
			r = -EMSGSIZE;
		else if (len > 0)
			memcpy(buf, sqlite3_column_blob(s, 0), len);
		if (r == 0) {
			buf[len] = '\0';
			*ret_len = len;
		}
	}
	sqlite3_finalize(s);
	return r;
}

int
log_vkey(struct log_reader *r, char *buf, size_t cap)
{
	size_t len;

	if (r->count == 0)
		return -ENOENT;
	return note_text(r->segments[0].db,
	    "SELECT body FROM note WHERE kind = 1 AND id >= ? LIMIT 1", 0, buf,
	    cap, &len);
}

int
log_origin(struct log_reader *r, char *buf, size_t cap)
{
	char text[VKEY_BYTES_MAX + 1];
	struct vkey key;
	char *end;
	int rc;

	rc = log_vkey(r, text, sizeof(text));
	if (rc < 0)
		return rc;
	if (vkey_parse(text, strlen(text), &key) < 0)
		return -EBADMSG;
	end = strrchr(key.name, '/');
	if (end == NULL || strcmp(end, "/genesis") != 0)
		return -EBADMSG;
	*end = '\0';
	if (strlen(key.name) >= cap)
		return -EMSGSIZE;
	memcpy(buf, key.name, strlen(key.name) + 1);
	return 0;
}

static int
seal_key(sqlite3 *db, uint64_t n, uint8_t ret[HASH_BYTES])
{
	char sql[128], key[HASH_BYTES + 1];
	size_t len = 0;
	int r;

	(void)snprintf(sql, sizeof(sql),
	    "SELECT substr(pks, %u, 32) FROM keyblk WHERE b = ?",
	    (unsigned int)(n % 4096) * HASH_BYTES + 1);
	r = note_text(db, sql, n / 4096, key, sizeof(key), &len);
	if (r == 0 && len != HASH_BYTES)
		r = -EBADMSG;
	if (r == 0)
		memcpy(ret, key, HASH_BYTES);
	return r;
}

int
log_checkpoint(struct log_reader *r, char *buf, size_t cap, size_t *ret_len)
{
	char name[NOTE_NAME_MAX + 1], text[NOTE_BYTES_MAX];
	struct segment *s = log_last_sealed(r);
	uint8_t pk[HASH_BYTES];
	struct checkpoint c;
	struct log_seal seal;
	struct tree t;
	size_t len;
	int rc;

	rc = log_last_seal(r, &seal);
	if (rc < 0)
		return rc;
	/* If it was published, the note is there with both signatures. */
	rc = note_text(s->db,
	    "SELECT body FROM note WHERE kind = 3 AND n = ? LIMIT 1", seal.n,
	    buf, cap, ret_len);
	if (rc != -ENOENT)
		return rc;
	rc = log_origin(r, c.origin, sizeof(c.origin));
	if (rc == 0)
		rc = row_tree(s->db, seal.size, &t);
	if (rc == 0)
		rc = seal_key(s->db, seal.n, pk);
	if (rc < 0)
		return rc;
	c.size = seal.size;
	tree_root(&t, c.root);
	len = checkpoint_format(&c, text);
	note_name_seal(c.origin, seal.n, name);
	rc = note_add_signature(text, sizeof(text), &len, name, pk, seal.sig);
	if (rc < 0 || len >= cap)
		return rc < 0 ? rc : -EMSGSIZE;
	memcpy(buf, text, len + 1);
	*ret_len = len;
	return 0;
}
