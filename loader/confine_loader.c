/* SPDX-License-Identifier: Apache-2.0 */
#include "loader/confine_loader.h"

#include <linux/bpf.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/socket.h>

#include "ipc/proc/log.h"
#include "loader/loader.h"

#define ANY(call)                                                              \
	{                                                                      \
		.nr = SCMP_SYS(call)                                           \
	}
#define FIRST(call, number)                                                    \
	{                                                                      \
		.nr = SCMP_SYS(call), .nargs = 1, .args[0] = {                 \
			.compare = CONFINE_EQ,                                 \
			.value = number,                                       \
		}                                                              \
	}

#define NAMESPACES                                                             \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |         \
	    CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

static const struct confine_call calls[] = {
    /* Descriptors and memory. */
    ANY(read),
    ANY(write),
    ANY(readv),
    ANY(writev),
    ANY(pread64),
    ANY(pwrite64),
    ANY(close),
    ANY(close_range),
    ANY(dup),
    ANY(dup2),
    ANY(dup3),
    ANY(fcntl),
    ANY(ioctl),
    ANY(lseek),
    ANY(pipe2),
    ANY(poll),
    ANY(ppoll),
    ANY(select),
    ANY(pselect6),
    ANY(epoll_create1),
    ANY(epoll_ctl),
    ANY(epoll_wait),
    ANY(epoll_pwait),
    ANY(epoll_pwait2),
    ANY(eventfd2),
    ANY(timerfd_create),
    ANY(timerfd_settime),
    ANY(timerfd_gettime),
    ANY(signalfd4),
    ANY(memfd_create),
    ANY(brk),
    ANY(mmap),
    ANY(munmap),
    ANY(mprotect),
    ANY(mremap),
    ANY(madvise),
    ANY(mlock),
    ANY(mlock2),
    ANY(munlock),
    ANY(mlockall),
    ANY(munlockall),
    ANY(msync),
    ANY(mincore),
    ANY(membarrier),

    /* Files: the store's and the sealer's above all. */
    ANY(open),
    ANY(openat),
    ANY(stat),
    ANY(fstat),
    ANY(lstat),
    ANY(newfstatat),
    ANY(statx),
    ANY(statfs),
    ANY(fstatfs),
    ANY(access),
    ANY(faccessat),
    ANY(faccessat2),
    ANY(getdents64),
    ANY(readlink),
    ANY(readlinkat),
    ANY(getcwd),
    ANY(chdir),
    ANY(fchdir),
    ANY(chroot),
    ANY(mkdir),
    ANY(mkdirat),
    ANY(rmdir),
    ANY(unlink),
    ANY(unlinkat),
    ANY(rename),
    ANY(renameat),
    ANY(renameat2),
    ANY(chmod),
    ANY(fchmod),
    ANY(fchmodat),
    ANY(fchown),
    ANY(umask),
    ANY(ftruncate),
    ANY(fallocate),
    ANY(fsync),
    ANY(fdatasync),
    ANY(sync_file_range),
    ANY(flock),
    ANY(fadvise64),
    ANY(copy_file_range),
    ANY(utimensat),

    /* Marks and handles; the group itself stands already. */
    ANY(fanotify_mark),
    ANY(name_to_handle_at),
    ANY(open_by_handle_at),

    /* Channels. A socket of any other family would be a way out. */
    FIRST(socket, AF_UNIX),
    FIRST(socketpair, AF_UNIX),
    ANY(connect),
    ANY(accept),
    ANY(accept4),
    ANY(bind),
    ANY(listen),
    ANY(sendto),
    ANY(recvfrom),
    ANY(sendmsg),
    ANY(recvmsg),
    ANY(sendmmsg),
    ANY(recvmmsg),
    ANY(setsockopt),
    ANY(getsockopt),
    ANY(getsockname),
    ANY(getpeername),
    ANY(shutdown),

    /* Processes. */
    {SCMP_SYS(clone), 1, {{0, CONFINE_MASKED, 0, NAMESPACES}}},
    ANY(fork),
    ANY(vfork),
    ANY(execve),
    ANY(exit),
    ANY(exit_group),
    ANY(wait4),
    ANY(waitid),
    ANY(kill),
    ANY(tgkill),
    ANY(setsid),
    ANY(getpid),
    ANY(getppid),
    ANY(gettid),
    ANY(getpgrp),
    ANY(getpgid),
    ANY(getsid),
    ANY(set_tid_address),
    ANY(set_robust_list),
    ANY(rseq),
    ANY(arch_prctl),
    ANY(prctl),
    ANY(prlimit64),
    ANY(getrlimit),
    ANY(setrlimit),
    ANY(getrusage),
    ANY(sched_yield),
    ANY(sched_getaffinity),
    ANY(sched_setaffinity),
    ANY(sched_getparam),
    ANY(sched_getscheduler),
    ANY(setpriority),
    ANY(getpriority),
    ANY(futex),
    ANY(getcpu),

    /* Becoming somebody else: what the children do first. */
    ANY(getuid),
    ANY(geteuid),
    ANY(getgid),
    ANY(getegid),
    ANY(getresuid),
    ANY(getresgid),
    ANY(getgroups),
    ANY(setgroups),
    ANY(setresuid),
    ANY(setresgid),
    ANY(setuid),
    ANY(setgid),
    ANY(capget),
    ANY(capset),
    ANY(seccomp),
    ANY(landlock_create_ruleset),
    ANY(landlock_add_rule),
    ANY(landlock_restrict_self),

    /* Signals and time. */
    ANY(rt_sigaction),
    ANY(rt_sigprocmask),
    ANY(rt_sigreturn),
    ANY(rt_sigtimedwait),
    ANY(rt_sigpending),
    ANY(rt_sigsuspend),
    ANY(sigaltstack),
    ANY(restart_syscall),
    ANY(pause),
    ANY(alarm),
    ANY(setitimer),
    ANY(getitimer),
    ANY(nanosleep),
    ANY(clock_nanosleep),
    ANY(clock_gettime),
    ANY(clock_adjtime), /* the store asks whether the clock is right */
    ANY(adjtimex),
    ANY(clock_getres),
    ANY(gettimeofday),
    ANY(clock_adjtime),
    ANY(adjtimex),
    ANY(time),
    ANY(times),
    ANY(getrandom),
    ANY(uname),
    ANY(sysinfo),

    /* The kernel programs' tables: no loading, attaching or pinning. */
    FIRST(bpf, BPF_MAP_CREATE),
    FIRST(bpf, BPF_MAP_LOOKUP_ELEM),
    FIRST(bpf, BPF_MAP_UPDATE_ELEM),
    FIRST(bpf, BPF_MAP_DELETE_ELEM),
    FIRST(bpf, BPF_MAP_GET_NEXT_KEY),
    FIRST(bpf, BPF_OBJ_GET_INFO_BY_FD),
    FIRST(bpf, BPF_MAP_UPDATE_BATCH),
    FIRST(bpf, BPF_MAP_DELETE_BATCH),
};

const struct confine confine_loader = {
    .name = "loader",
    .calls = calls,
    .ncalls = sizeof(calls) / sizeof(calls[0]),
    /* It marks anywhere and its children execute: no file rules. */
    .files = CONFINE_FILES_EVENT_READER,
};

void
loader_confine(void)
{
	int r = confine_apply(&confine_loader);

	if (r < 0)
		fatal_r(r, "the system call filter");
}
