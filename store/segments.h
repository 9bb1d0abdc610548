/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding and opening segment files for reading. Nothing is ever written: not
 * the file, and where the log is not live, nothing beside it either.
 * Shared by log_read.c and verify*.c.
 */
#ifndef DOORWARD_STORE_SEGMENTS_H
#define DOORWARD_STORE_SEGMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include <sqlite3.h>

#define SEGMENTS_MAX 4096
#define SEGMENT_PATH_MAX 4096

struct segment_list {
	size_t count;
	char **paths; /* sorted by number; owned */
};

/* The seg-NNNNNNNN.db of a folder. 0, -ENOENT none, -errno. */
int segments_find(const char *dir, struct segment_list *ret);
void segments_free(struct segment_list *l);

/*
 * Opens for reading, with everything off that a hostile file could use: schema
 * functions, extensions, memory mapping, writes. live: through the writer's
 * locks; else the file with its write-ahead file as they lie there, no locks,
 * no new files. 0; -ENOENT; -EBADMSG not a database; -EACCES; -ENOMEM; -EIO.
 */
int segment_read(const char *path, bool live, sqlite3 **ret);

#endif
