/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes as JSON text. File names are bytes chosen by anybody: they reach JSON
 * only through here, so that no name can end a string, forge a line, or steer a
 * terminal. Output is pure ASCII: everything above 0x7e is a \u escape.
 * Not for: text of our own (jansson's json_string).
 */
#ifndef DOORWARD_STORE_JSON_TEXT_H
#define DOORWARD_STORE_JSON_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Valid UTF-8 (RFC 3629: no overlongs, surrogates, > U+10FFFF) without NUL? */
bool json_is_utf8(const uint8_t *bytes, size_t len);

/*
 * Sets object[key] to the text. Bytes that are not UTF-8 appear as "\xNN" and
 * object["<key>_bytes"] holds all of them in base64. len ≤ 1 MiB.
 * 0 or -ENOMEM.
 */
int json_set_bytes(
    json_t *object, const char *key, const uint8_t *bytes, size_t len);

/*
 * Text of unknown origin as a JSON string; bytes that are not UTF-8 become
 * "\xNN". NULL when out of memory. The caller owns it.
 */
json_t *json_text(const uint8_t *bytes, size_t len);

/* Lower-case hex of len ≤ 64 bytes behind a prefix, as a string; NULL when out
 * of memory. */
json_t *json_hex(const char *prefix, const uint8_t *bytes, size_t len);

/* One line of ASCII without line feed; free() it. NULL when out of memory. */
char *json_line(const json_t *value);

#endif
