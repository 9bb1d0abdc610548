/* SPDX-License-Identifier: Apache-2.0 */
#include "decider/policy_json.h"

#include <string.h>

#include "decider/policy_lex.h"

void
json_string(FILE *out, const char *s, size_t len)
{
	uint32_t c = 0;
	size_t n;

	if (s == NULL) {
		(void)fputs("null", out);
		return;
	}
	(void)fputc('"', out);
	for (size_t i = 0; i < len; i += n) {
		n = policy_utf8((const unsigned char *)s + i, len - i, &c);
		if (n == 0) {
			n = 1;
			c = (unsigned char)s[i];
		} else if (c >= ' ' && c != '"' && c != '\\' && c != 0x7f) {
			(void)fwrite(s + i, 1, n, out);
			continue;
		}
		if (c == '"' || c == '\\')
			(void)fprintf(out, "\\%c", (char)c);
		else
			(void)fprintf(out, "\\u%04x", c);
	}
	(void)fputc('"', out);
}

void
json_member(FILE *out, int first, const char *name, const char *value)
{
	(void)fprintf(out, "%s\"%s\":", first ? "" : ",", name);
	json_string(out, value, value != NULL ? strlen(value) : 0);
}
