/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipc/proc/log.h"

#define NAME_BYTES 64

static void
segment_name(unsigned int number, char ret[NAME_BYTES])
{
	(void)snprintf(ret, NAME_BYTES, SEGMENT_NAME, number);
}

/* The newest segment's number; -ENOENT. An abandoned one counts as used. */
static int
newest(unsigned int *ret_number, bool *ret_usable)
{
	DIR *d = opendir(".");
	struct dirent *e;
	int r = -ENOENT;

	if (d == NULL)
		return -errno;
	while ((e = readdir(d)) != NULL) {
		const char *rest;
		unsigned int n;
		bool whole;

		if (!segment_number(e->d_name, &n, &rest))
			continue;
		whole = strcmp(rest, ".db") == 0;
		if (!whole && strcmp(rest, ".db.corrupt") != 0)
			continue;
		if (r == 0 && n < *ret_number)
			continue;
		*ret_number = n;
		*ret_usable = whole;
		r = 0;
	}
	(void)closedir(d);
	return r;
}

static int
read_identity(struct store *s)
{
	char body[NOTE_BYTES_MAX];
	struct key_note k;
	struct note n;
	int r;

	r = db_key_note(s->db, 0, body, sizeof(body));
	if (r < 0)
		return r;
	if (note_parse(body, strlen(body), &n) < 0 ||
	    key_note_parse(body, n.text_len, &k) < 0)
		return -EUCLEAN;
	memcpy(s->identity_pk, k.identity, HASH_BYTES);
	return 0;
}

int
segment_open(struct store *s)
{
	char name[NAME_BYTES];
	bool usable, made;
	int r;

	r = newest(&s->segment, &usable);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	if (!usable) {
		s->segment++;
		s->corrupt = true;
		return 0;
	}
	segment_name(s->segment, name);
	r = db_open(name, &s->db, &made);
	if (r == 0)
		r = read_identity(s);
	/* A first start that ended before the keys came: they come now. */
	if (r == 0 || r == -ENOENT)
		return 0;
	if (r != -EUCLEAN)
		return r;
	log_warn_r(r, "%s cannot be used", name);
	return segment_abandon(s);
}

static int
put_base(struct store *s)
{
	const struct sealer_facts *f = &s->facts;
	struct checkpoint c = {.size = f->size};
	uint8_t frontier[TREE_FRONTIER_MAX], pk[HASH_BYTES];
	char note[NOTE_BYTES_MAX], name[NOTE_NAME_MAX + 1];
	size_t len;
	int r;

	if (f->next == 0)
		return 0;
	memcpy(c.origin, f->origin, sizeof(c.origin));
	tree_root(&f->tree, c.root);
	len = checkpoint_format(&c, note);
	note_name_seal(f->origin, f->next - 1, name);
	r = segment_seal_key(s, f->next - 1, pk);
	if (r == 0)
		r = note_add_signature(
		    note, sizeof(note), &len, name, pk, f->sig);
	if (r == 0)
		r = db_put_note(
		    s->db, NOTE_BASE, (int64_t)f->next - 1, note, len);
	if (r < 0)
		return r;
	len = tree_frontier(&f->tree, frontier);
	return db_put_note(
	    s->db, NOTE_FRONTIER, (int64_t)f->size, frontier, len);
}

/* log.pub: what an auditor pins. Written once; a copy of what the notes say. */
static int
write_public_key(const char *vkey)
{
	FILE *f = fopen("log.pub.new", "we");
	int r = 0;

	if (f == NULL)
		return -errno;
	if (fprintf(f, "%s\n", vkey) < 0 || fflush(f) == EOF ||
	    fsync(fileno(f)) < 0)
		r = -errno;
	if (fclose(f) == EOF && r == 0)
		r = -errno;
	if (r == 0 && rename("log.pub.new", "log.pub") < 0)
		r = -errno;
	return r;
}

int
segment_claim(struct store *s)
{
	int r = db_begin(s->db);

	if (r < 0)
		return r;
	r = db_put_note(
	    s->db, NOTE_GENESIS, -1, s->facts.vkey, strlen(s->facts.vkey));
	if (r == 0)
		r = db_commit(s->db);
	else
		db_rollback(s->db);
	return r == 0 ? write_public_key(s->facts.vkey) : r;
}

int
segment_create(struct store *s)
{
	char name[NAME_BYTES];
	bool made;
	int r;

	segment_name(s->segment, name);
	r = db_open(name, &s->db, &made);
	if (r == 0 && !made)
		r = -EEXIST;
	return r == 0 ? segment_claim(s) : r;
}

int
segment_begin(struct store *s)
{
	int r = db_begin(s->db);

	if (r < 0)
		return r;
	r = put_base(s);
	if (r == 0)
		r = db_commit(s->db);
	else
		db_rollback(s->db);
	if (r == 0)
		log_info("new segment " SEGMENT_NAME " of %s", s->segment,
		    s->facts.origin);
	return r;
}

int
segment_abandon(struct store *s)
{
	static const char *const parts[] = {"", "-wal", "-shm"};
	char name[NAME_BYTES], from[NAME_BYTES + 16], to[NAME_BYTES + 16];

	db_close(&s->db);
	segment_name(s->segment, name);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		(void)snprintf(from, sizeof(from), "%s%s", name, parts[i]);
		(void)snprintf(to, sizeof(to), "%s.corrupt%s", name, parts[i]);
		if (rename(from, to) < 0 && errno != ENOENT)
			return -errno;
	}
	log_warnx("%s is put away as %s.corrupt; the log goes on in the next "
		  "segment",
	    name, name);
	s->segment++;
	s->corrupt = true;
	return 0;
}

/* Notes are wanted for every block, keys from the base's block on. */
bool
segment_missing_keys(struct store *s, uint64_t *ret_block)
{
	for (uint64_t b = 0; b < s->facts.blocks; b++) {
		int r = db_has_note(s->db, NOTE_KEYS, (int64_t)b);

		if (r == 0) {
			*ret_block = b;
			return true;
		}
	}
	return false;
}

int
segment_put_keys(struct store *s)
{
	struct key_block *k = &s->keys;
	uint64_t first = s->facts.next == 0 ? 0 : (s->facts.next - 1) / 4096;
	int r;

	k->have = false;
	r = db_begin(s->db);
	if (r < 0)
		return r;
	r = db_put_note(
	    s->db, NOTE_KEYS, (int64_t)k->block, k->note, strlen(k->note));
	if (r == 0 && k->block >= first)
		r = db_put_keys(s->db, k->block, k->pks, sizeof(k->pks));
	if (r == 0)
		r = db_commit(s->db);
	else
		db_rollback(s->db);
	if (r == 0 && k->block == 0)
		r = read_identity(s);
	return r;
}

int
segment_seal_key(struct store *s, uint64_t n, uint8_t ret[HASH_BYTES])
{
	sqlite3_stmt *st = NULL;
	int r = -ENOENT;

	if (sqlite3_prepare_v2(db_handle(s->db),
		"SELECT substr(pks, ?, 32) FROM keyblk WHERE b = ?", -1, &st,
		NULL) != SQLITE_OK)
		return -EIO;
	sqlite3_bind_int64(st, 1, (sqlite3_int64)(n % 4096) * HASH_BYTES + 1);
	sqlite3_bind_int64(st, 2, (sqlite3_int64)(n / 4096));
	if (sqlite3_step(st) == SQLITE_ROW &&
	    sqlite3_column_bytes(st, 0) == HASH_BYTES) {
		memcpy(ret, sqlite3_column_blob(st, 0), HASH_BYTES);
		r = 0;
	}
	sqlite3_finalize(st);
	return r;
}
