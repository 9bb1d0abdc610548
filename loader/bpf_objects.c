// SPDX-License-Identifier: Apache-2.0
#include "loader/bpf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>

#include <bpf/bpf.h>

#include "ipc/proc/fd.h"
#include "loader/bpf_state.h"

/* Directories made while a policy is in use, beyond those it began with. */
#define SET_ROOM 65536

static uint32_t
kernel_dev(dev_t dev)
{
	return major(dev) << 20 | minor(dev);
}

static struct object_key
key_of(const struct bpf_watched *inode)
{
	dev_t super = inode->super != 0 ? inode->super : inode->dev;

	return (struct object_key){
	    .ino = inode->ino, .super = kernel_dev(super)};
}

static void
set_clear(struct bpf_set *set)
{
	fd_close(&set->fd);
	free(set->sieve);
	set->sieve = NULL;
	set->generation = 0;
}

int
bpf_sieve_map(struct bpf_state *state, int fd)
{
	void *p = mmap(NULL, sizeof(*state->sieve), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		return -errno;
	state->sieve = p;
	return 0;
}

void
bpf_sets_free(struct bpf_state *state)
{
	set_clear(&state->live);
	set_clear(&state->next);
	if (state->sieve != NULL)
		(void)munmap(state->sieve, sizeof(*state->sieve));
	state->sieve = NULL;
}

/* Programs look at the words all the while; a bit of both sets never falls. */
static void
sieve_store(struct bpf_state *state, const struct bpf_set *set)
{
	const unsigned long long *from = (const void *)set->sieve;
	unsigned long long *to = (void *)state->sieve;

	for (size_t i = 0; i < sizeof(*state->sieve) / sizeof(*to); i++)
		__atomic_store_n(&to[i], from[i], __ATOMIC_RELAXED);
}

static void
sieve_set(unsigned long long *own, unsigned long long *shared, uint32_t bit)
{
	unsigned long long mask = 1ull << (bit & 63);

	own[bit / 64] |= mask;
	(void)__atomic_fetch_or(&shared[bit / 64], mask, __ATOMIC_SEQ_CST);
}

/* Before the inode is added: a clear bit says that it is not there. */
static void
sieve_add(
    struct bpf_state *state, struct bpf_set *set, const struct object_key *key)
{
	sieve_set(set->sieve->supers, state->sieve->supers,
	    sieve_super_bit(key->super));
	sieve_set(set->sieve->inodes, state->sieve->inodes,
	    sieve_bit(key->ino, key->super));
}

int
bpf_objects_begin(struct bpf_state *state, uint32_t generation, size_t expected)
{
	const struct bpf_map_create_opts opts = {
	    .sz = sizeof(opts), .map_flags = BPF_F_NO_PREALLOC};
	struct object_sieve *sieve;
	int fd;

	if (!bpf_knows_files(state))
		return 0;
	if (state->next.fd >= 0)
		return -EBUSY;
	if (expected > (UINT32_MAX - SET_ROOM) / 2)
		return -ENOSPC;
	sieve = calloc(1, sizeof(*sieve));
	if (sieve == NULL)
		return -ENOMEM;
	fd = bpf_map_create(BPF_MAP_TYPE_HASH, "watched_inodes",
	    sizeof(struct object_key), sizeof(struct object_value),
	    (uint32_t)expected * 2 + SET_ROOM, &opts);
	if (fd < 0) {
		fd = -errno;
		free(sieve);
		return fd;
	}
	state->next.fd = fd;
	state->next.sieve = sieve;
	state->next.generation = generation;
	return 0;
}

int
bpf_objects_commit(struct bpf_state *state)
{
	const uint32_t zero = 0;
	struct bpf_set old;

	if (!bpf_knows_files(state))
		return 0;
	if (state->next.fd < 0)
		return -EINVAL;
	if (bpf_map_update_elem(
		state->objects, &zero, &state->next.fd, BPF_ANY) < 0)
		return -errno;
	old = state->live;
	state->live = state->next;
	memset(&state->next, 0, sizeof(state->next));
	state->next.fd = -1;
	sieve_store(state, &state->live);
	set_clear(&old);
	return 0;
}

void
bpf_objects_abort(struct bpf_state *state)
{
	if (state->next.fd < 0)
		return;
	sieve_store(state, &state->live);
	set_clear(&state->next);
}

int
bpf_objects_add(struct bpf_state *state, const struct bpf_watched *inode)
{
	struct object_key key = key_of(inode);
	struct object_value value, old;
	struct bpf_set *set;

	if (!bpf_knows_files(state))
		return 0;
	set = state->next.fd >= 0 ? &state->next : &state->live;
	value = (struct object_value){
	    .watch = inode->watch,
	    .kind = inode->kind,
	    .generation = set->generation,
	    .dev = kernel_dev(inode->dev),
	};
	if (bpf_map_lookup_elem(set->fd, &key, &old) == 0) {
		value.kind |= old.kind;
		if (value.watch != old.watch)
			value.watch = WATCH_NONE;
	}
	sieve_add(state, set, &key);
	if (bpf_map_update_elem(set->fd, &key, &value, BPF_ANY) < 0)
		return errno == E2BIG ? -ENOSPC : -errno;
	return 0;
}

int
bpf_objects_remove(struct bpf_state *state, const struct bpf_watched *inode)
{
	struct object_key key = key_of(inode);
	const int sets[] = {state->live.fd, state->next.fd};
	int r = 0;

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		if (sets[i] >= 0 && bpf_map_delete_elem(sets[i], &key) < 0 &&
		    errno != ENOENT)
			r = -errno;
	}
	return r;
}
