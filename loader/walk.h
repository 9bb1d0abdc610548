/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walking the directories a pattern can match in. Directories are opened, never
 * files, and no symbolic link is followed below the starting path: the loader
 * may do this while marks stand.
 *
 * A directory is announced before its names are read: whoever marks it in
 * enter() misses nothing that appears later.
 */
#ifndef DOORWARD_LOADER_WALK_H
#define DOORWARD_LOADER_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "ipc/proc/look.h"
#include "ipc/wire/words.h"
#include "loader/glob.h"

#define WALK_DEPTH_MAX 512

/* One directory. fd is open on it for the time of the call. */
struct walk_dir {
	int fd;
	const char *path;
	size_t len;
	struct look look;
	glob_state state;
};

struct walk {
	const struct glob *glob;
	/* Return 0 to go on below, 1 to leave out what is below, -errno to end.
	 */
	int (*enter)(const struct walk_dir *d, void *ctx);
	/* A name that is not a directory and matches as a whole; may be NULL.
	 */
	int (*file)(const struct walk_dir *d, const char *name,
	    const char *path, void *ctx);
	void *ctx;
	uint64_t budget; /* names to look at; at 0 the walk ends with -E2BIG */
};

/*
 * Walks from the literal part of the glob, or from `from` (within it) when that
 * is not NULL. 0; -ENOENT, -ENOTDIR, -ELOOP … for the starting path; what
 * enter() or file() returned.
 */
int walk_run(struct walk *w, const char *from);

#endif
