/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON out, enough for what doorward-policy prints: the caller writes the
 * braces, this writes strings that cannot break out of them.
 */
#ifndef DOORWARD_DECIDER_POLICY_JSON_H
#define DOORWARD_DECIDER_POLICY_JSON_H

#include <stddef.h>
#include <stdio.h>

/* A quoted string; bytes that are not UTF-8 become \u00XX. NULL: null. */
void json_string(FILE *out, const char *s, size_t len);
/* ,"name":"value" (without the comma if first). */
void json_member(FILE *out, int first, const char *name, const char *value);

#endif
