/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a judgement to the answer and the record. The order is: the program's
 * name if nobody knows it yet (asked for in parallel, waited for at most
 * LABEL_WAIT_NS), the record first where the rule says `seal`, the answer, the
 * record otherwise.
 */
#include "monitor/monitor.h"

/* Timeouts in a row before the loader is asked to replace the decider. */
#define TIMEOUTS_OVERDUE 3

static uint32_t
latency_us(const struct opening *o)
{
	uint64_t us = (kernel_monotonic_ns() - o->read_ns) / 1000u;

	return us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

/* Bucket i holds what took less than 2^(i/2) us: two to the octave. */
static void
count_latency(struct vitals_monitor *v, uint32_t us)
{
	unsigned int i = 0;
	uint64_t squared = (uint64_t)us * us;

	while (i < LATENCY_BUCKETS - 1 && squared >= (uint64_t)1 << i)
		i++;
	vital_add(v->latency[i], 1);
}

/* Asks the loader for names nobody has yet. true if there was one. */
static bool
ask_names(struct monitor *m, const struct opening *o)
{
	const struct rec_SUBJECT *s = &o->subject;
	bool missing = false;

	if (s->known == 0 || m->loader == NULL)
		return false;
	for (uint16_t i = 0; i <= s->ancestors_count; i++) {
		struct msg_WHO who = {s->pid, s->exe_dev, s->exe_ino};

		if (i > 0) {
			who.pid = s->ancestors[i - 1].pid;
			who.dev = s->ancestors[i - 1].dev;
			who.ino = s->ancestors[i - 1].ino;
		}
		if (who.ino == 0 || names_known(m->names, who.dev, who.ino))
			continue;
		/* Only the program's own name is worth waiting for. */
		if (chan_send(m->loader, MSG_WHO, &who, NULL) == 0 && i == 0)
			missing = true;
	}
	return missing;
}

static void
answer(struct monitor *m, struct opening *o)
{
	/* Now: once it goes on, the opener may give the file another name. */
	if (o->judged.record != 0)
		identify_label(o);
	o->state = OPENING_ANSWERED;
	to_kernel_answer(m, o->fd, o->judged.answer, o);
}

/* Named, or not in time: on to the answer. */
static void
go_on(struct monitor *m, struct opening *o)
{
	if (o->judged.record == 2) {
		identify_label(o);
		if (!to_store_has_room(m->to_store, o)) {
			finish_default(m, o, DEFAULT_SEAL_LATE);
			return;
		}
		o->token = to_store_record(m->to_store, o, latency_us(o));
		o->state = OPENING_SEALED;
		o->recorded = true;
		return;
	}
	answer(m, o);
}

void
finish_judged(struct monitor *m, struct opening *o)
{
	if (o->judged.record != 0 && ask_names(m, o)) {
		o->state = OPENING_NAMED;
		o->wait_ns = kernel_monotonic_ns() + LABEL_WAIT_NS;
		return;
	}
	go_on(m, o);
}

void
finish_default(struct monitor *m, struct opening *o, enum default_cause cause)
{
	struct judgement *j = &o->judged;

	j->verdict = o->on_timeout;
	j->mode = o->mode;
	j->answer = o->mode == MODE_ENFORCE ? o->on_timeout : VERDICT_ALLOW;
	j->record = 1;
	j->reason = REASON_TIMEOUT;
	j->tier = TIER_DECIDER;
	j->cacheable = false;
	j->op = (o->ops & OP_WRITE) != 0  ? OP_WRITE
		: (o->ops & OP_EXEC) != 0 ? OP_EXEC
					  : OP_READ;
	j->watch = o->watch;
	j->rule = RULE_NONE;
	o->recorded = false; /* a default is told apart from what was judged */
	vital_add(m->vitals->defaulted[cause], 1);
	answer(m, o);
}

void
finish_answered(struct monitor *m, struct opening *o)
{
	uint32_t us = latency_us(o);

	count_latency(m->vitals, us);
	if (o->judged.record != 0 && !o->recorded)
		(void)to_store_record(m->to_store, o, us);
	o->fd = -1; /* to_kernel closes it */
	pending_release(m->pending, o);
}

/*
 * The active openings from the last to the first. A full batch may give places
 * back while we go; what then moves down has been visited, and is skipped or
 * visited again to no effect.
 */
static struct opening *
active_at(struct pending *p, size_t i)
{
	return i < p->nactive ? &p->openings[p->active[i]] : NULL;
}

/*
 * The numbers of watches and rules have changed their meaning. An answer on its
 * way may have been judged by the old ones, whatever generation it says.
 */
static void
ask_anew(struct monitor *m, struct opening *o)
{
	struct joined none = {0};

	o->watch = identify(&m->policy, o, &none);
	o->generation = m->generation;
	if (o->watch == WATCH_NONE) {
		o->judged.answer = VERDICT_ALLOW;
		o->judged.record = 0;
		answer(m, o);
		return;
	}
	identify_settings(&m->policy, o);
	pending_renew(m->pending, o);
	pending_show(m->pending, o);
	to_decider_ask(m, o);
}

void
finish_named(struct monitor *m, const struct msg_LABEL *label)
{
	for (size_t i = m->pending->nactive; i-- > 0;) {
		struct opening *o = active_at(m->pending, i);

		if (o == NULL || o->state != OPENING_NAMED)
			continue;
		if (o->subject.exe_dev != label->dev ||
		    o->subject.exe_ino != label->ino)
			continue;
		/* No name: only the one who asked stops waiting. */
		if (label->path_len > 0 || o->subject.pid == label->pid)
			go_on(m, o);
	}
}

void
finish_asked_anew(struct monitor *m)
{
	for (size_t i = m->pending->nactive; i-- > 0;) {
		struct opening *o = active_at(m->pending, i);

		if (o != NULL && o->state == OPENING_ASKED &&
		    o->generation != m->generation)
			ask_anew(m, o);
	}
}

void
finish_sealed(struct monitor *m, uint64_t token)
{
	for (size_t i = m->pending->nactive; i-- > 0;) {
		struct opening *o = active_at(m->pending, i);

		if (o != NULL && o->state == OPENING_SEALED &&
		    o->token <= token)
			answer(m, o);
	}
}

static void
overdue(struct monitor *m, struct opening *o)
{
	if (o->state == OPENING_SEALED) {
		finish_default(m, o, DEFAULT_SEAL_LATE);
		return;
	}
	if (o->state == OPENING_NAMED) {
		go_on(m, o); /* judged: a name is not worth a default */
		return;
	}
	if (m->decider == NULL) {
		finish_default(m, o, DEFAULT_DECIDER_DOWN);
		return;
	}
	m->timeouts++;
	finish_default(m, o, DEFAULT_DEADLINE);
}

void
finish_overdue(struct monitor *m, uint64_t now_ns)
{
	for (size_t i = m->pending->nactive; i-- > 0;) {
		struct opening *o = active_at(m->pending, i);

		if (o == NULL || o->state == OPENING_ANSWERED)
			continue;
		if (o->deadline_ns <= now_ns)
			overdue(m, o);
		else if (o->state == OPENING_NAMED && o->wait_ns <= now_ns)
			go_on(m, o);
	}
	if (m->timeouts >= TIMEOUTS_OVERDUE && m->loader != NULL) {
		struct msg_DECIDER_OVERDUE d = {m->timeouts};

		(void)chan_send(m->loader, MSG_DECIDER_OVERDUE, &d, NULL);
		m->timeouts = 0;
	}
}
