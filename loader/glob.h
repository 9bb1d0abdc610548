/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A path pattern as a machine over whole names, for walking directories: which
 * directories can hold a match, and which need not be entered. The policy's
 * patterns (compiled.h) and exe patterns are walked with it.
 *
 * It may say yes too often (a pattern of more than GLOB_NAMES_MAX names is cut
 * and continued as "**"), never too seldom: whether a path really matches is
 * pattern_match()'s word.
 * Not for: deciding.
 */
#ifndef DOORWARD_LOADER_GLOB_H
#define DOORWARD_LOADER_GLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GLOB_NAMES_MAX 62

/* Borrowed pointers into the pattern's strings. */
struct glob {
	const char *literal; /* existing-or-not plain path, "/" for the root */
	size_t literal_len;
	unsigned int n;	   /* names with wildcards, after the literal */
	unsigned int tail; /* names[tail..n) are all "**" */
	const char *names[GLOB_NAMES_MAX];
	uint16_t lens[GLOB_NAMES_MAX];
};

/* Bit i: the first i names are consumed. 0: no match possible any more. */
typedef uint64_t glob_state;

/* rest: as in compiled_pattern, "" for a literal path. */
void glob_parse(
    struct glob *g, const char *literal, size_t literal_len, const char *rest);

/* A whole absolute pattern: split before the first name with a wildcard. */
void
glob_split(struct glob *g, const char *pattern, char *literal_buf, size_t cap);

/* Standing in the literal directory. */
glob_state glob_start(const struct glob *g);
/* One name further down. */
glob_state
glob_step(const struct glob *g, glob_state s, const char *name, size_t len);
/* The path so far matches as a whole. */
bool glob_final(const struct glob *g, glob_state s);
/* A name directly in this directory may match as a whole. */
bool glob_has_files(const struct glob *g, glob_state s);
/* A directory in this directory may hold matches. */
bool glob_goes_deeper(const struct glob *g, glob_state s);

/* Is path equal to dir or below it? dir "/" holds everything. */
bool
path_is_within(const char *dir, size_t dir_len, const char *path, size_t len);

#endif
