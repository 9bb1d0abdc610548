// SPDX-License-Identifier: Apache-2.0
#include "tests/vm/context_tests.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/vm/context_watch.h"

#define OPENERS 8
#define FILES 5
#define OPENS 2600 /* each: 20,800 in all */
#define SWAPS 100
#define SHOWN_FLAGS (O_ACCMODE | O_TRUNC | O_APPEND | O_CREAT | O_NONBLOCK)

static const int mixed[] = {
    O_RDONLY,
    O_WRONLY,
    O_RDWR,
    O_WRONLY | O_TRUNC,
    O_RDONLY | O_NONBLOCK,
    O_WRONLY | O_APPEND,
    O_RDWR | O_CREAT | O_TRUNC,
    O_WRONLY | O_CREAT,
};

/* What an opener is about to do; written before it opens, read meanwhile. */
struct opener {
	struct watch *w;
	unsigned int number;
	pid_t tid;
	unsigned int flags;
	ino_t ino;
	unsigned long start_ticks;
	char comm[16];
	size_t failures;
	pthread_t thread;
};

static struct opener openers[OPENERS];
static ino_t inodes[FILES];
static struct stat exe, mntns;
static bool stop;
static size_t finished;

static const char *
file_name(const struct watch *w, unsigned int i)
{
	char name[16];

	(void)snprintf(name, sizeof(name), "many%u", i);
	return watch_path(w, name);
}

static int
make_files(struct watch *w)
{
	struct stat st;
	int fd;

	for (unsigned int i = 0; i < FILES; i++) {
		fd = open(file_name(w, i), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
		if (fd < 0 || fchmod(fd, 0666) < 0 || fstat(fd, &st) < 0)
			return -errno;
		inodes[i] = st.st_ino;
		(void)close(fd);
	}
	return 0;
}

/* Field 22 of stat(5): clock ticks from boot to the process's start. */
static unsigned long
start_ticks(void)
{
	char line[1024] = "", *p;
	FILE *f = fopen("/proc/self/stat", "re");
	unsigned long ticks = 0;

	if (f == NULL || fgets(line, sizeof(line), f) == NULL)
		abort();
	(void)fclose(f);
	p = strrchr(line, ')');
	for (int field = 2; p != NULL && field < 22; field++)
		p = strchr(p + 1, ' ');
	if (p != NULL)
		ticks = strtoul(p, NULL, 10);
	return ticks;
}

/* Each thread is somebody else: these calls act on the caller alone. */
static void
become(struct opener *o)
{
	o->tid = gettid();
	o->start_ticks = start_ticks();
	(void)snprintf(o->comm, sizeof(o->comm), "opener-%u", o->number);
	(void)pthread_setname_np(pthread_self(), o->comm);
	if (syscall(SYS_setresgid, -1, 2000 + o->number, -1) < 0 ||
	    syscall(SYS_setresuid, -1, 1000 + o->number, -1) < 0)
		abort();
}

static void
open_one(struct opener *o, unsigned int i)
{
	unsigned int file = (i * 7 + o->number) % FILES;
	int flags = mixed[(i + o->number) % (sizeof(mixed) / sizeof(mixed[0]))];
	int fd;

	o->flags = (unsigned int)flags;
	__atomic_store_n(&o->ino, inodes[file], __ATOMIC_RELEASE);
	fd = open(file_name(o->w, file), flags | O_CLOEXEC, 0666);
	if (fd < 0)
		o->failures++;
	else
		(void)close(fd);
}

static void *
open_many(void *arg)
{
	struct opener *o = arg;

	become(o);
	for (unsigned int i = 0; i < OPENS; i++)
		open_one(o, i);
	__atomic_add_fetch(&finished, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void *
open_until_stopped(void *arg)
{
	struct opener *o = arg;

	become(o);
	for (unsigned int i = 0; !__atomic_load_n(&stop, __ATOMIC_SEQ_CST); i++)
		open_one(o, i);
	__atomic_add_fetch(&finished, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void
start_openers(struct watch *w, void *(*body)(void *))
{
	struct seen seen[FILES];
	pid_t tid;
	int r;

	assert_int_equal(stat("/proc/self/exe", &exe), 0);
	assert_int_equal(stat("/proc/self/ns/mnt", &mntns), 0);
	assert_int_equal(
	    watch_during(w, make_files, seen, FILES, &tid, &r), FILES);
	assert_int_equal(r, 0);
	finished = 0;
	stop = false;
	for (unsigned int i = 0; i < OPENERS; i++) {
		memset(&openers[i], 0, sizeof(openers[i]));
		openers[i].w = w;
		openers[i].number = i;
		assert_int_equal(
		    pthread_create(&openers[i].thread, NULL, body, &openers[i]),
		    0);
	}
}

static size_t
join_openers(void)
{
	size_t failures = 0;

	for (unsigned int i = 0; i < OPENERS; i++) {
		(void)pthread_join(openers[i].thread, NULL);
		failures += openers[i].failures;
	}
	return failures;
}

static const struct opener *
opener_of(pid_t tid)
{
	for (unsigned int i = 0; i < OPENERS; i++) {
		if (openers[i].tid == tid)
			return &openers[i];
	}
	return NULL;
}

/* NULL, or the first field that is not the opener's. */
static const char *
wrong_field(const struct watch *w, const struct seen *seen)
{
	const struct opener *o = opener_of(seen->tid);
	const struct slot *s = &seen->slot;
	unsigned long tick_ns =
	    1000000000ul / (unsigned long)sysconf(_SC_CLK_TCK);
	bool files = watch_knows_files(w);

	if (o == NULL)
		return "tid";
	if ((s->flags & SHOWN_FLAGS) != o->flags)
		return "flags";
	if (seen->st.st_ino != o->ino || (files && s->ino != o->ino))
		return "ino";
	if (s->euid != 1000 + o->number || s->uid != getuid())
		return "uid";
	if (s->egid != 2000 + o->number || s->gid != getgid())
		return "gid";
	if (s->pid != (unsigned int)getpid() ||
	    s->ppid != (unsigned int)getppid())
		return "pid";
	if (s->exe_ino != exe.st_ino ||
	    s->exe_dev != (major(exe.st_dev) << 20 | minor(exe.st_dev)))
		return "exe";
	if (s->mntns != (unsigned int)mntns.st_ino)
		return "mntns";
	if (s->start_ns / tick_ns != o->start_ticks)
		return "start";
	if (strncmp(s->comm, o->comm, sizeof(s->comm)) != 0)
		return "comm";
	if (files &&
	    (s->watch != WATCH_INDEX + 1 || s->generation != WATCH_GENERATION))
		return "watch";
	return NULL;
}

void
many_openers_are_told_apart(void **state)
{
	size_t events = 0, unknown = 0, wrong = 0;
	const char *field, *first = "";
	struct watch *w = *state;
	struct seen seen = {0};
	uint64_t lost;

	start_openers(w, open_many);
	while (watch_next(w, 100, &seen) ||
	       __atomic_load_n(&finished, __ATOMIC_SEQ_CST) < OPENERS) {
		if (seen.tid == 0)
			continue;
		events++;
		field = seen.known ? wrong_field(w, &seen) : NULL;
		unknown += !seen.known;
		if (field != NULL && wrong++ == 0)
			first = field;
		watch_allow(w, &seen);
		seen.tid = 0;
	}
	assert_int_equal(join_openers(), 0);
	assert_int_equal(bpf_lost(w->bpf, &lost), 0);
	print_message("%zu opens, %zu wrong %s, %zu unknown, %llu missed\n",
	    events, wrong, first, unknown, (unsigned long long)lost);
	assert_int_equal(events, OPENERS * OPENS);
	assert_int_equal(wrong, 0);
	/* A miss makes the open unknown, and perhaps one that follows it. */
	assert_in_range(unknown, 0, bpf_rung(w->bpf) == CONTEXT_LSM ? 0 : lost);
}

/* All the loader keeps of root's rights for this: CAP_BPF, number 39. */
static int
keep_cap_bpf(void)
{
	struct __user_cap_header_struct header = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};

	data[1].effective = data[1].permitted = 1u << (39 - 32);
	return (int)syscall(SYS_capset, &header, data);
}

static void *
swap_often(void *arg)
{
	struct bpf_watched dir = {.kind = OBJECT_TREE};
	struct watch *w = arg;
	uintptr_t failures = 0;

	dir.dev = w->st.st_dev;
	dir.ino = w->st.st_ino;
	if (keep_cap_bpf() < 0)
		failures++;
	for (uint32_t generation = 1; generation <= SWAPS; generation++) {
		dir.watch = generation % 10;
		if (bpf_objects_begin(w->bpf, generation, 1) < 0 ||
		    bpf_objects_add(w->bpf, &dir) < 0 ||
		    bpf_objects_commit(w->bpf) < 0)
			failures++;
	}
	__atomic_store_n(&stop, true, __ATOMIC_SEQ_CST);
	return (void *)failures;
}

void
a_swap_leaves_no_gap(void **state)
{
	size_t events = 0, unknown = 0, mixed_up = 0;
	struct watch *w = *state;
	struct seen seen = {0};
	pthread_t swapper;
	void *failures;

	if (!watch_knows_files(w))
		skip();
	start_openers(w, open_until_stopped);
	assert_int_equal(pthread_create(&swapper, NULL, swap_often, w), 0);
	while (watch_next(w, 100, &seen) ||
	       __atomic_load_n(&finished, __ATOMIC_SEQ_CST) < OPENERS) {
		if (seen.tid == 0)
			continue;
		events++;
		unknown += !seen.known;
		mixed_up += seen.known &&
			    seen.slot.generation != WATCH_GENERATION &&
			    seen.slot.watch != 1 + seen.slot.generation % 10;
		watch_allow(w, &seen);
		seen.tid = 0;
	}
	(void)pthread_join(swapper, &failures);
	assert_int_equal(join_openers(), 0);
	assert_ptr_equal(failures, NULL);
	print_message("%zu opens during %d swaps\n", events, SWAPS);
	assert_true(events > 0);
	assert_int_equal(mixed_up, 0);
	if (bpf_rung(w->bpf) == CONTEXT_LSM)
		assert_int_equal(unknown, 0);
}
