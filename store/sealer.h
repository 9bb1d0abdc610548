/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doorward-sealer's own types: the one process with a key. It knows hashes and
 * numbers, no records; it links neither SQLite nor a parser of anything but our
 * messages. Private to sealer_main.c, from_store.c, seal.c.
 */
#ifndef DOORWARD_STORE_SEALER_H
#define DOORWARD_STORE_SEALER_H

#include <stdbool.h>

#include "ipc/wire/chan.h"
#include "store/key_files.h"
#include "store/slot.h"

struct sealer {
	struct sealer_state *state; /* sodium_malloc: locked, guarded */
	struct tree appended;	    /* state->tree and what is not signed yet */
	struct key_files files;
	bool fresh;	/* no keys yet: made at the first STATE */
	bool usable;	/* false: the keys are damaged, nothing is signed */
	bool recovered; /* RECOVER was used */
	struct chan *store;
	struct chan *loader;
};

/* ---- seal.c ---- */

/* Loads the slots; damaged ones are logged and leave usable false. 0, -errno.
 */
int sealer_load(struct sealer *s);
/* Makes keys, notes and the first slot of a new log. 0 or -errno. */
int sealer_genesis(struct sealer *s, const char *host);
/*
 * Signs s->appended as the next seal; when it returns 0 the new state is on the
 * disk and the signature may leave. identity_sig may be NULL. -errno.
 */
int sealer_sign(struct sealer *s, uint8_t ret_root[HASH_BYTES],
    uint8_t ret_sig[SIG_BYTES], uint8_t *identity_sig);
/* Goes on from an older seal, whose signature is checked. 0, -EBADMSG, -errno.
 */
int sealer_recover(struct sealer *s, uint64_t n, const uint8_t sig[SIG_BYTES],
    const struct tree *at);

/* ---- from_store.c ---- */

/* Takes fd and serves the store on it. 0 or -errno. */
int from_store_open(struct sealer *s, int fd);

#endif
