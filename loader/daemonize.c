/* SPDX-License-Identifier: Apache-2.0 */
#include "loader/loader.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipc/proc/fd.h"
#include "ipc/proc/log.h"

static int started = -1;

/* Waits for the service to stand, and ends with what it says. */
static void __attribute__((noreturn)) wait_for_start(int from, pid_t middle)
{
	char status;
	ssize_t n;

	(void)waitpid(middle, NULL, 0);
	do
		n = read(from, &status, 1);
	while (n == -1 && errno == EINTR);
	/* It ended without a word to us; to the operator it said why. */
	_exit(n == 1 ? status : 1);
}

void
daemonize(void)
{
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) == -1)
		fatal("a pipe");
	pid = fork();
	if (pid == -1)
		fatal("fork");
	if (pid > 0) {
		(void)close(fds[1]);
		wait_for_start(fds[0], pid);
	}
	(void)close(fds[0]);
	started = fds[1];
	if (setsid() == -1)
		fatal("setsid");
	pid = fork();
	if (pid == -1)
		fatal("fork");
	if (pid > 0)
		_exit(0);
	if (chdir("/") == -1)
		fatal("chdir");
}

void
daemonize_done(char status)
{
	if (started < 0)
		return;
	if (write(started, &status, 1) != 1)
		log_warn("telling whoever started us");
	fd_close(&started);
}
