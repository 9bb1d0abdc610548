/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands in the kernel's two groups: one entry per marked inode, keyed by
 * device and inode, small enough that a hundred thousand directories cost some
 * megabytes. No descriptor is held per entry; an entry is found again on its
 * file system through its file handle.
 * Not for: deciding what to mark (marks.h).
 */
#ifndef DOORWARD_LOADER_MARK_TABLE_H
#define DOORWARD_LOADER_MARK_TABLE_H

#include <stddef.h>
#include <stdint.h>

#define MARK_HANDLE_BYTES 40

enum mark_bit {
	MARK_OPENS = 1u << 0,	 /* this file, in the permission group */
	MARK_CHILDREN = 1u << 1, /* the files in this directory, likewise */
	MARK_NAMES = 1u << 2,	 /* notification group */
};

struct mark {
	uint64_t dev, ino;   /* wire_dev() */
	uint64_t wanted;     /* the last sweep that asked for it */
	uint64_t appeared;   /* marks.touch when this inode was new to us */
	uint32_t watch;	     /* told to the kernel programs, or WATCH_NONE */
	uint8_t bits;	     /* MARK_*; 0: free entry */
	uint8_t wanted_bits; /* of that sweep */
	uint8_t handle_len;  /* 0: the file system gives none */
	uint8_t reserved;
	int32_t handle_type;
	uint8_t handle[MARK_HANDLE_BYTES];
};

struct mark_table {
	struct mark *slots;
	size_t cap, used;
};

/* The entry, or NULL. Valid until the next insertion or removal. */
struct mark *mark_find(struct mark_table *t, uint64_t dev, uint64_t ino);
/*
 * The entry, a new one if need be (bits 0: the caller sets them at once).
 * NULL: no memory.
 */
struct mark *mark_obtain(struct mark_table *t, uint64_t dev, uint64_t ino);
void mark_forget(struct mark_table *t, struct mark *m);
void mark_table_free(struct mark_table *t);

#endif
