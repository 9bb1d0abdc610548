/* SPDX-License-Identifier: Apache-2.0 */
#include "loader/overdue.h"

static size_t
find(const struct vitals_pending *pending, size_t n, uint64_t before,
    size_t *at, struct overdue *ret, size_t max)
{
	size_t found = 0;

	for (; *at < n && found < max; (*at)++) {
		const struct vitals_pending *p = &pending[*at];

		/* Acquire: the deadline was written before the state. */
		if (__atomic_load_n(&p->state, __ATOMIC_ACQUIRE) !=
			PENDING_WAITING ||
		    vital_get(p->deadline_ns) > before)
			continue;
		ret[found].number = (uint32_t)*at;
		ret[found].verdict = vital_get(p->on_timeout) == VERDICT_ALLOW
					 ? VERDICT_ALLOW
					 : VERDICT_DENY;
		found++;
	}
	return found;
}

size_t
overdue_find(const struct vitals_pending *pending, size_t n, uint64_t now,
    uint64_t grace_ns, size_t *at, struct overdue *ret, size_t max)
{
	return find(
	    pending, n, now > grace_ns ? now - grace_ns : 0, at, ret, max);
}

size_t
overdue_find_waiting(const struct vitals_pending *pending, size_t n, size_t *at,
    struct overdue *ret, size_t max)
{
	return find(pending, n, UINT64_MAX, at, ret, max);
}

bool
stuck_look(
    struct stuck *s, uint64_t now, uint64_t beat, bool work, uint64_t limit_ns)
{
	if (!work || beat != s->beat) {
		s->beat = beat;
		s->since_ns = work ? now : 0;
		return false;
	}
	if (s->since_ns == 0)
		s->since_ns = now;
	return now - s->since_ns >= limit_ns;
}
