/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one-time seal keys (FORMAT.md, "Keys"): seal n is signed by the key of
 * number n, which is then gone for good. Public halves are committed in blocks
 * of 4096, one block ahead, each block's note signed by a key that the note
 * before it names.
 *
 * Secrets live in one struct ratchet, which its owner keeps in locked memory
 * and wipes; nothing here keeps a copy. No I/O. doorward-sealer only.
 */
#ifndef DOORWARD_STORE_RATCHET_H
#define DOORWARD_STORE_RATCHET_H

#include <stdbool.h>
#include <stdint.h>

#include "ipc/wire/words.h"
#include "store/note.h"

#define SECRET_BYTES 32
#define BLOCK_KEYS 4096
#define BLOCK_BYTES ((size_t)BLOCK_KEYS * HASH_BYTES)

struct ratchet {
	/* kept in the slot file */
	uint64_t n;		 /* number of the next seal */
	uint8_t s[SECRET_BYTES]; /* its secret, from which all later ones of its
				    block follow */
	uint8_t next[SECRET_BYTES];  /* first secret of the block after n's */
	uint8_t later[SECRET_BYTES]; /* and of the block after that */
	uint8_t identity[SECRET_BYTES]; /* seed of the identity key */
	/* public keys of the block `later`, one made with each seal */
	uint8_t walk[SECRET_BYTES];
	uint32_t walked;
	uint8_t pks[BLOCK_BYTES];
};

/* All public keys of the block whose first secret is given (~120 ms). */
void
ratchet_block_keys(const uint8_t first[SECRET_BYTES], uint8_t ret[BLOCK_BYTES]);
/* The cert key of that block. */
void
ratchet_cert_key(const uint8_t first[SECRET_BYTES], uint8_t ret_pk[HASH_BYTES]);
/* Signs with the cert key of that block. */
void ratchet_cert_sign(const uint8_t first[SECRET_BYTES], const void *text,
    size_t len, uint8_t ret[SIG_BYTES]);
/* RFC 6962 root over the keys as leaves. */
void
ratchet_block_root(const uint8_t pks[BLOCK_BYTES], uint8_t ret[HASH_BYTES]);

/* Fresh secrets, n = 0. The blocks 0 and 1 are those of s and next. */
void ratchet_new(struct ratchet *r);
/* After n, s, next and later were loaded: makes walk and pks again (≤ 120 ms).
 */
void ratchet_resume(struct ratchet *r);

void ratchet_sign(const struct ratchet *r, const void *text, size_t len,
    uint8_t ret[SIG_BYTES]);
void ratchet_identity_key(const struct ratchet *r, uint8_t ret_pk[HASH_BYTES]);
void ratchet_identity_sign(const struct ratchet *r, const void *text,
    size_t len, uint8_t ret[SIG_BYTES]);

/*
 * Past seal n: its secret is overwritten, n grows by one, one more public key
 * is made. At a block's end the next block begins and *ret_pks (BLOCK_BYTES,
 * else untouched) are the keys of the block after it, to be committed now by
 * the cert key of the block that begins. Returns true then.
 */
bool ratchet_step(struct ratchet *r, uint8_t *ret_pks);

#endif
