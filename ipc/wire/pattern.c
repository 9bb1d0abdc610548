/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "ipc/wire/compiled.h"

/* A run of bytes being consumed name by name. */
struct names {
	const char *at;
	const char *end; /* at > end: nothing left */
};

/* Takes the next name off n. The caller knows that one is left. */
static struct names
next_name(struct names *n)
{
	const char *slash = memchr(n->at, '/', (size_t)(n->end - n->at));
	struct names name = {n->at, slash != NULL ? slash : n->end};

	n->at = name.end + 1;
	return name;
}

static bool
left(struct names n)
{
	return n.at <= n.end;
}

static bool
is_any_depth(struct names name)
{
	return name.end - name.at == 2 && name.at[0] == '*' &&
	       name.at[1] == '*';
}

/*
 * One name against one pattern name. Going back only to the last '*' is
 * enough, because an earlier one can do nothing a later one cannot: the work
 * is at most the product of both lengths.
 */
static bool
name_matches(struct names pattern, struct names name)
{
	const char *p = pattern.at, *s = name.at;
	const char *star = NULL, *star_s = NULL;

	while (s < name.end) {
		if (p < pattern.end && *p == '*') {
			star = p++;
			star_s = s;
		} else if (p < pattern.end && (*p == '?' || *p == *s)) {
			p++;
			s++;
		} else if (star != NULL) {
			p = star + 1;
			s = ++star_s;
		} else {
			return false;
		}
	}
	while (p < pattern.end && *p == '*')
		p++;
	return p == pattern.end;
}

/*
 * The same walk one level up: "**" is to names what '*' is to bytes. A final
 * "**" wants at least one name: it covers what is below, not the directory.
 */
static bool
names_match(struct names pattern, struct names path)
{
	struct names star = {NULL, NULL}, star_path = {NULL, NULL};
	struct names saved, p, s;

	while (left(path)) {
		saved = pattern;
		if (left(pattern)) {
			p = next_name(&pattern);
			if (is_any_depth(p)) {
				if (!left(pattern))
					return true;
				star = pattern;
				star_path = path;
				continue;
			}
			s = path;
			if (name_matches(p, next_name(&s))) {
				path = s;
				continue;
			}
		}
		pattern = saved;
		if (star.at == NULL)
			return false;
		pattern = star;
		(void)next_name(&star_path);
		path = star_path;
	}
	return !left(pattern);
}

bool
path_glob_match(const char *glob, size_t glob_len, const char *path, size_t len)
{
	if (glob_len == 0 || len == 0 || *glob != '/' || *path != '/')
		return false;
	return names_match((struct names){glob + 1, glob + glob_len},
	    (struct names){path + 1, path + len});
}

bool
pattern_match(const struct compiled_header *c, const struct compiled_pattern *p,
    const char *path, size_t len)
{
	const char *literal = compiled_string(c, p->literal);
	const char *rest = compiled_string(c, p->rest);
	size_t prefix = p->literal.len == 1 ? 0 : p->literal.len;

	if (p->rest.len == 0)
		return len == p->literal.len && memcmp(path, literal, len) == 0;
	if (len < prefix + 2 || path[prefix] != '/' ||
	    memcmp(path, literal, prefix) != 0)
		return false;
	return names_match((struct names){rest, rest + p->rest.len},
	    (struct names){path + prefix + 1, path + len});
}

bool
path_is_plain(const char *path, size_t len)
{
	struct names all, name;
	ptrdiff_t n;

	if (len == 0 || len > PATH_BYTES_MAX || *path != '/' ||
	    memchr(path, '\0', len) != NULL)
		return false;
	if (len == 1)
		return true;
	all = (struct names){path + 1, path + len};
	while (left(all)) {
		name = next_name(&all);
		n = name.end - name.at;
		if (n == 0 || (n == 1 && name.at[0] == '.') ||
		    (n == 2 && name.at[0] == '.' && name.at[1] == '.'))
			return false;
	}
	return true;
}
