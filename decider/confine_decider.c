/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "decider/decider.h"

#define ANY_ARGS                                                               \
	0,                                                                     \
	{                                                                      \
		{                                                              \
			0                                                      \
		}                                                              \
	}

static const struct confine_call calls[] = {
    /* channels */
    {SCMP_SYS(poll), ANY_ARGS},
    {SCMP_SYS(ppoll), ANY_ARGS},
    {SCMP_SYS(recvmsg), ANY_ARGS},
    {SCMP_SYS(sendto), 1, {{4, CONFINE_EQ, 0, 0}}},
    {SCMP_SYS(fcntl), 1, {{1, CONFINE_EQ, F_GETFL, 0}}},
    {SCMP_SYS(fcntl), 1, {{1, CONFINE_EQ, F_SETFL, 0}}},
    {SCMP_SYS(close), ANY_ARGS},
    {SCMP_SYS(getpid), ANY_ARGS},
    /* a policy's memfds: looked at, mapped, never executable */
    {SCMP_SYS(fcntl), 1, {{1, CONFINE_EQ, F_GET_SEALS, 0}}},
    {SCMP_SYS(fstat), ANY_ARGS},
    {SCMP_SYS(newfstatat), 1,
	{{3, CONFINE_MASKED, AT_EMPTY_PATH, AT_EMPTY_PATH}}},
    {SCMP_SYS(mmap), 1, {{2, CONFINE_EQ, PROT_READ, 0}}},
    {SCMP_SYS(munmap), ANY_ARGS},
    /* a new channel's structure */
    {SCMP_SYS(brk), ANY_ARGS},
    {SCMP_SYS(mmap), 2,
	{{2, CONFINE_MASKED, 0, PROT_EXEC},
	    {3, CONFINE_MASKED, MAP_ANONYMOUS, MAP_ANONYMOUS}}},
    /* the log, the end */
    {SCMP_SYS(write), 1, {{0, CONFINE_EQ, 2, 0}}},
    {SCMP_SYS(restart_syscall), ANY_ARGS},
    {SCMP_SYS(rt_sigreturn), ANY_ARGS},
    {SCMP_SYS(exit_group), ANY_ARGS},
};

static const struct confine_limit limits[] = {
    {RLIMIT_CORE, 0},
    {RLIMIT_NPROC, 0},
    {RLIMIT_NOFILE, 64},
};

const struct confine confine_decider = {
    .name = "doorward-decider",
    .calls = calls,
    .ncalls = sizeof(calls) / sizeof(calls[0]),
    .limits = limits,
    .nlimits = sizeof(limits) / sizeof(limits[0]),
    .files = CONFINE_FILES_NONE,
};
