// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bpf/slot.h"
#include "ipc/proc/fd.h"
#include "loader/bpf_state.h"

#define SLOTS_BYTES (SLOT_COUNT * sizeof(struct slot))
#define TEST_FLAGS (O_RDWR | O_APPEND | O_NONBLOCK)

/*
 * The file is a memfd, opened again through /proc: no file system of the
 * machine's is touched, and making a memfd is not an open.
 */
static int
open_again(int fd, int *ret_fd)
{
	char path[sizeof("/proc/self/fd/") + 3 * sizeof(int)];
	int again;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, TEST_FLAGS | O_CLOEXEC);
	if (again < 0)
		return -errno;
	*ret_fd = again;
	return 0;
}

/*
 * The system call rung has forgotten the tid when we come back from the call
 * (that it has is part of the test); everything else is still there.
 */
static bool
recorded(const struct bpf_state *state, const struct slot *slot,
    const struct stat *st, unsigned int counter)
{
	bool files = bpf_knows_files(state);

	return slot->counter != counter &&
	       slot->tid == (files ? (unsigned int)gettid() : 0) &&
	       slot->ino == (files ? st->st_ino : 0) &&
	       slot->watch == (files ? 1 : 0) &&
	       slot->pid == (unsigned int)getpid() && slot->euid == geteuid() &&
	       (slot->flags & (O_ACCMODE | O_TRUNC | TEST_FLAGS)) ==
		   TEST_FLAGS &&
	       slot->exe_ino != 0 && slot->start_ns != 0 &&
	       (!files || slot->sum == slot_sum(slot));
}

static int
open_and_look(const struct bpf_state *state, int fd, const struct stat *st)
{
	int again fd_cleanup = -1;
	const struct slot *slot;
	unsigned int counter;
	struct slot *slots;
	int r;

	slots = mmap(NULL, SLOTS_BYTES, PROT_READ, MAP_SHARED, state->slots, 0);
	if (slots == MAP_FAILED)
		return -errno;
	slot = &slots[(unsigned int)gettid() & SLOT_MASK];
	counter = __atomic_load_n(&slot->counter, __ATOMIC_ACQUIRE);
	r = open_again(fd, &again);
	if (r == 0) {
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		r = recorded(state, slot, st, counter) ? 0 : 1;
	}
	(void)munmap(slots, SLOTS_BYTES);
	return r;
}

int
bpf_prove(struct bpf_state *state)
{
	struct bpf_watched inode;
	int fd fd_cleanup = -1;
	struct stat st;
	int r, removed;

	fd = memfd_create("doorward-self-test", MFD_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	inode = (struct bpf_watched){.dev = st.st_dev,
	    .ino = st.st_ino,
	    .watch = 0,
	    .kind = OBJECT_FILE};
	r = bpf_objects_add(state, &inode);
	if (r < 0)
		return r;
	r = open_and_look(state, fd, &st);
	removed = bpf_objects_remove(state, &inode);
	return r != 0 ? r : removed;
}
