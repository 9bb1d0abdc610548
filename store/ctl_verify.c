/* SPDX-License-Identifier: Apache-2.0 */
/* log verify: offline, in this process, with its own exit codes (verify.h). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/ctl.h"
#include "store/ctl_text.h"
#include "store/query_when.h"
#include "store/verify.h"

#define KEY_FILE_MAX 4096

static const struct ctl_option options[] = {
    {"key", "KEYFILE", "the log's public key, as log key prints it", false},
    {"have", "FILE", "a checkpoint kept from earlier; may be repeated", true},
    {"collected-at", "T", "when the copy was made: judges whether it is stale",
	false},
    {"quick", NULL, "check one signature per block of 4096", false},
    {NULL, NULL, NULL, false},
};

static int
cannot(const char *what, const char *why)
{
	(void)fprintf(stderr, "doorwardctl log verify: %s: %s\n", what, why);
	return VERIFY_EXIT_ERROR;
}

/* A small text file; free() it. NULL, errno says why. */
static char *
read_file(const char *path, size_t max)
{
	FILE *f = fopen(path, "re");
	char *text;
	size_t n;

	if (f == NULL)
		return NULL;
	text = calloc(1, max + 2);
	if (text == NULL) {
		(void)fclose(f);
		return NULL;
	}
	n = fread(text, 1, max + 1, f);
	if (ferror(f) != 0 || n > max || memchr(text, '\0', n) != NULL) {
		errno = ferror(f) != 0 ? EIO : EFBIG;
		free(text);
		text = NULL;
	}
	(void)fclose(f);
	return text;
}

/* ---- the report ---- */

static const char *
place_word(enum verify_place place)
{
	switch (place) {
	case VERIFY_PLACE_ROWS:
		return "records";
	case VERIFY_PLACE_SEALS:
		return "seals";
	case VERIFY_PLACE_KEYS:
		return "keys";
	case VERIFY_PLACE_FILE:
		return "file";
	case VERIFY_PLACE_NONE:
	default:
		return "log";
	}
}

static json_t *
finding_object(const struct verify_finding *f)
{
	json_t *o =
	    json_pack("{s:s,s:s,s:s}", "verdict", verify_word(f->verdict),
		"place", place_word(f->place), "text", f->text);

	if (f->place == VERIFY_PLACE_ROWS || f->place == VERIFY_PLACE_SEALS) {
		(void)json_object_set_new(
		    o, "first", json_integer((json_int_t)f->first));
		(void)json_object_set_new(
		    o, "last", json_integer((json_int_t)f->last));
	}
	if (f->file[0] != '\0')
		(void)json_object_set_new(o, "file", json_string(f->file));
	return o;
}

static void
set_time(json_t *o, const char *key, int64_t ns)
{
	char text[WHEN_BYTES];

	if (ns > 0)
		(void)json_object_set_new(
		    o, key, json_string(when_format(ns, text)));
}

static void
print_json(const struct verify_report *v)
{
	json_t *findings = json_array(), *notes = json_array();
	json_t *o = json_pack("{s:s,s:i,s:s}", "verdict",
	    verify_word(v->verdict), "exit", v->exit, "origin", v->origin);

	for (size_t i = 0; i < v->nfindings; i++)
		(void)json_array_append_new(
		    findings, finding_object(&v->findings[i]));
	for (size_t i = 0; i < v->nnotes; i++)
		(void)json_array_append_new(notes, json_string(v->notes[i]));
	(void)json_object_update_new(o,
	    json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:b,s:s}",
		"first_index", (json_int_t)v->first_index, "records",
		(json_int_t)v->records, "seals", (json_int_t)v->seals,
		"last_seal", (json_int_t)v->last_seal, "sealed_size",
		(json_int_t)v->sealed_size, "gaps", (json_int_t)v->gaps, "lost",
		(json_int_t)v->lost, "unsealed", (json_int_t)v->unsealed,
		"quick", v->quick, "checkpoint", v->checkpoint));
	set_time(o, "first_time", v->first_ns);
	set_time(o, "last_seal_time", v->last_seal_ns);
	(void)json_object_set_new(
	    o, "findings_total", json_integer((json_int_t)v->total));
	(void)json_object_set_new(o, "findings", findings);
	(void)json_object_set_new(o, "notes", notes);
	(void)json_dumpf(o, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
	(void)printf("\n");
	json_decref(o);
}

/* Which records; the texts about seals and keys name them. */
static void
print_rows(const struct verify_finding *f)
{
	if (f->place != VERIFY_PLACE_ROWS)
		return;
	if (f->first == f->last)
		(void)printf("record %llu: ", (unsigned long long)f->first);
	else
		(void)printf("records %llu to %llu: ",
		    (unsigned long long)f->first, (unsigned long long)f->last);
}

static void
print_text(const struct verify_report *v)
{
	char from[WHEN_BYTES], to[WHEN_BYTES];

	(void)printf("%s", verify_word(v->verdict));
	if (v->gaps > 0)
		(void)printf(", %llu gaps", (unsigned long long)v->gaps);
	(void)printf("%s\n", v->quick ? " (quick)" : "");
	for (size_t i = 0; i < v->nfindings; i++) {
		const struct verify_finding *f = &v->findings[i];

		(void)printf("  %s: ", verify_word(f->verdict));
		if (f->file[0] != '\0') {
			text_put(stdout, f->file, false);
			(void)printf(": ");
		}
		print_rows(f);
		text_put(stdout, f->text, false);
		(void)printf("\n");
	}
	if (v->total > v->nfindings)
		(void)printf("  … and %llu more\n",
		    (unsigned long long)(v->total - v->nfindings));
	for (size_t i = 0; i < v->nnotes; i++) {
		(void)printf("  note: ");
		text_put(stdout, v->notes[i], false);
		(void)printf("\n");
	}
	if (v->records == 0)
		return;
	(void)printf("%llu records, %llu valid seals, %s to %s\n",
	    (unsigned long long)v->records, (unsigned long long)v->seals,
	    when_format(v->first_ns, from), when_format(v->last_seal_ns, to));
	text_put(stdout, v->origin, false);
	(void)printf("\n");
}

/* ---- the call ---- */

static int
verify(const struct ctl_args *a, const struct verify_options *o)
{
	struct verify_report *v = calloc(1, sizeof(*v));
	int r;

	if (v == NULL)
		return cannot(o->paths[0], strerror(ENOMEM));
	r = verify_log(o, v);
	if (r < 0) {
		r = cannot(o->paths[0], r == -EINVAL && v->nfindings > 0
					    ? v->findings[0].text
					: r == -ENOENT ? "no log there"
						       : strerror(-r));
	} else {
		if (a->json)
			print_json(v);
		else
			print_text(v);
		r = v->exit;
	}
	free(v);
	return r;
}

static int
verify_with(const struct ctl_args *a, struct verify_options *o)
{
	const char *path = ctl_value(a, "key");
	const char *at = ctl_value(a, "collected-at");
	char *key = NULL;
	int r;

	if (at != NULL && when_parse(at, when_now(), &o->collected_at_ns) < 0)
		return cannot(at, "not a time");
	if (path != NULL) {
		key = read_file(path, KEY_FILE_MAX);
		if (key == NULL)
			return cannot(path, strerror(errno));
		key[strcspn(key, "\r\n")] = '\0';
		o->key = key;
	}
	r = verify(a, o);
	free(key);
	return r;
}

static int
run(const struct ctl_args *a)
{
	struct verify_options o = {
	    .paths = a->nwords > 0 ? a->words : &a->log,
	    .npaths = a->nwords > 0 ? a->nwords : 1,
	    .quick = ctl_value(a, "quick") != NULL,
	};
	char *have[CTL_WORDS_MAX];
	int r = CTL_OK;

	for (size_t i = 0; i < a->nmany; i++) {
		have[i] = read_file(a->many[i], CHECKPOINT_BYTES_MAX);
		if (have[i] == NULL) {
			r = cannot(a->many[i], strerror(errno));
			break;
		}
		o.nhave++;
	}
	o.have = (const char *const *)have;
	if (r == CTL_OK)
		r = verify_with(a, &o);
	while (o.nhave > 0)
		free(have[--o.nhave]);
	return r;
}

const struct ctl_command ctl_log_verify_command = {
    .name = "log verify",
    .words = "[DIR|FILE…]",
    .summary = "Proves, offline, that the log is whole and unchanged, or says "
	       "where it is not.",
    .more = "Exit 0: INTACT; 1: authentic but not complete to the end "
	    "(UNSEALED-TAIL, STALE);\n2: records are missing (HOLE, "
	    "MISSING-SEGMENT, DATA-MISSING); 3: TAMPERED or FORK;\n4: not the "
	    "log of this key (KEY-MISMATCH), or no key was given (UNPINNED);\n"
	    "5: nothing could be said.",
    .options = options,
    .max_words = CTL_WORDS_MAX,
    .usage_exit = VERIFY_EXIT_ERROR,
    .run = run,
};
