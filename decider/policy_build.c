/* SPDX-License-Identifier: Apache-2.0 */
#include "decider/policy_build.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/proc/log.h"

static void *
grow(void *old, size_t bytes)
{
	void *p = realloc(old, bytes);

	if (p == NULL)
		fatalx("the policy needs more memory than there is");
	return p;
}

void
build_init(struct build *b)
{
#define ARRAY(name, type, bound)                                               \
	b->name = (struct grown){.size = sizeof(type), .max = (bound)}
	ARRAY(watches, struct compiled_watch, WATCHES_MAX);
	ARRAY(patterns, struct compiled_pattern, PATTERNS_MAX);
	ARRAY(rules, struct compiled_rule, RULES_MAX);
	ARRAY(conditions, struct compiled_condition, CONDITIONS_MAX);
	ARRAY(exes, struct compiled_exe, EXES_MAX);
	ARRAY(files, struct compiled_file, FILES_MAX);
	ARRAY(strings, char, COMPILED_BYTES_MAX);
	ARRAY(index, uint32_t, PATTERNS_MAX);
	ARRAY(pattern_at, struct policy_at, PATTERNS_MAX);
#undef ARRAY
	b->lines = ast_alloc(b->ast, b->nsources * sizeof(*b->lines));
	/* Offset 0 is the empty string. */
	b->strings.bytes = grow(NULL, 65536);
	b->strings.room = 65536;
	b->strings.bytes[0] = '\0';
	b->strings.n = 1;
}

void
build_free(struct build *b)
{
	struct grown *all[] = {&b->watches, &b->patterns, &b->rules,
	    &b->conditions, &b->exes, &b->files, &b->strings, &b->index,
	    &b->pattern_at};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		free(all[i]->bytes);
	free(b->string_table.slots);
	free(b->exe_table.slots);
}

static void
reserve(struct grown *g, uint32_t more)
{
	uint32_t room = g->room > 0 ? g->room : 64;

	while (room - g->n < more)
		room *= 2;
	if (room == g->room)
		return;
	g->bytes = grow(g->bytes, room * g->size);
	g->room = room;
}

static void
too_much(struct build *b, const char *what, uint32_t max, struct policy_at at)
{
	if (!b->full)
		diag_error(b->diags, at, "too many %s, expected at most %u",
		    what, max);
	b->full = true;
}

void *
build_add(
    struct build *b, struct grown *g, const char *what, struct policy_at at)
{
	void *p;

	if (g->n >= g->max) {
		too_much(b, what, g->max, at);
		return NULL;
	}
	reserve(g, 1);
	p = g->bytes + g->n++ * g->size;
	memset(p, 0, g->size);
	return p;
}

static uint32_t
hash_bytes(const char *s, size_t len)
{
	uint64_t h = 0xcbf29ce484222325U;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)s[i]) * 0x100000001b3U;
	return (uint32_t)(h ^ h >> 32);
}

/* Every distinct string is followed by its NUL and preceded by nothing. */
static bool
same_string(const struct build *b, uint32_t off, const char *s, size_t len)
{
	return b->strings.n - off > len &&
	       memcmp(b->strings.bytes + off, s, len) == 0 &&
	       b->strings.bytes[off + len] == '\0';
}

static void
rehash_strings(struct build *b)
{
	struct interned *t = &b->string_table;
	uint32_t room = t->room > 0 ? t->room * 2 : 4096, off, at;
	uint32_t *slots = grow(NULL, room * sizeof(*slots));
	const char *s;

	memset(slots, 0, room * sizeof(*slots));
	for (uint32_t i = 0; i < t->room; i++) {
		if (t->slots[i] == 0)
			continue;
		off = t->slots[i] - 1;
		s = b->strings.bytes + off;
		at = hash_bytes(s, strlen(s)) & (room - 1);
		while (slots[at] != 0)
			at = (at + 1) & (room - 1);
		slots[at] = off + 1;
	}
	free(t->slots);
	t->slots = slots;
	t->room = room;
}

struct compiled_str
build_string(struct build *b, const char *s, size_t len, struct policy_at at)
{
	struct interned *t = &b->string_table;
	uint32_t i, off;

	if (len == 0)
		return (struct compiled_str){0, 0};
	if (t->n >= t->room / 2)
		rehash_strings(b);
	for (i = hash_bytes(s, len) & (t->room - 1); t->slots[i] != 0;
	     i = (i + 1) & (t->room - 1)) {
		off = t->slots[i] - 1;
		if (same_string(b, off, s, len))
			return (struct compiled_str){off, (uint32_t)len};
	}
	if (len >= b->strings.max - b->strings.n) {
		too_much(b, "bytes of text", b->strings.max, at);
		return (struct compiled_str){0, 0};
	}
	reserve(&b->strings, (uint32_t)len + 1);
	off = b->strings.n;
	memcpy(b->strings.bytes + off, s, len);
	b->strings.bytes[off + len] = '\0';
	b->strings.n += (uint32_t)len + 1;
	t->slots[i] = off + 1;
	t->n++;
	return (struct compiled_str){off, (uint32_t)len};
}

static void
rehash_exes(struct build *b)
{
	const struct compiled_exe *all = (const void *)b->exes.bytes;
	struct interned *t = &b->exe_table;
	uint32_t at;

	t->room = t->room > 0 ? t->room * 2 : 1024;
	t->slots = grow(t->slots, t->room * sizeof(*t->slots));
	memset(t->slots, 0, t->room * sizeof(*t->slots));
	for (uint32_t i = 0; i < b->exes.n; i++) {
		at = all[i].pattern.off * 2654435761U & (t->room - 1);
		while (t->slots[at] != 0)
			at = (at + 1) & (t->room - 1);
		t->slots[at] = i + 1;
	}
}

uint32_t
build_exe(struct build *b, const struct policy_str *pattern)
{
	struct compiled_str s =
	    build_string(b, pattern->s, pattern->len, pattern->at);
	struct interned *t = &b->exe_table;
	struct compiled_exe *all, *e;
	uint32_t i, column;

	if (b->exes.n >= t->room / 2)
		rehash_exes(b);
	all = (void *)b->exes.bytes;
	/* Strings are interned: the same offset is the same text. */
	for (i = s.off * 2654435761U & (t->room - 1); t->slots[i] != 0;
	     i = (i + 1) & (t->room - 1))
		if (all[t->slots[i] - 1].pattern.off == s.off)
			return t->slots[i] - 1;
	e = build_add(b, &b->exes, "programs", pattern->at);
	if (e == NULL)
		return 0;
	e->pattern = s;
	e->literal = memchr(pattern->s, '*', pattern->len) == NULL &&
		     memchr(pattern->s, '?', pattern->len) == NULL;
	e->file = pattern->at.file;
	build_place(b, pattern->at, &e->line, &column);
	t->slots[i] = b->exes.n;
	return b->exes.n - 1;
}

static void
find_lines(struct build *b, uint32_t file)
{
	const struct policy_source *s = &b->sources[file];
	struct line_starts *l = &b->lines[file];
	uint32_t n = 1;

	for (uint32_t i = 0; i < s->len; i++)
		n += s->text[i] == '\n';
	l->starts = ast_alloc(b->ast, n * sizeof(*l->starts));
	l->n = 1;
	for (uint32_t i = 0; i < s->len; i++)
		if (s->text[i] == '\n')
			l->starts[l->n++] = i + 1;
}

void
build_place(struct build *b, struct policy_at at, uint32_t *ret_line,
    uint32_t *ret_column)
{
	struct line_starts *l = &b->lines[at.file];
	uint32_t low = 0, high, mid;

	if (l->n == 0)
		find_lines(b, at.file);
	high = l->n;
	while (high - low > 1) {
		mid = low + (high - low) / 2;
		if (l->starts[mid] <= at.begin)
			low = mid;
		else
			high = mid;
	}
	*ret_line = low + 1;
	*ret_column = at.begin - l->starts[low] + 1;
}

/* Which texts these are: any change of a byte or of a name changes the hash. */
static void
hash_sources(const struct build *b, uint8_t ret[HASH_BYTES])
{
	crypto_generichash_state state;
	uint8_t length[4];
	const char *part[2];
	size_t len[2];

	(void)crypto_generichash_init(&state, NULL, 0, HASH_BYTES);
	for (size_t i = 0; i < b->nsources; i++) {
		part[0] = b->sources[i].cite;
		len[0] = strlen(part[0]);
		part[1] = b->sources[i].text;
		len[1] = b->sources[i].len;
		for (int k = 0; k < 2; k++) {
			for (unsigned int n = 0; n < 4; n++)
				length[n] = (uint8_t)(len[k] >> (24 - 8 * n));
			(void)crypto_generichash_update(&state, length, 4);
			(void)crypto_generichash_update(
			    &state, (const unsigned char *)part[k], len[k]);
		}
	}
	(void)crypto_generichash_final(&state, ret, HASH_BYTES);
}

struct compiled_header *
build_layout(struct build *b)
{
	struct compiled_header *c;
	struct {
		const struct grown *array;
		size_t offset_at, count_at;
	} parts[] = {
#define PART(name, field)                                                      \
	{&b->name, offsetof(struct compiled_header, field),                    \
	    offsetof(struct compiled_header, n##field)}
	    PART(watches, watches),
	    PART(patterns, patterns),
	    PART(rules, rules),
	    PART(conditions, conditions),
	    PART(exes, exes),
	    PART(files, files),
	    PART(index, by_literal),
	    PART(strings, strings),
#undef PART
	};
	size_t total = sizeof(*c);
	uint32_t offset = sizeof(*c);

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		total += parts[i].array->n * parts[i].array->size;
	if (total > COMPILED_BYTES_MAX) {
		too_much(b, "bytes of compiled policy", COMPILED_BYTES_MAX,
		    (struct policy_at){0, 0, 0});
		return NULL;
	}
	c = grow(NULL, total);
	memset(c, 0, sizeof(*c));
	c->magic = COMPILED_MAGIC;
	c->bytes = (uint32_t)total;
	c->settings = b->settings;
	c->uses_ancestors = b->uses_ancestors;
	hash_sources(b, c->hash);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const struct grown *g = parts[i].array;

		memcpy((char *)c + parts[i].offset_at, &offset, sizeof(offset));
		memcpy((char *)c + parts[i].count_at, &g->n, sizeof(g->n));
		if (g->n > 0)
			memcpy((char *)c + offset, g->bytes, g->n * g->size);
		offset += (uint32_t)(g->n * g->size);
	}
	return c;
}
