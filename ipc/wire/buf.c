/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/wire/buf.h"

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

bool
rbuf_done(const struct rbuf *r)
{
	return !r->bad && r->at == r->len;
}
