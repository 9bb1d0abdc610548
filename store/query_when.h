/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times as people and programs write them, and as records show them. The one
 * implementation for doorwardctl (which knows the user's time zone) and
 * doorward-query (which has none and reads everything as UTC).
 *
 * Understood: RFC 3339 ("2026-11-22T09:14:03.5Z", "…+01:00"), the same without
 * a zone (local time), a date alone, an age ("90s", "15m", "2h", "3d", "1w"),
 * "now", "today", "yesterday".
 * Not for: durations of the policy language.
 */
#ifndef DOORWARD_STORE_QUERY_WHEN_H
#define DOORWARD_STORE_QUERY_WHEN_H

#include <stddef.h>
#include <stdint.h>

#define WHEN_BYTES 40 /* of a printed time, NUL included */

/*
 * text: NUL-terminated. now_ns: the current CLOCK_REALTIME. Result: ns since
 * 1970 in UTC. 0, -EINVAL (not a time), -ERANGE (outside 1970..2262).
 */
int when_parse(const char *text, int64_t now_ns, int64_t *ret_ns);

/*
 * RFC 3339 in UTC with nine digits of a second, e.g.
 * "2026-11-22T09:14:03.123456789Z". Returns buf.
 */
const char *when_format(int64_t ns, char buf[WHEN_BYTES]);

/* CLOCK_REALTIME in ns. */
int64_t when_now(void);

#endif
