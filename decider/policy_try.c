/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy test: the question of the command line, put to the same decide() that
 * answers openers. The program is only a name here, so a resolved table is made
 * in which every exe pattern that matches the name names one made-up inode.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/proc/log.h"

#include "decider/decide.h"
#include "decider/policy_json.h"
#include "decider/policy_main.h"

#define MADE_UP_DEV 1
#define MADE_UP_INO 1

static struct resolved_header *
resolve_name(const struct compiled_header *c, const char *exe)
{
	size_t bytes = sizeof(struct resolved_header) +
		       c->nexes * sizeof(struct resolved_exe);
	struct resolved_header *r = calloc(1, bytes);
	const struct compiled_exe *e;
	struct resolved_exe *out;

	if (r == NULL)
		fatalx("out of memory");
	out = (struct resolved_exe *)(r + 1);
	r->magic = RESOLVED_MAGIC;
	r->exes = sizeof(*r);
	for (uint32_t i = 0; i < c->nexes; i++) {
		e = compiled_exe(c, i);
		if (!path_glob_match(compiled_string(c, e->pattern),
			e->pattern.len, exe, strlen(exe)))
			continue;
		out[r->nexes++] =
		    (struct resolved_exe){MADE_UP_DEV, MADE_UP_INO, i, 0};
	}
	r->places = (uint32_t)(sizeof(*r) + r->nexes * sizeof(*out));
	r->bytes = r->places;
	if (resolved_check(r, r->bytes, c) != 0)
		fatalx("the resolved table does not pass its own check");
	return r;
}

/* A number, or a name; NULL: the fallback. */
static int
id_of(const char *s, const char *text, size_t len, uint32_t fallback,
    uint32_t *ret)
{
	char *end;
	unsigned long n;

	if (s == NULL) {
		*ret = fallback;
		return 0;
	}
	errno = 0;
	n = strtoul(s, &end, 10);
	if (*s >= '0' && *s <= '9' && *end == '\0' && errno == 0 &&
	    n <= UINT32_MAX) {
		*ret = (uint32_t)n;
		return 0;
	}
	if (strcmp(s, "root") == 0) {
		*ret = 0;
		return 0;
	}
	if (policy_account_id(text, len, s, ret) == 0)
		return 0;
	fprintf(stderr, "doorward-policy: unknown user or group\n");
	return -EINVAL;
}

/* "write", "read,write", "change". */
static int
ops_of(const char *s, uint16_t *ret)
{
	char word[32];
	uint32_t ops = 0, one;
	size_t n;

	for (;; s += n + 1) {
		n = strcspn(s, ",");
		(void)snprintf(word, sizeof(word), "%.*s",
		    n < sizeof(word) ? (int)n : 0, s);
		one = policy_ops(word);
		if (one == 0) {
			fprintf(stderr,
			    "doorward-policy: --op: expected read, write, "
			    "exec, create, delete, rename, link, attrib, "
			    "truncate, map, mount, change or any\n");
			return -EINVAL;
		}
		ops |= one;
		if (s[n] == '\0')
			break;
	}
	*ret = (uint16_t)ops;
	return 0;
}

/* What is settled: in text and in JSON. Strings are NULL where nothing is. */
struct told {
	const char *verdict, *op, *watch, *mode, *reason, *answer;
	char rule[NAME_BYTES_MAX + 32];
	const char *text, *note;
};

static void
print_json(const struct told *t)
{
	(void)putchar('{');
	json_member(stdout, 1, "verdict", t->verdict);
	json_member(stdout, 0, "op", t->op);
	json_member(stdout, 0, "watch", t->watch);
	json_member(stdout, 0, "rule", *t->rule != '\0' ? t->rule : NULL);
	json_member(stdout, 0, "mode", t->mode);
	json_member(stdout, 0, "reason", t->reason);
	json_member(stdout, 0, "answer", t->answer);
	json_member(stdout, 0, "text", t->text);
	json_member(stdout, 0, "note", t->note);
	(void)puts("}");
}

static void
print_text(const struct told *t)
{
	char q[QUOTE_BYTES];

	(void)printf("%s\n", t->verdict);
	if (t->watch == NULL) {
		(void)puts("  no watch: nothing watches this path");
		return;
	}
	if (t->text != NULL)
		(void)printf("  by      %s  %s\n", t->rule,
		    diag_quote(q, t->text, strlen(t->text)));
	else
		(void)puts("  by      no rule of the watch matches: allowed");
	(void)printf("  watch   %s\n", t->watch);
	(void)printf("  op      %s\n", t->op);
	(void)printf("  mode    %s%s\n", t->mode,
	    strcmp(t->verdict, t->answer) != 0 ? ": recorded, but let through"
					       : "");
	if (t->note != NULL)
		(void)printf("  note    %s\n", t->note);
}

static void
tell(const struct compiled_header *c, const struct rec_VERDICT_ONE *v,
    struct told *t, char *note)
{
	const struct compiled_watch *w = compiled_watch(c, v->watch);
	const struct compiled_rule *rule = compiled_rule(c, v->rule);

	t->verdict = verdict_name(v->verdict);
	t->answer = verdict_name(v->answer);
	t->op = op_name(v->op);
	t->reason = reason_name(v->reason);
	if (w != NULL) {
		t->watch = compiled_string(c, w->name);
		t->mode = mode_name(w->mode);
	}
	if (rule == NULL)
		return;
	(void)snprintf(t->rule, sizeof(t->rule), "%.250s:%u",
	    compiled_string(c, compiled_file(c, rule->file)->name), rule->line);
	t->text = compiled_string(c, rule->text);
	t->note = policy_rule_note(c, rule, note);
}

int
policy_try(const struct compiled_header *c,
    const struct policy_accounts *accounts, const struct policy_question *q,
    bool json)
{
	struct policy_view view = {.compiled = c};
	struct rec_ASK_ONE ask = {.subject = {.known = 1,
				      .pid = 2,
				      .exe_dev = MADE_UP_DEV,
				      .exe_ino = MADE_UP_INO}};
	struct rec_VERDICT_ONE verdict;
	struct told told = {.verdict = NULL};
	char note[DIAG_BYTES];

	if (!path_is_plain(q->path, strlen(q->path)) ||
	    !path_is_plain(q->exe, strlen(q->exe))) {
		fprintf(stderr, "doorward-policy: --path and --exe: expected "
				"absolute paths without \"..\"\n");
		return -EINVAL;
	}
	if (ops_of(q->op, &ask.ops) < 0 ||
	    id_of(q->uid, accounts->passwd, accounts->passwd_len, 0,
		&ask.subject.uid) < 0 ||
	    id_of(q->gid, accounts->group, accounts->group_len, ask.subject.uid,
		&ask.subject.gid) < 0 ||
	    id_of(q->auid, accounts->passwd, accounts->passwd_len, UINT32_MAX,
		&ask.subject.auid) < 0)
		return -EINVAL;
	ask.subject.euid = ask.subject.uid;
	ask.subject.egid = ask.subject.gid;
	view.resolved = resolve_name(c, q->exe);
	ask.watch = compiled_find_watch(c, q->path, strlen(q->path));
	decide(&view, &ask, &verdict);
	tell(c, &verdict, &told, note);
	if (q->container != NULL && told.note == NULL)
		told.note = "containers are not evaluated yet: --container "
			    "changes nothing";
	if (told.op == NULL)
		told.op = q->op;
	if (json)
		print_json(&told);
	else
		print_text(&told);
	return 0;
}
