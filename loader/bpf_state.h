/* SPDX-License-Identifier: Apache-2.0 */
/* Private to loader/bpf*.c: what one running context recorder consists of. */
#ifndef DOORWARD_LOADER_BPF_STATE_H
#define DOORWARD_LOADER_BPF_STATE_H

#include "loader/bpf.h"

#define BPF_PROGRAMS_MAX 3 /* of one rung */

struct bpf_link;
struct bpf_object;

/* One set of watched inodes: an inner map, and its bits of the sieve. */
struct bpf_set {
	int fd;			    /* -1: there is none */
	struct object_sieve *sieve; /* its own bits; NULL like fd */
	uint32_t generation;
};

struct bpf_state {
	enum context_rung rung;
	int32_t errors[CONTEXT_MAX];
	struct bpf_object *object; /* owns the map and program descriptors */
	struct bpf_link *links[BPF_PROGRAMS_MAX];
	int programs[BPF_PROGRAMS_MAX];		/* -1: none; owned by object */
	int slots, objects, settings, counters; /* owned by object */
	struct object_sieve *sieve; /* the kernel's: bits of both sets */
	struct bpf_set live, next;
};

/* Whether the rung knows which file is opened, and so has a use for sets. */
bool bpf_knows_files(const struct bpf_state *state);

/* Maps the kernel's sieve. Returns 0 or -errno. */
int bpf_sieve_map(struct bpf_state *state, int fd);

/* Frees both sets and the mapping; the maps go with the object. */
void bpf_sets_free(struct bpf_state *state);

/*
 * Opens a file of our own and looks for it in our slot. Returns 0, 1 when the
 * programs did not record it (or not rightly), or -errno when the test itself
 * could not be made.
 */
int bpf_prove(struct bpf_state *state);

#endif
