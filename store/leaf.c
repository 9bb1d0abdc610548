/* SPDX-License-Identifier: Apache-2.0 */
#include "store/leaf.h"

#include <errno.h>
#include <string.h>

#include "store/cbor.h"

#define HASH_COLUMN_MAX 64

void
leaf_clear(struct leaf *l)
{
	memset(l, 0, sizeof(*l));
}

void
leaf_set_number(struct leaf *l, enum leaf_column c, int64_t number)
{
	l->col[c] = (struct leaf_value){.type = LEAF_NUMBER, .number = number};
}

void
leaf_set_bytes(
    struct leaf *l, enum leaf_column c, const void *bytes, size_t len)
{
	l->col[c] =
	    (struct leaf_value){.type = LEAF_BYTES, .bytes = bytes, .len = len};
}

int64_t
leaf_number(const struct leaf *l, enum leaf_column c, int64_t other)
{
	return l->col[c].type == LEAF_NUMBER ? l->col[c].number : other;
}

bool
leaf_column_is_number(enum leaf_column c)
{
	return c != LEAF_PATH && c != LEAF_HNEW && c != LEAF_HOLD &&
	       c != LEAF_EXT;
}

static size_t
column_bytes_max(enum leaf_column c)
{
	if (c == LEAF_PATH)
		return PATH_BYTES_MAX;
	return c == LEAF_EXT ? LEAF_EXT_MAX : HASH_COLUMN_MAX;
}

int
leaf_check(const struct leaf *l)
{
	if (l->col[LEAF_TS].type != LEAF_NUMBER ||
	    l->col[LEAF_KIND].type != LEAF_NUMBER)
		return -EBADMSG;
	for (enum leaf_column c = 0; c < LEAF_COLUMNS; c++) {
		const struct leaf_value *v = &l->col[c];

		if (v->type == LEAF_NULL)
			continue;
		if ((v->type == LEAF_NUMBER) != leaf_column_is_number(c))
			return -EBADMSG;
		if (v->type == LEAF_BYTES && v->len > column_bytes_max(c))
			return -EBADMSG;
	}
	if (l->col[LEAF_EXT].type == LEAF_NULL)
		return 0;
	return ext_check(l->col[LEAF_EXT].bytes, l->col[LEAF_EXT].len);
}

int
leaf_encode(const struct leaf *l, uint8_t *buf, size_t cap, size_t *ret_len)
{
	struct cbor_writer w = {.buf = buf, .cap = cap};
	int r;

	r = leaf_check(l);
	if (r < 0)
		return r;
	cbor_head(&w, CBOR_ARRAY, 1 + LEAF_COLUMNS);
	cbor_number(&w, LEAF_VERSION);
	for (enum leaf_column c = 0; c < LEAF_COLUMNS; c++) {
		const struct leaf_value *v = &l->col[c];

		if (v->type == LEAF_NUMBER)
			cbor_number(&w, v->number);
		else if (v->type == LEAF_BYTES)
			cbor_bytes(&w, v->bytes, v->len);
		else
			cbor_null(&w);
	}
	if (w.full || w.len > LEAF_BYTES_MAX)
		return -EMSGSIZE;
	*ret_len = w.len;
	return 0;
}

static int
read_value(struct cbor_reader *r, struct leaf_value *v)
{
	if (cbor_read_null(r)) {
		v->type = LEAF_NULL;
		return 0;
	}
	if (cbor_bytes_next(r)) {
		v->type = LEAF_BYTES;
		return cbor_read_bytes(r, &v->bytes, &v->len);
	}
	v->type = LEAF_NUMBER;
	return cbor_read_number(r, &v->number);
}

int
leaf_decode(const uint8_t *buf, size_t len, struct leaf *ret)
{
	struct cbor_reader r = {.at = buf, .end = buf + len};
	uint64_t count;
	int64_t version;
	struct leaf l;

	leaf_clear(&l);
	if (len > LEAF_BYTES_MAX ||
	    cbor_read_head(&r, CBOR_ARRAY, &count) < 0 ||
	    count != 1 + LEAF_COLUMNS || cbor_read_number(&r, &version) < 0 ||
	    version != LEAF_VERSION)
		return -EBADMSG;
	for (enum leaf_column c = 0; c < LEAF_COLUMNS; c++)
		if (read_value(&r, &l.col[c]) < 0)
			return -EBADMSG;
	if (r.at != r.end || leaf_check(&l) < 0)
		return -EBADMSG;
	*ret = l;
	return 0;
}

void
ext_begin(struct ext_writer *w, uint8_t *buf, size_t cap)
{
	*w = (struct ext_writer){.buf = buf,
	    .cap = cap < LEAF_EXT_MAX ? cap : LEAF_EXT_MAX,
	    .len = 1};
	if (cap < 1)
		w->error = -EMSGSIZE;
}

static bool
ext_key(struct ext_writer *w, struct cbor_writer *c, unsigned int key)
{
	if (w->error != 0)
		return false;
	if (key <= w->last || key > EXT_KEYS_MAX || w->count == EXT_KEYS_MAX) {
		w->error = -EINVAL;
		return false;
	}
	*c = (struct cbor_writer){.buf = w->buf, .cap = w->cap, .len = w->len};
	w->last = key;
	w->count++;
	cbor_number(c, key);
	return true;
}

static void
ext_take(struct ext_writer *w, const struct cbor_writer *c)
{
	if (c->full)
		w->error = -EMSGSIZE;
	else
		w->len = c->len;
}

void
ext_number(struct ext_writer *w, unsigned int key, int64_t number)
{
	struct cbor_writer c;

	if (!ext_key(w, &c, key))
		return;
	cbor_number(&c, number);
	ext_take(w, &c);
}

void
ext_bytes(struct ext_writer *w, unsigned int key, const void *bytes, size_t len)
{
	struct cbor_writer c;

	if (!ext_key(w, &c, key))
		return;
	cbor_bytes(&c, bytes, len);
	ext_take(w, &c);
}

int
ext_end(struct ext_writer *w, struct leaf *l)
{
	if (w->error != 0)
		return w->error;
	if (w->count == 0) {
		l->col[LEAF_EXT] = (struct leaf_value){.type = LEAF_NULL};
		return 0;
	}
	w->buf[0] = (uint8_t)(CBOR_MAP << 5 | w->count);
	leaf_set_bytes(l, LEAF_EXT, w->buf, w->len);
	return 0;
}

/* One pair; keys ascend and a null is not a value. */
static int
ext_pair(struct cbor_reader *r, int64_t *key, struct leaf_value *v)
{
	int64_t last = *key;

	if (cbor_read_number(r, key) < 0 || *key <= last ||
	    *key > EXT_KEYS_MAX || read_value(r, v) < 0 || v->type == LEAF_NULL)
		return -EBADMSG;
	return 0;
}

int
ext_check(const uint8_t *bytes, size_t len)
{
	struct cbor_reader r = {.at = bytes, .end = bytes + len};
	struct leaf_value v;
	uint64_t count;
	int64_t key = 0;

	if (cbor_read_head(&r, CBOR_MAP, &count) < 0 || count < 1 ||
	    count > EXT_KEYS_MAX)
		return -EBADMSG;
	for (uint64_t i = 0; i < count; i++)
		if (ext_pair(&r, &key, &v) < 0)
			return -EBADMSG;
	return r.at == r.end ? 0 : -EBADMSG;
}

bool
ext_find(const struct leaf *l, unsigned int key, struct leaf_value *ret)
{
	const struct leaf_value *ext = &l->col[LEAF_EXT];
	struct leaf_value v = {0};
	struct cbor_reader r;
	uint64_t count;
	int64_t at = 0;

	if (ext->type != LEAF_BYTES)
		return false;
	r = (struct cbor_reader){
	    .at = ext->bytes, .end = ext->bytes + ext->len};
	if (cbor_read_head(&r, CBOR_MAP, &count) < 0 || count > EXT_KEYS_MAX)
		return false;
	for (uint64_t i = 0; i < count; i++) {
		if (ext_pair(&r, &at, &v) < 0)
			return false;
		if (at == key) {
			*ret = v;
			return true;
		}
	}
	return false;
}

int64_t
ext_find_number(const struct leaf *l, unsigned int key, int64_t other)
{
	struct leaf_value v;

	if (!ext_find(l, key, &v) || v.type != LEAF_NUMBER)
		return other;
	return v.number;
}
