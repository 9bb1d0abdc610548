/* SPDX-License-Identifier: Apache-2.0 */
#include "store/verify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <sodium.h>

#include "store/segments.h"
#include "store/verify_state.h"

static const char *const words[VERIFY_VERDICTS] = {
    [VERIFY_INTACT] = "INTACT",
    [VERIFY_UNSEALED_TAIL] = "UNSEALED-TAIL",
    [VERIFY_STALE] = "STALE",
    [VERIFY_UNPINNED] = "UNPINNED",
    [VERIFY_HOLE] = "HOLE",
    [VERIFY_DATA_MISSING] = "DATA-MISSING",
    [VERIFY_MISSING_SEGMENT] = "MISSING-SEGMENT",
    [VERIFY_TAMPERED] = "TAMPERED",
    [VERIFY_FORK] = "FORK",
    [VERIFY_KEY_MISMATCH] = "KEY-MISMATCH",
};

static const int exits[VERIFY_VERDICTS] = {
    [VERIFY_UNSEALED_TAIL] = 1,
    [VERIFY_STALE] = 1,
    [VERIFY_UNPINNED] = 4,
    [VERIFY_HOLE] = 2,
    [VERIFY_DATA_MISSING] = 2,
    [VERIFY_MISSING_SEGMENT] = 2,
    [VERIFY_TAMPERED] = 3,
    [VERIFY_FORK] = 3,
    [VERIFY_KEY_MISMATCH] = 4,
};

const char *
verify_word(enum verify_verdict v)
{
	return v < VERIFY_VERDICTS ? words[v] : "?";
}

/* What comes out of a hostile file is shown, not obeyed. */
static void
printable(char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

void
verify_find(struct verify *v, enum verify_verdict verdict,
    enum verify_place place, uint64_t first, uint64_t last, const char *format,
    ...)
{
	struct verify_report *r = v->report;
	struct verify_finding *f;
	va_list ap;

	r->total++;
	if (verdict > r->verdict) {
		r->verdict = verdict;
		r->exit = exits[verdict];
	}
	if (r->nfindings == VERIFY_FINDINGS_MAX)
		return;
	f = &r->findings[r->nfindings++];
	f->verdict = verdict;
	f->place = place;
	f->first = first;
	f->last = last;
	(void)snprintf(
	    f->file, sizeof(f->file), "%s", v->file == NULL ? "" : v->file);
	va_start(ap, format);
	(void)vsnprintf(f->text, sizeof(f->text), format, ap);
	va_end(ap);
	printable(f->text);
	printable(f->file);
}

void
verify_remark(struct verify *v, const char *format, ...)
{
	struct verify_report *r = v->report;
	va_list ap;

	if (r->nnotes == VERIFY_FINDINGS_MAX)
		return;
	va_start(ap, format);
	(void)vsnprintf(r->notes[r->nnotes], sizeof(r->notes[0]), format, ap);
	va_end(ap);
	printable(r->notes[r->nnotes++]);
}

/* The files to look at: those of the one folder, or the ones named. */
static int
list_files(const struct verify_options *o, struct segment_list *ret)
{
	struct stat st;

	if (o->npaths == 0)
		return -EINVAL;
	if (stat(o->paths[0], &st) < 0)
		return -errno;
	if (o->npaths == 1 && S_ISDIR(st.st_mode))
		return segments_find(o->paths[0], ret);
	*ret = (struct segment_list){
	    .paths = calloc(o->npaths, sizeof(*ret->paths))};
	if (ret->paths == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < o->npaths; i++) {
		ret->paths[i] = strdup(o->paths[i]);
		if (ret->paths[i] == NULL || stat(o->paths[i], &st) < 0) {
			int r = ret->paths[i] == NULL ? -ENOMEM : -errno;

			free(ret->paths[i]);
			segments_free(ret);
			return r;
		}
		ret->count++;
	}
	return 0;
}

static void
file_name(struct verify *v, const char *path)
{
	const char *slash = strrchr(path, '/');
	unsigned int number;
	const char *rest;

	v->file = slash == NULL ? path : slash + 1;
	v->skipped = false;
	if (segment_number(v->file, &number, &rest)) {
		v->skipped = number != v->number + 1;
		v->number = number;
	}
}

static int
one_file(struct verify *v, const char *path, bool last)
{
	int r;

	file_name(v, path);
	r = segment_read(path, false, &v->db);
	if (r == -EBADMSG || r == -EIO) {
		verify_find(v, VERIFY_TAMPERED, VERIFY_PLACE_FILE, 0, 0,
		    "not a readable database");
		return 0;
	}
	if (r < 0)
		return r;
	/* One state of the file, also while its writer goes on. */
	r = sqlite3_exec(v->db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK
		? verify_file(v, path)
		: -EIO;
	if (r == 0)
		r = verify_keys(v);
	if (r == 0)
		r = verify_rows(v, last);
	(void)sqlite3_close(v->db);
	v->db = NULL;
	free(v->pks);
	v->pks = NULL;
	return r == -EBADMSG ? 0 : r;
}

static void
judge_end(struct verify *v)
{
	struct verify_report *r = v->report;
	const int64_t second = 1000000000;

	v->file = NULL;
	if (r->verdict == VERIFY_KEY_MISMATCH)
		return;
	if (!v->any_seal && r->verdict < VERIFY_HOLE)
		verify_find(v, VERIFY_STALE, VERIFY_PLACE_NONE, 0, 0,
		    "nothing is sealed");
	if (r->unsealed > 0) {
		verify_find(v, VERIFY_UNSEALED_TAIL, VERIFY_PLACE_ROWS,
		    r->sealed_size, r->sealed_size + r->unsealed - 1,
		    "%" PRIu64 " records after the last seal", r->unsealed);
		if (r->verdict == VERIFY_UNSEALED_TAIL &&
		    v->tail_last - v->tail_first <= second)
			r->exit = 0;
	}
	if (v->o->collected_at_ns != 0 && v->any_seal &&
	    r->last_seal_ns + 2 * (int64_t)v->heartbeat_s * second <
		v->o->collected_at_ns)
		verify_find(v, VERIFY_STALE, VERIFY_PLACE_SEALS, r->last_seal,
		    r->last_seal,
		    "the last seal is %" PRId64
		    " s older than the collection: stopped, or cut at the end",
		    (v->o->collected_at_ns - r->last_seal_ns) / second);
	for (size_t i = 0; i < v->nhave; i++)
		if (v->have[i].size > r->sealed_size)
			verify_find(v, VERIFY_TAMPERED, VERIFY_PLACE_ROWS,
			    r->sealed_size, v->have[i].size - 1,
			    "the checkpoint held from earlier covers more");
	if (!v->pinned)
		verify_find(v, VERIFY_UNPINNED, VERIFY_PLACE_NONE, 0, 0,
		    "no key was given: anybody could have made this log");
}

static int
prepare(struct verify *v)
{
	if (sodium_init() < 0)
		return -ENOMEM;
	v->heartbeat_s = 60;
	v->bad_block = UINT64_MAX;
	if (v->o->key != NULL) {
		if (vkey_parse(v->o->key, strlen(v->o->key), &v->genesis) < 0) {
			verify_find(v, VERIFY_INTACT, VERIFY_PLACE_NONE, 0, 0,
			    "the key is not a verifier key");
			return -EINVAL;
		}
		v->pinned = true;
		v->have_genesis = true;
	}
	return verify_take_have(v);
}

int
verify_log(const struct verify_options *o, struct verify_report *ret)
{
	struct segment_list files = {0};
	struct verify v = {.o = o, .report = ret};
	int r;

	memset(ret, 0, sizeof(*ret));
	ret->quick = o->quick;
	r = prepare(&v);
	if (r == 0)
		r = list_files(o, &files);
	for (size_t i = 0; r == 0 && i < files.count; i++) {
		r = one_file(&v, files.paths[i], i + 1 == files.count);
		if (ret->verdict == VERIFY_KEY_MISMATCH)
			break;
	}
	if (r == 0)
		judge_end(&v);
	(void)snprintf(ret->origin, sizeof(ret->origin), "%s", v.origin);
	segments_free(&files);
	free(v.blocks);
	free(v.pks);
	return r;
}
