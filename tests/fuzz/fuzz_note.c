/* SPDX-License-Identifier: Apache-2.0 */
/* Signed texts: what parses is written back to the same bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
same(const char *again, size_t n, const char *text, size_t len)
{
	if (n != len || memcmp(again, text, n) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t pk[HASH_BYTES];
	const char *text = (const char *)data;
	char again[NOTE_BYTES_MAX];
	struct checkpoint c;
	struct key_note k;
	struct vkey key;
	struct note n;

	if (len > NOTE_BYTES_MAX)
		return 0;
	if (checkpoint_parse(text, len, &c) == 0)
		same(again, checkpoint_format(&c, again), text, len);
	if (key_note_parse(text, len, &k) == 0)
		same(again, key_note_format(&k, again), text, len);
	if (vkey_parse(text, len, &key) == 0 &&
	    vkey_format(&key, again, sizeof(again)) == 0)
		same(again, strlen(again), text,
		    text[len - 1] == '\n' ? len - 1 : len);
	if (note_parse(text, len, &n) == 0 &&
	    note_verify(text, &n, "h/doorward/0011", pk) == 0)
		abort();
	return 0;
}
