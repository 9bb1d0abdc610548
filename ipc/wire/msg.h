/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages as C: expanded from messages.def, nothing written by hand per
 * message. For MSG(ASK, …) there are struct msg_ASK, MSG_ASK (its number),
 * MSG_ASK_NFDS; for REC(EVENT, …) struct rec_EVENT and rec_EVENT_size().
 * STR(path, 4095) becomes `uint16_t path_len; char path[4096]` (always
 * NUL-terminated after decoding), BLOB(b, n) `uint32_t b_len; uint8_t b[n]`,
 * LIST(l, R, n) `uint16_t l_count; struct rec_R l[n]`.
 *
 * The encoder refuses what the decoder would refuse. Decoders write only into
 * their own structure, never allocate, and accept exactly one whole message.
 */
#ifndef DOORWARD_IPC_WIRE_MSG_H
#define DOORWARD_IPC_WIRE_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/wire/words.h"

#define MSG_BYTES_MAX 65536 /* one datagram, header included */
#define MSG_FDS_MAX 6
#define MSG_HEADER_BYTES 4 /* u16 type, u16 zero */

#include "ipc/wire/msg_expand.h" /* structs, numbers, prototypes */

/* SHA-256 of messages.def, computed by the build. */
extern const uint8_t msg_table_hash[HASH_BYTES];

struct msg_row {
	uint16_t type;
	const char *name;
	uint8_t from, to; /* enum wire_process */
	uint8_t nfds;
	uint32_t min, max; /* whole datagram, bytes */
};

/* The table row of a type, or NULL. */
const struct msg_row *msg_row(uint16_t type);
/* Row i of the whole table, NULL past the end. */
const struct msg_row *msg_row_at(size_t i);

/*
 * Admission before parsing: known type, right direction, size within bounds,
 * exactly the declared number of descriptors. 0 or -EPROTO; *ret_row on
 * success.
 */
int msg_admit(const uint8_t *bytes, size_t len, unsigned int nfds,
    enum wire_process from, enum wire_process to,
    const struct msg_row **ret_row);

/*
 * Encodes the structure of the given type into buf (cap bytes).
 * 0 and *ret_len, or -EMSGSIZE (does not fit), -EINVAL (a field out of bounds).
 */
int msg_encode(
    uint16_t type, const void *msg, uint8_t *buf, size_t cap, size_t *ret_len);

/* Decodes one whole datagram. 0, or -EPROTO; out is then unspecified. */
int msg_decode(uint16_t type, const uint8_t *buf, size_t len, void *out);

#endif
