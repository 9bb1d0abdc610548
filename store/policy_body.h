/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy as the log keeps it: the source texts and the tables by which a
 * record's watch and rule numbers are explained, so that a log can be read
 * years later without the configuration. FORMAT.md, "The policy".
 *
 * Written by the store from the compiled policy; read by whoever explains
 * records. A parsed body is one allocation; its strings are NUL-terminated
 * copies (bytes after an embedded NUL are lost to C strings, not to the log).
 */
#ifndef DOORWARD_STORE_POLICY_BODY_H
#define DOORWARD_STORE_POLICY_BODY_H

#include <stddef.h>
#include <stdint.h>

#include "ipc/wire/compiled.h"

#define POLICY_BODY_MAX (24u << 20)

struct body_file {
	const char *name;
	const char *text;
	size_t text_len;
};

struct body_watch {
	const char *name;
	uint32_t mode, on_timeout, deadline_ms, file, line;
	uint32_t first_rule, nrules;
};

struct body_condition {
	uint32_t kind, group, negated; /* as in compiled_condition */
	uint32_t value;		       /* uid, gid, auid; 0 for the others */
	const char *text;	       /* exe pattern or glob as written */
};

struct body_rule {
	uint32_t watch, verdict, ops, quiet, seal, file, line, column;
	const char *message; /* "" for none */
	const char *text;
	uint32_t first_condition, nconditions;
};

struct policy_body {
	uint32_t mode, deadline_ms, on_timeout;
	size_t nfiles, nwatches, nrules, nconditions;
	struct body_file *files;
	struct body_watch *watches;
	struct body_rule *rules;
	struct body_condition *conditions;
};

/* The body of a checked compiled policy; malloc'ed. 0, -ENOMEM, -EFBIG. */
int policy_body_make(
    const struct compiled_header *c, uint8_t **ret, size_t *ret_len);

/* 0, -EBADMSG (hostile input is fine), -ENOMEM. Free with policy_body_free. */
int
policy_body_parse(const uint8_t *bytes, size_t len, struct policy_body **ret);
void policy_body_free(struct policy_body **b);

#endif
