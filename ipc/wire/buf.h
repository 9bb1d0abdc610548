/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounded cursors over bytes. An error sticks: after the first, reads give
 * zeroes and writes do nothing, and one check at the end tells. Integers are
 * big-endian. The memory is the caller's.
 * Not for: growing, seeking, text.
 */
#ifndef DOORWARD_IPC_WIRE_BUF_H
#define DOORWARD_IPC_WIRE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wbuf {
	uint8_t *bytes;
	size_t cap, len;
	bool full;    /* something did not fit */
	bool invalid; /* something must not be encoded */
};

struct rbuf {
	const uint8_t *bytes;
	size_t len, at;
	bool bad;
};

void wbuf_uint(struct wbuf *w, uint64_t v, unsigned int width);
void wbuf_bytes(struct wbuf *w, const void *p, size_t n);

uint64_t rbuf_uint(struct rbuf *r, unsigned int width);
/* n bytes into p; zeroes once the cursor is bad. */
void rbuf_bytes(struct rbuf *r, void *p, size_t n);
/* No error and nothing left over. */
bool rbuf_done(const struct rbuf *r);

#endif
