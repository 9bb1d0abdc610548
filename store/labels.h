/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the store remembers about programs and processes to write each of them
 * once: labels (program identity to path, from LABEL_STORE) and actors (process
 * to the index of its ACTOR leaf). Both are bounded caches: what falls out is
 * written again, never wrong. Labels are names the opener's side chose; they
 * are shown, never judged by.
 */
#ifndef DOORWARD_STORE_LABELS_H
#define DOORWARD_STORE_LABELS_H

#include <stdbool.h>
#include <stdint.h>

#include "ipc/wire/msg.h"

#define LABEL_SETS 2048
#define LABEL_WAYS 4
#define ACTOR_SLOTS 16384

struct label {
	uint64_t dev, ino;
	uint64_t used;
	char *path; /* owned; NULL: free */
};

struct labels {
	struct label set[LABEL_SETS][LABEL_WAYS];
	uint64_t clock;
};

/* Keeps a copy; without memory the program stays unnamed. */
void labels_put(struct labels *l, uint64_t dev, uint64_t ino, const char *path);
/* NULL: not known. Valid until the next labels_put. */
const char *labels_get(struct labels *l, uint64_t dev, uint64_t ino);

struct actor {
	uint64_t start_ns, exe_dev, exe_ino;
	uint32_t pid;
	bool used, labelled;
	uint64_t index;
};

struct actors {
	struct actor slot[ACTOR_SLOTS];
};

void actors_clear(struct actors *a);
/*
 * The slot for this subject: *ret_known says whether it already is this one,
 * with a label if labelled is wanted. Otherwise the caller writes the ACTOR
 * leaf and puts its index in; the slot's identity is then the subject's.
 */
struct actor *actors_find(struct actors *a, const struct rec_SUBJECT *s,
    bool labelled, bool *ret_known);

#endif
