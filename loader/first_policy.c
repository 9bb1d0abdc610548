/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy the service starts with: without one nothing is started, and the
 * loader's exit status says why.
 */
#include "loader/loader.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "ipc/proc/log.h"

#define FIRST_POLL_MS 20

static int
wait_compiler(struct compile *c)
{
	int status;

	for (;;) {
		pid_t got = waitpid(c->pid, &status, WNOHANG);

		if (got == c->pid)
			return status;
		if (got == -1 && errno != EINTR)
			fatal("waiting for the policy compiler");
		if (now_ns() > c->deadline_ns)
			(void)kill(c->pid, SIGKILL);
		(void)poll(NULL, 0, FIRST_POLL_MS);
	}
}

void
first_policy_make(struct loader *l)
{
	struct compile *job = &l->reload.job;
	int r = compile_begin(l, job);
	int status;

	if (r < 0)
		fatal_r(r, "starting the policy compiler");
	status = wait_compiler(job);
	own_pid_remove(l->pages.loader, job->pid);
	switch (compile_judge(job, status, &l->policy.compiled)) {
	case COMPILE_OK:
		break;
	case COMPILE_REFUSED:
		compile_show(job);
		log_warnx("the policy was refused; nothing was started");
		daemonize_done(2);
		exit(2);
	default:
		compile_show(job);
		fatalx("there is no policy; nothing was started");
	}
	compile_show(job);
	compile_end(job);
	r = policy_view_map(l->policy.compiled, -1, &l->policy.view);
	if (r < 0)
		fatal_r(r, "mapping the policy");
	vital_set(l->pages.loader->policy_state, POLICY_OK);
}
