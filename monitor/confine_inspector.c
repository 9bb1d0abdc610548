/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/confine_inspector.h"

#include <seccomp.h>

#include "ipc/proc/child.h"

static const struct confine_call calls[] = {
    {SCMP_SYS(poll), 0, {{0}}},
    {SCMP_SYS(recvmsg), 1, {{0, CONFINE_EQ, CHILD_FD_LOADER, 0}}},
    {SCMP_SYS(sendto), 2,
	{{0, CONFINE_EQ, CHILD_FD_LOADER, 0}, {4, CONFINE_EQ, 0, 0}}},
    {SCMP_SYS(write), 1, {{0, CONFINE_EQ, 2, 0}}},
    {SCMP_SYS(close), 0, {{0}}},
    {SCMP_SYS(restart_syscall), 0, {{0}}},
    {SCMP_SYS(exit_group), 0, {{0}}},
};

static const struct confine_limit limits[] = {
    {RLIMIT_FSIZE, 0},
    {RLIMIT_NPROC, 0},
    {RLIMIT_CORE, 0},
};

const struct confine confine_inspector = {
    .name = "inspector",
    .calls = calls,
    .ncalls = sizeof(calls) / sizeof(calls[0]),
    .limits = limits,
    .nlimits = sizeof(limits) / sizeof(limits[0]),
    .files = CONFINE_FILES_NONE,
};
