/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the sealer may never lose and must forget in time: its key slots. The
 * file "slots" holds two of 4096 bytes, written in place and through to the
 * disk, the newer one first, the older one then zeroed. All integers
 * big-endian:
 *
 *   OFFSET SIZE
 *        0    8  "DWSLOT01"
 *        8    8  sequence: the valid slot with the larger one counts
 *       16    8  number of the next seal
 *       24    8  leaves signed so far
 *       32   32  secret of the next seal
 *       64   32  first secret of the next block
 *       96   32  first secret of the block after it
 *      128   32  seed of the identity key
 *      160   64  the last signature (zero before the first)
 *      224   32  public genesis key
 *      256    2  length of the origin
 *      258  300  origin, zero-padded
 *      558    2  length of the frontier
 *      560 2048  frontier (tree.h), zero-padded
 *     2608 1456  zero
 *     4064   32  BLAKE2b-256 of the 4064 bytes before
 */
#ifndef DOORWARD_STORE_SLOT_H
#define DOORWARD_STORE_SLOT_H

#include <stdint.h>

#include "store/note.h"
#include "store/ratchet.h"
#include "store/tree.h"

#define SLOT_BYTES 4096
#define SLOTS_FILE "slots"

/* Everything but the ratchet's derived part travels to the disk and back. */
struct sealer_state {
	uint64_t sequence;
	struct ratchet keys;
	struct tree tree; /* of the leaves signed so far */
	uint8_t last_sig[SIG_BYTES];
	uint8_t genesis_pk[HASH_BYTES];
	char origin[ORIGIN_BYTES_MAX + 1];
};

void slot_encode(const struct sealer_state *s, uint8_t ret[SLOT_BYTES]);
/* Pure. 0, or -EBADMSG; the ratchet then still needs ratchet_resume(). */
int slot_decode(const uint8_t bytes[SLOT_BYTES], struct sealer_state *ret);

/*
 * Reads the newer valid slot and zeroes the older one. fd: O_RDWR | O_DSYNC.
 * 0; -ENOENT the file is empty; -ENODATA only slot_begin was reached;
 * -EBADMSG no slot is valid; -errno.
 */
int slot_load(int fd, struct sealer_state *ret);
/* Says that keys are about to be made: a crash from here on is no loss. */
int slot_begin(int fd);
/* Writes the state as sequence + 1; when it returns 0 it is on the disk. */
int slot_store(int fd, struct sealer_state *s);
/* Zeroes the slot the current one replaced. 0 or -errno. */
int slot_forget(int fd, const struct sealer_state *s);

#endif
