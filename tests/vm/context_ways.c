// SPDX-License-Identifier: Apache-2.0
#include "tests/vm/context_tests.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/openat2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ipc/proc/fd.h"
#include "tests/vm/context_watch.h"

#define FILE_NAME "ways"
#define SHOWN_FLAGS (O_ACCMODE | O_TRUNC | O_APPEND | O_CREAT)

static int
closed(int fd)
{
	if (fd < 0)
		return -errno;
	(void)close(fd);
	return 0;
}

static int
by_openat(struct watch *w)
{
	return closed(openat(
	    AT_FDCWD, watch_path(w, FILE_NAME), O_RDWR | O_APPEND | O_CLOEXEC));
}

static int
by_open(struct watch *w)
{
	return closed((int)syscall(
	    SYS_open, watch_path(w, FILE_NAME), O_WRONLY | O_TRUNC));
}

static int
by_creat(struct watch *w)
{
	return closed((int)syscall(SYS_creat, watch_path(w, FILE_NAME), 0600));
}

static int
by_handle(struct watch *w)
{
	union {
		struct file_handle handle;
		char bytes[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} u;
	int dir fd_cleanup = -1;
	int mount_id;

	memset(&u, 0, sizeof(u));
	u.handle.handle_bytes = MAX_HANDLE_SZ;
	if (name_to_handle_at(AT_FDCWD, watch_path(w, FILE_NAME), &u.handle,
		&mount_id, 0) < 0)
		return -errno;
	dir = open(w->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return closed(open_by_handle_at(dir, &u.handle, O_WRONLY | O_APPEND));
}

static int
by_openat2(struct watch *w)
{
	const struct open_how how = {.flags = O_RDWR | O_APPEND};

	return closed((int)syscall(SYS_openat2, AT_FDCWD,
	    watch_path(w, FILE_NAME), &how, sizeof(how)));
}

/* A copy of this program, which does nothing when asked to. */
static int
by_exec(struct watch *w)
{
	char *const argv[] = {(char[]){"program"}, (char[]){"--nothing"}, NULL};
	const char *path = watch_path(w, "program");
	int status;
	pid_t pid;

	pid = fork();
	if (pid == 0) {
		(void)execv(path, argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		return -ECHILD;
	return pid;
}

/* One open through io_uring, submitted and awaited in one call. */
static int
by_io_uring(struct watch *w)
{
	struct io_uring_params p = {0};
	int ring fd_cleanup = -1;
	struct io_uring_sqe *sqe;
	char *sq;

	ring = (int)syscall(SYS_io_uring_setup, 1, &p);
	if (ring < 0)
		return -errno;
	sqe = mmap(NULL, sizeof(*sqe), PROT_READ | PROT_WRITE, MAP_SHARED, ring,
	    IORING_OFF_SQES);
	sq = mmap(NULL, p.sq_off.array + sizeof(uint32_t),
	    PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
	if (sqe == MAP_FAILED || sq == MAP_FAILED)
		return -errno;
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_OPENAT;
	sqe->fd = AT_FDCWD;
	sqe->addr = (uintptr_t)watch_path(w, FILE_NAME);
	sqe->open_flags = O_WRONLY | O_APPEND;
	*(uint32_t *)(void *)(sq + p.sq_off.array) = 0;
	__atomic_store_n(
	    (uint32_t *)(void *)(sq + p.sq_off.tail), 1, __ATOMIC_RELEASE);
	return (int)syscall(
	    SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0);
}

static void
touch(const struct watch *w, const char *name)
{
	int fd = open(watch_path(w, name), O_RDWR | O_CREAT | O_CLOEXEC, 0666);

	assert_true(fd >= 0);
	(void)close(fd);
}

static int
make_file(struct watch *w)
{
	touch(w, FILE_NAME);
	return 0;
}

/* One open, one event; returns it. */
static struct seen
one_event(struct watch *w, int (*open_it)(struct watch *w))
{
	struct seen seen;
	pid_t tid;
	int r;

	assert_int_equal(watch_during(w, open_it, &seen, 1, &tid, &r), 1);
	assert_int_equal(r, 0);
	assert_int_equal(seen.tid, tid);
	return seen;
}

void
each_call_shows_its_flags(void **state)
{
	static const struct {
		int (*open_it)(struct watch *w);
		unsigned int flags;
	} calls[] = {
	    {by_openat, O_RDWR | O_APPEND},
	    {by_open, O_WRONLY | O_TRUNC},
	    {by_creat, O_WRONLY | O_CREAT | O_TRUNC},
	    {by_handle, O_WRONLY | O_APPEND},
	};
	struct watch *w = *state;
	struct seen seen;

	(void)one_event(w, make_file);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		seen = one_event(w, calls[i].open_it);
		assert_true(seen.known);
		assert_int_equal(seen.slot.flags & SHOWN_FLAGS, calls[i].flags);
		assert_int_equal(seen.slot.flags & (SLOT_EXEC | O_CLOEXEC), 0);
		assert_int_equal(seen.slot.watch,
		    watch_knows_files(w) ? WATCH_INDEX + 1 : 0);
	}
}

static int
copy_self(struct watch *w)
{
	int from fd_cleanup = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int to fd_cleanup = open(watch_path(w, "program"),
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	char bytes[65536];
	ssize_t n;

	while ((n = read(from, bytes, sizeof(bytes))) > 0) {
		if (write(to, bytes, (size_t)n) != n)
			return -errno;
	}
	return (int)n;
}

void
exec_is_told_from_open(void **state)
{
	struct watch *w = *state;
	struct seen seen[4];
	uint64_t masks = 0;
	size_t n;
	pid_t tid;
	int r;

	(void)one_event(w, copy_self);
	n = watch_during(w, by_exec, seen, 4, &tid, &r);
	assert_in_range(n, 1, 4);
	assert_true(r > 0);
	for (size_t i = 0; i < n; i++) {
		masks |= seen[i].mask;
		assert_int_equal(seen[i].tid, r);
		assert_true(seen[i].known);
		assert_true(seen[i].slot.flags & SLOT_EXEC);
		assert_int_equal(seen[i].slot.pid, r);
		assert_int_equal(seen[i].slot.ppid, getpid());
	}
	assert_int_equal(masks, FAN_OPEN_EXEC_PERM | FAN_OPEN_PERM);
}

void
openat2_is_known_only_with_its_file(void **state)
{
	struct watch *w = *state;
	struct seen seen = one_event(w, by_openat2);

	assert_int_equal(seen.known, watch_knows_files(w));
	if (seen.known)
		assert_int_equal(
		    seen.slot.flags & SHOWN_FLAGS, O_RDWR | O_APPEND);
}

void
io_uring_is_known_only_with_its_file(void **state)
{
	struct watch *w = *state;
	struct seen seen;
	pid_t tid;
	size_t n;
	int r;

	n = watch_during(w, by_io_uring, &seen, 1, &tid, &r);
	if (r == -ENOSYS || r == -EPERM) {
		print_message(
		    "io_uring is not to be had here: %s\n", strerror(-r));
		skip();
	}
	assert_true(r >= 0);
	assert_int_equal(n, 1);
	assert_int_equal(seen.known, watch_knows_files(w));
	if (seen.known)
		assert_int_equal(
		    seen.slot.flags & SHOWN_FLAGS, O_WRONLY | O_APPEND);
}

void
nothing_is_left_after_the_call(void **state)
{
	struct watch *w = *state;
	struct seen seen = one_event(w, by_openat);
	struct slot after = watch_slot(w, seen.tid);

	assert_true(seen.known);
	/* Where the file is known an old slot does no harm: it is not asked. */
	assert_int_equal(after.tid, watch_knows_files(w) ? seen.slot.tid : 0);
	assert_int_equal(after.counter, seen.slot.counter);
}
