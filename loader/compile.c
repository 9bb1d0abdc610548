/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text becomes policy in a process that can do nothing else. The compiler gets
 * descriptors 3 (output), 4 (its empty root), 5 and 6 (passwd and group, for
 * names in rules) and the configuration from 7 up; it gives back the output and
 * its messages. Both are memfds of ours: what is in them is believed after
 * policy_view_map() has checked it.
 */
#include "loader/loader.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipc/proc/fd.h"
#include "ipc/proc/log.h"
#include "loader/config_open.h"
#include "loader/memfd.h"

#define COMPILE_FD_OUTPUT 3
#define COMPILE_FD_ROOT 4
#define COMPILE_FD_PASSWD 5
#define COMPILE_FD_GROUP 6
#define COMPILE_FD_FILES 7
#define COMPILE_NS (10 * NS_PER_S)
#define COMPILE_REFUSED_STATUS 2

_Static_assert(
    COMPILE_FD_FILES + CONFIG_FILES_MAX <= SPAWN_FDS_MAX, "all files fit");

static char uid_text[16], gid_text[16];

/* In the child: opens what the compiler needs. Its messages are the text. */
static int
prepare(struct spawn *s, void *ctx)
{
	const struct loader *l = ctx;
	static struct config_files files;
	size_t arg = 5;

	if (dup2(s->fds[2], 2) == -1)
		return 126;
	if (config_open(l->options.config, &files) < 0)
		return COMPILE_REFUSED_STATUS;
	s->fds[COMPILE_FD_PASSWD] = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	s->fds[COMPILE_FD_GROUP] = open("/etc/group", O_RDONLY | O_CLOEXEC);
	if (s->fds[COMPILE_FD_PASSWD] == -1 || s->fds[COMPILE_FD_GROUP] == -1) {
		log_warn("/etc/passwd or /etc/group");
		return COMPILE_REFUSED_STATUS;
	}
	for (size_t i = 0; i < files.n; i++) {
		s->fds[COMPILE_FD_FILES + i] = files.fds[i];
		s->argv[arg++] = files.names[i];
	}
	s->nfds = COMPILE_FD_FILES + files.n;
	s->argv[arg] = NULL;
	return 0;
}

int
compile_begin(struct loader *l, struct compile *c)
{
	static char compile_arg[] = "--compile", end_arg[] = "--";
	const struct account *a = &l->accounts.of[PROCESS_POLICY];
	int output fd_cleanup = memfd_new("policy");
	int text fd_cleanup = memfd_new("policy-text");
	struct spawn s = {
	    .argv = {l->programs.path[PROCESS_POLICY], uid_text, gid_text,
		compile_arg, end_arg},
	    .nfds = COMPILE_FD_FILES,
	    .file_bytes = COMPILED_BYTES_MAX,
	    .prepare = prepare,
	    .ctx = l,
	};
	int r;

	if (output < 0 || text < 0)
		return output < 0 ? output : text;
	(void)snprintf(uid_text, sizeof(uid_text), "%u", (unsigned int)a->uid);
	(void)snprintf(gid_text, sizeof(gid_text), "%u", (unsigned int)a->gid);
	for (size_t i = 0; i < SPAWN_FDS_MAX; i++)
		s.fds[i] = -1;
	s.fds[2] = text;
	s.fds[COMPILE_FD_OUTPUT] = output;
	s.fds[COMPILE_FD_ROOT] = l->state.empty_root;
	r = spawn_run(l, &s, &c->pid);
	if (r < 0)
		return r;
	c->deadline_ns = now_ns() + COMPILE_NS;
	c->output = take_fd(&output);
	c->text = take_fd(&text);
	return 0;
}

/* What a compiler that refuses writes; without it, it did not get that far. */
static uint32_t
read_errors(int output)
{
	uint32_t errors[2];

	return pread(output, errors, sizeof(errors), 0) == sizeof(errors[0]) &&
		       errors[0] > 0
		   ? errors[0]
		   : 1;
}

int
compile_judge(struct compile *c, int wait_status, int *ret_fd)
{
	struct policy_view v = {NULL, NULL};
	int r = memfd_seal(c->text);

	c->pid = 0;
	if (r == 0)
		r = memfd_seal(c->output);
	if (r < 0) {
		log_warn_r(r, "sealing the compiler's output");
		return COMPILE_FAILED;
	}
	if (WIFEXITED(wait_status) &&
	    WEXITSTATUS(wait_status) == COMPILE_REFUSED_STATUS) {
		c->errors = read_errors(c->output);
		return COMPILE_REFUSED;
	}
	if (!WIFEXITED(wait_status) || WEXITSTATUS(wait_status) != 0) {
		log_warnx("the policy compiler ended with wait status 0x%x",
		    (unsigned int)wait_status);
		return COMPILE_FAILED;
	}
	r = policy_view_map(c->output, -1, &v);
	if (r < 0) {
		log_warn_r(r, "the compiled policy is not well-formed");
		return COMPILE_FAILED;
	}
	policy_view_unmap(&v);
	*ret_fd = take_fd(&c->output);
	return COMPILE_OK;
}

void
compile_end(struct compile *c)
{
	fd_close(&c->output);
	fd_close(&c->text);
	c->pid = 0;
}

void
compile_show(const struct compile *c)
{
	char buf[LOG_LINE_BYTES];
	off_t at = 0;
	ssize_t n;

	while ((n = pread(c->text, buf, sizeof(buf), at)) > 0) {
		if (write(2, buf, (size_t)n) != n)
			return;
		at += n;
	}
}
