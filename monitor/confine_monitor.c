/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/confine_monitor.h"

#include <fcntl.h>
#include <seccomp.h>
#include <sys/mman.h>

#include "ipc/wire/vitals.h"

#define ANY(name)                                                              \
	{                                                                      \
		SCMP_SYS(name), 0,                                             \
		{                                                              \
			{                                                      \
				0                                              \
			}                                                      \
		}                                                              \
	}
#define FD_IS(name, fd)                                                        \
	{                                                                      \
		SCMP_SYS(name), 1,                                             \
		{                                                              \
			{                                                      \
				0, CONFINE_EQ, fd, 0                           \
			}                                                      \
		}                                                              \
	}
#define FD_FROM(name, fd)                                                      \
	{                                                                      \
		SCMP_SYS(name), 1,                                             \
		{                                                              \
			{                                                      \
				0, CONFINE_FD_FROM, fd, 0                      \
			}                                                      \
		}                                                              \
	}

static const struct confine_call calls[] = {
    /* The group: events in, answers out. */
    FD_IS(read, MONITOR_FD_GROUP),
    FD_IS(writev, MONITOR_FD_GROUP),
    /* Event descriptors: what they are, what they are called, and away. */
    {SCMP_SYS(statx), 2,
	{{0, CONFINE_FD_FROM, MONITOR_FD_EVENTS, 0},
	    {2, CONFINE_MASKED, AT_EMPTY_PATH, AT_EMPTY_PATH}}},
    FD_IS(readlinkat, MONITOR_FD_SELF),
    FD_FROM(close, MONITOR_FD_EVENTS),
    /*
     * Channels. send, not sendmsg: this process can hand no descriptor to
     * anybody. A successor's channel is moved onto its fixed number, which
     * can never be the group's.
     */
    FD_IS(recvmsg, MONITOR_FD_LOADER),
    FD_IS(recvmsg, MONITOR_FD_DECIDER),
    FD_IS(recvmsg, MONITOR_FD_STORE),
    {SCMP_SYS(sendto), 2,
	{{0, CONFINE_EQ, MONITOR_FD_LOADER, 0}, {4, CONFINE_EQ, 0, 0}}},
    {SCMP_SYS(sendto), 2,
	{{0, CONFINE_EQ, MONITOR_FD_DECIDER, 0}, {4, CONFINE_EQ, 0, 0}}},
    {SCMP_SYS(sendto), 2,
	{{0, CONFINE_EQ, MONITOR_FD_STORE, 0}, {4, CONFINE_EQ, 0, 0}}},
    {SCMP_SYS(dup3), 1, {{1, CONFINE_EQ, MONITOR_FD_DECIDER, 0}}},
    {SCMP_SYS(dup3), 1, {{1, CONFINE_EQ, MONITOR_FD_STORE, 0}}},
    {SCMP_SYS(fcntl), 1, {{1, CONFINE_EQ, F_GETFL, 0}}},
    {SCMP_SYS(fcntl), 1, {{1, CONFINE_EQ, F_SETFL, 0}}},
    /* The loop. */
    ANY(epoll_wait),
    ANY(epoll_pwait),
    ANY(epoll_pwait2),
    ANY(epoll_ctl),
    /* A clock that user space cannot read makes system calls of these. */
    ANY(clock_gettime),
    ANY(gettimeofday),
    /* Memory without a file behind it, never executable. */
    {SCMP_SYS(mmap), 2,
	{{3, CONFINE_MASKED, MAP_ANONYMOUS, MAP_ANONYMOUS},
	    {2, CONFINE_MASKED, 0, PROT_EXEC}}},
    ANY(munmap),
    {SCMP_SYS(mremap), 0, {{0}}},
    ANY(brk),
    /* The log line: poll, then one write. */
    ANY(poll),
    FD_IS(write, MONITOR_FD_LOG),
    /* The end. */
    ANY(rt_sigreturn),
    ANY(restart_syscall),
    ANY(exit_group),
};

/*
 * NOFILE bounds the events in hand and is the pending page's size; FSIZE and
 * NPROC say that this process creates nothing.
 */
static const struct confine_limit limits[] = {
    {RLIMIT_FSIZE, 0},
    {RLIMIT_NPROC, 0},
    {RLIMIT_CORE, 0},
};

const struct confine confine_monitor = {
    .name = "monitor",
    .calls = calls,
    .ncalls = sizeof(calls) / sizeof(calls[0]),
    .limits = limits,
    .nlimits = sizeof(limits) / sizeof(limits[0]),
    .files = CONFINE_FILES_EVENT_READER,
};
