/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signed texts of the log, in the formats of C2SP signed-note v1.0.0 and
 * tlog-checkpoint v1.0.0: verifier keys ("vkeys"), checkpoints, key notes.
 * Parsers accept one spelling only and are fed hostile files. Pure.
 *
 * Not for: keeping private keys (ratchet.h).
 */
#ifndef DOORWARD_STORE_NOTE_H
#define DOORWARD_STORE_NOTE_H

#include <stddef.h>
#include <stdint.h>

#include "ipc/wire/words.h"
#include "store/log_read.h"

#define NOTE_BYTES_MAX CHECKPOINT_BYTES_MAX
#define NOTE_NAME_MAX 340 /* origin plus "/seal/" and a number */
#define NOTE_SIGS_MAX 16
#define SIG_BYTES 64
#define NOTE_ED25519 0x01

/* A verifier key. */
struct vkey {
	char name[NOTE_NAME_MAX + 1];
	uint8_t pk[HASH_BYTES];
};

/* The first four bytes of SHA-256(name "\n" 0x01 pk). */
void
note_key_id(const char *name, const uint8_t pk[HASH_BYTES], uint8_t ret[4]);
/* "NAME+8hex+base64": 0; -EMSGSIZE. */
int vkey_format(const struct vkey *k, char *buf, size_t cap);
/* One vkey, surrounded by nothing but an optional final newline. 0, -EBADMSG.
 */
int vkey_parse(const char *text, size_t len, struct vkey *ret);

/* "ORIGIN/genesis", "ORIGIN/cert/N", "ORIGIN/seal/N"; ret has NOTE_NAME_MAX
 * + 1. */
void note_name_genesis(const char *origin, char *ret);
void note_name_cert(const char *origin, uint64_t block, char *ret);
void note_name_seal(const char *origin, uint64_t n, char *ret);

/*
 * "HOST/doorward/16 hex of SHA-256(genesis key)"; what a name may not hold
 * becomes '-'. ret has ORIGIN_BYTES_MAX + 1 bytes.
 */
void
note_origin(const char *host, const uint8_t genesis_pk[HASH_BYTES], char *ret);

struct checkpoint {
	char origin[ORIGIN_BYTES_MAX + 1];
	uint64_t size;
	uint8_t root[HASH_BYTES];
};
/* Three lines. Length without the NUL; buf has NOTE_BYTES_MAX. */
size_t checkpoint_format(const struct checkpoint *c, char *buf);
/* The whole text and nothing else. 0, -EBADMSG. */
int checkpoint_parse(const char *text, size_t len, struct checkpoint *ret);

/* What commits a block of 4096 seal keys. */
struct key_note {
	char origin[ORIGIN_BYTES_MAX + 1];
	uint64_t block;
	uint8_t root[HASH_BYTES];     /* of the block's public keys as leaves */
	uint8_t cert[HASH_BYTES];     /* signs the note of the next block */
	uint8_t identity[HASH_BYTES]; /* block 0 only */
};
size_t key_note_format(const struct key_note *k, char *buf);
int key_note_parse(const char *text, size_t len, struct key_note *ret);

/*
 * Appends a signature line to a note. *len is its length so far: the text,
 * which ends in a newline; the blank line comes with the first signature. 0,
 * -EMSGSIZE.
 */
int note_add_signature(char *buf, size_t cap, size_t *len, const char *name,
    const uint8_t pk[HASH_BYTES], const uint8_t sig[SIG_BYTES]);

struct note_signature {
	char name[NOTE_NAME_MAX + 1];
	uint8_t id[4];
	uint8_t sig[SIG_BYTES]; /* zero if it has another length: not ours */
	size_t sig_len;
};
struct note {
	size_t text_len; /* the text is the first text_len bytes of the input */
	size_t nsigs;
	struct note_signature sigs[NOTE_SIGS_MAX];
};
/* 0, -EBADMSG. */
int note_parse(const char *bytes, size_t len, struct note *ret);

/* Signed by this key under this name? 0, or -EBADMSG. */
int note_verify(const char *bytes, const struct note *n, const char *name,
    const uint8_t pk[HASH_BYTES]) __attribute__((warn_unused_result));

#endif
