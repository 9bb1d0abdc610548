/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verdicts. Nothing in one is believed: the id must name an opening that waits
 * for the decider, the rule must be one of its watch and say what the verdict
 * says. An answer to an opening that is no longer there (its deadline passed,
 * or it was asked again under another policy) is not an error.
 */
#include "monitor/monitor.h"

#include <errno.h>

/* Does the policy say so? rule is one of the watch's, or RULE_NONE. */
static bool
is_ruled(const struct monitor *m, const struct rec_VERDICT_ONE *v)
{
	const struct compiled_header *c = m->policy.compiled;
	const struct compiled_watch *w = compiled_watch(c, v->watch);

	if (v->rule == RULE_NONE)
		return v->verdict == VERDICT_ALLOW &&
		       v->reason == REASON_DEFAULT;
	return w != NULL && v->rule >= w->first_rule &&
	       v->rule - w->first_rule < w->nrules &&
	       v->verdict == compiled_rule(c, v->rule)->verdict &&
	       v->reason == REASON_RULE;
}

static bool
is_sound(const struct monitor *m, const struct opening *o,
    const struct rec_VERDICT_ONE *v)
{
	const struct compiled_header *c = m->policy.compiled;
	const struct compiled_watch *w = compiled_watch(c, v->watch);
	bool denies =
	    v->verdict == VERDICT_DENY && w != NULL && w->mode == MODE_ENFORCE;

	return v->record <= 2 && v->cacheable <= 1 && op_name(v->op) != NULL &&
	       (v->op & o->ops) != 0 &&
	       (v->watch == o->watch ||
		   (o->watch == WATCH_UNKNOWN && w != NULL)) &&
	       is_ruled(m, v) &&
	       v->answer == (denies ? VERDICT_DENY : VERDICT_ALLOW);
}

static void
judge(struct monitor *m, struct opening *o, const struct rec_VERDICT_ONE *v)
{
	struct judgement *j = &o->judged;

	j->verdict = v->verdict;
	j->answer = v->answer;
	j->record = v->record;
	j->reason = v->reason;
	j->op = v->op;
	j->watch = v->watch;
	j->rule = v->rule;
	j->cacheable = v->cacheable != 0;
	j->tier = TIER_DECIDER;
	j->mode =
	    v->watch < m->policy.compiled->nwatches
		? (uint8_t)compiled_watch(m->policy.compiled, v->watch)->mode
		: o->mode;
	if (j->cacheable) {
		cache_add(m->cache, m->generation, o, j);
		vital_set(m->vitals->cache_entries, cache_entries(m->cache));
	}
	vital_add(m->vitals->from_decider, 1);
	finish_judged(m, o);
}

static int
on_verdicts(struct chan *c, const void *msg, int *fds, void *ctx)
{
	const struct msg_VERDICTS *v = msg;
	struct monitor *m = ctx;

	(void)c;
	(void)fds;
	/*
	 * Rule numbers of another policy mean nothing in this one. If it is the
	 * next one, everything open is asked again when it gets here.
	 */
	if (v->generation != m->generation)
		return 0;
	for (uint16_t i = 0; i < v->verdicts_count; i++) {
		const struct rec_VERDICT_ONE *one = &v->verdicts[i];
		struct opening *o = pending_find(m->pending, one->id);

		if (o == NULL || o->state != OPENING_ASKED)
			continue;
		if (!is_sound(m, o, one)) {
			finish_default(m, o, DEFAULT_BAD_VERDICT);
			monitor_turn_end(m);
			return -EPROTO;
		}
		judge(m, o, one);
	}
	m->timeouts = 0;
	monitor_turn_end(m);
	return 0;
}

const struct chan_row from_decider_rows[] = {
    {MSG_VERDICTS, false, 0, on_verdicts},
};
const size_t from_decider_nrows = 1;
