/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Table note as a whole. A note is bytes in a file until each of them is
 * accounted for: what is stored and never looked at is where a hand would go.
 */
#include "store/verify_state.h"

#include <string.h>

/* One row in hand, and the one before it in order of kind and n. */
struct note_row {
	sqlite3_int64 id, kind, n;
	const char *body;
	size_t len;
	bool form; /* its columns have the types FORMAT.md gives them */
};

static struct note_row
read_row(sqlite3_stmt *s)
{
	struct note_row r = {
	    .id = sqlite3_column_int64(s, 0),
	    .kind = sqlite3_column_int64(s, 1),
	    .n = sqlite3_column_int64(s, 2),
	};

	r.form =
	    sqlite3_column_type(s, 1) == SQLITE_INTEGER &&
	    sqlite3_column_type(s, 3) == SQLITE_BLOB &&
	    (r.kind == NOTE_GENESIS
		    ? sqlite3_column_type(s, 2) == SQLITE_NULL
		    : sqlite3_column_type(s, 2) == SQLITE_INTEGER && r.n >= 0);
	if (!r.form)
		return r;
	r.body = sqlite3_column_blob(s, 3);
	r.len = (size_t)sqlite3_column_bytes(s, 3);
	r.form = r.body != NULL && r.len > 0;
	return r;
}

static void
bad_note(struct verify *v, const struct note_row *r, const char *what)
{
	if (r->kind == NOTE_CHECKPOINT && r->form)
		verify_find(v, VERIFY_TAMPERED, VERIFY_PLACE_SEALS,
		    (uint64_t)r->n, (uint64_t)r->n,
		    "note %lld, published as seal %lld: %s", (long long)r->id,
		    (long long)r->n, what);
	else
		verify_find(v, VERIFY_TAMPERED, VERIFY_PLACE_FILE, 0, 0,
		    "note %lld of kind %lld: %s", (long long)r->id,
		    (long long)r->kind, what);
}

/*
 * The seal it publishes lies in the same file; they were written together. If
 * it does not, the note, whose signatures are good, proves what is gone.
 */
static const char *
seal_fault(struct verify *v, const struct note_row *r,
    const struct checkpoint *c, const struct note_signature *sig)
{
	const char *fault = NULL;
	sqlite3_stmt *s = NULL;

	if (sqlite3_prepare_v2(v->db, "SELECT size, sig FROM seal WHERE n = ?",
		-1, &s, NULL) != SQLITE_OK)
		return "the seals cannot be read";
	(void)sqlite3_bind_int64(s, 1, r->n);
	if (sqlite3_step(s) == SQLITE_ROW)
		fault = sqlite3_column_int64(s, 0) == (sqlite3_int64)c->size &&
				sqlite3_column_type(s, 1) == SQLITE_BLOB &&
				sqlite3_column_bytes(s, 1) == SIG_BYTES &&
				memcmp(sqlite3_column_blob(s, 1), sig->sig,
				    SIG_BYTES) == 0
			    ? NULL
			    : "that seal is another one";
	else
		verify_find(v, VERIFY_HOLE, VERIFY_PLACE_SEALS, (uint64_t)r->n,
		    (uint64_t)r->n,
		    "seal %lld was published (note %lld) and is missing: what "
		    "it sealed is gone",
		    (long long)r->n, (long long)r->id);
	sqlite3_finalize(s);
	return fault;
}

/* NULL, or what is wrong with a published checkpoint. */
static const char *
published_fault(struct verify *v, const struct note_row *r)
{
	char seal[NOTE_NAME_MAX + 1];
	uint8_t pk[HASH_BYTES];
	struct checkpoint c;
	struct note note;

	if (note_parse(r->body, r->len, &note) < 0 ||
	    checkpoint_parse(r->body, note.text_len, &c) < 0 ||
	    strcmp(c.origin, v->origin) != 0)
		return "it is no signed checkpoint of this log";
	note_name_seal(v->origin, (uint64_t)r->n, seal);
	if (note.nsigs != 2 || strcmp(note.sigs[0].name, seal) != 0 ||
	    strcmp(note.sigs[1].name, v->origin) != 0)
		return "it has not the signatures of its seal and of the "
		       "identity key, and no others";
	if (verify_seal_key(v, (uint64_t)r->n, pk) < 0 ||
	    note_verify(r->body, &note, seal, pk) < 0)
		return "it is not what the seal's key signed";
	if (note_verify(r->body, &note, v->origin, v->identity) < 0)
		return "its identity signature is not that of the key the "
		       "genesis key named";
	return seal_fault(v, r, &c, &note.sigs[0]);
}

/* Written without a newline, which only the file log.pub has. */
static const char *
genesis_fault(const struct verify *v, const struct note_row *r)
{
	char text[VKEY_BYTES_MAX + 1];

	if (vkey_format(&v->genesis, text, sizeof(text)) < 0 ||
	    strlen(text) != r->len || memcmp(text, r->body, r->len) != 0)
		return "it is not the genesis key and nothing else";
	return NULL;
}

static bool
is_known(sqlite3_int64 kind)
{
	return kind >= NOTE_GENESIS && kind <= NOTE_FRONTIER;
}

/* Key notes, base and frontier are proved where they are used. */
static const char *
fault(struct verify *v, const struct note_row *r, const struct note_row *before)
{
	if (!is_known(r->kind))
		return "no kind that a log has";
	if (r->kind == before->kind &&
	    (r->n == before->n ||
		(r->kind != NOTE_KEYS && r->kind != NOTE_CHECKPOINT)))
		return "it is there twice";
	if (!r->form)
		return "its columns are not those of a note";
	if (r->kind == NOTE_GENESIS)
		return genesis_fault(v, r);
	if (r->kind == NOTE_CHECKPOINT)
		return published_fault(v, r);
	return NULL;
}

void
verify_notes(struct verify *v)
{
	struct note_row row, before = {.kind = -1}, base = {.kind = NOTE_BASE};
	bool have_base = false, have_frontier = false;
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(v->db,
	    "SELECT id, kind, n, body FROM note ORDER BY kind, n, id", -1, &s,
	    NULL);

	while (rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		const char *what;

		row = read_row(s);
		what = fault(v, &row, &before);
		if (what != NULL)
			bad_note(v, &row, what);
		if (row.kind == NOTE_BASE) {
			have_base = true;
			base = row;
		}
		have_frontier |= row.kind == NOTE_FRONTIER;
		before = row;
		rc = SQLITE_OK;
	}
	sqlite3_finalize(s);
	if (rc != SQLITE_DONE)
		verify_find(v, VERIFY_TAMPERED, VERIFY_PLACE_FILE, 0, 0,
		    "the notes cannot be read");
	if (have_base && !have_frontier)
		bad_note(v, &base, "a base without its frontier");
}
