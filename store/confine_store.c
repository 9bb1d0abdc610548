/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doorward-store's sandbox: channels, one event loop, and what SQLite needs to
 * keep its files below the root, which is the log directory. No sockets are
 * made, nothing is executed, no memory becomes executable.
 */
#include "store/confine_store.h"

#include <seccomp.h>

static const struct confine_call calls[] = {
    /* channels and the loop */
    {SCMP_SYS(recvmsg), 0, {{0}}},
    {SCMP_SYS(sendmsg), 0, {{0}}},
    {SCMP_SYS(sendto), 0, {{0}}},
    {SCMP_SYS(setsockopt), 0, {{0}}},
    {SCMP_SYS(poll), 0, {{0}}},
    {SCMP_SYS(epoll_wait), 0, {{0}}},
    {SCMP_SYS(epoll_pwait), 0, {{0}}},
    {SCMP_SYS(epoll_ctl), 0, {{0}}},
    {SCMP_SYS(timerfd_settime), 0, {{0}}},
    {SCMP_SYS(read), 0, {{0}}},
    /* files below the root */
    {SCMP_SYS(openat), 0, {{0}}},
    {SCMP_SYS(close), 0, {{0}}},
    {SCMP_SYS(fstat), 0, {{0}}},
    {SCMP_SYS(stat), 0, {{0}}},
    {SCMP_SYS(lstat), 0, {{0}}},
    {SCMP_SYS(newfstatat), 0, {{0}}},
    {SCMP_SYS(statfs), 0, {{0}}},
    {SCMP_SYS(getdents64), 0, {{0}}},
    {SCMP_SYS(getcwd), 0, {{0}}},
    {SCMP_SYS(readlink), 0, {{0}}},
    {SCMP_SYS(access), 0, {{0}}},
    {SCMP_SYS(faccessat), 0, {{0}}},
    {SCMP_SYS(lseek), 0, {{0}}},
    {SCMP_SYS(pread64), 0, {{0}}},
    {SCMP_SYS(pwrite64), 0, {{0}}},
    {SCMP_SYS(write), 0, {{0}}},
    {SCMP_SYS(ftruncate), 0, {{0}}},
    {SCMP_SYS(fallocate), 0, {{0}}},
    {SCMP_SYS(fsync), 0, {{0}}},
    {SCMP_SYS(fdatasync), 0, {{0}}},
    {SCMP_SYS(unlink), 0, {{0}}},
    {SCMP_SYS(rename), 0, {{0}}},
    {SCMP_SYS(fchmod), 0, {{0}}},
    {SCMP_SYS(fcntl), 0, {{0}}},
    /* time */
    {SCMP_SYS(clock_gettime), 0, {{0}}},
    {SCMP_SYS(gettimeofday), 0, {{0}}},
    {SCMP_SYS(time), 0, {{0}}},
    {SCMP_SYS(clock_adjtime), 0, {{0}}}, /* reads: it has no CAP_SYS_TIME */
    {SCMP_SYS(adjtimex), 0, {{0}}},
    /* memory, identity, randomness, the end */
    {SCMP_SYS(brk), 0, {{0}}},
    {SCMP_SYS(mmap), 1, {{2, CONFINE_MASKED, 0, 4 /* no PROT_EXEC */}}},
    {SCMP_SYS(munmap), 0, {{0}}},
    {SCMP_SYS(mremap), 0, {{0}}},
    {SCMP_SYS(mprotect), 1, {{2, CONFINE_MASKED, 0, 4}}},
    {SCMP_SYS(madvise), 0, {{0}}},
    {SCMP_SYS(getpid), 0, {{0}}},
    {SCMP_SYS(geteuid), 0, {{0}}},
    {SCMP_SYS(getrandom), 0, {{0}}},
    {SCMP_SYS(rt_sigprocmask), 0, {{0}}},
    {SCMP_SYS(rt_sigreturn), 0, {{0}}},
    {SCMP_SYS(restart_syscall), 0, {{0}}},
    {SCMP_SYS(exit_group), 0, {{0}}},
};

static const struct confine_limit limits[] = {
    {RLIMIT_NOFILE, 128},
    {RLIMIT_NPROC, 0},
    {RLIMIT_CORE, 0},
};

const struct confine confine_store = {
    .name = "store",
    .calls = calls,
    .ncalls = sizeof(calls) / sizeof(calls[0]),
    .limits = limits,
    .nlimits = sizeof(limits) / sizeof(limits[0]),
    .files = CONFINE_FILES_WRITE_ROOT,
};
