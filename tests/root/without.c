/* SPDX-License-Identifier: Apache-2.0 */
/*
 * without CALL[@ARGUMENT/MASK]=ERRNO... -- COMMAND...
 *
 * Runs COMMAND on a kernel that lacks something: the system calls named fail
 * with ERRNO (a number), always or only if ARGUMENT (0..5) has all bits of MASK
 * (hexadecimal). The filter is inherited by everything COMMAND starts.
 *     without bpf=1 -- …                    no BPF
 *     without fanotify_init@0/2000=22 -- …  no FAN_REPORT_FD_ERROR
 */
#include <errno.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int
add(scmp_filter_ctx ctx, char *word)
{
	char *equals = strchr(word, '='), *at = strchr(word, '@');
	unsigned int argument = 0;
	uint64_t mask = 0;
	uint16_t err;
	int nr;

	if (equals == NULL)
		return -EINVAL;
	*equals = '\0';
	err = (uint16_t)strtoul(equals + 1, NULL, 10);
	if (at != NULL) {
		char *slash = strchr(at, '/');

		if (slash == NULL)
			return -EINVAL;
		*at = '\0';
		argument = (unsigned int)strtoul(at + 1, NULL, 10);
		mask = strtoull(slash + 1, NULL, 16);
	}
	nr = seccomp_syscall_resolve_name(word);
	if (nr == __NR_SCMP_ERROR || argument > 5)
		return -EINVAL;
	if (at == NULL)
		return seccomp_rule_add(ctx, SCMP_ACT_ERRNO(err), nr, 0);
	return seccomp_rule_add(ctx, SCMP_ACT_ERRNO(err), nr, 1,
	    SCMP_CMP(argument, SCMP_CMP_MASKED_EQ, mask, mask));
}

int
main(int argc, char **argv)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int i = 1;

	if (ctx == NULL)
		return 125;
	/* The command decides about its own privileges. */
	(void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 0);
	for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
		int r = add(ctx, argv[i]);

		if (r < 0) {
			fprintf(
			    stderr, "without: %s: %s\n", argv[i], strerror(-r));
			return 125;
		}
	}
	if (i + 1 >= argc) {
		fprintf(stderr, "usage: without CALL[@ARGUMENT/MASK]=ERRNO... "
				"-- COMMAND...\n");
		return 125;
	}
	if (seccomp_load(ctx) != 0) {
		fprintf(stderr, "without: the filter was refused\n");
		return 125;
	}
	seccomp_release(ctx);
	(void)execvp(argv[i + 1], argv + i + 1);
	perror(argv[i + 1]);
	return 127;
}
