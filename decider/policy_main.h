/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to doorward-policy: what its ways of running share. Sources are read
 * before anything is said about them; nothing is freed, the process ends.
 */
#ifndef DOORWARD_DECIDER_POLICY_MAIN_H
#define DOORWARD_DECIDER_POLICY_MAIN_H

#include <stdbool.h>

#include "ipc/proc/confine.h"

#include "decider/policy_compile.h"

struct policy_inputs {
	struct policy_source sources[FILES_MAX];
	int fds[FILES_MAX];
	size_t n;
	int passwd_fd, group_fd; /* -1: none */
	struct policy_accounts accounts;
};

/* A compiler run by the loader: descriptors in, one memfd out. */
extern const struct confine confine_policy;
/* By hand: the same, and asking whether a program exists. */
extern const struct confine confine_policy_by_hand;

/*
 * Opens a file by name for later reading, or a directory's *.conf files in the
 * order of their names. 0 or -errno; -ENFILE: more than FILES_MAX.
 */
int inputs_open(struct policy_inputs *in, const char *path);
int inputs_open_directory(struct policy_inputs *in, const char *path);
/* Adds a descriptor the loader opened. 0, or -ENFILE. */
int inputs_add(struct policy_inputs *in, int fd, const char *path);
/* Reads everything; what cannot be read is an error in diags. */
void inputs_read(struct policy_inputs *in, struct policy_diags *diags);

/* The question of --test; texts as given on the command line. */
struct policy_question {
	const char *path, *op, *exe, *uid, *gid, *auid, *container;
};

/* Both print to standard output, as JSON if json. show cannot fail. */
void policy_show(const struct compiled_header *c, bool json);
/* 0, or -EINVAL: the question made no sense, and that was said on stderr. */
int policy_try(const struct compiled_header *c,
    const struct policy_accounts *accounts, const struct policy_question *q,
    bool json);

#endif
