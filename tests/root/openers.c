/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openers PATH COUNT r|w same|fresh allow|deny|either
 *
 * COUNT threads open PATH for reading or writing, again and again, until
 * standard input ends. "fresh": each open under a uid nobody had before, so
 * that no cached verdict answers it. The last word says what may come of an
 * open: allow (every one succeeds), deny (every one fails with EPERM), either
 * (any of the two, but nothing else). Prints one line when it ends:
 *     opens N ok N eperm N other N unanswered N longest_ms N
 * and exits 0 if all came out as they may and none was left without an answer
 * STUCK_S seconds after standard input ended. Writes "up" first, when every
 * thread has been answered once.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define STUCK_S 5
#define COUNT_MAX 1000
#define UID_BASE 1000000u
#define UIDS_EACH 100000u

struct opener {
	pthread_t thread;
	uint32_t uid;
	uint64_t ok, eperm, other, longest_ns;
	int answered; /* at least once */
};

static const char *path;
static int flags = O_CLOEXEC;
static bool fresh;
static int stop;

static uint64_t
now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void
become(uint32_t uid)
{
	/* The system call: glibc's setresuid changes every thread. */
	if (syscall(SYS_setresuid, uid, uid, 0) == -1) {
		perror("setresuid");
		exit(2);
	}
}

static void
one(struct opener *o)
{
	uint64_t took;
	int fd, err;

	if (fresh)
		become(o->uid++);
	took = now_ns();
	fd = open(path, flags);
	err = errno;
	took = now_ns() - took;
	if (fd != -1)
		(void)close(fd);
	if (fresh)
		become(0);
	if (fd != -1)
		o->ok++;
	else if (err == EPERM)
		o->eperm++;
	else
		o->other++;
	if (took > o->longest_ns)
		o->longest_ns = took;
	__atomic_store_n(&o->answered, 1, __ATOMIC_RELEASE);
}

static void *
run(void *arg)
{
	while (__atomic_load_n(&stop, __ATOMIC_ACQUIRE) == 0)
		one(arg);
	return NULL;
}

static void
wait_for_end(struct opener *openers, unsigned int count)
{
	char byte[64];

	for (unsigned int i = 0; i < count; i++)
		while (__atomic_load_n(
			   &openers[i].answered, __ATOMIC_ACQUIRE) == 0)
			(void)usleep(1000);
	if (write(STDOUT_FILENO, "up\n", 3) != 3)
		exit(2);
	while (read(STDIN_FILENO, byte, sizeof(byte)) > 0)
		;
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
}

static unsigned int
collect(struct opener *openers, unsigned int count, struct opener *sum)
{
	unsigned int unanswered = 0;
	struct timespec until;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += STUCK_S;
	for (unsigned int i = 0; i < count; i++) {
		struct opener *o = &openers[i];

		if (pthread_timedjoin_np(o->thread, NULL, &until) != 0)
			unanswered++;
		sum->ok += o->ok;
		sum->eperm += o->eperm;
		sum->other += o->other;
		if (o->longest_ns > sum->longest_ns)
			sum->longest_ns = o->longest_ns;
	}
	return unanswered;
}

static bool
as_wanted(const char *want, const struct opener *sum)
{
	if (sum->other != 0)
		return false;
	if (strcmp(want, "allow") == 0)
		return sum->eperm == 0;
	if (strcmp(want, "deny") == 0)
		return sum->ok == 0;
	return true;
}

int
main(int argc, char **argv)
{
	unsigned int count =
	    argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 10) : 0;
	struct opener *openers, sum = {.ok = 0};
	unsigned int unanswered;

	if (argc != 6 || count == 0 || count > COUNT_MAX) {
		fprintf(stderr, "usage: openers PATH COUNT r|w same|fresh "
				"allow|deny|either\n");
		return 2;
	}
	path = argv[1];
	flags |= *argv[3] == 'w' ? O_WRONLY : O_RDONLY;
	fresh = strcmp(argv[4], "fresh") == 0;
	openers = calloc(count, sizeof(*openers));
	if (openers == NULL)
		return 2;
	for (unsigned int i = 0; i < count; i++) {
		openers[i].uid = UID_BASE + i * UIDS_EACH;
		if (pthread_create(
			&openers[i].thread, NULL, run, &openers[i]) != 0)
			return 2;
	}
	wait_for_end(openers, count);
	unanswered = collect(openers, count, &sum);
	printf("opens %llu ok %llu eperm %llu other %llu unanswered %u "
	       "longest_ms %llu\n",
	    (unsigned long long)(sum.ok + sum.eperm + sum.other),
	    (unsigned long long)sum.ok, (unsigned long long)sum.eperm,
	    (unsigned long long)sum.other, unanswered,
	    (unsigned long long)(sum.longest_ns / 1000000));
	(void)fflush(stdout);
	_exit(unanswered == 0 && as_wanted(argv[5], &sum) ? 0 : 1);
}
