// SPDX-License-Identifier: Apache-2.0
/* loader/bpf.h for a build without kernel programs: rung none, honestly. */
#include "loader/bpf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct bpf_state {
	int32_t errors[CONTEXT_MAX];
};

int
bpf_start(const struct bpf_options *options, struct bpf_state **ret_state)
{
	struct bpf_state *state = calloc(1, sizeof(*state));

	if (state == NULL)
		return -ENOMEM;
	for (int rung = CONTEXT_NONE + 1; rung < CONTEXT_MAX; rung++) {
		if (rung <= (int)options->best)
			state->errors[rung] = -ENOSYS;
	}
	*ret_state = state;
	return 0;
}

void
bpf_stop(struct bpf_state **state)
{
	free(*state);
	*state = NULL;
}

enum context_rung
bpf_rung(const struct bpf_state *state)
{
	(void)state;
	return CONTEXT_NONE;
}

void
bpf_rung_errors(const struct bpf_state *state, int32_t errors[CONTEXT_MAX])
{
	memcpy(errors, state->errors, sizeof(state->errors));
}

int
bpf_slots_fd(const struct bpf_state *state)
{
	(void)state;
	return -1;
}

int
bpf_uses_ancestors(struct bpf_state *state, bool uses)
{
	(void)state;
	(void)uses;
	return 0;
}

int
bpf_objects_begin(struct bpf_state *state, uint32_t generation, size_t expected)
{
	(void)state;
	(void)generation;
	(void)expected;
	return 0;
}

int
bpf_objects_commit(struct bpf_state *state)
{
	(void)state;
	return 0;
}

void
bpf_objects_abort(struct bpf_state *state)
{
	(void)state;
}

int
bpf_objects_add(struct bpf_state *state, const struct bpf_watched *inode)
{
	(void)state;
	(void)inode;
	return 0;
}

int
bpf_objects_remove(struct bpf_state *state, const struct bpf_watched *inode)
{
	(void)state;
	(void)inode;
	return 0;
}

int
bpf_lost(const struct bpf_state *state, uint64_t *ret_lost)
{
	(void)state;
	*ret_lost = 0;
	return 0;
}

int
bpf_counter(const struct bpf_state *state, enum object_counter which,
    uint64_t *ret_count)
{
	(void)state;
	(void)which;
	*ret_count = 0;
	return 0;
}
