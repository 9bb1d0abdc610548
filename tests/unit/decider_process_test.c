/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decider as the loader runs it: its own process, its own user, its real
 * sandbox. This test plays loader and monitor. Needs root to give up root.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ipc/proc/child.h"
#include "ipc/proc/fd.h"
#include "ipc/wire/chan.h"
#include "tests/unit/policy_text.h"

#define DECIDER "decider/doorward-decider"
#define ANSWER_MS 10000

struct seen {
	bool ready;
	uint64_t taken;
	struct msg_VERDICTS verdicts;
	unsigned int batches;
};

static int
on_ready(struct chan *c, const void *msg, int *fds, void *ctx)
{
	(void)c;
	(void)msg;
	(void)fds;
	((struct seen *)ctx)->ready = true;
	return 0;
}

static int
on_taken(struct chan *c, const void *msg, int *fds, void *ctx)
{
	(void)c;
	(void)fds;
	((struct seen *)ctx)->taken =
	    ((const struct msg_POLICY_TAKEN *)msg)->generation;
	return 0;
}

static int
on_verdicts(struct chan *c, const void *msg, int *fds, void *ctx)
{
	struct seen *seen = ctx;

	(void)c;
	(void)fds;
	seen->verdicts = *(const struct msg_VERDICTS *)msg;
	seen->batches++;
	return 0;
}

static const struct chan_row loader_rows[] = {
    {MSG_READY_DECIDER, false, 0, on_ready},
    {MSG_POLICY_TAKEN, false, 0, on_taken},
};
static const struct chan_row monitor_rows[] = {
    {MSG_VERDICTS, false, 0, on_verdicts},
};

struct played {
	pid_t pid;
	struct chan *loader, *monitor;
	struct seen seen;
};

static void
play_child(int sock)
{
	char *argv[] = {(char *)(uintptr_t)DECIDER, (char *)(uintptr_t) "65534",
	    (char *)(uintptr_t) "65534", NULL};
	int root = open("/proc/self/fdinfo", O_RDONLY | O_DIRECTORY);

	if (dup2(root, 20) == -1 || dup2(sock, CHILD_FD_LOADER) == -1 ||
	    dup2(20, CHILD_FD_ROOT) == -1)
		_exit(99);
	execv(argv[0], argv);
	_exit(98);
}

static struct chan *
monitor_end(struct played *p, int *ret_other)
{
	int fds[2];
	struct chan *c;

	assert_int_equal(chan_pair(fds), 0);
	assert_int_equal(chan_open(fds[0], PROCESS_MONITOR, PROCESS_DECIDER,
			     monitor_rows, 1, &p->seen, 4, &c),
	    0);
	*ret_other = fds[1];
	return c;
}

static void
start(struct played *p)
{
	struct msg_HELLO_DECIDER hello;
	int fds[2], other;

	memset(p, 0, sizeof(*p));
	assert_int_equal(chan_pair(fds), 0);
	p->pid = fork();
	assert_true(p->pid >= 0);
	if (p->pid == 0)
		play_child(fds[1]);
	(void)close(fds[1]);
	assert_int_equal(chan_open(fds[0], PROCESS_LOADER, PROCESS_DECIDER,
			     loader_rows, 2, &p->seen, 4, &p->loader),
	    0);
	p->monitor = monitor_end(p, &other);
	memcpy(hello.table, msg_table_hash, HASH_BYTES);
	assert_int_equal(
	    chan_send(p->loader, MSG_HELLO_DECIDER, &hello, &other), 0);
	(void)close(other);
	assert_int_equal(chan_wait(p->loader, ANSWER_MS), 1);
	assert_int_equal(chan_dispatch(p->loader), 1);
	assert_true(p->seen.ready);
}

static int
stop(struct played *p)
{
	int status = 0;

	chan_close(&p->loader);
	chan_close(&p->monitor);
	assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
	return status;
}

static int
sealed(const void *bytes, size_t len, bool seal)
{
	int fd = memfd_create("policy", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), (ssize_t)len);
	if (seal)
		assert_int_equal(
		    fcntl(fd, F_ADD_SEALS,
			F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE),
		    0);
	return fd;
}

static void
send_policy(struct played *p, const char *text, uint64_t generation, bool seal)
{
	struct msg_POLICY_DECIDER m = {.generation = generation};
	struct resolved_header r = {.magic = RESOLVED_MAGIC,
	    .bytes = sizeof(r),
	    .generation = generation,
	    .exes = sizeof(r),
	    .places = sizeof(r)};
	struct compiled_header *c = compile_text(text, strlen(text));
	int fds[2];

	assert_non_null(c);
	fds[0] = sealed(c, c->bytes, seal);
	fds[1] = sealed(&r, sizeof(r), true);
	assert_int_equal(chan_send(p->loader, MSG_POLICY_DECIDER, &m, fds), 0);
	(void)close(fds[0]);
	(void)close(fds[1]);
	free(c);
}

static void
take_policy(struct played *p, const char *text, uint64_t generation)
{
	send_policy(p, text, generation, true);
	assert_int_equal(chan_wait(p->loader, ANSWER_MS), 1);
	assert_int_equal(chan_dispatch(p->loader), 1);
	assert_int_equal(p->seen.taken, generation);
}

static void
ask(struct played *p, uint64_t generation, uint16_t n)
{
	static struct msg_ASK m;

	memset(&m, 0, sizeof(m));
	m.generation = generation;
	m.asks_count = n;
	for (uint16_t i = 0; i < n; i++) {
		m.asks[i].id = 1000U + i;
		m.asks[i].ops = OP_WRITE;
		m.asks[i].subject.known = 1;
		m.asks[i].subject.euid = i;
	}
	assert_int_equal(chan_send(p->monitor, MSG_ASK, &m, NULL), 0);
	assert_int_equal(chan_wait(p->monitor, ANSWER_MS), 1);
	assert_int_equal(chan_dispatch(p->monitor), 1);
	assert_int_equal(p->seen.verdicts.verdicts_count, n);
}

#define DENY_ODD "watch w { path \"/a\" mode enforce deny write by uid 1 }"
#define DENY_ALL "watch w { path \"/a\" mode enforce deny write }"

static void
answers_each_question_in_order(void **state)
{
	struct played p;

	(void)state;
	start(&p);
	take_policy(&p, DENY_ODD, 3);
	ask(&p, 3, 128);
	for (uint16_t i = 0; i < 128; i++) {
		assert_int_equal(p.seen.verdicts.verdicts[i].id, 1000U + i);
		assert_int_equal(p.seen.verdicts.verdicts[i].answer,
		    i == 1 ? VERDICT_DENY : VERDICT_ALLOW);
	}
	assert_int_equal(p.seen.verdicts.generation, 3);
	assert_int_equal(stop(&p), 0);
}

static void
keeps_the_policy_before_for_late_questions(void **state)
{
	struct played p;

	(void)state;
	start(&p);
	take_policy(&p, DENY_ODD, 3);
	take_policy(&p, DENY_ALL, 4);
	ask(&p, 3, 1);
	assert_int_equal(p.seen.verdicts.generation, 3);
	assert_int_equal(p.seen.verdicts.verdicts[0].answer, VERDICT_ALLOW);
	ask(&p, 4, 1);
	assert_int_equal(p.seen.verdicts.verdicts[0].answer, VERDICT_DENY);
	/* Neither: the newest says, and says which it is. */
	ask(&p, 9, 1);
	assert_int_equal(p.seen.verdicts.generation, 4);
	take_policy(&p, DENY_ODD, 5);
	ask(&p, 3, 1);
	assert_int_equal(p.seen.verdicts.generation, 5);
	assert_int_equal(stop(&p), 0);
}

static void
serves_the_monitor_that_replaces_a_dead_one(void **state)
{
	struct msg_NEW_MONITOR_DECIDER m = {.pid = 1};
	struct played p;
	int other;

	(void)state;
	start(&p);
	take_policy(&p, DENY_ALL, 1);
	chan_close(&p.monitor);
	p.monitor = monitor_end(&p, &other);
	assert_int_equal(
	    chan_send(p.loader, MSG_NEW_MONITOR_DECIDER, &m, &other), 0);
	(void)close(other);
	ask(&p, 1, 2);
	assert_int_equal(p.seen.verdicts.verdicts[0].answer, VERDICT_DENY);
	assert_int_equal(stop(&p), 0);
}

static void
dies_of_a_policy_that_is_not_sealed(void **state)
{
	struct played p;
	int status;

	(void)state;
	start(&p);
	send_policy(&p, DENY_ALL, 1, false);
	assert_int_equal(chan_wait(p.loader, ANSWER_MS), 1);
	assert_int_equal(chan_dispatch(p.loader), -ECONNRESET);
	status = stop(&p);
	assert_true(WIFEXITED(status));
	assert_int_not_equal(WEXITSTATUS(status), 0);
}

static void
dies_of_bytes_that_are_no_message(void **state)
{
	struct played p;
	int status;

	(void)state;
	start(&p);
	assert_int_equal(send(chan_fd(p.monitor), "nonsense", 8, 0), 8);
	assert_int_equal(chan_wait(p.loader, ANSWER_MS), 1);
	assert_int_equal(chan_dispatch(p.loader), -ECONNRESET);
	status = stop(&p);
	assert_true(WIFEXITED(status));
	assert_int_not_equal(WEXITSTATUS(status), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(answers_each_question_in_order),
	    cmocka_unit_test(keeps_the_policy_before_for_late_questions),
	    cmocka_unit_test(serves_the_monitor_that_replaces_a_dead_one),
	    cmocka_unit_test(dies_of_a_policy_that_is_not_sealed),
	    cmocka_unit_test(dies_of_bytes_that_are_no_message),
	};

	if (geteuid() != 0) {
		fprintf(stderr, "skipped: only root can give up being root\n");
		return 77;
	}
	if (access(DECIDER, X_OK) == -1) {
		fprintf(stderr, "skipped: no " DECIDER " here\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
