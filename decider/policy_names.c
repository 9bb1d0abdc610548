/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "decider/policy_compile.h"

uint32_t
policy_ops(const char *word)
{
	const char *name;

	if (strcmp(word, "change") == 0)
		return OP_CHANGE;
	if (strcmp(word, "any") == 0)
		return OP_ANY;
	for (uint32_t bit = 1; bit <= OP_ANY; bit <<= 1) {
		name = op_name(bit);
		if (name != NULL && strcmp(word, name) == 0)
			return bit;
	}
	return 0;
}

/* The third field of "name:x:ID:..."; false if it is no number. */
static bool
third_field(const char *line, const char *end, uint32_t *ret_id)
{
	uint64_t id = 0;
	const char *p = memchr(line, ':', (size_t)(end - line));

	p = p == NULL ? NULL : memchr(p + 1, ':', (size_t)(end - p - 1));
	if (p == NULL || ++p == end || *p < '0' || *p > '9')
		return false;
	for (; p < end && *p >= '0' && *p <= '9'; p++) {
		id = id * 10 + (uint64_t)(*p - '0');
		if (id >= UINT32_MAX)
			return false;
	}
	if (p < end && *p != ':')
		return false;
	*ret_id = (uint32_t)id;
	return true;
}

int
policy_account_id(
    const char *text, size_t len, const char *name, uint32_t *ret_id)
{
	const char *line = text, *stop = text + len, *end;
	size_t n = strlen(name);

	for (; line < stop; line = end + 1) {
		end = memchr(line, '\n', (size_t)(stop - line));
		if (end == NULL)
			end = stop;
		if ((size_t)(end - line) > n && line[n] == ':' &&
		    memcmp(line, name, n) == 0 &&
		    third_field(line, end, ret_id))
			return 0;
	}
	return -ENOENT;
}
