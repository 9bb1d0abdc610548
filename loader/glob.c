/* SPDX-License-Identifier: Apache-2.0 */
#include "loader/glob.h"

#include <string.h>

static bool
is_any(const struct glob *g, unsigned int i)
{
	return g->lens[i] == 2 && memcmp(g->names[i], "**", 2) == 0;
}

static glob_state
close_over(const struct glob *g, glob_state s)
{
	for (unsigned int i = 0; i < g->n; i++) {
		if ((s & (1ULL << i)) != 0 && is_any(g, i))
			s |= 1ULL << (i + 1);
	}
	return s;
}

void
glob_parse(
    struct glob *g, const char *literal, size_t literal_len, const char *rest)
{
	g->literal = literal;
	g->literal_len = literal_len;
	g->n = 0;
	while (*rest != '\0') {
		size_t len = strcspn(rest, "/");

		if (g->n == GLOB_NAMES_MAX - 1) {
			rest = "**";
			len = 2;
		}
		if (len > 0) {
			g->names[g->n] = rest;
			g->lens[g->n] = (uint16_t)len;
			g->n++;
		}
		rest += len;
		if (*rest == '/')
			rest++;
	}
	g->tail = g->n;
	while (g->tail > 0 && is_any(g, g->tail - 1))
		g->tail--;
}

void
glob_split(struct glob *g, const char *pattern, char *literal_buf, size_t cap)
{
	size_t wild = strcspn(pattern, "*?");
	size_t len = strlen(pattern);

	if (wild == len) {
		glob_parse(g, pattern, len, "");
		return;
	}
	while (wild > 0 && pattern[wild - 1] != '/')
		wild--;
	len = wild > 1 ? wild - 1 : 1;
	if (len >= cap)
		len = cap - 1;
	memcpy(literal_buf, pattern, len);
	literal_buf[len] = '\0';
	glob_parse(g, literal_buf, len, pattern + wild);
}

glob_state
glob_start(const struct glob *g)
{
	return close_over(g, 1);
}

/* '*' and '?' within one name; names are at most 255 bytes. */
static bool
name_matches(const char *p, size_t plen, const char *s, size_t slen)
{
	size_t pi = 0, si = 0, star = SIZE_MAX, retry = 0;

	while (si < slen) {
		if (pi < plen && p[pi] == '*') {
			star = pi++;
			retry = si;
		} else if (pi < plen && (p[pi] == '?' || p[pi] == s[si])) {
			pi++;
			si++;
		} else if (star != SIZE_MAX) {
			pi = star + 1;
			si = ++retry;
		} else {
			return false;
		}
	}
	while (pi < plen && p[pi] == '*')
		pi++;
	return pi == plen;
}

glob_state
glob_step(const struct glob *g, glob_state s, const char *name, size_t len)
{
	glob_state next = 0;

	for (unsigned int i = 0; i < g->n; i++) {
		if ((s & (1ULL << i)) == 0)
			continue;
		if (is_any(g, i))
			next |= 1ULL << i;
		else if (name_matches(g->names[i], g->lens[i], name, len))
			next |= 1ULL << (i + 1);
	}
	return close_over(g, next);
}

bool
glob_final(const struct glob *g, glob_state s)
{
	return (s & (1ULL << g->n)) != 0;
}

bool
glob_has_files(const struct glob *g, glob_state s)
{
	for (unsigned int i = 0; i < g->n; i++) {
		if ((s & (1ULL << i)) != 0 && i + 1 >= g->tail)
			return true;
	}
	return false;
}

bool
glob_goes_deeper(const struct glob *g, glob_state s)
{
	for (unsigned int i = 0; i < g->n; i++) {
		if ((s & (1ULL << i)) != 0 && (is_any(g, i) || i + 1 < g->n))
			return true;
	}
	return false;
}

bool
path_is_within(const char *dir, size_t dir_len, const char *path, size_t len)
{
	if (dir_len == 1 && dir[0] == '/')
		return true;
	return len >= dir_len && memcmp(dir, path, dir_len) == 0 &&
	       (len == dir_len || path[dir_len] == '/');
}
