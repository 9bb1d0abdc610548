/* SPDX-License-Identifier: Apache-2.0 */
/* Programs, processes, identities, memory, sockets. */
#include "config.h"

#include "tests/hostile/hostile.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "ipc/proc/child.h"

#define DO(name, ...)                                                          \
	static long try_##name(void)                                           \
	{                                                                      \
		return syscall(__VA_ARGS__);                                   \
	}
/* A call that may return twice: the second process ends at once. */
#define FORK(name, call)                                                       \
	static long try_##name(void)                                           \
	{                                                                      \
		long r = (call);                                               \
                                                                               \
		if (r == 0)                                                    \
			syscall(SYS_exit_group, 0);                            \
		return r;                                                      \
	}
#define ROW(name)                                                              \
	{                                                                      \
#name, try_##name                                              \
	}

static char *const empty[] = {NULL};
static struct clone_args clone3_args = {.exit_signal = SIGCHLD};
static struct rlimit no_limit = {RLIM_INFINITY, RLIM_INFINITY};
static struct sockaddr_in loopback = {.sin_family = AF_INET};
static char buffer[8];
static struct iovec iov = {buffer, sizeof(buffer)};
static int on = 1;
/* A page of its own, so that changing its protection harms nothing else. */
static char page[4096] __attribute__((aligned(4096)));

DO(execve, SYS_execve, "/file", empty, empty)
DO(execveat, SYS_execveat, HOSTILE_FD_EVENT, "", empty, empty, AT_EMPTY_PATH)
#ifdef SYS_fork
FORK(fork, syscall(SYS_fork))
FORK(vfork, vfork())
#endif
FORK(clone, syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL))
FORK(clone_newuser,
    syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL))
FORK(clone3, syscall(SYS_clone3, &clone3_args, sizeof(clone3_args)))
DO(ptrace, SYS_ptrace, PTRACE_ATTACH, getppid(), 0, 0)
DO(ptrace_traceme, SYS_ptrace, PTRACE_TRACEME, 0, 0, 0)
DO(process_vm_readv, SYS_process_vm_readv, getppid(), &iov, 1, &iov, 1, 0)
DO(process_vm_writev, SYS_process_vm_writev, getppid(), &iov, 1, &iov, 1, 0)
DO(process_madvise, SYS_process_madvise, -1, &iov, 1, MADV_COLD, 0)
DO(kill, SYS_kill, getppid(), SIGCONT)
DO(tkill, SYS_tkill, getppid(), SIGCONT)
DO(tgkill, SYS_tgkill, getppid(), getppid(), SIGCONT)
DO(rt_sigqueueinfo, SYS_rt_sigqueueinfo, getppid(), SIGCONT, buffer)
DO(pidfd_open, SYS_pidfd_open, getppid(), 0)
DO(pidfd_getfd, SYS_pidfd_getfd, HOSTILE_FD_EVENT, 0, 0)
DO(pidfd_send_signal, SYS_pidfd_send_signal, HOSTILE_FD_EVENT, 0, NULL, 0)
DO(kcmp, SYS_kcmp, 1, 1, 0, 0, 0)
DO(prctl_dumpable, SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0)
DO(prctl_name, SYS_prctl, PR_SET_NAME, "other", 0, 0, 0)
DO(seccomp, SYS_seccomp, 1, 0, NULL)
DO(setuid, SYS_setuid, 0)
DO(setgid, SYS_setgid, 0)
DO(setresuid, SYS_setresuid, 0, 0, 0)
DO(setresgid, SYS_setresgid, 0, 0, 0)
DO(setgroups, SYS_setgroups, 0, NULL)
DO(setfsuid, SYS_setfsuid, 0)
DO(capset, SYS_capset, NULL, NULL)
DO(setsid, SYS_setsid)
DO(setpgid, SYS_setpgid, 0, 0)
DO(setpriority, SYS_setpriority, PRIO_PROCESS, getppid(), 0)
DO(sched_setaffinity, SYS_sched_setaffinity, 0, sizeof(buffer), buffer)
DO(setrlimit, SYS_setrlimit, RLIMIT_NOFILE, &no_limit)
DO(prlimit64, SYS_prlimit64, getppid(), RLIMIT_NOFILE, NULL, &no_limit)
DO(personality, SYS_personality, 0x0400000)
DO(unshare, SYS_unshare, CLONE_NEWUSER)
DO(setns, SYS_setns, HOSTILE_FD_EVENT, 0)
DO(chroot, SYS_chroot, "/dir")
DO(socket, SYS_socket, AF_INET, SOCK_STREAM, 0)
DO(socket_unix, SYS_socket, AF_UNIX, SOCK_STREAM, 0)
DO(socket_raw, SYS_socket, AF_INET, SOCK_RAW, 255)
DO(socket_netlink, SYS_socket, AF_NETLINK, SOCK_RAW, 0)
DO(socketpair, SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, buffer)
DO(connect, SYS_connect, CHILD_FD_LOADER, &loopback, sizeof(loopback))
DO(bind, SYS_bind, CHILD_FD_LOADER, &loopback, sizeof(loopback))
DO(listen, SYS_listen, CHILD_FD_LOADER, 1)
DO(accept, SYS_accept, CHILD_FD_LOADER, NULL, NULL)
DO(accept4, SYS_accept4, CHILD_FD_LOADER, NULL, NULL, 0)
DO(setsockopt, SYS_setsockopt, CHILD_FD_LOADER, SOL_SOCKET, SO_PASSCRED, &on,
    sizeof(on))
DO(shutdown, SYS_shutdown, CHILD_FD_LOADER, SHUT_RDWR)
DO(pipe2, SYS_pipe2, buffer, 0)
DO(eventfd2, SYS_eventfd2, 0, 0)
DO(shmget, SYS_shmget, 0, 4096, 0600)
DO(msgget, SYS_msgget, 0, 0600)
DO(semget, SYS_semget, 0, 1, 0600)
DO(mq_open, SYS_mq_open, "x", O_RDONLY, 0, NULL)
DO(mlock, SYS_mlock, page, sizeof(page))
DO(tiocsti, SYS_ioctl, STDIN_FILENO, 0x5412 /* TIOCSTI */, "x")
DO(ioctl, SYS_ioctl, HOSTILE_FD_EVENT, 0x5421 /* FIONBIO */, &on)

/* A sanitizer's runtime maps memory whenever it likes: its builds may too. */
#ifndef WITH_SANITIZERS
DO(mprotect_exec, SYS_mprotect, page, sizeof(page), PROT_READ | PROT_EXEC)
DO(mmap_exec, SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC,
    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
DO(mmap_exec_file, SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE,
    HOSTILE_FD_EVENT, 0)
#endif
DO(pkey_mprotect, SYS_pkey_mprotect, page, sizeof(page), PROT_EXEC, -1)
DO(remap_file_pages, SYS_remap_file_pages, page, sizeof(page), 0, 0, 0)

#ifdef __x86_64__
/* The same number is another call in the other ABIs: 5 is open there, fstat
 * here; 12 is chdir there, brk here. */
static long
int80(long nr)
{
	long r;

	__asm__ volatile("int $0x80"
			 : "=a"(r)
			 : "a"(nr), "b"(0), "c"(0), "d"(0)
			 : "memory", "r8", "r9", "r10", "r11");
	return r;
}

static long
try_ia32_open(void)
{
	return int80(5);
}

static long
try_ia32_chdir(void)
{
	return int80(12);
}

static long
try_ia32_getpid(void)
{
	return int80(20);
}

DO(x32_getpid, 0x40000000 | SYS_getpid)
DO(x32_brk, 0x40000000 | SYS_brk, 0)
DO(x32_execve, 0x40000000 | 520, "/file", empty, empty)
#endif
/* No such call in any kernel yet. */
DO(unknown_call, 4000)

const struct action actions_process[] = {
    ROW(execve),
    ROW(execveat),
#ifdef SYS_fork
    ROW(fork),
    ROW(vfork),
#endif
    ROW(clone),
    ROW(clone_newuser),
    ROW(clone3),
    ROW(ptrace),
    ROW(ptrace_traceme),
    ROW(process_vm_readv),
    ROW(process_vm_writev),
    ROW(process_madvise),
    ROW(kill),
    ROW(tkill),
    ROW(tgkill),
    ROW(rt_sigqueueinfo),
    ROW(pidfd_open),
    ROW(pidfd_getfd),
    ROW(pidfd_send_signal),
    ROW(kcmp),
    ROW(prctl_dumpable),
    ROW(prctl_name),
    ROW(seccomp),
    ROW(setuid),
    ROW(setgid),
    ROW(setresuid),
    ROW(setresgid),
    ROW(setgroups),
    ROW(setfsuid),
    ROW(capset),
    ROW(setsid),
    ROW(setpgid),
    ROW(setpriority),
    ROW(sched_setaffinity),
    ROW(setrlimit),
    ROW(prlimit64),
    ROW(personality),
    ROW(unshare),
    ROW(setns),
    ROW(chroot),
    ROW(socket),
    ROW(socket_unix),
    ROW(socket_raw),
    ROW(socket_netlink),
    ROW(socketpair),
    ROW(connect),
    ROW(bind),
    ROW(listen),
    ROW(accept),
    ROW(accept4),
    ROW(setsockopt),
    ROW(shutdown),
    ROW(pipe2),
    ROW(eventfd2),
    ROW(shmget),
    ROW(msgget),
    ROW(semget),
    ROW(mq_open),
    ROW(mlock),
    ROW(tiocsti),
    ROW(ioctl),
#ifndef WITH_SANITIZERS
    ROW(mprotect_exec),
    ROW(mmap_exec),
    ROW(mmap_exec_file),
#endif
    ROW(pkey_mprotect),
    ROW(remap_file_pages),
#ifdef __x86_64__
    ROW(ia32_open),
    ROW(ia32_chdir),
    ROW(ia32_getpid),
    ROW(x32_getpid),
    ROW(x32_brk),
    ROW(x32_execve),
#endif
    ROW(unknown_call),
    {NULL, NULL},
};
