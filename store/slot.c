/* SPDX-License-Identifier: Apache-2.0 */
#include "store/slot.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

static const char magic[8] = {'D', 'W', 'S', 'L', 'O', 'T', '0', '1'};

static const char begun[8] = {'D', 'W', 'B', 'E', 'G', 'U', 'N', '1'};

enum slot_offset {
	AT_SEQUENCE = 8,
	AT_NEXT = 16,
	AT_SIZE = 24,
	AT_SECRET = 32,
	AT_NEXT_BLOCK = 64,
	AT_LATER_BLOCK = 96,
	AT_IDENTITY = 128,
	AT_LAST_SIG = 160,
	AT_GENESIS = 224,
	AT_ORIGIN = 256,
	AT_FRONTIER = 558,
	AT_DIGEST = 4064,
};

static void
put_be(uint8_t *at, unsigned int bytes, uint64_t v)
{
	for (unsigned int i = 0; i < bytes; i++)
		at[i] = (uint8_t)(v >> (8 * (bytes - 1 - i)));
}

static uint64_t
get_be(const uint8_t *at, unsigned int bytes)
{
	uint64_t v = 0;

	for (unsigned int i = 0; i < bytes; i++)
		v = v << 8 | at[i];
	return v;
}

void
slot_encode(const struct sealer_state *s, uint8_t ret[SLOT_BYTES])
{
	size_t len;

	memset(ret, 0, SLOT_BYTES);
	memcpy(ret, magic, sizeof(magic));
	put_be(ret + AT_SEQUENCE, 8, s->sequence);
	put_be(ret + AT_NEXT, 8, s->keys.n);
	put_be(ret + AT_SIZE, 8, s->tree.size);
	memcpy(ret + AT_SECRET, s->keys.s, SECRET_BYTES);
	memcpy(ret + AT_NEXT_BLOCK, s->keys.next, SECRET_BYTES);
	memcpy(ret + AT_LATER_BLOCK, s->keys.later, SECRET_BYTES);
	memcpy(ret + AT_IDENTITY, s->keys.identity, SECRET_BYTES);
	memcpy(ret + AT_LAST_SIG, s->last_sig, SIG_BYTES);
	memcpy(ret + AT_GENESIS, s->genesis_pk, HASH_BYTES);
	len = strnlen(s->origin, ORIGIN_BYTES_MAX);
	put_be(ret + AT_ORIGIN, 2, len);
	memcpy(ret + AT_ORIGIN + 2, s->origin, len);
	len = tree_frontier(&s->tree, ret + AT_FRONTIER + 2);
	put_be(ret + AT_FRONTIER, 2, len);
	(void)crypto_generichash(
	    ret + AT_DIGEST, HASH_BYTES, ret, AT_DIGEST, NULL, 0);
}

int
slot_decode(const uint8_t bytes[SLOT_BYTES], struct sealer_state *ret)
{
	uint8_t digest[HASH_BYTES];
	size_t origin_len, frontier_len;

	(void)crypto_generichash(
	    digest, sizeof(digest), bytes, AT_DIGEST, NULL, 0);
	if (memcmp(bytes, magic, sizeof(magic)) != 0 ||
	    sodium_memcmp(digest, bytes + AT_DIGEST, HASH_BYTES) != 0)
		return -EBADMSG;
	origin_len = (size_t)get_be(bytes + AT_ORIGIN, 2);
	frontier_len = (size_t)get_be(bytes + AT_FRONTIER, 2);
	if (origin_len > ORIGIN_BYTES_MAX || frontier_len > TREE_FRONTIER_MAX ||
	    tree_from_frontier(&ret->tree, get_be(bytes + AT_SIZE, 8),
		bytes + AT_FRONTIER + 2, frontier_len) < 0)
		return -EBADMSG;
	ret->sequence = get_be(bytes + AT_SEQUENCE, 8);
	ret->keys.n = get_be(bytes + AT_NEXT, 8);
	memcpy(ret->keys.s, bytes + AT_SECRET, SECRET_BYTES);
	memcpy(ret->keys.next, bytes + AT_NEXT_BLOCK, SECRET_BYTES);
	memcpy(ret->keys.later, bytes + AT_LATER_BLOCK, SECRET_BYTES);
	memcpy(ret->keys.identity, bytes + AT_IDENTITY, SECRET_BYTES);
	memcpy(ret->last_sig, bytes + AT_LAST_SIG, SIG_BYTES);
	memcpy(ret->genesis_pk, bytes + AT_GENESIS, HASH_BYTES);
	memcpy(ret->origin, bytes + AT_ORIGIN + 2, origin_len);
	ret->origin[origin_len] = '\0';
	return 0;
}

static off_t
slot_place(uint64_t sequence)
{
	return (off_t)(sequence & 1) * SLOT_BYTES;
}

static int
write_slot(int fd, uint64_t sequence, const uint8_t bytes[SLOT_BYTES])
{
	ssize_t n = pwrite(fd, bytes, SLOT_BYTES, slot_place(sequence));

	if (n < 0)
		return -errno;
	return n == SLOT_BYTES ? 0 : -EIO;
}

int
slot_forget(int fd, const struct sealer_state *s)
{
	static const uint8_t zero[SLOT_BYTES];

	return write_slot(fd, s->sequence + 1, zero);
}

int
slot_store(int fd, struct sealer_state *s)
{
	uint8_t bytes[SLOT_BYTES];
	int r;

	s->sequence++;
	slot_encode(s, bytes);
	r = write_slot(fd, s->sequence, bytes);
	sodium_memzero(bytes, sizeof(bytes));
	if (r < 0)
		s->sequence--;
	return r;
}

int
slot_begin(int fd)
{
	ssize_t n = pwrite(fd, begun, sizeof(begun), 0);

	if (n < 0)
		return -errno;
	return n == sizeof(begun) ? 0 : -EIO;
}

int
slot_load(int fd, struct sealer_state *ret)
{
	uint8_t both[2][SLOT_BYTES];
	bool valid[2];
	unsigned int newer;
	ssize_t n;
	int r = -EBADMSG;

	n = pread(fd, both, sizeof(both), 0);
	if (n < 0)
		return -errno;
	if (n == 0)
		return -ENOENT;
	if (n == sizeof(begun) && memcmp(both, begun, sizeof(begun)) == 0)
		return -ENODATA;
	memset((uint8_t *)both + n, 0, sizeof(both) - (size_t)n);
	for (unsigned int i = 0; i < 2; i++)
		valid[i] = slot_decode(both[i], ret) == 0 &&
			   slot_place(ret->sequence) == (off_t)i * SLOT_BYTES;
	if (valid[0] || valid[1]) {
		newer = !valid[0] || (valid[1] &&
					 get_be(both[1] + AT_SEQUENCE, 8) >
					     get_be(both[0] + AT_SEQUENCE, 8))
			    ? 1
			    : 0;
		r = slot_decode(both[newer], ret);
	}
	sodium_memzero(both, sizeof(both));
	if (r == 0)
		r = slot_forget(fd, ret);
	return r;
}
