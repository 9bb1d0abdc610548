/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store's requests to the sealer. The channel is the store's; what is sent
 * is hashes and numbers. A message that cannot be sent means that the sealer is
 * gone or stuck: the seal stays waiting, and is asked again of its successor.
 */
#include "store/store.h"

#include <string.h>

#define HASHES_A_MESSAGE 1024

void
to_sealer_state(struct store *s)
{
	struct msg_STATE m = {.host_len = (uint16_t)strlen(s->host)};

	memcpy(m.host, s->host, m.host_len);
	s->phase = SEALER_ASKED;
	peer_send(&s->sealer, MSG_STATE, &m);
}

void
to_sealer_keys(struct store *s, uint64_t block)
{
	struct msg_KEYS m = {.block = block};

	s->keys.block = block;
	s->keys.got = 0;
	if (s->phase != SEALER_IDLE && s->phase != SEALER_SIGNING)
		s->phase = SEALER_KEYS;
	peer_send(&s->sealer, MSG_KEYS, &m);
}

void
to_sealer_recover(struct store *s, uint64_t n, uint64_t size,
    const uint8_t sig[SIG_BYTES], const struct tree *at)
{
	static struct msg_RECOVER m;

	m.n = n;
	m.size = size;
	memcpy(m.sig, sig, SIG_BYTES);
	m.frontier_len = (uint32_t)tree_frontier(at, m.frontier);
	s->phase = SEALER_ASKED;
	peer_send(&s->sealer, MSG_RECOVER, &m);
}

void
to_sealer_seal(struct store *s)
{
	static struct msg_APPEND a;
	struct msg_SEAL m = {
	    .n = s->seal.n,
	    .size = s->seal.size,
	    .publish = s->seal.publish,
	};

	if (s->phase != SEALER_IDLE)
		return;
	/* From the signed size on: the sealer then forgets earlier attempts. */
	for (uint64_t at = s->sealed_size; at < s->seal.size;
	     at += HASHES_A_MESSAGE) {
		uint64_t n = s->seal.size - at;

		if (n > HASHES_A_MESSAGE)
			n = HASHES_A_MESSAGE;
		a.first = at;
		a.hashes_len = (uint32_t)n * HASH_BYTES;
		memcpy(a.hashes, s->hashes + (at - s->sealed_size) * HASH_BYTES,
		    a.hashes_len);
		peer_send(&s->sealer, MSG_APPEND, &a);
	}
	s->phase = SEALER_SIGNING;
	peer_send(&s->sealer, MSG_SEAL, &m);
}
