/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hides WAY PATH: opens PATH, in a way that could be taken for another. Says
 * "ok" or the name of the errno. Exit 77: not to be had here.
 *
 *   openat2  to read, with flags the kernel programs may not be able to see
 * and to write:
 *   bit      open(2) with the bit the kernel itself uses for exec
 *   compat   a 32-bit program, which ends its exec under another number
 *   thread   as the tid that a thread had who called exec, without open(2)
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXEC_BIT 0x20
#define TRIES 100000
#define NOT_HERE 77

static const char *path;

static int
say(int err)
{
	printf("%s\n", err == 0 ? "ok" : strerrorname_np(err));
	return err == 0 ? 0 : 1;
}

static int
by_bit(void)
{
	return say(open(path, O_WRONLY | EXEC_BIT) == -1 ? errno : 0);
}

static int
by_openat2(void)
{
	const struct open_how how = {.flags = O_RDONLY};

	return say(syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how)) == -1
		       ? errno
		       : 0);
}

/* open(argv[1], O_WRONLY) through int 0x80; exits with the errno. */
static const uint8_t program32[] = {0x7f, 'E', 'L', 'F', 1, 1, 1, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 2, 0, 3, 0, 1, 0, 0, 0, 0x54, 0x80, 0x04, 0x08, 0x34, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0x34, 0, 0x20, 0, 1, 0, 0, 0, 0, 0, 0, 0,
    /* one segment: the whole file at 0x08048000 */
    1, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x04, 0x08, 0, 0x80, 0x04, 0x08, 0x76, 0,
    0, 0, 0x76, 0, 0, 0, 5, 0, 0, 0, 0, 0x10, 0, 0,
    /* mov ebx, [esp+8]; mov ecx, 1; xor edx, edx; mov eax, 5; int 0x80 */
    0x8b, 0x5c, 0x24, 0x08, 0xb9, 1, 0, 0, 0, 0x31, 0xd2, 0xb8, 5, 0, 0, 0,
    0xcd, 0x80,
    /* xor ebx, ebx; test eax, eax; cmovs ebx, eax; neg ebx */
    0x31, 0xdb, 0x85, 0xc0, 0x0f, 0x48, 0xd8, 0xf7, 0xdb,
    /* mov eax, 1; int 0x80 */
    0xb8, 1, 0, 0, 0, 0xcd, 0x80};

static int
by_compat(void)
{
	int fd = memfd_create("program", 0), status;
	pid_t pid;

	if (fd == -1 || write(fd, program32, sizeof(program32)) !=
			    (ssize_t)sizeof(program32))
		return NOT_HERE;
	pid = fork();
	if (pid == 0) {
		char *argv[] = {"program", (char *)(uintptr_t)path, NULL};
		char *none[] = {NULL};

		(void)fexecve(fd, argv, none);
		_exit(NOT_HERE); /* no 32-bit programs here */
	}
	if (pid == -1 || waitpid(pid, &status, 0) != pid ||
	    !WIFEXITED(status) || WEXITSTATUS(status) == NOT_HERE)
		return NOT_HERE;
	return say(WEXITSTATUS(status));
}

/* 0, an errno, or -1: there is no io_uring. */
static int
open_by_ring(void)
{
	struct io_uring_params p = {0};
	int ring = (int)syscall(SYS_io_uring_setup, 1, &p);
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	uint8_t *rings;

	if (ring == -1)
		return -1;
	rings = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ring,
	    IORING_OFF_SQ_RING);
	sqe = mmap(NULL, sizeof(*sqe), PROT_READ | PROT_WRITE, MAP_SHARED, ring,
	    IORING_OFF_SQES);
	if (rings == MAP_FAILED || sqe == MAP_FAILED ||
	    (p.features & IORING_FEAT_SINGLE_MMAP) == 0)
		return -1;
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_OPENAT;
	sqe->fd = AT_FDCWD;
	sqe->addr = (uintptr_t)path;
	sqe->open_flags = O_WRONLY;
	*(uint32_t *)(void *)(rings + p.sq_off.array) = 0;
	__atomic_store_n(
	    (uint32_t *)(void *)(rings + p.sq_off.tail), 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS,
		NULL, 0) == -1)
		return -1;
	cqe = (struct io_uring_cqe *)(void *)(rings + p.cq_off.cqes);
	(void)close(ring);
	return cqe->res < 0 ? -cqe->res : 0;
}

static void *
exec_again(void *self)
{
	char tid[16];

	(void)snprintf(tid, sizeof(tid), "%d", (int)gettid());
	(void)execl(self, self, "thread", path, tid, (char *)NULL);
	_exit(NOT_HERE);
}

static int
by_thread(char *self)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, exec_again, self) != 0)
		return NOT_HERE;
	(void)pthread_join(thread, NULL);
	return NOT_HERE;
}

/* In a child that was given the number; -1 if it was not. */
static int
as(pid_t tid, int *ret_err)
{
	int out[2], status;
	pid_t pid;

	if (pipe(out) == -1)
		exit(NOT_HERE);
	pid = fork();
	if (pid == 0) {
		int err = getpid() == tid ? open_by_ring() : -2;

		_exit(write(out[1], &err, sizeof(err)) != sizeof(err));
	}
	if (pid == -1 || waitpid(pid, &status, 0) != pid ||
	    read(out[0], ret_err, sizeof(*ret_err)) != sizeof(*ret_err))
		exit(NOT_HERE);
	(void)close(out[0]);
	(void)close(out[1]);
	return *ret_err == -2 ? -1 : 0;
}

/* Root may say which number comes next; others may race for it. */
static int
by_number(pid_t tid)
{
	int next = open("/proc/sys/kernel/ns_last_pid", O_WRONLY), err;
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", (int)tid - 1);

	for (int i = 0; next != -1 && i < TRIES; i++) {
		if (pwrite(next, text, (size_t)len, 0) != len)
			return NOT_HERE;
		if (as(tid, &err) == 0)
			return err < 0 ? NOT_HERE : say(err);
	}
	return NOT_HERE;
}

int
main(int argc, char **argv)
{
	path = argc > 2 ? argv[2] : NULL;
	if (argc == 4)
		return by_number((int)strtol(argv[3], NULL, 10));
	if (argc == 3 && strcmp(argv[1], "bit") == 0)
		return by_bit();
	if (argc == 3 && strcmp(argv[1], "openat2") == 0)
		return by_openat2();
	if (argc == 3 && strcmp(argv[1], "compat") == 0)
		return by_compat();
	if (argc == 3 && strcmp(argv[1], "thread") == 0)
		return by_thread(argv[0]);
	fprintf(stderr, "usage: hides openat2|bit|compat|thread PATH\n");
	return 2;
}
