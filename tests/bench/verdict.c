/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verdict UNWATCHED BARE CACHED DECIDER [ROUNDS [OPENS]]
 *
 * Times open+close of four files, in turn, ROUNDS times OPENS each:
 *   unwatched  nobody asks
 *   bare       a one-process blocking fanotify responder forked here
 *   cached     the running service, the same subject every time
 *   decider    the running service, a uid the cache has not seen every time
 * and prints p50 and p99 with their ratio to the bare responder. The caller
 * starts the service and decides the pinning; this program and its responder
 * stay where they are put. It measures and never fails a build.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { UNWATCHED, BARE, CACHED, DECIDER, CASES };

static const char *const names[CASES] = {
    "unwatched", "bare", "cached", "decider"};

static uint64_t
now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* The floor: read one event, allow it, close. */
static void
respond(const char *path, int ready)
{
	int group =
	    fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC | FAN_UNLIMITED_QUEUE,
		O_RDONLY | O_CLOEXEC);
	struct fanotify_event_metadata events[170];

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (group == -1 || fanotify_mark(group, FAN_MARK_ADD, FAN_OPEN_PERM,
			       AT_FDCWD, path) == -1) {
		perror("bare responder");
		_exit(1);
	}
	if (write(ready, "", 1) != 1)
		_exit(1);
	for (;;) {
		const struct fanotify_event_metadata *m = events;
		ssize_t n = read(group, events, sizeof(events));

		for (; n > 0 && FAN_EVENT_OK(m, n); m = FAN_EVENT_NEXT(m, n)) {
			struct fanotify_response r = {m->fd, FAN_ALLOW};

			if (write(group, &r, sizeof(r)) == -1)
				_exit(1);
			(void)close(m->fd);
		}
	}
}

static pid_t
start_responder(const char *path)
{
	int pipefd[2];
	char byte;
	pid_t pid;

	if (pipe2(pipefd, O_CLOEXEC) == -1)
		return -1;
	pid = fork();
	if (pid == 0) {
		(void)close(pipefd[0]);
		respond(path, pipefd[1]);
	}
	(void)close(pipefd[1]);
	if (pid == -1 || read(pipefd[0], &byte, 1) != 1)
		return -1;
	(void)close(pipefd[0]);
	return pid;
}

static uint32_t
time_one(int which, const char *path, uint32_t *uid)
{
	uint64_t start;
	int fd;

	*uid += which == DECIDER;
	if (which == DECIDER && syscall(SYS_setresuid, *uid, *uid, 0) == -1)
		return 0;
	start = now_ns();
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1) {
		perror(path);
		exit(1);
	}
	(void)close(fd);
	start = now_ns() - start;
	if (which == DECIDER)
		(void)syscall(SYS_setresuid, 0, 0, 0);
	return start > UINT32_MAX ? UINT32_MAX : (uint32_t)start;
}

static int
ascending(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

int
main(int argc, char **argv)
{
	unsigned int rounds =
	    argc > 5 ? (unsigned int)strtoul(argv[5], NULL, 10) : 10;
	unsigned int opens =
	    argc > 6 ? (unsigned int)strtoul(argv[6], NULL, 10) : 2000;
	size_t total = (size_t)rounds * opens;
	uint32_t *took[CASES], uid = 100000;
	double bare[2] = {1, 1};
	pid_t responder;

	if (argc < 5 || total == 0) {
		fprintf(stderr, "usage: verdict UNWATCHED BARE CACHED DECIDER "
				"[ROUNDS [OPENS]]\n");
		return 2;
	}
	responder = start_responder(argv[1 + BARE]);
	if (responder == -1)
		return 1;
	for (int c = 0; c < CASES; c++) {
		took[c] = calloc(total, sizeof(*took[c]));
		if (took[c] == NULL)
			return 1;
	}
	for (unsigned int r = 0; r < rounds; r++) {
		for (int c = 0; c < CASES; c++) {
			(void)time_one(c, argv[1 + c], &uid); /* warm */
			for (unsigned int i = 0; i < opens; i++)
				took[c][(size_t)r * opens + i] =
				    time_one(c, argv[1 + c], &uid);
		}
	}
	(void)kill(responder, SIGKILL);
	(void)waitpid(responder, NULL, 0);
	for (int c = 0; c < CASES; c++)
		qsort(took[c], total, sizeof(*took[c]), ascending);
	bare[0] = took[BARE][total / 2];
	bare[1] = took[BARE][total - 1 - total / 100];
	printf("%-10s %10s %10s %8s %8s\n", "open+close", "p50 us", "p99 us",
	    "p50/bare", "p99/bare");
	for (int c = 0; c < CASES; c++) {
		double p50 = took[c][total / 2];
		double p99 = took[c][total - 1 - total / 100];

		printf("%-10s %10.1f %10.1f %8.2f %8.2f\n", names[c],
		    p50 / 1000, p99 / 1000, p50 / bare[0], p99 / bare[1]);
	}
	return 0;
}
