/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "decider/policy_lex.h"

size_t
policy_utf8(const unsigned char *s, size_t left, uint32_t *ret)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t c = s[0];
	size_t n;

	if (c < 0x80) {
		*ret = c;
		return 1;
	}
	n = c >= 0xf0 && c <= 0xf4 ? 4 : c >= 0xe0 && c < 0xf0 ? 3 : 2;
	if (c < 0xc2 || c > 0xf4 || n > left)
		return 0;
	c &= 0x7fU >> n;
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3fU);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*ret = c;
	return n;
}

/* Marks that make a line look different from what it says. */
static bool
turns_text(uint32_t c)
{
	return c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

bool
policy_text_clean(
    struct policy_diags *diags, const char *text, size_t len, uint32_t file)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t before = diags->errors, n;
	struct policy_at at;
	uint32_t c = 0;

	for (size_t i = 0; i < len; i += n == 0 ? 1 : n) {
		n = policy_utf8(s + i, len - i, &c);
		at = (struct policy_at){file, (uint32_t)i, (uint32_t)(i + 1)};
		if (n == 0)
			diag_error(diags, at,
			    "byte 0x%02x is not UTF-8, expected text; in a "
			    "string write \\x%02x",
			    s[i], s[i]);
		else if ((c < ' ' && c != '\t' && c != '\n' && c != '\r') ||
			 (c >= 0x7f && c < 0xa0))
			diag_error(diags, at,
			    "control character 0x%02x, expected text; in a "
			    "string write \\xHH",
			    c);
		else if (turns_text(c))
			diag_error(diags, at,
			    "invisible direction mark U+%04X, expected text "
			    "that is what it looks like",
			    c);
		/* Binary junk: the first few places say it all. */
		if (diags->errors - before >= 10)
			return false;
	}
	return diags->errors == before;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/*
 * The escape at s (behind its backslash), left bytes of string remain. Returns
 * how many bytes it takes, 0 if it is none.
 */
static size_t
unescape_one(const char *s, size_t left, char *ret)
{
	int high, low;

	if (left == 0)
		return 0;
	switch (*s) {
	case '\\':
	case '"':
		*ret = *s;
		return 1;
	case 'n':
		*ret = '\n';
		return 1;
	case 't':
		*ret = '\t';
		return 1;
	case 'x':
		high = left >= 3 ? hex_digit(s[1]) : -1;
		low = left >= 3 ? hex_digit(s[2]) : -1;
		if (high < 0 || low < 0 || high + low == 0)
			return 0;
		*ret = (char)(high << 4 | low);
		return 3;
	default:
		return 0;
	}
}

struct policy_str
policy_unescape(struct policy_ast *ast, struct policy_diags *diags,
    const char *text, struct policy_at at)
{
	uint32_t begin = at.begin, end = at.end, o = 0;
	struct policy_at bad;
	char *copy;
	size_t n;

	if (begin < end && text[begin] == '"')
		begin++;
	if (begin > at.begin && end > begin && text[end - 1] == '"')
		end--;
	copy = ast_alloc(ast, (size_t)(end - begin) + 1);
	for (uint32_t i = begin; i < end; i++) {
		if (text[i] != '\\') {
			copy[o++] = text[i];
			continue;
		}
		n = unescape_one(text + i + 1, end - i - 1, &copy[o]);
		if (n == 0) {
			bad = (struct policy_at){at.file, i, i + 1};
			diag_error(diags, bad,
			    "unknown escape, expected \\\\, \\\", \\n, \\t or "
			    "\\xHH other than \\x00");
			n = i + 1 < end ? 1 : 0;
			copy[o] = '?';
		}
		o++;
		i += (uint32_t)n;
	}
	return (struct policy_str){copy, o, at};
}
