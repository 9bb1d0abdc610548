/* SPDX-License-Identifier: Apache-2.0 */
#include "store/json_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_BYTES_MAX (1u << 20)
#define HEX_BYTES_MAX 64
#define KEY_BYTES_MAX 48

/* Bytes of the UTF-8 sequence at p, or 0 (RFC 3629, section 4). */
static size_t
sequence(const uint8_t *p, size_t left)
{
	uint8_t low = 0x80, high = 0xbf;
	size_t n;

	if (p[0] < 0x80)
		return p[0] == 0 ? 0 : 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (left < n)
		return 0;
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

bool
json_is_utf8(const uint8_t *bytes, size_t len)
{
	size_t n;

	for (size_t i = 0; i < len; i += n) {
		n = sequence(bytes + i, len - i);
		if (n == 0)
			return false;
	}
	return true;
}

json_t *
json_text(const uint8_t *bytes, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	json_t *string;
	size_t used = 0;
	char *out;

	if (len > TEXT_BYTES_MAX)
		len = TEXT_BYTES_MAX;
	if (json_is_utf8(bytes, len))
		return json_stringn_nocheck((const char *)bytes, len);
	out = malloc(len * 4 + 1);
	if (out == NULL)
		return NULL;
	for (size_t i = 0; i < len;) {
		size_t n = sequence(bytes + i, len - i);

		if (n == 0) {
			out[used++] = '\\';
			out[used++] = 'x';
			out[used++] = hex[bytes[i] >> 4];
			out[used++] = hex[bytes[i] & 15];
			i++;
			continue;
		}
		memcpy(out + used, bytes + i, n);
		used += n;
		i += n;
	}
	string = json_stringn_nocheck(out, used);
	free(out);
	return string;
}

static json_t *
base64(const uint8_t *bytes, size_t len)
{
	static const char letters[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *out = malloc((len + 2) / 3 * 4 + 1);
	json_t *string;
	size_t used = 0;

	if (out == NULL)
		return NULL;
	for (size_t i = 0; i < len; i += 3) {
		uint32_t v = (uint32_t)bytes[i] << 16;

		if (i + 1 < len)
			v |= (uint32_t)bytes[i + 1] << 8;
		if (i + 2 < len)
			v |= bytes[i + 2];
		out[used++] = letters[v >> 18];
		out[used++] = letters[v >> 12 & 63];
		out[used++] = i + 1 < len ? letters[v >> 6 & 63] : '=';
		out[used++] = i + 2 < len ? letters[v & 63] : '=';
	}
	string = json_stringn_nocheck(out, used);
	free(out);
	return string;
}

int
json_set_bytes(
    json_t *object, const char *key, const uint8_t *bytes, size_t len)
{
	char name[KEY_BYTES_MAX];

	if (len > TEXT_BYTES_MAX)
		len = TEXT_BYTES_MAX;
	if (json_object_set_new(object, key, json_text(bytes, len)) != 0)
		return -ENOMEM;
	if (json_is_utf8(bytes, len))
		return 0;
	(void)snprintf(name, sizeof(name), "%s_bytes", key);
	if (json_object_set_new(object, name, base64(bytes, len)) != 0)
		return -ENOMEM;
	return 0;
}

json_t *
json_hex(const char *prefix, const uint8_t *bytes, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	char text[HEX_BYTES_MAX * 2 + KEY_BYTES_MAX];
	size_t used;

	if (len > HEX_BYTES_MAX || strlen(prefix) >= KEY_BYTES_MAX)
		return NULL;
	used = strlen(prefix);
	memcpy(text, prefix, used);
	for (size_t i = 0; i < len; i++) {
		text[used++] = hex[bytes[i] >> 4];
		text[used++] = hex[bytes[i] & 15];
	}
	return json_stringn_nocheck(text, used);
}

/* jansson writes \u202E; ours are lower-case, as every hex number here. */
static void
lower_escapes(char *line)
{
	for (char *p = line; *p != '\0'; p++) {
		if (*p != '\\')
			continue;
		p++;
		for (int i = 1; *p == 'u' && i <= 4; i++)
			if (p[i] >= 'A' && p[i] <= 'F')
				p[i] = (char)(p[i] - 'A' + 'a');
	}
}

char *
json_line(const json_t *value)
{
	char *line = json_dumps(
	    value, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ENCODE_ANY);

	if (line != NULL)
		lower_escapes(line);
	return line;
}
