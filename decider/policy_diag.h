/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the compiler has to say about source text: errors and warnings with
 * their places, collected while it works and printed together, in source
 * order, each with its line and a caret. Whatever is quoted is escaped, so that
 * hostile text cannot forge a message.
 */
#ifndef DOORWARD_DECIDER_POLICY_DIAG_H
#define DOORWARD_DECIDER_POLICY_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define DIAGS_MAX 200 /* more are counted, not kept */
#define DIAG_BYTES 512
#define QUOTE_BYTES 128

/* A stretch of source: bytes begin up to end of file number file. */
struct policy_at {
	uint32_t file;
	uint32_t begin, end;
};

/* One configuration file in memory. text has len bytes; nothing is freed here.
 */
struct policy_source {
	const char *path; /* as the caller named it: in messages */
	const char *cite; /* as rules are cited: "doorward.conf" */
	const char *text;
	uint32_t len;
};

struct policy_diag {
	struct policy_at at;
	bool warning;
	uint32_t order;
	char text[DIAG_BYTES];
};

struct policy_diags {
	size_t n;
	size_t errors;	 /* all of them, kept or not */
	size_t warnings; /* same */
	struct policy_diag list[DIAGS_MAX];
};

void diag_error(struct policy_diags *d, struct policy_at at, const char *format,
    ...) __attribute__((format(printf, 3, 4)));
void diag_warning(struct policy_diags *d, struct policy_at at,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * Copies bytes for a message: printable ASCII as it is, the rest as \xHH, cut
 * with "..." at the end of the buffer. Returns out.
 */
const char *diag_quote(char out[QUOTE_BYTES], const char *s, size_t len);

/* 1-based line and column (bytes) of an offset. */
void diag_place(const struct policy_source *s, uint32_t offset,
    uint32_t *ret_line, uint32_t *ret_column);

/* Everything kept, sorted by place: "FILE:LINE:COL: text", the line, a caret.
 */
void diag_print(FILE *out, struct policy_diags *d,
    const struct policy_source *sources, size_t nsources);

#endif
