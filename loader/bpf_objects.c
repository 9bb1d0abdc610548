// SPDX-License-Identifier: Apache-2.0
#include "loader/bpf.h"

#include <errno.h>
#include <string.h>
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

static bool
set_has_super(const struct bpf_set *set, uint32_t super)
{
	for (size_t i = 0; i < set->nsupers; i++) {
		if (set->supers[i] == super)
			return true;
	}
	return false;
}

/* The kernel's table is the union of both sets'. */
static int
set_add_super(struct bpf_state *state, struct bpf_set *set, uint32_t super)
{
	const uint32_t one = 1;

	if (set_has_super(set, super))
		return 0;
	if (set->nsupers == SUPERS_MAX)
		return -ENOSPC;
	if (bpf_map_update_elem(state->supers, &super, &one, BPF_ANY) < 0)
		return errno == E2BIG ? -ENOSPC : -errno;
	set->supers[set->nsupers++] = super;
	return 0;
}

/* Takes from the kernel's table what only the set going away had in it. */
static int
drop_supers(struct bpf_state *state, const struct bpf_set *going,
    const struct bpf_set *staying)
{
	int r = 0;

	for (size_t i = 0; i < going->nsupers; i++) {
		if (set_has_super(staying, going->supers[i]))
			continue;
		if (bpf_map_delete_elem(state->supers, &going->supers[i]) < 0 &&
		    errno != ENOENT)
			r = -errno;
	}
	return r;
}

static void
set_clear(struct bpf_set *set)
{
	fd_close(&set->fd);
	set->nsupers = 0;
	set->generation = 0;
}

int
bpf_objects_begin(struct bpf_state *state, uint32_t generation, size_t expected)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_NO_PREALLOC);
	int fd;

	if (!bpf_knows_files(state))
		return 0;
	if (state->next.fd >= 0)
		return -EBUSY;
	if (expected > (UINT32_MAX - SET_ROOM) / 2)
		return -ENOSPC;
	fd = bpf_map_create(BPF_MAP_TYPE_HASH, "watched_inodes",
	    sizeof(struct object_key), sizeof(struct object_value),
	    (uint32_t)expected * 2 + SET_ROOM, &opts);
	if (fd < 0)
		return -errno;
	state->next.fd = fd;
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
	state->next.fd = -1;
	set_clear(&state->next);
	/* One left behind only makes opens on that superblock a little slower.
	 */
	(void)drop_supers(state, &old, &state->live);
	fd_close(&old.fd);
	return 0;
}

void
bpf_objects_abort(struct bpf_state *state)
{
	if (state->next.fd < 0)
		return;
	(void)drop_supers(state, &state->next, &state->live);
	set_clear(&state->next);
}

int
bpf_objects_add(struct bpf_state *state, const struct bpf_watched *inode)
{
	struct object_key key = key_of(inode);
	struct object_value value, old;
	struct bpf_set *set;
	int r;

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
	r = set_add_super(state, set, key.super);
	if (r < 0)
		return r;
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
