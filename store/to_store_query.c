/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query → store: who read the log. One ACCESS record for every request that
 * shows records or the policy, sent before it is answered. The request itself
 * may be long and private: its SHA-256 goes in. No answer waits for the store;
 * what it cannot take is counted and shown by status.
 */
#include "store/query.h"

#include <sodium.h>

_Static_assert(
    sizeof(((struct msg_ACCESSED *)0)->digest) == crypto_hash_sha256_BYTES,
    "ACCESSED.digest is a SHA-256");

void
to_store_accessed(struct query *q, const struct ucred *peer,
    enum request_verb what, const char *line, size_t len)
{
	struct msg_ACCESSED m = {
	    .uid = peer->uid,
	    .pid = (uint32_t)peer->pid,
	    .what = (uint16_t)what,
	};

	(void)crypto_hash_sha256(m.digest, (const unsigned char *)line, len);
	if (q->store == NULL ||
	    chan_send(q->store, MSG_ACCESSED, &m, NULL) < 0) {
		q->count.access_lost++;
		return;
	}
	chan_event_kick(q->store_event);
}
