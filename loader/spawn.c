/* SPDX-License-Identifier: Apache-2.0 */
#include "loader/loader.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ipc/proc/fd.h"
#include "ipc/proc/log.h"

/* Above every descriptor a child is given; sources are moved there first. */
#define SPAWN_PARK 256

int
own_pid_add(struct vitals_loader *page, pid_t pid)
{
	for (size_t i = 0; i < OWN_PIDS_MAX; i++) {
		if (vital_get(page->own_pids[i]) == 0) {
			vital_set(page->own_pids[i], (uint32_t)pid);
			return 0;
		}
	}
	return -ENOSPC;
}

void
own_pid_remove(struct vitals_loader *page, pid_t pid)
{
	for (size_t i = 0; i < OWN_PIDS_MAX; i++) {
		if (vital_get(page->own_pids[i]) == (uint32_t)pid)
			vital_set(page->own_pids[i], 0);
	}
}

bool
own_pid_is(const struct vitals_loader *page, pid_t pid)
{
	for (size_t i = 0; pid != 0 && i < OWN_PIDS_MAX; i++) {
		if (vital_get(page->own_pids[i]) == (uint32_t)pid)
			return true;
	}
	return false;
}

static void
reset_signals(void)
{
	sigset_t none;

	for (int s = 1; s < NSIG; s++)
		(void)signal(s, SIG_DFL);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/*
 * 0 and 1 are never free: a channel that got one of them would be written to
 * by whatever a library prints.
 */
static void
fill_standard(struct spawn *s)
{
	for (size_t i = 0; i < 2; i++) {
		if (s->fds[i] >= 0)
			continue;
		s->fds[i] = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (s->fds[i] == -1)
			_exit(126);
	}
}

static void
arrange_fds(struct spawn *s)
{
	fill_standard(s);
	for (size_t i = 0; i < s->nfds; i++) {
		if (s->fds[i] < 0)
			continue;
		s->fds[i] = fcntl(s->fds[i], F_DUPFD_CLOEXEC, SPAWN_PARK);
		if (s->fds[i] == -1)
			_exit(126);
	}
	for (size_t i = 0; i < s->nfds; i++) {
		if (s->fds[i] < 0)
			(void)close((int)i);
		else if (dup2(s->fds[i], (int)i) == -1)
			_exit(126);
	}
	/* Whatever else the loader held, the group above all, ends here. */
	if (syscall(SYS_close_range, (unsigned int)s->nfds, ~0U, 0) == -1)
		_exit(126);
}

static void __attribute__((noreturn)) run_child(struct spawn *s, int go)
{
	static char *const no_env[] = {NULL};
	struct rlimit locked = {RLIM_INFINITY, RLIM_INFINITY};
	struct rlimit size = {s->file_bytes, s->file_bytes};
	char c;

	reset_signals();
	(void)setsid(); /* a terminal's signals are the loader's business */
	/* Until our pid is known to the monitor an open could wait for ever. */
	if (read(go, &c, 1) != 1)
		_exit(126);
	if (!s->urgent)
		(void)setpriority(PRIO_PROCESS, 0, 0);
	(void)setrlimit(RLIMIT_MEMLOCK, &locked);
	if (s->file_bytes != 0)
		(void)setrlimit(RLIMIT_FSIZE, &size);
	if (s->prepare != NULL) {
		int status = s->prepare(s, s->ctx);

		if (status != 0)
			_exit(status);
	}
	arrange_fds(s);
	(void)execve(s->argv[0], s->argv, no_env);
	log_warn("running %s", s->argv[0]);
	_exit(127);
}

int
spawn_run(struct loader *l, struct spawn *s, pid_t *ret_pid)
{
	int go_read fd_cleanup = -1, go_write fd_cleanup = -1;
	int go[2];
	pid_t pid;
	int r;

	if (pipe2(go, O_CLOEXEC) == -1)
		return -errno;
	go_read = go[0];
	go_write = go[1];
	pid = fork();
	if (pid == -1)
		return -errno;
	if (pid == 0) {
		(void)close(go_write);
		run_child(s, go_read);
	}
	r = own_pid_add(l->pages.loader, pid);
	if (r < 0) {
		/* The closed pipe ends it; SIGCHLD collects it. */
		return r;
	}
	if (write(go_write, "", 1) != 1)
		return -errno;
	*ret_pid = pid;
	return 0;
}
