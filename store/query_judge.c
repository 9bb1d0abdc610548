/* SPDX-License-Identifier: Apache-2.0 */
#include "store/query_judge.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "store/json.h"
#include "store/json_text.h"
#include "store/query_status.h"

#define HEARTBEAT_OLD_NS UINT64_C(10000000000)
#define LOADED_BUT_SILENT 1 /* context_err: attached, never fired */

static void
set(json_t *o, const char *key, json_t *value)
{
	(void)json_object_set_new(o, key, value);
}

static void __attribute__((format(printf, 2, 3)))
say(json_t *list, const char *format, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	(void)json_array_append_new(
	    list, json_text((const uint8_t *)text, strlen(text)));
}

static uint64_t
now_monotonic(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* ---- context ---- */

static const char *
context_meaning(uint32_t rung)
{
	switch (rung) {
	case CONTEXT_LSM:
	case CONTEXT_FENTRY:
		return "flags and subject are known for every open";
	case CONTEXT_RAW_TP:
		return "fallback: what and who are read at system call entry; "
		       "other opens count as writes by nobody known";
	default:
		return "fallback: every open counts as a write by nobody "
		       "known";
	}
}

static enum coverage
context_state(uint32_t rung)
{
	return rung == CONTEXT_NONE || rung >= CONTEXT_MAX ? COVERAGE_BLIND
							   : COVERAGE_GUARDED;
}

json_t *
judge_context(const struct vitals_loader *l)
{
	uint32_t rung = vital_get(l->context);
	json_t *refused = json_array();
	json_t *o = json_object();
	const char *name;

	name = context_name(rung);
	set(o, "rung", json_string(name != NULL ? name : "none"));
	set(o, "state", json_string(coverage_name(context_state(rung))));
	set(o, "fallback", json_boolean(rung != CONTEXT_LSM));
	set(o, "meaning", json_string(context_meaning(rung)));
	for (uint32_t i = CONTEXT_MAX - 1; i > rung && i < CONTEXT_MAX; i--) {
		int32_t err = vital_get(l->context_err[i]);
		const char *why = "not tried";

		if (err == LOADED_BUT_SILENT)
			why = "it loaded but never fired (is bpf in lsm=?)";
		else if (err < 0)
			why = strerror(-err);
		(void)json_array_append_new(
		    refused, json_pack("{s:s,s:s}", "rung", context_name(i),
				 "why", why));
	}
	set(o, "refused", refused);
	return o;
}

/* ---- hooks and superblocks ---- */

static void
set_state(json_t *o, uint32_t state, int32_t err)
{
	const char *name = coverage_name(state);

	set(o, "state", json_string(name != NULL ? name : "BLIND"));
	if (err < 0)
		set(o, "why", json_string(strerror(-err)));
}

json_t *
judge_hooks(const struct vitals_loader *l)
{
	uint32_t n = vital_get(l->nhooks);
	json_t *list = json_array();

	for (uint32_t i = 0; i < n && i < HOOKS_MAX; i++) {
		const struct vitals_hook *h = &l->hooks[i];
		json_t *o = json_object();

		set(o, "name",
		    json_text((const uint8_t *)h->name,
			strnlen(h->name, sizeof(h->name))));
		set_state(o, vital_get(h->state), vital_get(h->err));
		set(o, "lost", json_unsigned(vital_get(h->lost)));
		(void)json_array_append_new(list, o);
	}
	return list;
}

json_t *
judge_superblocks(const struct vitals_loader *l)
{
	uint32_t n = vital_get(l->nsuperblocks);
	json_t *list = json_array();

	for (uint32_t i = 0; i < n && i < SUPERBLOCKS_MAX; i++) {
		const struct vitals_superblock *s = &l->superblocks[i];
		json_t *o = json_object();

		set(o, "dev", json_dev((int64_t)vital_get(s->dev)));
		set(o, "fstype",
		    json_text((const uint8_t *)s->fstype,
			strnlen(s->fstype, sizeof(s->fstype))));
		set_state(o, vital_get(s->state), vital_get(s->err));
		set(o, "marks", json_unsigned(vital_get(s->marks)));
		(void)json_array_append_new(list, o);
	}
	return list;
}

/* ---- what can be done about each operation ---- */

static void
capability(json_t *list, const char *name, enum coverage state, const char *why)
{
	json_t *o =
	    json_pack("{s:s,s:s}", "name", name, "state", coverage_name(state));

	if (why != NULL)
		set(o, "why", json_string(why));
	(void)json_array_append_new(list, o);
}

json_t *
judge_capabilities(const struct query *q)
{
	uint32_t rung = vital_get(q->loader_page->context);
	json_t *none = status_not_guarding(q);
	bool guarding = json_array_size(none) == 0;
	enum coverage opens = guarding ? COVERAGE_GUARDED : COVERAGE_BLIND;
	const char *off = guarding ? NULL : "not guarding, see above";
	json_t *list = json_array();

	json_decref(none);
	capability(list, "open for read, write, exec, truncate", opens, off);
	capability(list, "who opens, and how", context_state(rung),
	    rung == CONTEXT_LSM ? NULL : context_meaning(rung));
	capability(list, "in-kernel verdicts", COVERAGE_OFF,
	    "this version decides outside the kernel");
	capability(list,
	    "create, delete, rename, link, attrib, truncate(2), map, mount",
	    COVERAGE_BLIND, "this version neither refuses nor records them");
	return list;
}

json_t *
status_not_guarding(const struct query *q)
{
	const struct vitals_loader *l = q->loader_page;
	const struct vitals_monitor *m = q->monitor_page;
	uint64_t now = now_monotonic();
	uint64_t beat = vital_get(m->heartbeat_ns);
	uint64_t reading = vital_get(m->entered_read_ns);
	json_t *list = json_array();

	if (vital_get(l->magic) != VITALS_MAGIC) {
		say(list, "the loader has not started");
		return list;
	}
	if (vital_get(l->policy_state) == POLICY_NONE)
		say(list, "no policy is in force");
	if (vital_get(m->magic) != VITALS_MAGIC || beat == 0)
		say(list, "the monitor has not started");
	else if (vital_get(m->generation) == 0)
		say(list, "the monitor has no policy yet");
	else if (vital_get(m->pending_now) > 0 && now > beat &&
		 now - beat > HEARTBEAT_OLD_NS)
		say(list, "the monitor has not moved for %llu s",
		    (unsigned long long)((now - beat) / 1000000000u));
	else if (reading != 0 && now > reading &&
		 now - reading > HEARTBEAT_OLD_NS)
		say(list, "the monitor is stuck reading for %llu s",
		    (unsigned long long)((now - reading) / 1000000000u));
	if (vital_get(l->marks) == 0)
		say(list, "nothing is marked: %llu watched paths do not exist",
		    (unsigned long long)vital_get(l->missing_paths));
	return list;
}

static void
blind_superblocks(json_t *list, const struct vitals_loader *l)
{
	uint32_t n = vital_get(l->nsuperblocks);

	for (uint32_t i = 0; i < n && i < SUPERBLOCKS_MAX; i++) {
		const struct vitals_superblock *s = &l->superblocks[i];
		uint64_t dev = vital_get(s->dev);
		int32_t err = vital_get(s->err);

		if (vital_get(s->state) != COVERAGE_BLIND)
			continue;
		say(list, "file system %u:%u (%.16s): %s",
		    (unsigned int)(dev >> 32), (unsigned int)dev, s->fstype,
		    err < 0 ? strerror(-err) : "the canary was not refused");
	}
}

json_t *
status_blind(const struct query *q)
{
	const struct vitals_loader *l = q->loader_page;
	uint64_t failed = vital_get(l->marks_failed);
	uint64_t missing = vital_get(l->missing_paths);
	json_t *list = json_array();

	if (vital_get(l->context) == CONTEXT_NONE)
		say(list, "who opens, and how: %s",
		    context_meaning(CONTEXT_NONE));
	if (failed > 0)
		say(list, "%llu marks could not be set",
		    (unsigned long long)failed);
	if (missing > 0)
		say(list,
		    "%llu watched paths do not exist; they are marked "
		    "when they appear",
		    (unsigned long long)missing);
	if (q->store == NULL)
		say(list, "the store is down: records wait, then are lost and "
			  "counted");
	blind_superblocks(list, l);
	return list;
}

/* ---- numbers ---- */

/* vitals.h: bucket i holds what took less than 2^(i/2) us. */
double
status_bucket_us(unsigned int bucket)
{
	static const double odd = 1.4142135623730951;
	double whole = (double)(UINT64_C(1) << (bucket / 2));

	if (bucket >= LATENCY_BUCKETS - 1)
		return 0;
	return bucket % 2 == 0 ? whole : whole * odd;
}

double
status_latency_us(const struct vitals_monitor *m, unsigned int percent)
{
	uint64_t counts[LATENCY_BUCKETS], total = 0, below = 0;

	for (unsigned int i = 0; i < LATENCY_BUCKETS; i++) {
		counts[i] = vital_get(m->latency[i]);
		total += counts[i];
	}
	for (unsigned int i = 0; i < LATENCY_BUCKETS && total > 0; i++) {
		below += counts[i];
		if (below * 100 >= total * percent)
			return i == LATENCY_BUCKETS - 1
				   ? status_bucket_us(i - 1)
				   : status_bucket_us(i);
	}
	return 0;
}

const char *
status_mode(const struct query *q)
{
	const struct compiled_header *c = q->policy.compiled;
	uint32_t enforcing = 0;

	if (c == NULL)
		return NULL;
	for (uint32_t i = 0; i < c->nwatches; i++)
		enforcing += compiled_watch(c, i)->mode == MODE_ENFORCE;
	if (c->nwatches == 0)
		return mode_name(c->settings.mode);
	if (enforcing == 0)
		return "audit";
	return enforcing == c->nwatches ? "enforce" : "mixed";
}

const char *
status_cause(unsigned int cause)
{
	static const char *const names[DEFAULT_CAUSES] = {
	    [DEFAULT_DEADLINE] = "deadline",
	    [DEFAULT_DECIDER_DOWN] = "decider_down",
	    [DEFAULT_TABLE_FULL] = "table_full",
	    [DEFAULT_SEAL_LATE] = "seal_late",
	    [DEFAULT_BAD_VERDICT] = "bad_verdict",
	};

	return cause < DEFAULT_CAUSES ? names[cause] : NULL;
}
