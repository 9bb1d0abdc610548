/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A second expansion of messages.def, for tests: fills any message, and encodes
 * it independently of msg.c, on demand with a lie in one bounded field.
 */
#ifndef DOORWARD_TESTS_UNIT_MSG_LIE_H
#define DOORWARD_TESTS_UNIT_MSG_LIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/wire/msg.h"

/* Enough for any message with one list, string or blob beyond its bound. */
#define LIE_BYTES_MAX (4 * MSG_BYTES_MAX)

/* How much of the variable parts a message gets. */
struct fill {
	size_t list, str, blob;
	uint8_t byte; /* counts up, so that no two fields look alike */
};

/* Fills *msg (a struct msg_TYPE) with recognisable values. */
void lie_fill(uint16_t type, void *msg, struct fill *fill);

enum lie {
	LIE_NONE,
	LIE_LONG, /* one more than the bound, with the bytes to back it */
	LIE_NUL,  /* a NUL in a string; other fields stay true */
};

/*
 * Encodes *msg into out (LIE_BYTES_MAX bytes), lying in the which-th bounded
 * field met. Returns the length; *ret_lied says if there was such a field.
 */
size_t lie_encode(uint16_t type, const void *msg, enum lie lie, size_t which,
    uint8_t *out, bool *ret_lied);

/*
 * Makes the which-th bounded field of *msg itself one too long (LIE_LONG) or
 * puts a NUL into it (LIE_NUL). False if there is no such field.
 */
bool lie_spoil(uint16_t type, void *msg, enum lie lie, size_t which);

#endif
