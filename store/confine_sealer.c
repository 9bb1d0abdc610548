/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doorward-sealer's sandbox. Its files are open before it applies: afterwards
 * it opens nothing, reads and writes in place, and talks on two channels.
 */
#include "store/confine_store.h"

#include <fcntl.h>
#include <seccomp.h>

static const struct confine_call calls[] = {
    /* channels */
    {SCMP_SYS(recvmsg), 0, {{0}}},
    {SCMP_SYS(sendmsg), 0, {{0}}},
    {SCMP_SYS(sendto), 0, {{0}}},
    {SCMP_SYS(poll), 0, {{0}}},
    {SCMP_SYS(ppoll), 0, {{0}}},
    {SCMP_SYS(close), 0, {{0}}},
    {SCMP_SYS(fcntl), 1, {{1, CONFINE_EQ, F_DUPFD_CLOEXEC, 0}}},
    {SCMP_SYS(fcntl), 1, {{1, CONFINE_EQ, F_GETFL, 0}}},
    {SCMP_SYS(fcntl), 1, {{1, CONFINE_EQ, F_SETFL, 0}}},
    {SCMP_SYS(setsockopt), 0, {{0}}},
    /* key files, already open */
    {SCMP_SYS(pread64), 0, {{0}}},
    {SCMP_SYS(pwrite64), 0, {{0}}},
    {SCMP_SYS(fdatasync), 0, {{0}}},
    {SCMP_SYS(fstat), 0, {{0}}},
    {SCMP_SYS(newfstatat), 0, {{0}}},
    /* the log, randomness, memory, time, the end */
    {SCMP_SYS(write), 1, {{0, CONFINE_EQ, 2, 0}}},
    {SCMP_SYS(getrandom), 0, {{0}}},
    {SCMP_SYS(brk), 0, {{0}}},
    {SCMP_SYS(mmap), 1, {{2, CONFINE_MASKED, 0, 4 /* no PROT_EXEC */}}},
    {SCMP_SYS(munmap), 0, {{0}}},
    {SCMP_SYS(mremap), 0, {{0}}},
    {SCMP_SYS(mprotect), 1, {{2, CONFINE_MASKED, 0, 4}}},
    {SCMP_SYS(madvise), 0, {{0}}},
    {SCMP_SYS(munlock), 0, {{0}}},
    {SCMP_SYS(clock_gettime), 0, {{0}}},
    {SCMP_SYS(rt_sigreturn), 0, {{0}}},
    {SCMP_SYS(restart_syscall), 0, {{0}}},
    {SCMP_SYS(exit_group), 0, {{0}}},
};

static const struct confine_limit limits[] = {
    {RLIMIT_NOFILE, 32},
    {RLIMIT_NPROC, 0},
    {RLIMIT_CORE, 0},
    /* 128 KiB of public keys a block of 4096 seals: room for millennia */
    {RLIMIT_FSIZE, (rlim_t)1 << 36},
};

const struct confine confine_sealer = {
    .name = "sealer",
    .calls = calls,
    .ncalls = sizeof(calls) / sizeof(calls[0]),
    .limits = limits,
    .nlimits = sizeof(limits) / sizeof(limits[0]),
    .files = CONFINE_FILES_NONE,
};
