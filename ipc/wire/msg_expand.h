/* SPDX-License-Identifier: Apache-2.0 */
/*
 * messages.def expanded into what C needs to know: structures, numbers,
 * descriptor counts, bounds. Included by msg.h only.
 */
#ifndef DOORWARD_IPC_WIRE_MSG_EXPAND_H
#define DOORWARD_IPC_WIRE_MSG_EXPAND_H

/* Structures. */
#define U8(n) uint8_t n;
#define U16(n) uint16_t n;
#define U32(n) uint32_t n;
#define U64(n) uint64_t n;
#define BYTES(n, len) uint8_t n[len];
#define STR(n, max)                                                            \
	uint16_t n##_len;                                                      \
	char n[(max) + 1];
#define BLOB(n, max)                                                           \
	uint32_t n##_len;                                                      \
	uint8_t n[max];
#define RECORD(n, R) struct rec_##R n;
#define LIST(n, R, max)                                                        \
	uint16_t n##_count;                                                    \
	struct rec_##R n[max];
#define REC(NAME, fields)                                                      \
	struct rec_##NAME {                                                    \
		fields                                                         \
	};
#define MSG(NAME, NUMBER, FROM, TO, NFDS, fields)                              \
	struct msg_##NAME {                                                    \
		fields                                                         \
	};
#include "ipc/wire/messages.def"
#include "ipc/wire/msg_forget.h"

/* Numbers and descriptor counts. */
#define REC(NAME, fields)
#define MSG(NAME, NUMBER, FROM, TO, NFDS, fields)                              \
	enum { MSG_##NAME = (NUMBER), MSG_##NAME##_NFDS = (NFDS) };
#include "ipc/wire/messages.def"
#undef REC
#undef MSG

/* Smallest and largest encoding of each group, without header. */
#define U8(n) +1
#define U16(n) +2
#define U32(n) +4
#define U64(n) +8
#define BYTES(n, len) +(len)
#define STR(n, max) +2
#define BLOB(n, max) +4
#define RECORD(n, R) +REC_MIN_##R
#define LIST(n, R, max) +2
#define REC(NAME, fields) enum { REC_MIN_##NAME = 0 fields };
#define MSG(NAME, NUMBER, FROM, TO, NFDS, fields)                              \
	enum { MSG_MIN_##NAME = MSG_HEADER_BYTES fields };
#include "ipc/wire/messages.def"
#include "ipc/wire/msg_forget.h"

#define U8(n) +1
#define U16(n) +2
#define U32(n) +4
#define U64(n) +8
#define BYTES(n, len) +(len)
#define STR(n, max) +(2 + (max))
#define BLOB(n, max) +(4 + (max))
#define RECORD(n, R) +REC_MAX_##R
#define LIST(n, R, max) +(2 + (max)*REC_MAX_##R)
#define REC(NAME, fields) enum { REC_MAX_##NAME = 0 fields };
#define MSG(NAME, NUMBER, FROM, TO, NFDS, fields)                              \
	enum { MSG_MAX_##NAME = MSG_HEADER_BYTES fields };
#include "ipc/wire/messages.def"
#include "ipc/wire/msg_forget.h"

/* rec_R_size(): bytes a group takes when encoded now. */
#define REC(NAME, fields) size_t rec_##NAME##_size(const struct rec_##NAME *r);
#define MSG(NAME, NUMBER, FROM, TO, NFDS, fields)
#include "ipc/wire/messages.def"
#undef REC
#undef MSG

/* Space for any message. */
union msg_any {
#define REC(NAME, fields)
#define MSG(NAME, NUMBER, FROM, TO, NFDS, fields) struct msg_##NAME NAME;
#include "ipc/wire/messages.def"
#undef REC
#undef MSG
};

#endif
