/* SPDX-License-Identifier: Apache-2.0 */
#include "store/confine_query.h"

#include <fcntl.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#define CALL(name)                                                             \
	{                                                                      \
		SCMP_SYS(name), 0,                                             \
		{                                                              \
			{                                                      \
				0                                              \
			}                                                      \
		}                                                              \
	}
#define CALL_EQ(name, index, value)                                            \
	{                                                                      \
		SCMP_SYS(name), 1,                                             \
		{                                                              \
			{                                                      \
				index, CONFINE_EQ, value, 0                    \
			}                                                      \
		}                                                              \
	}
/* No right to execute: bit PROT_EXEC of the third argument is clear. */
#define CALL_NOEXEC(name)                                                      \
	{                                                                      \
		SCMP_SYS(name), 1,                                             \
		{                                                              \
			{                                                      \
				2, CONFINE_MASKED, 0, PROT_EXEC                \
			}                                                      \
		}                                                              \
	}

static const struct confine_call calls[] = {
    /* the loop, its clients and channels */
    CALL(epoll_wait),
    CALL(epoll_pwait),
    CALL(epoll_ctl),
    CALL(poll),
    CALL(ppoll),
    CALL(accept4),
    CALL(getsockopt),
    CALL(setsockopt),
    CALL(recvmsg),
    CALL(sendmsg),
    CALL(sendto),
    CALL(readv),
    CALL(writev),
    CALL(read),
    CALL(write),
    CALL(shutdown),
    CALL(close),
    CALL(fcntl),
    CALL_EQ(ioctl, 1, FIONREAD),
    /* the log, below our root and read-only (Landlock, file modes) */
    CALL(openat),
    CALL(open),
    CALL(fstat),
    CALL(stat),
    CALL(lstat),
    CALL(newfstatat),
    CALL(statx),
    CALL(access),
    CALL(faccessat),
    CALL(faccessat2),
    CALL(readlink),
    CALL(readlinkat),
    CALL(getcwd),
    CALL(getdents64),
    CALL(lseek),
    CALL(pread64),
    CALL(fstatfs),
    CALL(statfs),
    /* memory */
    CALL_NOEXEC(mmap),
    CALL_NOEXEC(mprotect),
    CALL(munmap),
    CALL(mremap),
    CALL(madvise),
    CALL(brk),
    CALL(futex),
    /* time and identity */
    CALL(clock_gettime),
    CALL(clock_nanosleep),
    CALL(nanosleep),
    CALL(gettimeofday),
    CALL(time),
    CALL(getpid),
    CALL(gettid),
    CALL(getuid),
    CALL(geteuid),
    CALL(getrandom),
    CALL(restart_syscall),
    CALL(rt_sigreturn),
    CALL(rt_sigprocmask),
    CALL(exit),
    CALL(exit_group),
};

static const struct confine_limit limits[] = {
    {RLIMIT_NOFILE, 256},
    {RLIMIT_NPROC, 0},
    {RLIMIT_FSIZE, 0},
    {RLIMIT_CORE, 0},
};

const struct confine confine_query = {
    .name = "query",
    .calls = calls,
    .ncalls = sizeof(calls) / sizeof(calls[0]),
    .limits = limits,
    .nlimits = sizeof(limits) / sizeof(limits[0]),
    .files = CONFINE_FILES_READ_ROOT,
};
