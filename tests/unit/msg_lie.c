/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/msg_lie.h"

#include <assert.h>
#include <string.h>

static uint64_t
next(struct fill *f, unsigned int width)
{
	uint64_t v = 0;

	for (unsigned int i = 0; i < width; i++)
		v = v << 8 | ++f->byte;
	return v;
}

static void
fill_text(struct fill *f, char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		s[i] = (char)('a' + (f->byte + i) % 26);
	s[len] = '\0';
}

static void
fill_bytes(struct fill *f, uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)next(f, 1);
}

#define LESS(a, b) ((a) < (size_t)(b) ? (a) : (size_t)(b))

#define U8(n) m->n = (uint8_t)next(f, 1);
#define U16(n) m->n = (uint16_t)next(f, 2);
#define U32(n) m->n = (uint32_t)next(f, 4);
#define U64(n) m->n = next(f, 8);
#define BYTES(n, len) fill_bytes(f, m->n, len);
#define STR(n, max)                                                            \
	m->n##_len = (uint16_t)LESS(f->str, max);                              \
	fill_text(f, m->n, m->n##_len);
#define BLOB(n, max)                                                           \
	m->n##_len = (uint32_t)LESS(f->blob, max);                             \
	fill_bytes(f, m->n, m->n##_len);
#define RECORD(n, R) fill_rec_##R(f, &m->n);
#define LIST(n, R, max)                                                        \
	m->n##_count = (uint16_t)LESS(f->list, max);                           \
	for (size_t i = 0; i < m->n##_count; i++)                              \
		fill_rec_##R(f, &m->n[i]);
#define REC(NAME, fields)                                                      \
	static void fill_rec_##NAME(struct fill *f, struct rec_##NAME *m)      \
	{                                                                      \
		fields                                                         \
	}
#define MSG(NAME, NUMBER, FROM, TO, NFDS, fields)                              \
	static void fill_msg_##NAME(struct fill *f, struct msg_##NAME *m)      \
	{                                                                      \
		fields                                                         \
	}
#include "ipc/wire/messages.def"
#include "ipc/wire/msg_forget.h"

/* A cursor of its own: sharing buf.c would share its mistakes. */
struct liar {
	uint8_t *out;
	size_t len;
	enum lie lie;
	size_t which;
	bool lied;
};

static void
put(struct liar *l, uint64_t v, unsigned int width)
{
	for (unsigned int i = width; i > 0; i--) {
		assert(l->len < LIE_BYTES_MAX);
		l->out[l->len++] = (uint8_t)(v >> (8 * (i - 1)) & 0xff);
	}
}

/* Is it this field's turn to be wrong? */
static bool
turn(struct liar *l, enum lie lie)
{
	if (l->lie != lie || l->lied || l->which-- > 0)
		return false;
	l->lied = true;
	return true;
}

static void
put_counted(struct liar *l, const void *bytes, size_t len, size_t max,
    unsigned int width, bool text)
{
	const uint8_t *p = bytes;
	bool too_long = turn(l, LIE_LONG);
	bool nul = text && len > 0 && turn(l, LIE_NUL);

	put(l, too_long ? max + 1 : len, width);
	for (size_t i = 0; i < (too_long ? max + 1 : len); i++)
		put(l, nul && i == len / 2 ? 0 : too_long ? 'z' : p[i], 1);
}

#define U8(n) put(l, m->n, 1);
#define U16(n) put(l, m->n, 2);
#define U32(n) put(l, m->n, 4);
#define U64(n) put(l, m->n, 8);
#define BYTES(n, count)                                                        \
	for (size_t i = 0; i < (count); i++)                                   \
		put(l, m->n[i], 1);
#define STR(n, max) put_counted(l, m->n, m->n##_len, max, 2, true);
#define BLOB(n, max) put_counted(l, m->n, m->n##_len, max, 4, false);
#define RECORD(n, R) put_rec_##R(l, &m->n);
#define LIST(n, R, max)                                                        \
	{                                                                      \
		size_t true_count = m->n##_count;                              \
		size_t count = turn(l, LIE_LONG) ? (max) + 1 : true_count;     \
		static const struct rec_##R empty;                             \
                                                                               \
		put(l, count, 2);                                              \
		for (size_t k = 0; k < count; k++)                             \
			put_rec_##R(l, k < true_count ? &m->n[k] : &empty);    \
	}
#define REC(NAME, fields)                                                      \
	static void put_rec_##NAME(struct liar *l, const struct rec_##NAME *m) \
	{                                                                      \
		fields                                                         \
	}
#define MSG(NAME, NUMBER, FROM, TO, NFDS, fields)                              \
	static void put_msg_##NAME(struct liar *l, const struct msg_##NAME *m) \
	{                                                                      \
		fields                                                         \
	}
#include "ipc/wire/messages.def"
#include "ipc/wire/msg_forget.h"

#define SCALAR(n) (void)m->n;
#define U8(n) SCALAR(n)
#define U16(n) SCALAR(n)
#define U32(n) SCALAR(n)
#define U64(n) SCALAR(n)
#define BYTES(n, count) SCALAR(n)
#define STR(n, max)                                                            \
	if (turn(l, LIE_LONG))                                                 \
		m->n##_len = (max) + 1;                                        \
	else if (m->n##_len > 0 && turn(l, LIE_NUL))                           \
		m->n[m->n##_len / 2] = '\0';
#define BLOB(n, max)                                                           \
	if (turn(l, LIE_LONG))                                                 \
		m->n##_len = (max) + 1;
#define RECORD(n, R) spoil_rec_##R(l, &m->n);
#define LIST(n, R, max)                                                        \
	if (turn(l, LIE_LONG))                                                 \
		m->n##_count = (max) + 1;                                      \
	else                                                                   \
		for (size_t k = 0; k < m->n##_count; k++)                      \
			spoil_rec_##R(l, &m->n[k]);
#define REC(NAME, fields)                                                      \
	static void spoil_rec_##NAME(struct liar *l, struct rec_##NAME *m)     \
	{                                                                      \
		(void)l;                                                       \
		fields                                                         \
	}
#define MSG(NAME, NUMBER, FROM, TO, NFDS, fields)                              \
	static void spoil_msg_##NAME(struct liar *l, struct msg_##NAME *m)     \
	{                                                                      \
		(void)l;                                                       \
		fields                                                         \
	}
#include "ipc/wire/messages.def"
#include "ipc/wire/msg_forget.h"

void
lie_fill(uint16_t type, void *msg, struct fill *fill)
{
	switch (type) {
#define REC(NAME, fields)
#define MSG(NAME, NUMBER, FROM, TO, NFDS, fields)                              \
	case MSG_##NAME:                                                       \
		memset(msg, 0, sizeof(struct msg_##NAME));                     \
		fill_msg_##NAME(fill, msg);                                    \
		break;
#include "ipc/wire/messages.def"
#undef REC
#undef MSG
	default:
		assert(false && "a type of the table");
	}
}

size_t
lie_encode(uint16_t type, const void *msg, enum lie lie, size_t which,
    uint8_t *out, bool *ret_lied)
{
	struct liar l = {.out = out, .lie = lie, .which = which};

	put(&l, type, 2);
	put(&l, 0, 2);
	switch (type) {
#define REC(NAME, fields)
#define MSG(NAME, NUMBER, FROM, TO, NFDS, fields)                              \
	case MSG_##NAME:                                                       \
		put_msg_##NAME(&l, msg);                                       \
		break;
#include "ipc/wire/messages.def"
#undef REC
#undef MSG
	default:
		assert(false && "a type of the table");
	}
	*ret_lied = l.lied;
	return l.len;
}

bool
lie_spoil(uint16_t type, void *msg, enum lie lie, size_t which)
{
	struct liar l = {.lie = lie, .which = which};

	switch (type) {
#define REC(NAME, fields)
#define MSG(NAME, NUMBER, FROM, TO, NFDS, fields)                              \
	case MSG_##NAME:                                                       \
		spoil_msg_##NAME(&l, msg);                                     \
		break;
#include "ipc/wire/messages.def"
#undef REC
#undef MSG
	default:
		assert(false && "a type of the table");
	}
	return l.lied;
}
