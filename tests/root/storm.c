/* SPDX-License-Identifier: Apache-2.0 */
/*
 * storm DIR THREADS OPENS SEED: opens DIR/f0..f15 from many threads with mixed
 * flags and uids. Each open knows what must come of it under the policy of
 * storm.conf (an even uid may do what it likes; an odd one may only read), and
 * that a denied O_TRUNC takes nothing away. Prints one line per open,
 *     TID SEQUENCE FLAGS UID INODE allow|deny
 * for storm_check.py to hold against the records, and complains on stderr.
 * Exit 0 if every open came out as it must.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FILES 16
#define UID_BASE 20000
#define CONTENT "unharmed\n"

struct done {
	uint64_t ino;
	int flags;
	uint32_t uid;
	int denied;
};

struct worker {
	pthread_t thread;
	const char *dir;
	unsigned int index, opens, wrong;
	uint64_t random;
	pid_t tid;
	struct done *done;
};

static const int flag_sets[] = {
    O_RDONLY,
    O_RDONLY,
    O_WRONLY,
    O_RDWR,
    O_WRONLY | O_APPEND,
    O_WRONLY | O_TRUNC,
    O_RDWR | O_TRUNC | O_APPEND,
    O_RDONLY | O_NOFOLLOW,
};

static uint32_t
next_random(struct worker *w)
{
	/* xorshift64 (Marsaglia 2003): the same seed plays the same storm. */
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return (uint32_t)(w->random >> 32);
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
complain(struct worker *w, const char *what, int flags, uint32_t uid)
{
	fprintf(stderr, "storm: thread %d uid %u flags 0x%x: %s (%s)\n",
	    (int)w->tid, uid, (unsigned int)flags, what, strerror(errno));
	w->wrong++;
}

static void
one(struct worker *w, unsigned int i)
{
	int flags = flag_sets[next_random(w) % 8];
	/* Truncation only where it is refused, so that content can be asserted.
	 */
	uint32_t file = next_random(w) % FILES;
	uint32_t uid = UID_BASE + next_random(w) % 8;
	int writes = (flags & O_ACCMODE) != O_RDONLY;
	int denied = (uid & 1) != 0 && writes;
	char path[4096];
	struct stat st;
	int fd;

	if ((flags & O_TRUNC) != 0 && !denied) {
		uid |= 1;
		denied = 1;
	}
	(void)snprintf(path, sizeof(path), "%s/f%u", w->dir, file);
	if (stat(path, &st) == -1)
		complain(w, "stat", flags, uid);
	become(uid);
	errno = 0;
	fd = open(path, flags | O_CLOEXEC);
	if (denied && fd != -1)
		complain(w, "let through", flags, uid);
	else if (denied && errno != EPERM)
		complain(w, "refused, but not with EPERM", flags, uid);
	else if (!denied && fd == -1)
		complain(w, "refused", flags, uid);
	if (fd != -1)
		(void)close(fd);
	become(0);
	if (stat(path, &st) == -1 || st.st_size != sizeof(CONTENT) - 1)
		complain(w, "content lost", flags, uid);
	w->done[i] = (struct done){st.st_ino, flags, uid, denied};
}

static void *
run(void *arg)
{
	struct worker *w = arg;

	w->tid = (pid_t)syscall(SYS_gettid);
	for (unsigned int i = 0; i < w->opens; i++)
		one(w, i);
	return NULL;
}

static void
make_files(const char *dir)
{
	for (int i = 0; i < FILES; i++) {
		char path[4096];
		int fd;

		(void)snprintf(path, sizeof(path), "%s/f%d", dir, i);
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
		if (fd == -1 || fchmod(fd, 0666) == -1 ||
		    write(fd, CONTENT, sizeof(CONTENT) - 1) !=
			sizeof(CONTENT) - 1) {
			perror(path);
			exit(2);
		}
		(void)close(fd);
	}
}

int
main(int argc, char **argv)
{
	unsigned int threads, wrong = 0;
	struct worker *w;

	if (argc == 3 && strcmp(argv[1], "--make") == 0) {
		make_files(argv[2]);
		return 0;
	}
	if (argc != 5) {
		fprintf(stderr, "usage: storm DIR THREADS OPENS SEED\n"
				"       storm --make DIR\n");
		return 2;
	}
	threads = (unsigned int)strtoul(argv[2], NULL, 10);
	w = calloc(threads, sizeof(*w));
	if (w == NULL || threads == 0)
		return 2;
	for (unsigned int i = 0; i < threads; i++) {
		w[i].dir = argv[1];
		w[i].index = i;
		w[i].opens = (unsigned int)strtoul(argv[3], NULL, 10) / threads;
		w[i].random = strtoull(argv[4], NULL, 10) * 0x9e3779b9u + i + 1;
		w[i].done = calloc(w[i].opens, sizeof(*w[i].done));
		if (w[i].done == NULL ||
		    pthread_create(&w[i].thread, NULL, run, &w[i]) != 0)
			return 2;
	}
	for (unsigned int i = 0; i < threads; i++) {
		(void)pthread_join(w[i].thread, NULL);
		wrong += w[i].wrong;
		for (unsigned int j = 0; j < w[i].opens; j++)
			printf("%d %u 0x%x %u %llu %s\n", (int)w[i].tid, j,
			    (unsigned int)w[i].done[j].flags, w[i].done[j].uid,
			    (unsigned long long)w[i].done[j].ino,
			    w[i].done[j].denied ? "deny" : "allow");
	}
	fprintf(stderr, "storm: %u wrong\n", wrong);
	return wrong == 0 ? 0 : 1;
}
