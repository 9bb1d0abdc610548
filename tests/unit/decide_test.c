/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decider/decide.h"
#include "tests/unit/policy_text.h"

/* Devices, and the inodes of programs on device 1. */
enum { ROOTFS = 1, OTHERFS = 2, STRANGEFS = 3 };
enum { VIM = 11, DOCKERD = 12, SSHD = 13, TEE = 14 };

/* One question and what must come of it. line 0: no rule. */
struct row {
	const char *name;
	uint16_t ops;
	struct rec_SUBJECT who;
	uint32_t verdict, answer, record, op, line;
};

#define WHO(exe, u)                                                            \
	{                                                                      \
		.known = 1, .pid = 9, .exe_dev = ROOTFS, .exe_ino = (exe),     \
		.euid = (u), .auid = UINT32_MAX, .ancestors_count = 1,         \
		.ancestors = {                                                 \
			{0, 5, 1}                                              \
		}                                                              \
	}

static struct policy_view
view_of(const char *text)
{
	/* Which program inode each exe pattern names. */
	static const struct {
		const char *path;
		uint64_t ino;
	} programs[] = {
	    {"/usr/bin/vim", VIM},
	    {"/usr/bin/dockerd", DOCKERD},
	    {"/usr/sbin/sshd", SSHD},
	};
	struct policy_view v = {.compiled = compile_text(text, strlen(text))};
	struct resolved_header *r;
	struct resolved_exe *e;
	struct resolved_place *p;

	if (v.compiled == NULL)
		diag_print(stderr, &text_diags, NULL, 0);
	assert_non_null(v.compiled);
	r = calloc(1, sizeof(*r) + 16 * sizeof(*e) + 16 * sizeof(*p));
	assert_non_null(r);
	e = (struct resolved_exe *)(r + 1);
	r->magic = RESOLVED_MAGIC;
	r->exes = sizeof(*r);
	for (uint32_t i = 0; i < v.compiled->nexes; i++)
		for (size_t k = 0; k < sizeof(programs) / sizeof(*programs);
		     k++)
			if (strcmp(compiled_string(v.compiled,
				       compiled_exe(v.compiled, i)->pattern),
				programs[k].path) == 0)
				e[r->nexes++] = (struct resolved_exe){
				    ROOTFS, programs[k].ino, i, 0};
	p = (struct resolved_place *)(e + r->nexes);
	r->places = (uint32_t)((char *)p - (char *)r);
	for (uint32_t i = 0; i < v.compiled->nwatches; i++)
		p[r->nplaces++] = (struct resolved_place){ROOTFS, 7, i, 0};
	p[r->nplaces++] = (struct resolved_place){OTHERFS, 8, 0, 0};
	r->bytes = r->places + r->nplaces * (uint32_t)sizeof(*p);
	assert_int_equal(resolved_check(r, r->bytes, v.compiled), 0);
	v.resolved = r;
	return v;
}

static void
drop_view(struct policy_view *v)
{
	free((void *)(uintptr_t)v->compiled);
	free((void *)(uintptr_t)v->resolved);
}

static struct rec_VERDICT_ONE
judge(const struct policy_view *v, uint32_t watch, uint16_t ops,
    const struct rec_SUBJECT *who)
{
	struct rec_ASK_ONE ask = {.id = 77,
	    .watch = watch,
	    .dev = ROOTFS,
	    .ops = ops,
	    .subject = *who};
	struct rec_VERDICT_ONE got;

	decide(v, &ask, &got);
	assert_int_equal(got.id, 77);
	return got;
}

static void
check_rows(const char *text, const struct row *rows, size_t n)
{
	struct policy_view v = view_of(text);
	struct rec_VERDICT_ONE got;
	const struct compiled_rule *rule;

	for (size_t i = 0; i < n; i++) {
		got = judge(&v, 0, rows[i].ops, &rows[i].who);
		rule = compiled_rule(v.compiled, got.rule);
		if (got.verdict != rows[i].verdict ||
		    got.answer != rows[i].answer ||
		    got.record != rows[i].record || got.op != rows[i].op ||
		    (rule != NULL ? rule->line : 0) != rows[i].line ||
		    got.reason != (rule != NULL ? REASON_RULE : REASON_DEFAULT))
			fail_msg("%s: verdict %u answer %u record %u op %s "
				 "line %u reason %u",
			    rows[i].name, got.verdict, got.answer, got.record,
			    op_name(got.op), rule != NULL ? rule->line : 0,
			    got.reason);
	}
	drop_view(&v);
}

static void
first_match_of_each_operation(void **state)
{
	static const char text[] =
	    "list editors { exe \"/usr/bin/vim\", exe \"/usr/bin/nano\" }\n"
	    "watch conf {\n"
	    "  path \"/etc/docker/**\" mode enforce\n"
	    "  allow write by exe \"/usr/bin/dockerd\"\n" /* 4 */
	    "  allow write by $editors and uid root\n"	  /* 5 */
	    "  deny change\n"				  /* 6 */
	    "  allow read by uid alice quiet\n"		  /* 7 */
	    "  deny exec seal\n"			  /* 8 */
	    "}\n";
	static const struct row rows[] = {
	    {"dockerd writes", OP_WRITE, WHO(DOCKERD, 5), 0, 0, 1, OP_WRITE, 4},
	    {"dockerd truncates", OP_WRITE | OP_TRUNCATE, WHO(DOCKERD, 5), 0, 0,
		1, OP_WRITE, 4},
	    {"root's vim", OP_WRITE, WHO(VIM, 0), 0, 0, 1, OP_WRITE, 5},
	    {"alice's vim", OP_WRITE, WHO(VIM, 1000), 1, 1, 1, OP_WRITE, 6},
	    {"tee", OP_WRITE, WHO(TEE, 0), 1, 1, 1, OP_WRITE, 6},
	    {"reading", OP_READ, WHO(TEE, 0), 0, 0, 0, OP_READ, 0},
	    {"alice reads", OP_READ, WHO(TEE, 1000), 0, 0, 0, OP_READ, 7},
	    {"O_RDWR denied", OP_READ | OP_WRITE, WHO(TEE, 0), 1, 1, 1,
		OP_WRITE, 6},
	    {"O_RDWR allowed", OP_READ | OP_WRITE, WHO(DOCKERD, 1000), 0, 0, 1,
		OP_WRITE, 4},
	    {"exec", OP_EXEC, WHO(DOCKERD, 0), 1, 1, 2, OP_EXEC, 8},
	    {"no operation is a write", 0, WHO(TEE, 0), 1, 1, 1, OP_WRITE, 6},
	    {"unknown subject writes", OP_WRITE, {.known = 0}, 1, 1, 1,
		OP_WRITE, 6},
	    {"unknown subject reads", OP_READ, {.known = 0}, 0, 0, 0, OP_READ,
		0},
	};

	(void)state;
	check_rows(text, rows, sizeof(rows) / sizeof(rows[0]));
}

static void
truncating_is_named_by_either_word(void **state)
{
	static const char text[] = "watch w { path \"/etc/a\" mode enforce\n"
				   "  deny truncate by uid 1\n"	 /* 2 */
				   "  allow write by uid 1\n"	 /* 3 */
				   "  allow truncate by uid 2\n" /* 4 */
				   "  deny write by uid 2\n"	 /* 5 */
				   "}\n";
	static const struct row rows[] = {
	    {"denied by truncate", OP_WRITE | OP_TRUNCATE, WHO(TEE, 1), 1, 1, 1,
		OP_TRUNCATE, 2},
	    {"plain write", OP_WRITE, WHO(TEE, 1), 0, 0, 1, OP_WRITE, 3},
	    {"truncate allowed, write denied", OP_WRITE | OP_TRUNCATE,
		WHO(TEE, 2), 1, 1, 1, OP_WRITE, 5},
	    {"no rule", OP_WRITE | OP_TRUNCATE, WHO(TEE, 3), 0, 0, 1, OP_WRITE,
		0},
	};

	(void)state;
	check_rows(text, rows, sizeof(rows) / sizeof(rows[0]));
}

static void
unknown_satisfies_a_denial_only(void **state)
{
	static const char text[] =
	    "watch w { path \"/etc/a\" mode enforce\n"
	    "  allow read by not container any\n"			 /* 2 */
	    "  allow read by uid 7 and exe \"/usr/bin/vim\"\n"		 /* 3 */
	    "  deny read by { uid 8, container name \"x\" } and gid 9\n" /* 4 */
	    "  allow exec by { uid 7, container any }\n"		 /* 5 */
	    "  deny exec by container any and uid 6\n"			 /* 6 */
	    "  deny write by not uid 7\n"				 /* 7 */
	    "}\n";
	struct rec_SUBJECT gid9 = WHO(TEE, 1), no_exe = WHO(0, 7);
	struct row rows[] = {
	    {"not unknown is unknown: no allow", OP_READ, WHO(TEE, 1), 0, 0, 0,
		OP_READ, 0},
	    {"true and true", OP_READ, WHO(VIM, 7), 0, 0, 1, OP_READ, 3},
	    {"true and unknown program", OP_READ, no_exe, 0, 0, 0, OP_READ, 0},
	    {"unknown or false, and true", OP_READ, gid9, 1, 1, 1, OP_READ, 4},
	    {"true or unknown", OP_EXEC, WHO(TEE, 7), 0, 0, 1, OP_EXEC, 5},
	    {"unknown and true", OP_EXEC, WHO(TEE, 6), 1, 1, 1, OP_EXEC, 6},
	    {"unknown and false", OP_EXEC, WHO(TEE, 5), 0, 0, 0, OP_EXEC, 0},
	    {"negation, false", OP_WRITE, WHO(TEE, 7), 0, 0, 1, OP_WRITE, 0},
	    {"negation, true", OP_WRITE, WHO(TEE, 8), 1, 1, 1, OP_WRITE, 7},
	    {"negation, unknown subject", OP_WRITE, {.known = 0}, 1, 1, 1,
		OP_WRITE, 7},
	};

	(void)state;
	gid9.egid = rows[3].who.egid = 9;
	check_rows(text, rows, sizeof(rows) / sizeof(rows[0]));
}

static void
ancestors_count_up_to_the_first_process(void **state)
{
	static const char text[] =
	    "watch w { path \"/etc/a\" mode enforce\n"
	    "  allow write by ancestor exe \"/usr/sbin/sshd\"\n"    /* 2 */
	    "  allow exec by not ancestor exe \"/usr/sbin/sshd\"\n" /* 3 */
	    "  deny any\n"					    /* 4 */
	    "}\n";
	static const struct rec_SUBJECT under = {.known = 1,
					    .pid = 9,
					    .ancestors_count = 2,
					    .ancestors = {{ROOTFS, TEE, 8},
						{ROOTFS, SSHD, 7}}},
					whole = {.known = 1,
					    .pid = 9,
					    .ancestors_count = 2,
					    .ancestors = {{ROOTFS, TEE, 8},
						{ROOTFS, VIM, 1}}},
					cut = {.known = 1,
					    .pid = 9,
					    .ancestors_count = 1,
					    .ancestors = {{ROOTFS, TEE, 8}}};
	struct row rows[] = {
	    {"below sshd", OP_WRITE, under, 0, 0, 1, OP_WRITE, 2},
	    {"below sshd, negated", OP_EXEC, under, 1, 1, 1, OP_EXEC, 4},
	    {"not below sshd", OP_WRITE, whole, 1, 1, 1, OP_WRITE, 4},
	    {"not below sshd, negated", OP_EXEC, whole, 0, 0, 1, OP_EXEC, 3},
	    {"line cut short", OP_WRITE, cut, 1, 1, 1, OP_WRITE, 4},
	    {"line cut short, negated", OP_EXEC, cut, 1, 1, 1, OP_EXEC, 4},
	};

	(void)state;
	check_rows(text, rows, sizeof(rows) / sizeof(rows[0]));
}

static void
audit_mode_says_deny_and_lets_through(void **state)
{
	static const struct row rows[] = {
	    {"audit", OP_WRITE, WHO(TEE, 0), 1, 0, 1, OP_WRITE, 2},
	};

	(void)state;
	check_rows("watch w { path \"/etc/a\"\n deny write }\n", rows, 1);
}

static void
an_unknown_watch_is_the_strictest_on_its_device(void **state)
{
	struct policy_view v = view_of(
	    "watch lax { path \"/a\" mode enforce allow write quiet }\n"
	    "watch audits { path \"/b\" deny write }\n"
	    "watch strict { path \"/c\" mode enforce deny write by uid 5 }\n");
	struct rec_ASK_ONE ask = {.watch = WATCH_UNKNOWN,
	    .dev = ROOTFS,
	    .ops = OP_WRITE,
	    .subject = WHO(TEE, 5)};
	struct rec_VERDICT_ONE got;

	(void)state;
	decide(&v, &ask, &got);
	assert_int_equal(got.answer, VERDICT_DENY);
	assert_int_equal(got.watch, 2);
	assert_false(got.cacheable);
	ask.subject.euid = 6;
	decide(&v, &ask, &got);
	assert_int_equal(got.verdict, VERDICT_DENY);
	assert_int_equal(got.answer, VERDICT_ALLOW);
	assert_int_equal(got.watch, 1);
	/* Only the first watch has a place there. */
	ask.dev = OTHERFS;
	ask.subject.euid = 5;
	decide(&v, &ask, &got);
	assert_int_equal(got.verdict, VERDICT_ALLOW);
	assert_int_equal(got.watch, 0);
	/* Nobody has: it could be any of them. So could an index too large. */
	ask.dev = STRANGEFS;
	decide(&v, &ask, &got);
	assert_int_equal(got.answer, VERDICT_DENY);
	ask.watch = 3;
	decide(&v, &ask, &got);
	assert_int_equal(got.answer, VERDICT_DENY);
	drop_view(&v);
}

static void
only_known_answers_are_cacheable(void **state)
{
	struct policy_view v = view_of("watch w { path \"/a\" deny write }\n");
	struct rec_SUBJECT who = WHO(TEE, 0), nobody = {.known = 0};

	(void)state;
	assert_true(judge(&v, 0, OP_WRITE, &who).cacheable);
	assert_false(judge(&v, 0, OP_WRITE, &nobody).cacheable);
	assert_false(judge(&v, WATCH_NONE, OP_WRITE, &who).cacheable);
	assert_int_equal(
	    judge(&v, WATCH_NONE, OP_WRITE, &who).answer, VERDICT_ALLOW);
	drop_view(&v);
}

static void
without_a_resolved_table_programs_are_unknown(void **state)
{
	struct policy_view v =
	    view_of("watch w { path \"/a\" mode enforce\n"
		    "allow write by exe \"/usr/bin/vim\"\ndeny write }\n");
	struct policy_view bare = {.compiled = v.compiled};
	struct rec_SUBJECT who = WHO(VIM, 0);

	(void)state;
	assert_int_equal(judge(&v, 0, OP_WRITE, &who).answer, VERDICT_ALLOW);
	assert_int_equal(judge(&bare, 0, OP_WRITE, &who).answer, VERDICT_DENY);
	drop_view(&v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(first_match_of_each_operation),
	    cmocka_unit_test(truncating_is_named_by_either_word),
	    cmocka_unit_test(unknown_satisfies_a_denial_only),
	    cmocka_unit_test(ancestors_count_up_to_the_first_process),
	    cmocka_unit_test(audit_mode_says_deny_and_lets_through),
	    cmocka_unit_test(an_unknown_watch_is_the_strictest_on_its_device),
	    cmocka_unit_test(only_known_answers_are_cacheable),
	    cmocka_unit_test(without_a_resolved_table_programs_are_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
