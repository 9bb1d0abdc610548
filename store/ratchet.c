/* SPDX-License-Identifier: Apache-2.0 */
#include "store/ratchet.h"

#include <string.h>

#include <sodium.h>

#include "store/tree.h"

/* BLAKE2b keyed with the secret: one label, one purpose. */
static void
derive(const uint8_t secret[SECRET_BYTES], const char *label,
    uint8_t ret[SECRET_BYTES])
{
	uint8_t out[SECRET_BYTES];

	(void)crypto_generichash(out, sizeof(out), (const uint8_t *)label,
	    strlen(label), secret, SECRET_BYTES);
	memcpy(ret, out, sizeof(out));
	sodium_memzero(out, sizeof(out));
}

static void
public_of(const uint8_t seed[SECRET_BYTES], uint8_t ret_pk[HASH_BYTES])
{
	uint8_t sk[crypto_sign_SECRETKEYBYTES];

	(void)crypto_sign_seed_keypair(ret_pk, sk, seed);
	sodium_memzero(sk, sizeof(sk));
}

static void
sign_with(const uint8_t seed[SECRET_BYTES], const void *text, size_t len,
    uint8_t ret[SIG_BYTES])
{
	uint8_t sk[crypto_sign_SECRETKEYBYTES], pk[HASH_BYTES];

	(void)crypto_sign_seed_keypair(pk, sk, seed);
	(void)crypto_sign_detached(ret, NULL, text, len, sk);
	sodium_memzero(sk, sizeof(sk));
}

/* The public key of the seal whose secret is walk; walk moves on. */
static void
walk_one(uint8_t walk[SECRET_BYTES], uint8_t ret_pk[HASH_BYTES])
{
	uint8_t seed[SECRET_BYTES];

	derive(walk, "sign", seed);
	public_of(seed, ret_pk);
	sodium_memzero(seed, sizeof(seed));
	derive(walk, "next", walk);
}

void
ratchet_block_keys(const uint8_t first[SECRET_BYTES], uint8_t ret[BLOCK_BYTES])
{
	uint8_t walk[SECRET_BYTES];

	memcpy(walk, first, sizeof(walk));
	for (size_t i = 0; i < BLOCK_KEYS; i++)
		walk_one(walk, ret + i * HASH_BYTES);
	sodium_memzero(walk, sizeof(walk));
}

void
ratchet_cert_key(const uint8_t first[SECRET_BYTES], uint8_t ret_pk[HASH_BYTES])
{
	uint8_t seed[SECRET_BYTES];

	derive(first, "cert", seed);
	public_of(seed, ret_pk);
	sodium_memzero(seed, sizeof(seed));
}

void
ratchet_cert_sign(const uint8_t first[SECRET_BYTES], const void *text,
    size_t len, uint8_t ret[SIG_BYTES])
{
	uint8_t seed[SECRET_BYTES];

	derive(first, "cert", seed);
	sign_with(seed, text, len, ret);
	sodium_memzero(seed, sizeof(seed));
}

void
ratchet_block_root(const uint8_t pks[BLOCK_BYTES], uint8_t ret[HASH_BYTES])
{
	uint8_t hash[HASH_BYTES];
	struct tree t;

	tree_clear(&t);
	for (size_t i = 0; i < BLOCK_KEYS; i++) {
		tree_leaf_hash(pks + i * HASH_BYTES, HASH_BYTES, hash);
		tree_append(&t, hash, NULL, NULL);
	}
	tree_root(&t, ret);
}

void
ratchet_new(struct ratchet *r)
{
	memset(r, 0, sizeof(*r));
	randombytes_buf(r->s, SECRET_BYTES);
	randombytes_buf(r->next, SECRET_BYTES);
	randombytes_buf(r->later, SECRET_BYTES);
	randombytes_buf(r->identity, SECRET_BYTES);
	memcpy(r->walk, r->later, SECRET_BYTES);
}

void
ratchet_resume(struct ratchet *r)
{
	uint32_t done = (uint32_t)(r->n % BLOCK_KEYS);

	memcpy(r->walk, r->later, SECRET_BYTES);
	for (r->walked = 0; r->walked < done; r->walked++)
		walk_one(r->walk, r->pks + (size_t)r->walked * HASH_BYTES);
}

void
ratchet_sign(const struct ratchet *r, const void *text, size_t len,
    uint8_t ret[SIG_BYTES])
{
	uint8_t seed[SECRET_BYTES];

	derive(r->s, "sign", seed);
	sign_with(seed, text, len, ret);
	sodium_memzero(seed, sizeof(seed));
}

void
ratchet_identity_key(const struct ratchet *r, uint8_t ret_pk[HASH_BYTES])
{
	public_of(r->identity, ret_pk);
}

void
ratchet_identity_sign(const struct ratchet *r, const void *text, size_t len,
    uint8_t ret[SIG_BYTES])
{
	sign_with(r->identity, text, len, ret);
}

/*
 * The first secret of a new block mixes fresh randomness with the chain, so
 * that neither a weak generator nor a leak of today's secrets decides it alone.
 */
static void
fresh_block(const uint8_t chain[SECRET_BYTES], uint8_t ret[SECRET_BYTES])
{
	uint8_t mix[2 * SECRET_BYTES];

	randombytes_buf(mix, SECRET_BYTES);
	derive(chain, "block", mix + SECRET_BYTES);
	(void)crypto_generichash(ret, SECRET_BYTES, mix, sizeof(mix), NULL, 0);
	sodium_memzero(mix, sizeof(mix));
}

bool
ratchet_step(struct ratchet *r, uint8_t *ret_pks)
{
	derive(r->s, "next", r->s);
	r->n++;
	walk_one(r->walk, r->pks + (size_t)r->walked * HASH_BYTES);
	r->walked++;
	if (r->n % BLOCK_KEYS != 0)
		return false;
	memcpy(ret_pks, r->pks, BLOCK_BYTES);
	memcpy(r->s, r->next, SECRET_BYTES);
	memcpy(r->next, r->later, SECRET_BYTES);
	fresh_block(r->s, r->later);
	memcpy(r->walk, r->later, SECRET_BYTES);
	r->walked = 0;
	return true;
}
