/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The context recorder from the loader's side: loads the kernel programs of
 * bpf/, believes them only after they saw an open of our own, and keeps the
 * table of watched inodes in the kernel in step with the policy. The only user
 * of libbpf. A build without kernel programs has the same functions
 * (bpf_none.c); they give rung none.
 *
 * Nothing is pinned: programs and maps live in descriptors of the state and are
 * gone with bpf_stop() or the process. For one thread of the loader only. These
 * functions return errors; libbpf's own words go to log_debug.
 *
 * Not for: marks, verdicts, or reading slots (the monitor does that).
 */
#ifndef DOORWARD_LOADER_BPF_H
#define DOORWARD_LOADER_BPF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "bpf/objects.h"
#include "ipc/wire/words.h"

struct bpf_state;

struct bpf_options {
	enum context_rung best; /* tried first; CONTEXT_LSM but in tests */
	bool uses_ancestors;	/* as bpf_uses_ancestors() */
};

/* A watched inode. */
struct bpf_watched {
	dev_t dev;   /* as stat gives it, and the monitor compares */
	dev_t super; /* as mountinfo does; 0: the same, true but on btrfs */
	uint64_t ino;
	uint32_t watch; /* index in the compiled policy; WATCH_NONE: not one */
	uint32_t kind;	/* enum object_kind, or-ed */
};

/*
 * Tries the rungs from options->best down; each is loaded, attached and has to
 * record an open of a memfd made here. Needs CAP_BPF and CAP_PERFMON (or
 * CAP_SYS_ADMIN), /proc, and the initial pid namespace; lacking any of it, or a
 * kernel without BTF, is not an error but a lower rung, at last CONTEXT_NONE.
 * The state is the caller's, to be given to bpf_stop().
 * Returns 0 or -ENOMEM.
 */
int bpf_start(const struct bpf_options *options, struct bpf_state **ret_state);

/* Detaches and frees everything; *state is NULL afterwards. NULL is fine. */
void bpf_stop(struct bpf_state **state);

enum context_rung bpf_rung(const struct bpf_state *state);

/*
 * Why each better rung was refused, in the form of vitals_loader.context_err:
 * -errno, 1 loaded but never fired, 0 taken or not tried.
 */
void
bpf_rung_errors(const struct bpf_state *state, int32_t errors[CONTEXT_MAX]);

/*
 * The slots (bpf/slot.h) for the monitor, still owned by the state: pass a
 * copy. The map is frozen: PROT_READ, MAP_SHARED and
 * SLOT_COUNT * sizeof(struct slot) bytes is all a holder can do with it.
 * -1 on rung none.
 */
int bpf_slots_fd(const struct bpf_state *state);

/* Whether the ancestors' programs are recorded. Returns 0 or -errno. */
int bpf_uses_ancestors(struct bpf_state *state, bool uses);

/*
 * The watched inodes, replaced as a whole: begin, add all of them, then commit
 * (from that moment the kernel works with the new ones) or abort. expected is
 * how many will come, counting those of new directories is not needed.
 * On rungs that know no files these succeed and do nothing.
 * Return 0 or -errno; -EBUSY: begun already; -EINVAL: not begun.
 */
int bpf_objects_begin(
    struct bpf_state *state, uint32_t generation, size_t expected);
int bpf_objects_commit(struct bpf_state *state);
void bpf_objects_abort(struct bpf_state *state);

/*
 * Adds an inode to the set begun, else to the one in use (a new directory).
 * Adding one again or-s the kinds; if the watches differ the slot will say
 * "not known", and the monitor looks for itself.
 * Returns 0 or -errno; -ENOSPC: the set is full, opens there will have an
 * unknown context.
 */
int bpf_objects_add(struct bpf_state *state, const struct bpf_watched *inode);

/*
 * Forgets an inode, of the set in use and of the one begun; dev, super and ino
 * are looked at. One that is not there is fine. Returns 0 or -errno.
 */
int
bpf_objects_remove(struct bpf_state *state, const struct bpf_watched *inode);

/*
 * Opens the kernel did not run our programs for (recursion misses; for ever 0
 * on the lsm rung and before 5.12). Returns 0 or -errno.
 */
int bpf_lost(const struct bpf_state *state, uint64_t *ret_lost);

/* One of the kernel side's counters; 0 on rung none. Returns 0 or -errno. */
int bpf_counter(const struct bpf_state *state, enum object_counter which,
    uint64_t *ret_count);

#endif
