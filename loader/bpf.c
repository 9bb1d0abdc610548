// SPDX-License-Identifier: Apache-2.0
#include "loader/bpf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "ipc/proc/fd.h"
#include "ipc/proc/log.h"
#include "loader/bpf_state.h"

/* bpf/doorward.bpf.o, put into our read-only data by the assembler. */
extern const unsigned char doorward_bpf_start[];
extern const unsigned char doorward_bpf_end[];
__asm__(".pushsection .rodata,\"a\",@progbits\n"
	".balign 16\n"
	".global doorward_bpf_start\n"
	"doorward_bpf_start:\n"
	".incbin \"bpf/doorward.bpf.o\"\n"
	".global doorward_bpf_end\n"
	"doorward_bpf_end:\n"
	".byte 0\n"
	".popsection\n");

/* In the order tried. The second of a pair is for kernels before 5.11. */
static const struct attempt {
	enum context_rung rung;
	const char *programs[BPF_PROGRAMS_MAX];
} attempts[] = {
    {CONTEXT_LSM, {"lsm_open"}},
    {CONTEXT_LSM, {"lsm_open_read"}},
    {CONTEXT_FENTRY, {"fentry_open"}},
    {CONTEXT_FENTRY, {"fentry_open_read"}},
    {CONTEXT_RAW_TP, {"syscall_enter", "syscall_exit", "syscall_execed"}},
};

static int __attribute__((format(printf, 2, 0)))
print_debug(enum libbpf_print_level level, const char *format, va_list ap)
{
	char line[LOG_LINE_BYTES];
	size_t length;

	(void)level;
	(void)vsnprintf(line, sizeof(line), format, ap);
	length = strlen(line);
	if (length > 0 && line[length - 1] == '\n')
		line[length - 1] = '\0';
	log_debug("%s", line);
	return 0;
}

static bool
belongs(const struct attempt *attempt, const char *program)
{
	for (size_t i = 0; i < BPF_PROGRAMS_MAX; i++) {
		if (attempt->programs[i] != NULL &&
		    strcmp(attempt->programs[i], program) == 0)
			return true;
	}
	return false;
}

static void
forget_object(struct bpf_state *state)
{
	for (size_t i = 0; i < BPF_PROGRAMS_MAX; i++) {
		(void)bpf_link__destroy(state->links[i]);
		state->links[i] = NULL;
		state->programs[i] = -1;
	}
	bpf_sets_free(state);
	bpf_object__close(state->object);
	state->object = NULL;
	state->slots = state->objects = -1;
	state->settings = state->counters = -1;
	state->rung = CONTEXT_NONE;
}

static int
map_fd(struct bpf_object *object, const char *name, int *ret_fd)
{
	int fd = bpf_object__find_map_fd_by_name(object, name);

	if (fd < 0)
		return fd;
	*ret_fd = fd;
	return 0;
}

static int
load(struct bpf_state *state, const struct attempt *attempt)
{
	const struct bpf_object_open_opts opts = {
	    .sz = sizeof(opts), .object_name = "doorward"};
	struct bpf_program *program;
	int r, sieve;

	state->object = bpf_object__open_mem(doorward_bpf_start,
	    (uintptr_t)doorward_bpf_end - (uintptr_t)doorward_bpf_start, &opts);
	if (state->object == NULL)
		return -errno;
	bpf_object__for_each_program(program, state->object)
	{
		r = bpf_program__set_autoload(
		    program, belongs(attempt, bpf_program__name(program)));
		if (r < 0)
			return r;
	}
	r = bpf_object__load(state->object);
	if (r < 0)
		return r;
	if ((r = map_fd(state->object, "slots", &state->slots)) < 0 ||
	    (r = map_fd(state->object, "objects", &state->objects)) < 0 ||
	    (r = map_fd(state->object, "settings", &state->settings)) < 0 ||
	    (r = map_fd(state->object, "counters", &state->counters)) < 0 ||
	    (r = map_fd(state->object, "sieve", &sieve)) < 0 ||
	    (r = bpf_sieve_map(state, sieve)) < 0)
		return r;
	/* User space can now only read it; the programs still write. */
	if (bpf_map_freeze(state->slots) < 0)
		return -errno;
	return 0;
}

static int
attach(struct bpf_state *state, const struct attempt *attempt)
{
	struct bpf_program *program;

	/* Backwards: what clears slots stands before what fills them. */
	for (size_t i = BPF_PROGRAMS_MAX; i-- > 0;) {
		if (attempt->programs[i] == NULL)
			continue;
		program = bpf_object__find_program_by_name(
		    state->object, attempt->programs[i]);
		if (program == NULL)
			return -errno;
		state->links[i] = bpf_program__attach(program);
		if (state->links[i] == NULL)
			return -errno;
		state->programs[i] = bpf_program__fd(program);
	}
	return 0;
}

/* Returns 0 with the rung standing, 1 or -errno with nothing left of it. */
static int
try_rung(
    struct bpf_state *state, const struct attempt *attempt, bool uses_ancestors)
{
	int r = load(state, attempt);

	if (r < 0)
		goto refused;
	state->rung = attempt->rung;
	r = bpf_uses_ancestors(state, uses_ancestors);
	if (r < 0)
		goto refused;
	r = bpf_objects_begin(state, 0, 0);
	if (r < 0)
		goto refused;
	r = bpf_objects_commit(state);
	if (r < 0)
		goto refused;
	r = attach(state, attempt);
	if (r < 0)
		goto refused;
	r = bpf_prove(state);
	if (r == 0)
		return 0;
refused:
	forget_object(state);
	return r;
}

int
bpf_start(const struct bpf_options *options, struct bpf_state **ret_state)
{
	struct bpf_state *state = calloc(1, sizeof(*state));
	int32_t *error;

	if (state == NULL)
		return -ENOMEM;
	state->live.fd = state->next.fd = -1;
	forget_object(state);
	(void)libbpf_set_print(print_debug);
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		error = &state->errors[attempts[i].rung];
		/* What loads and never fires will not fire built otherwise. */
		if (attempts[i].rung > options->best || *error == 1)
			continue;
		*error = try_rung(state, &attempts[i], options->uses_ancestors);
		if (*error == 0)
			break;
	}
	*ret_state = state;
	return 0;
}

void
bpf_stop(struct bpf_state **state)
{
	if (*state == NULL)
		return;
	forget_object(*state);
	free(*state);
	*state = NULL;
}

enum context_rung
bpf_rung(const struct bpf_state *state)
{
	return state->rung;
}

bool
bpf_knows_files(const struct bpf_state *state)
{
	return state->rung == CONTEXT_LSM || state->rung == CONTEXT_FENTRY;
}

void
bpf_rung_errors(const struct bpf_state *state, int32_t errors[CONTEXT_MAX])
{
	memcpy(errors, state->errors, sizeof(state->errors));
}

int
bpf_slots_fd(const struct bpf_state *state)
{
	return state->slots;
}

int
bpf_uses_ancestors(struct bpf_state *state, bool uses)
{
	const struct object_settings settings = {.uses_ancestors = uses};
	const uint32_t zero = 0;

	if (state->rung == CONTEXT_NONE)
		return 0;
	if (bpf_map_update_elem(state->settings, &zero, &settings, BPF_ANY) < 0)
		return -errno;
	return 0;
}

int
bpf_lost(const struct bpf_state *state, uint64_t *ret_lost)
{
	struct bpf_prog_info info;
	uint64_t lost = 0;
	uint32_t length;

	for (size_t i = 0; i < BPF_PROGRAMS_MAX; i++) {
		if (state->programs[i] < 0)
			continue;
		memset(&info, 0, sizeof(info));
		length = sizeof(info);
		if (bpf_obj_get_info_by_fd(state->programs[i], &info, &length) <
		    0)
			return -errno;
		lost += info.recursion_misses;
	}
	*ret_lost = lost;
	return 0;
}

int
bpf_counter(const struct bpf_state *state, enum object_counter which,
    uint64_t *ret_count)
{
	const uint32_t index = which;
	uint64_t count = 0;

	if (state->rung != CONTEXT_NONE &&
	    bpf_map_lookup_elem(state->counters, &index, &count) < 0)
		return -errno;
	*ret_count = count;
	return 0;
}
