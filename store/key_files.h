/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public side of the key directory: every public seal key ("keys.public",
 * 128 KiB a block) and every key note ("keys.notes", 2048 bytes a block, padded
 * with zeros). Nothing in them is secret; they let the store, and a log whose
 * database was lost, have any block again. doorward-sealer only.
 */
#ifndef DOORWARD_STORE_KEY_FILES_H
#define DOORWARD_STORE_KEY_FILES_H

#include <stddef.h>
#include <stdint.h>

#include "store/note.h"
#include "store/ratchet.h"

#define PUBLIC_FILE "keys.public"
#define NOTES_FILE "keys.notes"

struct key_files {
	int slots; /* O_RDWR | O_DSYNC, locked */
	int public_keys;
	int notes;
};

/*
 * Opens (and makes) the files in the current directory, which must be ours
 * alone. 0; -EBUSY another sealer has them; -errno. Close with key_files_close.
 */
int key_files_open(struct key_files *ret);
void key_files_close(struct key_files *f);

/* Writes one block and its note (NUL-terminated), durable on return. 0, -errno.
 */
int key_files_put(const struct key_files *f, uint64_t block,
    const uint8_t pks[BLOCK_BYTES], const char *note);
/* count keys of a block from the first-th on. 0, -ENOENT, -errno. */
int key_files_keys(const struct key_files *f, uint64_t block, uint32_t first,
    uint32_t count, uint8_t *ret);
/* 0, -ENOENT, -errno. ret has NOTE_BYTES_MAX bytes, NUL-terminated. */
int key_files_note(const struct key_files *f, uint64_t block, char *ret);

#endif
