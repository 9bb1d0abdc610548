/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/wire/buf.h"

#include <string.h>

void
wbuf_bytes(struct wbuf *w, const void *p, size_t n)
{
	if (w->full || n > w->cap - w->len) {
		w->full = true;
		return;
	}
	if (n > 0)
		memcpy(w->bytes + w->len, p, n);
	w->len += n;
}

void
wbuf_uint(struct wbuf *w, uint64_t v, unsigned int width)
{
	uint8_t be[8];

	for (unsigned int i = 0; i < width; i++)
		be[i] = (uint8_t)(v >> (8 * (width - 1 - i)));
	wbuf_bytes(w, be, width);
}

void
rbuf_bytes(struct rbuf *r, void *p, size_t n)
{
	if (r->bad || n > r->len - r->at) {
		r->bad = true;
		memset(p, 0, n);
		return;
	}
	if (n > 0)
		memcpy(p, r->bytes + r->at, n);
	r->at += n;
}

uint64_t
rbuf_uint(struct rbuf *r, unsigned int width)
{
	uint8_t be[8];
	uint64_t v = 0;

	rbuf_bytes(r, be, width);
	for (unsigned int i = 0; i < width; i++)
		v = v << 8 | be[i];
	return v;
}

bool
rbuf_done(const struct rbuf *r)
{
	return !r->bad && r->at == r->len;
}
