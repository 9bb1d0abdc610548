/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a configuration: it has errors, or it compiles to something that
 * passes its check (policy_compile dies if not), can be linted, looked up and
 * decided by. A text that compiles compiles to the same bytes again.
 */
#include <stdlib.h>
#include <string.h>

#include "decider/decide.h"
#include "decider/policy_compile.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
use(const struct compiled_header *c, const uint8_t *bytes, size_t len)
{
	struct policy_view v = {.compiled = c};
	struct rec_ASK_ONE ask = {.ops = OP_READ | OP_WRITE | OP_TRUNCATE,
	    .subject = {.known = 1, .exe_ino = 1}};
	struct rec_VERDICT_ONE verdict;

	(void)compiled_find_watch(c, (const char *)bytes, len);
	for (uint32_t i = 0; i < c->nwatches; i++) {
		ask.watch = i;
		decide(&v, &ask, &verdict);
		if (verdict.watch != i || verdict.answer > verdict.verdict)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const char passwd[] = "root:x:0:0::/:\na:x:1000:1000::/:\n";
	const struct policy_accounts accounts = {
	    passwd, passwd, sizeof(passwd) - 1, sizeof(passwd) - 1};
	static struct policy_diags diags;
	struct policy_source source = {"f.conf", "f.conf", "", (uint32_t)len};
	static FILE *nowhere;
	struct compiled_header *c, *again;
	char *text;

	if (nowhere == NULL)
		nowhere = fopen("/dev/null", "w");
	text = malloc(len + 1);
	if (nowhere == NULL || text == NULL || len > SOURCE_BYTES_MAX)
		abort();
	memcpy(text, bytes, len);
	text[len] = '\0';
	source.text = text;
	diags.n = diags.errors = diags.warnings = 0;
	if (policy_compile(&source, 1, &accounts, &diags, &c) == 0) {
		policy_lint(c, &diags);
		use(c, bytes, len);
		if (policy_compile(&source, 1, &accounts, &diags, &again) !=
			0 ||
		    again->bytes != c->bytes || memcmp(again, c, c->bytes) != 0)
			abort();
		free(again);
		free(c);
	} else if (diags.errors == 0) {
		abort();
	}
	diag_print(nowhere, &diags, &source, 1);
	free(text);
	return 0;
}
