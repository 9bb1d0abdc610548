/* SPDX-License-Identifier: Apache-2.0 */
/* Private to loader/bpf*.c: what one running context recorder consists of. */
#ifndef DOORWARD_LOADER_BPF_STATE_H
#define DOORWARD_LOADER_BPF_STATE_H

#include "loader/bpf.h"

#define BPF_PROGRAMS_MAX 2 /* of one rung */

struct bpf_link;
struct bpf_object;

/* One set of watched inodes: an inner map, and the superblocks they lie on. */
struct bpf_set {
	int fd; /* -1: there is none */
	uint32_t generation;
	size_t nsupers;
	uint32_t supers[SUPERS_MAX];
};

struct bpf_state {
	enum context_rung rung;
	int32_t errors[CONTEXT_MAX];
	struct bpf_object *object; /* owns the map and program descriptors */
	struct bpf_link *links[BPF_PROGRAMS_MAX];
	int programs[BPF_PROGRAMS_MAX]; /* -1: none; owned by object */
	int slots, supers, objects, settings, counters; /* owned by object */
	struct bpf_set live, next;
};

/* Whether the rung knows which file is opened, and so has a use for sets. */
bool bpf_knows_files(const struct bpf_state *state);

/*
 * Opens a file of our own and looks for it in our slot. Returns 0, 1 when the
 * programs did not record it (or not rightly), or -errno when the test itself
 * could not be made.
 */
int bpf_prove(struct bpf_state *state);

#endif
