/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the lines of all processes go. They write into a pipe and never wait;
 * a forked child copies the pipe to the stderr the service was started with, or
 * to the system's log. It alone may be kept waiting by a terminal or a full
 * disk, and it can do nothing else.
 */
#include "loader/loader.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipc/proc/confine.h"
#include "ipc/proc/fd.h"
#include "ipc/proc/log.h"

#define PIPE_BYTES (256 * 1024)
#define SYSLOG_PREFIX "<30>doorward: " /* daemon.info */
#define END_WAIT_MS 1000

static const struct confine_call calls[] = {
    {SCMP_SYS(read), 1, {{0, CONFINE_EQ, 0, 0}}},
    {SCMP_SYS(write), 1, {{0, CONFINE_EQ, 1, 0}}},
    {SCMP_SYS(exit_group), 0, {{0}}},
    {SCMP_SYS(restart_syscall), 0, {{0}}},
    {SCMP_SYS(rt_sigreturn), 0, {{0}}},
};

static const struct confine confine_log_out = {
    .name = "log_out",
    .calls = calls,
    .ncalls = sizeof(calls) / sizeof(calls[0]),
    .files = CONFINE_FILES_NONE,
};

static void
copy_lines(bool syslog)
{
	static char buf[sizeof(SYSLOG_PREFIX) + LOG_LINE_BYTES];
	const size_t prefix = syslog ? sizeof(SYSLOG_PREFIX) - 1 : 0;
	size_t have = 0;

	memcpy(buf, SYSLOG_PREFIX, prefix);
	for (;;) {
		ssize_t n = read(0, buf + prefix + have, LOG_LINE_BYTES - have);
		char *end;

		if (n == 0 || (n == -1 && errno != EINTR))
			_exit(0);
		have += n > 0 ? (size_t)n : 0;
		/* Whole lines, one write each: datagrams to the system's log.
		 */
		while ((end = memchr(buf + prefix, '\n', have)) != NULL ||
		       have == LOG_LINE_BYTES) {
			size_t len = end != NULL
					 ? (size_t)(end - (buf + prefix)) + 1
					 : have;

			if (write(1, buf, prefix + len) == -1 && errno == EPIPE)
				_exit(0);
			have -= len;
			memmove(buf + prefix, buf + prefix + len, have);
		}
	}
}

static void
be_nobody(const struct loader *l)
{
	const struct account *a = &l->accounts.of[PROCESS_POLICY];

	if (fchdir(l->state.empty_root) == -1 || chroot(".") == -1 ||
	    setgroups(0, NULL) == -1 || setresgid(a->gid, a->gid, a->gid) ||
	    setresuid(a->uid, a->uid, a->uid) == -1 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		_exit(1);
}

static int
connect_syslog(void)
{
	struct sockaddr_un sun = {
	    .sun_family = AF_UNIX, .sun_path = "/dev/log"};
	int fd fd_cleanup = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd == -1 || connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1)
		return -errno;
	return take_fd(&fd);
}

static int
start(struct loader *l)
{
	pid_t pid = fork();
	sigset_t none;

	if (pid != 0) {
		l->log_out = pid;
		return pid == -1 ? -errno : 0;
	}
	(void)setsid();
	(void)setpriority(PRIO_PROCESS, 0, 0);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	be_nobody(l);
	if (dup2(l->log_read, 0) == -1 || dup2(l->log_to, 1) == -1 ||
	    syscall(SYS_close_range, 2u, ~0U, 0) == -1 ||
	    confine_apply(&confine_log_out) < 0)
		_exit(1);
	copy_lines(l->log_syslog);
	_exit(0);
}

int
log_out_start(struct loader *l)
{
	int ends[2];

	if (!l->options.foreground && getenv("NOTIFY_SOCKET") == NULL &&
	    getenv("JOURNAL_STREAM") == NULL) {
		l->log_to = connect_syslog();
		l->log_syslog = l->log_to >= 0;
		if (!l->log_syslog)
			log_warn_r(l->log_to, "the system's log (/dev/log) is "
					      "not there: messages stay here");
	}
	if (!l->log_syslog)
		l->log_to = fcntl(2, F_DUPFD_CLOEXEC, 3);
	if (l->log_to < 0 || pipe2(ends, O_CLOEXEC) == -1)
		return -errno;
	l->log_read = ends[0];
	(void)fcntl(ends[1], F_SETPIPE_SZ, PIPE_BYTES);
	if (fcntl(ends[1], F_SETFL, O_WRONLY | O_NONBLOCK) == -1 ||
	    dup2(ends[1], 2) == -1)
		return -errno;
	(void)close(ends[1]);
	return start(l);
}

/* Its successor finds in the pipe what it left there. */
void
log_out_died(struct loader *l)
{
	l->log_out = 0;
	if (!l->stopping && l->log_deaths++ < 100)
		(void)start(l);
}

void
log_out_end(struct loader *l)
{
	if (l->log_out <= 0)
		return;
	(void)close(2);
	for (int i = 0; i < END_WAIT_MS / 10; i++) {
		if (waitpid(l->log_out, NULL, WNOHANG) != 0)
			return;
		(void)poll(NULL, 0, 10);
	}
	(void)kill(l->log_out, SIGKILL);
	(void)waitpid(l->log_out, NULL, 0);
}
