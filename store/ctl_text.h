/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text for a terminal. Names come from anybody: control bytes, direction marks
 * and invisible characters are shown as escapes, so that what is on the screen
 * is what is there. Letters of other alphabets stay letters in a UTF-8 locale.
 */
#ifndef DOORWARD_STORE_CTL_TEXT_H
#define DOORWARD_STORE_CTL_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* Reads the locale; call once. */
void text_start(void);

/* May this code point reach a terminal as it is? Pure. */
bool text_is_plain(unsigned int code, bool utf8);

/* Writes UTF-8 text escaped; keep_lines lets line feeds and tabs through. */
void text_put(FILE *out, const char *text, bool keep_lines);

/* A string member of o, escaped; other when absent. */
void
text_put_member(FILE *out, const json_t *o, const char *key, const char *other);

/* The string or "" / the number or 0 of a member. */
const char *text_member(const json_t *o, const char *key);
json_int_t text_number(const json_t *o, const char *key);

#endif
