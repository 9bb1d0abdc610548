/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/wire/msg.h"

#include <errno.h>
#include <string.h>

#include "ipc/wire/buf.h"
#include "ipc/wire/msg_hash.h"

const uint8_t msg_table_hash[HASH_BYTES] = {MSG_TABLE_HASH};

static void
put_str(struct wbuf *w, const char *s, size_t len, size_t max)
{
	if (len > max || memchr(s, '\0', len) != NULL) {
		w->invalid = true;
		return;
	}
	wbuf_uint(w, len, 2);
	wbuf_bytes(w, s, len);
}

static void
put_blob(struct wbuf *w, const uint8_t *p, size_t len, size_t max)
{
	if (len > max) {
		w->invalid = true;
		return;
	}
	wbuf_uint(w, len, 4);
	wbuf_bytes(w, p, len);
}

static uint16_t
get_str(struct rbuf *r, char *s, size_t max)
{
	size_t len = rbuf_uint(r, 2);

	if (len > max) {
		r->bad = true;
		len = 0;
	}
	rbuf_bytes(r, s, len);
	s[len] = '\0';
	if (memchr(s, '\0', len) != NULL)
		r->bad = true;
	return (uint16_t)len;
}

static uint32_t
get_blob(struct rbuf *r, uint8_t *p, size_t max)
{
	size_t len = rbuf_uint(r, 4);

	if (len > max) {
		r->bad = true;
		len = 0;
	}
	rbuf_bytes(r, p, len);
	return (uint32_t)len;
}

/* A count beyond the list's bound reads as an empty list and a bad cursor. */
static uint16_t
get_count(struct rbuf *r, size_t max)
{
	size_t count = rbuf_uint(r, 2);

	if (count > max) {
		r->bad = true;
		count = 0;
	}
	return (uint16_t)count;
}

/* Encoders, one per group and message. */
#define U8(n) wbuf_uint(w, m->n, 1);
#define U16(n) wbuf_uint(w, m->n, 2);
#define U32(n) wbuf_uint(w, m->n, 4);
#define U64(n) wbuf_uint(w, m->n, 8);
#define BYTES(n, len) wbuf_bytes(w, m->n, len);
#define STR(n, max) put_str(w, m->n, m->n##_len, max);
#define BLOB(n, max) put_blob(w, m->n, m->n##_len, max);
#define RECORD(n, R) put_rec_##R(w, &m->n);
#define LIST(n, R, max)                                                        \
	if (m->n##_count > (max)) {                                            \
		w->invalid = true;                                             \
		return;                                                        \
	}                                                                      \
	wbuf_uint(w, m->n##_count, 2);                                         \
	for (size_t i = 0; i < m->n##_count; i++)                              \
		put_rec_##R(w, &m->n[i]);
#define REC(NAME, fields)                                                      \
	static void put_rec_##NAME(struct wbuf *w, const struct rec_##NAME *m) \
	{                                                                      \
		fields                                                         \
	}
#define MSG(NAME, NUMBER, FROM, TO, NFDS, fields)                              \
	static void put_msg_##NAME(struct wbuf *w, const struct msg_##NAME *m) \
	{                                                                      \
		fields                                                         \
	}
#include "ipc/wire/messages.def"
#include "ipc/wire/msg_forget.h"

/* Decoders. */
#define U8(n) m->n = (uint8_t)rbuf_uint(r, 1);
#define U16(n) m->n = (uint16_t)rbuf_uint(r, 2);
#define U32(n) m->n = (uint32_t)rbuf_uint(r, 4);
#define U64(n) m->n = rbuf_uint(r, 8);
#define BYTES(n, len) rbuf_bytes(r, m->n, len);
#define STR(n, max) m->n##_len = get_str(r, m->n, max);
#define BLOB(n, max) m->n##_len = get_blob(r, m->n, max);
#define RECORD(n, R) get_rec_##R(r, &m->n);
#define LIST(n, R, max)                                                        \
	m->n##_count = get_count(r, max);                                      \
	for (size_t i = 0; i < m->n##_count; i++)                              \
		get_rec_##R(r, &m->n[i]);
#define REC(NAME, fields)                                                      \
	static void get_rec_##NAME(struct rbuf *r, struct rec_##NAME *m)       \
	{                                                                      \
		fields                                                         \
	}
#define MSG(NAME, NUMBER, FROM, TO, NFDS, fields)                              \
	static void get_msg_##NAME(struct rbuf *r, struct msg_##NAME *m)       \
	{                                                                      \
		fields                                                         \
	}
#include "ipc/wire/messages.def"
#include "ipc/wire/msg_forget.h"

/* Sizes of groups as they would be encoded. */
#define U8(n) +1u
#define U16(n) +2u
#define U32(n) +4u
#define U64(n) +8u
#define BYTES(n, len) +(size_t)(len)
#define STR(n, max) +2u + m->n##_len
#define BLOB(n, max) +4u + m->n##_len
#define RECORD(n, R) +rec_##R##_size(&m->n)
#define LIST(n, R, max) +list_##R##_size(m->n, m->n##_count)
#define REC(NAME, fields)                                                      \
	size_t rec_##NAME##_size(const struct rec_##NAME *m)                   \
	{                                                                      \
		(void)m;                                                       \
		return 0u fields;                                              \
	}                                                                      \
	__attribute__((unused)) static size_t list_##NAME##_size(              \
	    const struct rec_##NAME *l, size_t n)                              \
	{                                                                      \
		size_t sum = 2;                                                \
                                                                               \
		for (size_t i = 0; i < n; i++)                                 \
			sum += rec_##NAME##_size(&l[i]);                       \
		return sum;                                                    \
	}
#define MSG(NAME, NUMBER, FROM, TO, NFDS, fields)
#include "ipc/wire/messages.def"
#include "ipc/wire/msg_forget.h"

static const struct msg_row rows[] = {
#define REC(NAME, fields)
#define MSG(NAME, NUMBER, FROM, TO, NFDS, fields)                              \
	{MSG_##NAME, #NAME, PROCESS_##FROM, PROCESS_##TO, NFDS,                \
	    MSG_MIN_##NAME,                                                    \
	    MSG_MAX_##NAME < MSG_BYTES_MAX ? MSG_MAX_##NAME : MSG_BYTES_MAX},
#include "ipc/wire/messages.def"
#undef REC
#undef MSG
};

#define REC(NAME, fields)
#define MSG(NAME, NUMBER, FROM, TO, NFDS, fields)                              \
	_Static_assert((NFDS) <= MSG_FDS_MAX, #NAME);
#include "ipc/wire/messages.def"
#undef REC
#undef MSG

const struct msg_row *
msg_row_at(size_t i)
{
	return i < sizeof(rows) / sizeof(rows[0]) ? &rows[i] : NULL;
}

const struct msg_row *
msg_row(uint16_t type)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].type == type)
			return &rows[i];
	}
	return NULL;
}

int
msg_admit(const uint8_t *bytes, size_t len, unsigned int nfds,
    enum wire_process from, enum wire_process to,
    const struct msg_row **ret_row)
{
	struct rbuf r = {.bytes = bytes, .len = len};
	uint16_t type = (uint16_t)rbuf_uint(&r, 2);
	uint16_t zero = (uint16_t)rbuf_uint(&r, 2);
	const struct msg_row *row;

	if (r.bad || zero != 0)
		return -EPROTO;
	row = msg_row(type);
	if (row == NULL || row->from != from || row->to != to ||
	    row->nfds != nfds || len < row->min || len > row->max)
		return -EPROTO;
	*ret_row = row;
	return 0;
}

int
msg_encode(
    uint16_t type, const void *msg, uint8_t *buf, size_t cap, size_t *ret_len)
{
	struct wbuf w = {
	    .bytes = buf, .cap = cap < MSG_BYTES_MAX ? cap : MSG_BYTES_MAX};

	wbuf_uint(&w, type, 2);
	wbuf_uint(&w, 0, 2);
	switch (type) {
#define REC(NAME, fields)
#define MSG(NAME, NUMBER, FROM, TO, NFDS, fields)                              \
	case MSG_##NAME:                                                       \
		put_msg_##NAME(&w, msg);                                       \
		break;
#include "ipc/wire/messages.def"
#undef REC
#undef MSG
	default:
		return -EINVAL;
	}
	if (w.invalid)
		return -EINVAL;
	if (w.full)
		return -EMSGSIZE;
	*ret_len = w.len;
	return 0;
}

int
msg_decode(uint16_t type, const uint8_t *buf, size_t len, void *out)
{
	struct rbuf r = {.bytes = buf, .len = len};

	if (rbuf_uint(&r, 2) != type || rbuf_uint(&r, 2) != 0)
		return -EPROTO;
	switch (type) {
#define REC(NAME, fields)
#define MSG(NAME, NUMBER, FROM, TO, NFDS, fields)                              \
	case MSG_##NAME:                                                       \
		get_msg_##NAME(&r, out);                                       \
		break;
#include "ipc/wire/messages.def"
#undef REC
#undef MSG
	default:
		return -EPROTO;
	}
	return rbuf_done(&r) ? 0 : -EPROTO;
}
