/* SPDX-License-Identifier: Apache-2.0 */
/* For the tests of what is compiled from policies: text in, policy out. */
#ifndef DOORWARD_TESTS_UNIT_POLICY_TEXT_H
#define DOORWARD_TESTS_UNIT_POLICY_TEXT_H

#include "decider/policy_compile.h"

static struct policy_diags text_diags;

/* Compiles text as "test.conf" with two accounts; NULL if it has errors. */
static inline struct compiled_header *
compile_text(const char *text, size_t len)
{
	static const char passwd[] = "root:x:0:0::/:/bin/sh\n"
				     "alice:x:1000:1000::/:/bin/sh\n"
				     "broken:x\n";
	static const char group[] = "adm:x:4:alice\n";
	const struct policy_accounts accounts = {
	    passwd, group, sizeof(passwd) - 1, sizeof(group) - 1};
	const struct policy_source source = {
	    "/some/test.conf", "test.conf", text, (uint32_t)len};
	struct compiled_header *c = NULL;

	text_diags.n = text_diags.errors = text_diags.warnings = 0;
	(void)policy_compile(&source, 1, &accounts, &text_diags, &c);
	return c;
}

#endif
