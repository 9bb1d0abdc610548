/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "decider/decide.h"
#include "tests/replay/storm.h"

/* Of each kind of policy one stays compiled: the generation is not in it. */
static struct policy_view views[2];
static size_t watched_from; /* all events before it are over */
static uint64_t sealed;

void
storm_sealed(uint64_t token)
{
	if (token > sealed)
		sealed = token;
}

static const struct policy_view *
view_of(uint64_t generation)
{
	struct policy_view *v = &views[generation % 2];

	if (v->compiled == NULL && world.now.generation == generation)
		*v = world.now.view;
	if (v->compiled == NULL && world.before.generation == generation)
		*v = world.before.view;
	if (v->compiled == NULL)
		fake_fail("no policy %llu", (unsigned long long)generation);
	return v;
}

/* What the policy says about an opener, and what its default is. */
struct truth {
	struct rec_VERDICT_ONE verdict;
	uint8_t fallback;
	uint64_t deadline_ns;
};

static struct truth
truth_of(size_t event, uint64_t generation)
{
	const struct policy_view *v = view_of(generation);
	const struct fake_event *e = fake_event(event);
	struct rec_ASK_ONE ask = storm_opener(event)->ask;
	const struct compiled_watch *w;
	struct truth t;

	ask.watch =
	    compiled_find_watch(v->compiled, e->label, strlen(e->label));
	w = compiled_watch(v->compiled, ask.watch);
	if (w == NULL)
		fake_fail("%s is not watched", e->label);
	decide(v, &ask, &t.verdict);
	t.fallback =
	    w->mode == MODE_ENFORCE ? (uint8_t)w->on_timeout : VERDICT_ALLOW;
	t.deadline_ns = (uint64_t)w->deadline_ms * 1000000u;
	return t;
}

/* May it have got this answer, under one of the policies it lived through? */
static void
check_answer(size_t event)
{
	const struct fake_event *e = fake_event(event);
	const struct opener *o = storm_opener(event);

	if (o->own && e->answer != VERDICT_ALLOW)
		fake_fail("event %zu: our own was denied", event);
	if (o->own || e->by_watchdog)
		return;
	for (uint64_t g = o->first_gen; g <= o->last_gen; g++) {
		struct truth t = truth_of(event, g);
		bool late = e->answered_ns >= o->queued_ns + t.deadline_ns;

		if (e->answer == t.verdict.answer ||
		    (late && e->answer == t.fallback))
			return;
	}
	fake_fail("event %zu (uid %u, ops %#x, %s): answer %u of policies "
		  "%llu to %llu after %llu us",
	    event, o->ask.subject.uid, o->ask.ops, e->label, e->answer,
	    (unsigned long long)o->first_gen, (unsigned long long)o->last_gen,
	    (unsigned long long)(e->answered_ns - o->queued_ns) / 1000);
}

void
storm_watch(void)
{
	bool all_over = true;

	/* Kept while it is at hand: its records may come two reloads later. */
	if (world.now.view.compiled != NULL)
		(void)view_of(world.now.generation);
	for (size_t i = watched_from; i < fake_nevents(); i++) {
		const struct fake_event *e = fake_event(i);
		struct opener *o = storm_opener(i);

		if (e->state != FAKE_QUEUED && o->first_gen == 0)
			o->first_gen = world.m.generation;
		if (e->state == FAKE_CLOSED && o->last_gen == 0) {
			o->last_gen = world.m.generation;
			o->sealed = sealed;
			check_answer(i);
		}
		all_over = all_over && e->state == FAKE_CLOSED;
		if (all_over)
			watched_from = i + 1;
	}
}

/* Must there have been a record, whichever policy and cause it was? */
static bool
may_be_silent(size_t event)
{
	const struct fake_event *e = fake_event(event);
	const struct opener *o = storm_opener(event);

	if (o->own)
		return true;
	for (uint64_t g = o->first_gen; g <= o->last_gen; g++) {
		struct truth t = truth_of(event, g);

		if (t.verdict.record == RECORD_NO &&
		    (e->by_watchdog || e->answer == t.verdict.answer))
			return true;
	}
	return false;
}

static void
check_record(const struct rec_EVENT *r)
{
	size_t event = r->subject.tid - STORM_TID;
	const struct fake_event *e = fake_event(event);
	struct opener *o = storm_opener(event);

	if (event >= fake_nevents() || o->own)
		fake_fail("a record of nobody: tid %u", r->subject.tid);
	if (r->ino != e->look.ino || r->subject.uid != o->ask.subject.uid ||
	    strcmp(r->path, e->label) != 0)
		fake_fail("event %zu: the record is another's", event);
	if (r->generation < o->first_gen || r->generation > o->last_gen)
		fake_fail("event %zu: recorded under another policy", event);
	/* A seal that came late leaves two: as judged, and the default. */
	if (o->records == 2 || (o->records == 1 && r->reason != REASON_TIMEOUT))
		fake_fail("event %zu: recorded again", event);
	o->records++;
	if (r->answer == e->answer || e->by_watchdog)
		o->told =
		    r->seal == 0 || r->token <= o->sealed || e->by_watchdog;
}

void
storm_check_records(void)
{
	uint64_t last = 0;

	for (size_t i = 0; i < world.to_store.n; i++) {
		const struct arrival *a = &world.to_store.all[i];
		uint64_t seq;

		if (a->type == MSG_LOST)
			fake_fail("something was lost");
		if (a->type != MSG_RECORDS)
			continue;
		/* To a new store some go out again; none is left out. */
		seq = a->record->token & (((uint64_t)1 << 40) - 1);
		if (seq > last + 1)
			fake_fail("record %llu did not come",
			    (unsigned long long)last + 1);
		if (seq <= last)
			continue;
		last = seq;
		check_record(a->record);
	}
	for (size_t i = 0; i < fake_nevents(); i++) {
		const struct opener *o = storm_opener(i);

		if (o->records == 0 && !may_be_silent(i))
			fake_fail("event %zu has no record", i);
		if (o->records > 0 && !o->told)
			fake_fail("event %zu: no record tells its answer, or "
				  "it came before its seal",
			    i);
	}
}
