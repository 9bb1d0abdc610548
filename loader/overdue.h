/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The watchdog's two questions, as pure functions of what lies in a page and of
 * the time: which openers wait too long, and is a process stuck? The page is
 * written by the process that is doubted; whatever it holds, the answers stay
 * within their bounds.
 */
#ifndef DOORWARD_LOADER_OVERDUE_H
#define DOORWARD_LOADER_OVERDUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/wire/vitals.h"

/* An answer to give: the number the reader knows the event by, and which. */
struct overdue {
	uint32_t number;
	uint32_t verdict; /* enum verdict */
};

/*
 * Entries that wait and whose deadline passed more than grace_ns ago, from
 * *at on; *at moves behind the last one looked at. Number written, at most max.
 */
size_t
overdue_find(const struct vitals_pending *pending, size_t n, uint64_t now,
    uint64_t grace_ns, size_t *at, struct overdue *ret, size_t max);

/* All that wait; likewise. */
size_t overdue_find_waiting(const struct vitals_pending *pending, size_t n,
    size_t *at, struct overdue *ret, size_t max);

/* Since when a heartbeat stands still while there is work; 0: it does not. */
struct stuck {
	uint64_t since_ns;
	uint64_t beat;
};

/* One look. True: the same beat for at least limit_ns, with work all the time.
 */
bool stuck_look(
    struct stuck *s, uint64_t now, uint64_t beat, bool work, uint64_t limit_ns);

#endif
