/* SPDX-License-Identifier: Apache-2.0 */
#include "store/cbor.h"

#include <errno.h>
#include <string.h>

#define MAJOR_UNSIGNED 0
#define MAJOR_NEGATIVE 1
#define MAJOR_BYTES 2
#define CBOR_NULL 0xf6

static void
put(struct cbor_writer *w, const void *bytes, size_t len)
{
	if (w->full || len > w->cap - w->len) {
		w->full = true;
		return;
	}
	if (len > 0)
		memcpy(w->buf + w->len, bytes, len);
	w->len += len;
}

void
cbor_head(struct cbor_writer *w, unsigned int major, uint64_t argument)
{
	uint8_t head[9];
	unsigned int width;

	if (argument < 24) {
		head[0] = (uint8_t)(major << 5 | argument);
		put(w, head, 1);
		return;
	}
	width = argument > UINT32_MAX	? 3
		: argument > UINT16_MAX ? 2
		: argument > UINT8_MAX	? 1
					: 0;
	head[0] = (uint8_t)(major << 5 | (24 + width));
	for (unsigned int i = 0; i < 1u << width; i++)
		head[1 + i] =
		    (uint8_t)(argument >> (8 * ((1u << width) - 1 - i)));
	put(w, head, 1 + (1u << width));
}

void
cbor_number(struct cbor_writer *w, int64_t number)
{
	if (number >= 0)
		cbor_head(w, MAJOR_UNSIGNED, (uint64_t)number);
	else
		cbor_head(w, MAJOR_NEGATIVE, ~(uint64_t)number);
}

void
cbor_bytes(struct cbor_writer *w, const void *bytes, size_t len)
{
	cbor_head(w, MAJOR_BYTES, len);
	put(w, bytes, len);
}

void
cbor_null(struct cbor_writer *w)
{
	uint8_t null = CBOR_NULL;

	put(w, &null, 1);
}

int
cbor_read_head(struct cbor_reader *r, unsigned int major, uint64_t *ret)
{
	size_t left = (size_t)(r->end - r->at);
	uint64_t argument = 0;
	unsigned int low, width;

	if (left < 1 || r->at[0] >> 5 != major)
		return -EBADMSG;
	low = r->at[0] & 31;
	if (low < 24) {
		*ret = low;
		r->at++;
		return 0;
	}
	if (low > 27)
		return -EBADMSG;
	width = 1u << (low - 24);
	if (left < 1 + width)
		return -EBADMSG;
	for (unsigned int i = 0; i < width; i++)
		argument = argument << 8 | r->at[1 + i];
	/* Shortest spelling only: the value must need this width. */
	if (width == 1 ? argument < 24 : argument >> (4 * width) == 0)
		return -EBADMSG;
	*ret = argument;
	r->at += 1 + width;
	return 0;
}

int
cbor_read_number(struct cbor_reader *r, int64_t *ret)
{
	struct cbor_reader copy = *r;
	uint64_t argument;
	bool negative;
	int rc;

	negative = copy.at < copy.end && copy.at[0] >> 5 == MAJOR_NEGATIVE;
	rc = cbor_read_head(
	    &copy, negative ? MAJOR_NEGATIVE : MAJOR_UNSIGNED, &argument);
	if (rc < 0)
		return rc;
	if (argument > INT64_MAX)
		return -EBADMSG;
	*ret = negative ? -1 - (int64_t)argument : (int64_t)argument;
	*r = copy;
	return 0;
}

int
cbor_read_bytes(struct cbor_reader *r, const uint8_t **ret, size_t *ret_len)
{
	struct cbor_reader copy = *r;
	uint64_t len;
	int rc;

	rc = cbor_read_head(&copy, MAJOR_BYTES, &len);
	if (rc < 0)
		return rc;
	if (len > (size_t)(copy.end - copy.at))
		return -EBADMSG;
	*ret = copy.at;
	*ret_len = (size_t)len;
	r->at = copy.at + len;
	return 0;
}

bool
cbor_read_null(struct cbor_reader *r)
{
	if (r->at >= r->end || *r->at != CBOR_NULL)
		return false;
	r->at++;
	return true;
}

bool
cbor_bytes_next(const struct cbor_reader *r)
{
	return r->at < r->end && *r->at >> 5 == MAJOR_BYTES;
}
