/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "decider/policy_main.h"

#define ANY_ARGS                                                               \
	0,                                                                     \
	{                                                                      \
		{                                                              \
			0                                                      \
		}                                                              \
	}

/*
 * Reads descriptors, writes descriptors, has memory: that is all of compiling.
 * The last BY_HAND_ONLY calls are not for the loader's compiler.
 */
static const struct confine_call calls[] = {
    /* sources in; diagnostics and the policy out */
    {SCMP_SYS(read), ANY_ARGS},
    {SCMP_SYS(write), ANY_ARGS},
    {SCMP_SYS(poll), ANY_ARGS},
    {SCMP_SYS(lseek), ANY_ARGS},
    {SCMP_SYS(close), ANY_ARGS},
    {SCMP_SYS(fstat), ANY_ARGS},
    /* memory: anonymous, never executable */
    {SCMP_SYS(brk), ANY_ARGS},
    {SCMP_SYS(mmap), 2,
	{{2, CONFINE_MASKED, 0, PROT_EXEC},
	    {3, CONFINE_MASKED, MAP_ANONYMOUS, MAP_ANONYMOUS}}},
    {SCMP_SYS(munmap), ANY_ARGS},
    {SCMP_SYS(mremap), ANY_ARGS},
    {SCMP_SYS(madvise), ANY_ARGS},
    {SCMP_SYS(futex), ANY_ARGS},
    /* glibc's qsort asks how much memory there is before it takes some */
    {SCMP_SYS(sysinfo), ANY_ARGS},
    /* the end */
    {SCMP_SYS(rt_sigreturn), ANY_ARGS},
    {SCMP_SYS(exit_group), ANY_ARGS},
    /* glibc looks at a descriptor before it buffers it */
    {SCMP_SYS(newfstatat), 1,
	{{3, CONFINE_MASKED, AT_EMPTY_PATH, AT_EMPTY_PATH}}},
    /* by hand: does a program that a rule names exist? */
    {SCMP_SYS(access), ANY_ARGS},
    {SCMP_SYS(faccessat), ANY_ARGS},
    {SCMP_SYS(ioctl), 1, {{1, CONFINE_EQ, TCGETS, 0}}},
};
#define BY_HAND_ONLY 3

static const struct confine_limit limits[] = {
    {RLIMIT_CORE, 0},
    {RLIMIT_NPROC, 0},
};

const struct confine confine_policy = {
    .name = "doorward-policy",
    .calls = calls,
    .ncalls = sizeof(calls) / sizeof(calls[0]) - BY_HAND_ONLY,
    .limits = limits,
    .nlimits = sizeof(limits) / sizeof(limits[0]),
    .files = CONFINE_FILES_NONE,
};

const struct confine confine_policy_by_hand = {
    .name = "doorward-policy by hand",
    .calls = calls,
    .ncalls = sizeof(calls) / sizeof(calls[0]),
    .limits = limits,
    .nlimits = sizeof(limits) / sizeof(limits[0]),
    .files = CONFINE_FILES_NONE,
};
