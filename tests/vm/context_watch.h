/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For the context tests: a private directory, guarded by a permission group
 * and known to a real context recorder, and a reader that joins events with
 * slots by the monitor's rules (bpf/slot.h).
 */
#ifndef DOORWARD_TESTS_VM_CONTEXT_WATCH_H
#define DOORWARD_TESTS_VM_CONTEXT_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "bpf/slot.h"
#include "loader/bpf.h"

#define WATCH_INDEX 7u
#define WATCH_GENERATION 3u

struct watch {
	struct bpf_state *bpf;
	const struct slot *slots;
	int group;
	char dir[32];
	struct stat st; /* of the directory */
	unsigned int consumed[SLOT_COUNT];
};

/* One permission event and the context found for it. */
struct seen {
	int fd; /* the opener waits until watch_allow() */
	uint64_t mask;
	pid_t tid;
	struct stat st;
	struct slot slot; /* as it lay there, known or not */
	bool known;
};

/*
 * Starts a recorder at best or below it, makes the directory, has its tree
 * recorded as WATCH_INDEX and the opens directly in it asked about. Returns
 * NULL with the reason printed when the machine cannot.
 */
struct watch *watch_start(enum context_rung best, bool uses_ancestors);
void watch_stop(struct watch *w);

/* Makes the directory's tree all that is recorded. Returns 0 or -errno. */
int watch_record_tree(struct watch *w);

/* dir/name into a static buffer of the calling thread. */
const char *watch_path(const struct watch *w, const char *name);

/* Whether this rung knows files (and so watches, and unwatched opens). */
bool watch_knows_files(const struct watch *w);

/* Waits for one event. false: none within the time. */
bool watch_next(struct watch *w, int timeout_ms, struct seen *ret_seen);
void watch_allow(struct watch *w, struct seen *seen);

/*
 * Runs open_it(w) on a thread and answers what it causes. Returns the number of
 * events, of which the first max are in seen; *ret_tid is the thread, *ret is
 * what open_it returned.
 */
size_t watch_during(struct watch *w, int (*open_it)(struct watch *w),
    struct seen *seen, size_t max, pid_t *ret_tid, int *ret);

/* A copy of the slot a thread's opens are recorded in. */
struct slot watch_slot(const struct watch *w, pid_t tid);

#endif
