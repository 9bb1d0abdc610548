/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounded cursors over bytes. An error sticks: after the first, reads give
 * zeroes and writes do nothing, and one check at the end tells. Integers are
 * big-endian. The memory is the caller's.
 * Not for: growing, seeking, text.
 */
#ifndef DOORWARD_IPC_WIRE_BUF_H
#define DOORWARD_IPC_WIRE_BUF_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

void wbuf_bytes(struct wbuf *w, const void *p, size_t n);

/* n bytes into p; zeroes once the cursor is bad. */
void rbuf_bytes(struct rbuf *r, void *p, size_t n);
/*
 * width bytes (1..8), a constant wherever this is called: with it the compiler
 * makes one load or store and a swap, which the answer path is worth.
 */
static inline void
wbuf_uint(struct wbuf *w, uint64_t v, unsigned int width)
{
	uint64_t be = htobe64(v);

	if (w->full || width > w->cap - w->len) {
		w->full = true;
		return;
	}
	memcpy(w->bytes + w->len, (const uint8_t *)&be + sizeof(be) - width,
	    width);
	w->len += width;
}

static inline uint64_t
rbuf_uint(struct rbuf *r, unsigned int width)
{
	uint64_t be = 0;

	if (r->bad || width > r->len - r->at) {
		r->bad = true;
		return 0;
	}
	memcpy((uint8_t *)&be + sizeof(be) - width, r->bytes + r->at, width);
	r->at += width;
	return be64toh(be);
}

/* No error and nothing left over. */
bool rbuf_done(const struct rbuf *r);

#endif
