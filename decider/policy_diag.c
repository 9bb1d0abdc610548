/* SPDX-License-Identifier: Apache-2.0 */
#include "decider/policy_diag.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW 72 /* bytes of a source line that are shown */

static void __attribute__((format(printf, 4, 0))) add(struct policy_diags *d,
    struct policy_at at, bool warning, const char *format, va_list ap)
{
	struct policy_diag *g, *before;

	if (d->n < DIAGS_MAX) {
		g = &d->list[d->n];
		*g = (struct policy_diag){
		    .at = at, .warning = warning, .order = (uint32_t)d->n};
		(void)vsnprintf(g->text, sizeof(g->text), format, ap);
		before = d->n > 0 ? g - 1 : NULL;
		/* A statement tried again after recovery says the same again.
		 */
		if (before != NULL && before->at.file == at.file &&
		    before->at.begin == at.begin &&
		    strcmp(before->text, g->text) == 0)
			return;
		d->n++;
	}
	if (warning)
		d->warnings++;
	else
		d->errors++;
}

void
diag_error(struct policy_diags *d, struct policy_at at, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	add(d, at, false, format, ap);
	va_end(ap);
}

void
diag_warning(
    struct policy_diags *d, struct policy_at at, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	add(d, at, true, format, ap);
	va_end(ap);
}

static bool
printable(char c)
{
	return c >= ' ' && c <= '~';
}

const char *
diag_quote(char out[QUOTE_BYTES], const char *s, size_t len)
{
	size_t o = 0;

	for (size_t i = 0; i < len; i++) {
		/* Room for this byte's escape, the dots and the NUL. */
		if (o + 4 + 3 + 1 > QUOTE_BYTES) {
			memcpy(out + o, "...", 3);
			o += 3;
			break;
		}
		if (printable(s[i]))
			out[o++] = s[i];
		else
			o += (size_t)snprintf(out + o, QUOTE_BYTES - o,
			    "\\x%02x", (unsigned int)(unsigned char)s[i]);
	}
	out[o] = '\0';
	return out;
}

void
diag_place(const struct policy_source *s, uint32_t offset, uint32_t *ret_line,
    uint32_t *ret_column)
{
	uint32_t line = 1, start = 0;
	const char *nl;

	if (offset > s->len)
		offset = s->len;
	while ((nl = memchr(s->text + start, '\n', offset - start)) != NULL) {
		line++;
		start = (uint32_t)(nl - s->text) + 1;
	}
	*ret_line = line;
	*ret_column = offset - start + 1;
}

/* One byte of a quoted line; returns how many columns it took. */
static unsigned int
put_byte(FILE *out, char c)
{
	if (c == '\t')
		c = ' ';
	if (printable(c)) {
		(void)fputc(c, out);
		return 1;
	}
	(void)fprintf(out, "\\x%02x", (unsigned int)(unsigned char)c);
	return 4;
}

static void
put_line(FILE *out, const struct policy_source *s, uint32_t offset)
{
	uint32_t begin = offset, end = offset, from, to;
	unsigned int columns = 0, caret = 0;

	while (begin > 0 && s->text[begin - 1] != '\n')
		begin--;
	while (end < s->len && s->text[end] != '\n')
		end++;
	if (end > begin && s->text[end - 1] == '\r' && end - 1 >= offset)
		end--;
	from = offset - begin > WINDOW / 2 ? offset - WINDOW / 2 : begin;
	to = end - from > WINDOW ? from + WINDOW : end;
	(void)fputs(from > begin ? "    ..." : "    ", out);
	for (uint32_t i = from; i < to; i++) {
		if (i == offset)
			caret = columns;
		columns += put_byte(out, s->text[i]);
	}
	if (offset >= to)
		caret = columns;
	(void)fputs(to < end ? "...\n" : "\n", out);
	(void)fprintf(
	    out, "%*s^\n", (int)(caret + (from > begin ? 7U : 4U)), "");
}

static int
by_place(const void *a, const void *b)
{
	const struct policy_diag *x = a, *y = b;

	if (x->at.file != y->at.file)
		return x->at.file < y->at.file ? -1 : 1;
	if (x->at.begin != y->at.begin)
		return x->at.begin < y->at.begin ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

void
diag_print(FILE *out, struct policy_diags *d,
    const struct policy_source *sources, size_t nsources)
{
	const struct policy_diag *g;
	uint32_t line, column;
	char name[QUOTE_BYTES];

	qsort(d->list, d->n, sizeof(d->list[0]), by_place);
	for (size_t i = 0; i < d->n; i++) {
		g = &d->list[i];
		if (g->at.file >= nsources) {
			(void)fprintf(out, "doorward-policy: %s%s\n",
			    g->warning ? "warning: " : "", g->text);
			continue;
		}
		diag_place(&sources[g->at.file], g->at.begin, &line, &column);
		(void)fprintf(out, "%s:%u:%u: %s%s\n",
		    diag_quote(name, sources[g->at.file].path,
			strlen(sources[g->at.file].path)),
		    line, column, g->warning ? "warning: " : "", g->text);
		if (sources[g->at.file].len > 0)
			put_line(out, &sources[g->at.file], g->at.begin);
	}
	if (d->errors + d->warnings > d->n)
		(void)fprintf(out, "doorward-policy: %zu more not shown\n",
		    d->errors + d->warnings - d->n);
}
