/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make_log DIR BIN RECORDS [KILL]: a real log, made by the real processes, in
 * DIR/log (keys in DIR/keys). With KILL, both are killed instead of stopped.
 * Prints how long it took; that is for people and gates nothing.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tests/log/harness.h"
#include "tests/unit/policy_text.h"

static const char policy[] = "watch secrets {\n"
			     "    path \"/etc/shadow\"\n"
			     "    deny change\n"
			     "}\n";

static double
seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int
main(int argc, char **argv)
{
	struct compiled_header *compiled;
	struct harness h;
	double begin;
	uint64_t count;
	int status = 0;

	if (argc < 4) {
		fprintf(stderr, "usage: make_log DIR BIN RECORDS [KILL]\n");
		return 2;
	}
	if (geteuid() != 0) {
		fprintf(stderr, "make_log: needs root\n");
		return 77;
	}
	count = strtoull(argv[3], NULL, 10);
	compiled = compile_text(policy, sizeof(policy) - 1);
	if (compiled == NULL) {
		fprintf(stderr, "make_log: its policy does not compile\n");
		return 1;
	}
	harness_start(&h, argv[1], argv[2], false);
	harness_policy(&h, 1, compiled, compiled->bytes);
	harness_label(&h, (uint64_t)8 << 32 | 1, 77, "/usr/bin/tester");
	harness_label(
	    &h, (uint64_t)8 << 32 | 1, 78, "/usr/lib/systemd/systemd");
	harness_event(&h, true, "/etc/shadow");
	harness_wait_sealed(&h);
	begin = seconds();
	harness_events(&h, count, 0);
	harness_wait_sealed(&h);
	printf("%llu records durable and signed in %.3f s: %.0f a second\n",
	    (unsigned long long)count, seconds() - begin,
	    (double)count / (seconds() - begin));
	/* However few seals a fast machine needed, some follow. */
	for (int i = 0; i < 4; i++) {
		harness_event(&h, true, "/etc/shadow");
		harness_wait_sealed(&h);
	}
	if (argc > 4)
		harness_kill(&h);
	else
		status = harness_stop(&h);
	return status == 0 ? 0 : 1;
}
