/* SPDX-License-Identifier: Apache-2.0 */
#include "store/ctl_text.h"

#include <langinfo.h>
#include <locale.h>
#include <string.h>

static bool locale_is_utf8;

void
text_start(void)
{
	(void)setlocale(LC_CTYPE, "");
	locale_is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* Unicode 15: controls, formats (Cf), separators and private use. */
bool
text_is_plain(unsigned int code, bool utf8)
{
	static const struct {
		unsigned int first, last;
	} hidden[] = {
	    {0x00, 0x1f},
	    {0x7f, 0xa0},
	    {0xad, 0xad},
	    {0x0600, 0x0605},
	    {0x061c, 0x061c},
	    {0x115f, 0x1160},
	    {0x180b, 0x180f},
	    {0x200b, 0x200f},
	    {0x2028, 0x202f},
	    {0x2060, 0x206f},
	    {0x3164, 0x3164},
	    {0xd800, 0xf8ff},
	    {0xfe00, 0xfe0f},
	    {0xfeff, 0xfeff},
	    {0xffa0, 0xffa0},
	    {0xfff0, 0xffff},
	    {0xe0000, 0x10ffff},
	};

	if (code > 0x7e && !utf8)
		return false;
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (code >= hidden[i].first && code <= hidden[i].last)
			return false;
	return true;
}

/* jansson gives valid UTF-8 only. */
static unsigned int
next_code(const unsigned char **p)
{
	unsigned int code = *(*p)++;
	unsigned int more = code < 0xc0	  ? 0
			    : code < 0xe0 ? 1
			    : code < 0xf0 ? 2
					  : 3;

	if (more > 0)
		code &= 0x3fu >> more;
	for (; more > 0 && (**p & 0xc0) == 0x80; more--)
		code = code << 6 | (*(*p)++ & 0x3fu);
	return code;
}

void
text_put(FILE *out, const char *text, bool keep_lines)
{
	const unsigned char *p = (const unsigned char *)text;

	while (*p != '\0') {
		const unsigned char *from = p;
		unsigned int code = next_code(&p);

		if (text_is_plain(code, locale_is_utf8) ||
		    (keep_lines && (code == '\n' || code == '\t')))
			(void)fwrite(from, 1, (size_t)(p - from), out);
		else
			(void)fprintf(out, "\\u{%x}", code);
	}
}

const char *
text_member(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s == NULL ? "" : s;
}

json_int_t
text_number(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

void
text_put_member(FILE *out, const json_t *o, const char *key, const char *other)
{
	const char *s = text_member(o, key);

	text_put(out, *s == '\0' ? other : s, false);
}
