/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a message: what is admitted and decodes must encode to the same
 * bytes; nothing else may happen. The input is a datagram as it would arrive.
 */
#include "ipc/wire/msg.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
check_same(const struct msg_row *row, const union msg_any *msg,
    const uint8_t *bytes, size_t len)
{
	static uint8_t again[MSG_BYTES_MAX];
	size_t len2 = 0;

	if (msg_encode(row->type, msg, again, sizeof(again), &len2) != 0 ||
	    len2 != len || memcmp(again, bytes, len) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static union msg_any msg;
	const struct msg_row *row, *admitted;

	if (len < MSG_HEADER_BYTES)
		return 0;
	row = msg_row((uint16_t)(bytes[0] << 8 | bytes[1]));
	if (row == NULL)
		return 0;
	/* Decoding must hold by itself, whatever admission says. */
	if (msg_decode(row->type, bytes, len, &msg) != 0)
		return 0;
	check_same(row, &msg, bytes, len);
	if (msg_admit(bytes, len, row->nfds, (enum wire_process)row->from,
		(enum wire_process)row->to, &admitted) != 0 ||
	    admitted != row)
		abort();
	return 0;
}
