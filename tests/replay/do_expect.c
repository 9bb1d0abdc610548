/* SPDX-License-Identifier: Apache-2.0 */
/* EXPECT: what the openers, the decider, the store and the loader see. */
#include <stdio.h>
#include <string.h>

#include "tests/replay/script.h"

static void
same(const char *what, uint64_t is, uint64_t wanted)
{
	if (is != wanted)
		fake_fail("%s is %llu, expected %llu", what,
		    (unsigned long long)is, (unsigned long long)wanted);
}

static void
same_word(struct words *w, const char *key, const char *is)
{
	const char *wanted = words_get(w, key);

	if (wanted != NULL && (is == NULL || strcmp(is, wanted) != 0))
		fake_fail("%s is %s, expected %s", key,
		    is == NULL ? "nothing" : is, wanted);
}

static void
same_number(struct words *w, const char *key, uint64_t is)
{
	same(key, is, words_number(w, key, is));
}

static void
same_watch(struct words *w, uint32_t is)
{
	const char *wanted = words_get(w, "watch");

	if (wanted != NULL)
		same("watch", is, watch_of(wanted));
}

static const char *
ops_word(uint16_t ops)
{
	static char out[128];
	size_t len = 0;

	out[0] = '\0';
	for (unsigned int i = 0; i < OP_COUNT; i++) {
		if ((ops & 1u << i) == 0)
			continue;
		len += (size_t)snprintf(out + len, sizeof(out) - len, "%s%s",
		    len > 0 ? "," : "", op_name(1u << i));
	}
	return out;
}

static void
expect_answer(struct words *w)
{
	const struct fake_event *e = event_of(words_at(w, 2));

	if (e->state != FAKE_CLOSED)
		fake_fail("%s has no answer", e->name);
	if (strcmp(verdict_name(e->answer), words_at(w, 3)) != 0)
		fake_fail("%s: %s", e->name, verdict_name(e->answer));
}

static void
expect_answers(struct words *w)
{
	const char *which = words_at(w, 2);
	uint64_t n = 0;

	for (size_t i = 0; i < fake_nevents(); i++) {
		const struct fake_event *e = fake_event(i);

		n += e->state == FAKE_CLOSED &&
		     strcmp(verdict_name(e->answer), which) == 0;
	}
	same("number of answers", n, number_of(words_at(w, 3)));
}

static void
expect_pending(struct words *w)
{
	const struct fake_event *e = event_of(words_at(w, 2));

	if (e->state != FAKE_READ)
		fake_fail("%s is not pending", e->name);
}

static void
expect_ask(struct words *w)
{
	const struct fake_event *e = event_of(words_at(w, 2));
	const struct arrival *a = arrivals_take(&world.to_decider);

	if (a == NULL)
		fake_fail("no question");
	same("tid", a->ask.subject.tid, (uint64_t)e->tid);
	same("device", a->ask.dev, e->look.dev);
	same_watch(w, a->ask.watch);
	same_word(w, "ops", ops_word(a->ask.ops));
	same_number(w, "known", a->ask.subject.known);
	same_number(w, "uid", a->ask.subject.uid);
	same_number(w, "gen", a->generation);
}

static void
expect_record(struct words *w)
{
	const struct fake_event *e = event_of(words_at(w, 2));
	const struct arrival *a =
	    arrivals_take_type(&world.to_store, MSG_RECORDS);
	const struct rec_EVENT *r;

	if (a == NULL)
		fake_fail("no record");
	r = a->record;
	same("tid", r->subject.tid, (uint64_t)e->tid);
	same("device", r->dev, e->look.dev);
	same("inode", r->ino, e->look.ino);
	same_watch(w, r->watch);
	same_word(w, "verdict", verdict_name(r->verdict));
	same_word(w, "answer", verdict_name(r->answer));
	same_word(w, "mode", mode_name(r->mode));
	same_word(w, "reason", reason_name(r->reason));
	same_word(w, "tier", tier_name(r->tier));
	same_word(w, "op", op_name(r->op));
	same_word(w, "path", r->path);
	same_number(w, "rule", r->rule);
	same_number(w, "seal", r->seal);
	same_number(w, "gen", r->generation);
	same_number(w, "err", r->err);
	same_number(w, "known", r->subject.known);
	same_number(w, "uid", r->subject.uid);
	same_number(w, "exe_ino", r->subject.exe_ino);
	same_number(w, "latency_us", r->latency_us);
	same_number(w, "oflags", r->oflags);
	same_number(w, "seq", r->token & (((uint64_t)1 << 40) - 1));
}

/* count=N: N records, whatever they say, with tokens that grow by one. */
static void
expect_records(struct words *w)
{
	uint64_t n = number_of(words_at(w, 2)), last = 0;

	for (uint64_t i = 0; i < n; i++) {
		const struct arrival *a =
		    arrivals_take_type(&world.to_store, MSG_RECORDS);

		if (a == NULL)
			fake_fail("only %llu records", (unsigned long long)i);
		if (last != 0)
			same("token", a->record->token, last + 1);
		last = a->record->token;
	}
}

/* What the store got next, in its own order. */
static void
expect_name(struct words *w)
{
	const struct arrival *a = arrivals_take(&world.to_store);
	uint64_t dev, ino;

	if (a == NULL || a->type != MSG_LABEL_STORE)
		fake_fail("the store got no name next");
	file_of(words_at(w, 2), &dev, &ino);
	same("device", a->label.dev, dev);
	same("inode", a->label.ino, ino);
	same_word(w, "path", a->label.path);
}

/* As many names, before anything else. */
static void
expect_names(struct words *w)
{
	uint64_t n = number_of(words_at(w, 2));

	for (uint64_t i = 0; i < n; i++) {
		const struct arrival *a = arrivals_take(&world.to_store);

		if (a == NULL || a->type != MSG_LABEL_STORE)
			fake_fail("only %llu names", (unsigned long long)i);
	}
}

/* n records, some of them as LOST only, each once; tokens without a hole. */
static void
expect_sum(struct words *w)
{
	const struct arrival *a;
	uint64_t n = 0, lost = 0, last = 0;

	while ((a = arrivals_take(&world.to_store)) != NULL) {
		if (a->type == MSG_LOST) {
			lost += a->lost.count;
		} else if (a->type == MSG_RECORDS) {
			if (last != 0)
				same("token", a->record->token, last + 1);
			last = a->record->token;
			n++;
		}
	}
	if (lost == 0)
		fake_fail("nothing was lost");
	same("records and lost", n + lost, number_of(words_at(w, 2)));
}

/* This name comes before any record does. */
static void
expect_named(struct words *w)
{
	const struct arrival *a;
	uint64_t dev, ino;

	file_of(words_at(w, 2), &dev, &ino);
	do {
		a = arrivals_take(&world.to_store);
		if (a == NULL || a->type != MSG_LABEL_STORE)
			fake_fail("the name did not come");
	} while (a->label.dev != dev || a->label.ino != ino);
}

static void
expect_lost(struct words *w)
{
	const struct arrival *a = arrivals_take_type(&world.to_store, MSG_LOST);

	if (a == NULL)
		fake_fail("no LOST");
	same("lost", a->lost.count, number_of(words_at(w, 2)));
	if (a->lost.from_ts == 0 || a->lost.from_ts > a->lost.to_ts)
		fake_fail("LOST says no time");
}

static void
expect_who(struct words *w)
{
	const struct arrival *a = arrivals_take(&world.to_loader);
	uint64_t dev, ino;

	if (a == NULL || a->type != MSG_WHO)
		fake_fail("no WHO");
	file_of(words_at(w, 3), &dev, &ino);
	same("pid", a->who.pid, number_of(words_at(w, 2)));
	same("device", a->who.dev, dev);
	same("inode", a->who.ino, ino);
}

static void
expect_overdue(struct words *w)
{
	const struct arrival *a = arrivals_take(&world.to_loader);

	if (a == NULL || a->type != MSG_DECIDER_OVERDUE)
		fake_fail("no DECIDER_OVERDUE");
	same("timeouts", a->timeouts, number_of(words_at(w, 2)));
}

static void
expect_nothing(struct words *w)
{
	const char *what = words_has(w, 2) ? words_at(w, 2) : "any";
	bool any = strcmp(what, "any") == 0;

	if ((any || strcmp(what, "question") == 0) &&
	    world.to_decider.next != world.to_decider.n)
		fake_fail("there is a question");
	if ((any || strcmp(what, "record") == 0) &&
	    world.to_store.next != world.to_store.n)
		fake_fail("the store got something (%#x)",
		    world.to_store.all[world.to_store.next].type);
	if ((any || strcmp(what, "who") == 0) &&
	    world.to_loader.next != world.to_loader.n)
		fake_fail("the loader got something (%#x)",
		    world.to_loader.all[world.to_loader.next].type);
}

static void
expect_counter(struct words *w)
{
	const struct vitals_monitor *v = world.m.vitals;
	const struct {
		const char *name;
		uint64_t is;
	} counters[] = {{"events", v->events}, {"allow", v->answered_allow},
	    {"deny", v->answered_deny}, {"own", v->own_allowed},
	    {"cache", v->from_cache}, {"decider", v->from_decider},
	    {"deadline", v->defaulted[DEFAULT_DEADLINE]},
	    {"decider_down", v->defaulted[DEFAULT_DECIDER_DOWN]},
	    {"table_full", v->defaulted[DEFAULT_TABLE_FULL]},
	    {"seal_late", v->defaulted[DEFAULT_SEAL_LATE]},
	    {"bad_verdict", v->defaulted[DEFAULT_BAD_VERDICT]},
	    {"already_answered", v->already_answered},
	    {"without_fd", v->events_without_fd},
	    {"context_unknown", v->context_unknown},
	    {"pending", v->pending_now}, {"pending_max", v->pending_max},
	    {"cache_entries", v->cache_entries}, {"sent", v->records_sent},
	    {"lost", v->records_lost}, {"queued", v->records_queued}};
	const char *name = words_at(w, 2);

	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		if (strcmp(counters[i].name, name) != 0)
			continue;
		same(name, counters[i].is, number_of(words_at(w, 3)));
		return;
	}
	fake_fail("no counter '%s'", name);
}

/* What the watchdog would read: EXPECT PAGE e1 deny 250ms, or free. */
static void
expect_page(struct words *w)
{
	const struct fake_event *e = event_of(words_at(w, 2));
	const struct vitals_pending *p = &world.m.vitals->pending[e->fd];
	const char *wanted = words_at(w, 3);

	if (strcmp(wanted, "free") == 0) {
		same("state", p->state, PENDING_FREE);
		return;
	}
	same("state", p->state, PENDING_WAITING);
	same("pid", p->pid, (uint64_t)e->tid);
	if (strcmp(wanted, verdict_name(p->on_timeout)) != 0)
		fake_fail("on the page: %s", verdict_name(p->on_timeout));
	if (words_has(w, 4))
		same("deadline", p->deadline_ns,
		    fake_now() + ns_of(words_at(w, 4)));
}

static void
expect_decider(struct words *w)
{
	bool here = strcmp(words_at(w, 2), "here") == 0;

	if ((world.m.decider != NULL) != here)
		fake_fail("the decider is %s", here ? "gone" : "here");
}

bool
do_expect(struct words *w)
{
	static const struct {
		const char *what;
		void (*check)(struct words *w);
	} checks[] = {{"ANSWER", expect_answer}, {"ANSWERS", expect_answers},
	    {"PENDING", expect_pending}, {"ASK", expect_ask},
	    {"RECORD", expect_record}, {"RECORDS", expect_records},
	    {"NAME", expect_name}, {"NAMES", expect_names},
	    {"NAMED", expect_named}, {"SUM", expect_sum}, {"LOST", expect_lost},
	    {"WHO", expect_who}, {"OVERDUE", expect_overdue},
	    {"NOTHING", expect_nothing}, {"COUNTER", expect_counter},
	    {"PAGE", expect_page}, {"DECIDER", expect_decider}};
	const char *what;

	if (strcmp(w->all[0], "EXPECT") != 0)
		return false;
	what = words_at(w, 1);
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		if (strcmp(checks[i].what, what) == 0) {
			checks[i].check(w);
			return true;
		}
	}
	fake_fail("expect what? %s", what);
}
