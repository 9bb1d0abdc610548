/* SPDX-License-Identifier: Apache-2.0 */
#include "store/policy_body.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/policy_text.h"

static const char text[] =
    "set mode enforce\n"
    "watch w {\n"
    "    path \"/srv/w/**\"\n"
    "    allow write by exe \"/usr/bin/vim\" and uid root\n"
    "    deny change message \"no\"\n"
    "}\n";

/* What explains a record years later is all there. */
static void
test_a_policy_survives_the_log(void **state)
{
	struct compiled_header *c = compile_text(text, sizeof(text) - 1);
	struct policy_body *b = NULL;
	uint8_t *bytes;
	size_t len;

	(void)state;
	assert_non_null(c);
	assert_int_equal(policy_body_make(c, &bytes, &len), 0);
	assert_int_equal(policy_body_parse(bytes, len, &b), 0);
	assert_int_equal(b->nfiles, 1);
	assert_string_equal(b->files[0].name, "test.conf");
	assert_int_equal(b->files[0].text_len, sizeof(text) - 1);
	assert_string_equal(b->files[0].text, text);
	assert_int_equal(b->nwatches, 1);
	assert_string_equal(b->watches[0].name, "w");
	assert_int_equal(b->watches[0].nrules, 2);
	assert_int_equal(b->rules[0].line, 4);
	assert_int_equal(b->rules[0].watch, 0);
	assert_int_equal(b->rules[0].nconditions, 2);
	assert_int_equal(b->conditions[0].kind, COND_EXE);
	assert_string_equal(b->conditions[0].text, "/usr/bin/vim");
	assert_int_equal(b->rules[1].verdict, VERDICT_DENY);
	assert_string_equal(b->rules[1].message, "no");
	policy_body_free(&b);
	assert_null(b);
	/* Cut anywhere, or with something after it, it is no policy. */
	for (size_t cut = 0; cut < len; cut++)
		assert_int_equal(policy_body_parse(bytes, cut, &b), -EBADMSG);
	free(bytes);
	free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_policy_survives_the_log),
	};

	return cmocka_run_group_tests_name("policy_body", tests, NULL, NULL);
}
