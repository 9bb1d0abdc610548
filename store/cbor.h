/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The little CBOR the log uses (RFC 8949, core deterministic): integers, byte
 * strings, null, and the heads of arrays and maps, each in its one shortest
 * spelling. The reader refuses every other. Pure; nothing allocates.
 */
#ifndef DOORWARD_STORE_CBOR_H
#define DOORWARD_STORE_CBOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CBOR_ARRAY 4
#define CBOR_MAP 5

struct cbor_writer {
	uint8_t *buf;
	size_t cap, len;
	bool full; /* something did not fit; len is then meaningless */
};

void cbor_head(struct cbor_writer *w, unsigned int major, uint64_t argument);
void cbor_number(struct cbor_writer *w, int64_t number);
void cbor_bytes(struct cbor_writer *w, const void *bytes, size_t len);
void cbor_null(struct cbor_writer *w);

struct cbor_reader {
	const uint8_t *at, *end;
};

/* One head of the given major type. 0, or -EBADMSG and nothing consumed. */
int cbor_read_head(struct cbor_reader *r, unsigned int major, uint64_t *ret);
/* An integer within int64_t. */
int cbor_read_number(struct cbor_reader *r, int64_t *ret);
/* A byte string; *ret points into the input. */
int
cbor_read_bytes(struct cbor_reader *r, const uint8_t **ret, size_t *ret_len);
/* True, and consumed, when a null comes next. */
bool cbor_read_null(struct cbor_reader *r);
/* Is the next item a byte string? */
bool cbor_bytes_next(const struct cbor_reader *r);

#endif
