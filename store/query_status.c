/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "store/query_status.h"

#include <string.h>
#include <time.h>

#include "store/json.h"
#include "store/json_text.h"
#include "store/query_judge.h"
#include "store/query_when.h"

static void
set(json_t *o, const char *key, json_t *value)
{
	(void)json_object_set_new(o, key, value);
}

static void
set_count(json_t *o, const char *key, uint64_t n)
{
	set(o, key, json_unsigned(n));
}

static json_t *
policy_part(const struct query *q)
{
	static const char *const states[] = {
	    "none", "ok", "last reload failed"};
	const struct compiled_header *c = q->policy.compiled;
	uint32_t state = vital_get(q->loader_page->policy_state);
	json_t *o = json_object();

	set(o, "state", json_string(state < 3 ? states[state] : "none"));
	if (c != NULL) {
		set(o, "hash", json_hex("b2:", c->hash, sizeof(c->hash)));
		set_count(o, "generation", q->generation);
		set_count(o, "watches", c->nwatches);
		set_count(o, "rules", c->nrules);
	}
	if (state == POLICY_LAST_RELOAD_FAILED) {
		set_count(
		    o, "errors", vital_get(q->loader_page->policy_errors));
		if (q->reload_text != NULL)
			set(o, "last_error",
			    json_text((const uint8_t *)q->reload_text,
				strlen(q->reload_text)));
	}
	return o;
}

/* The flags of fanotify_init(2), as numbers: for who asks about a kernel. */
static json_t *
fanotify_part(const struct query *q)
{
	const struct vitals_loader *l = q->loader_page;
	json_t *o = json_object();

	set_count(o, "flags", vital_get(l->fanotify_flags));
	set_count(o, "refused", vital_get(l->fanotify_refused));
	return o;
}

static json_t *
marks_part(const struct query *q)
{
	const struct vitals_loader *l = q->loader_page;
	json_t *o = json_object();

	set_count(o, "set", vital_get(l->marks));
	set_count(o, "failed", vital_get(l->marks_failed));
	set_count(o, "missing_paths", vital_get(l->missing_paths));
	return o;
}

static json_t *
answers_part(const struct query *q)
{
	const struct vitals_monitor *m = q->monitor_page;
	json_t *o = json_object();

	set_count(o, "events", vital_get(m->events));
	set_count(o, "allowed", vital_get(m->answered_allow));
	set_count(o, "denied", vital_get(m->answered_deny));
	set_count(o, "own", vital_get(m->own_allowed));
	set_count(o, "from_cache", vital_get(m->from_cache));
	set_count(o, "from_decider", vital_get(m->from_decider));
	set_count(o, "unknown_subject", vital_get(m->context_unknown));
	set_count(o, "already_answered", vital_get(m->already_answered));
	set_count(o, "cache_entries", vital_get(m->cache_entries));
	set_count(o, "cache_flushes", vital_get(m->cache_flushes));
	set_count(o, "unmediated", vital_get(q->loader_page->unmediated));
	set_count(o, "rescued_allow", vital_get(q->loader_page->rescued_allow));
	set_count(o, "rescued_deny", vital_get(q->loader_page->rescued_deny));
	return o;
}

static json_t *
defaulted_part(const struct query *q)
{
	json_t *o = json_object();

	for (unsigned int i = 0; i < DEFAULT_CAUSES; i++)
		set_count(o, status_cause(i),
		    vital_get(q->monitor_page->defaulted[i]));
	return o;
}

static json_t *
latency_part(const struct query *q)
{
	const struct vitals_monitor *m = q->monitor_page;
	uint64_t count = 0;
	json_t *o = json_object();

	for (unsigned int i = 0; i < LATENCY_BUCKETS; i++)
		count += vital_get(m->latency[i]);
	set_count(o, "count", count);
	if (count > 0) {
		set(o, "p50", json_real(status_latency_us(m, 50)));
		set(o, "p99", json_real(status_latency_us(m, 99)));
	}
	return o;
}

static json_t *
queues_part(const struct query *q)
{
	json_t *o = json_object();

	set_count(o, "pending", vital_get(q->monitor_page->pending_now));
	set_count(o, "pending_max", vital_get(q->monitor_page->pending_max));
	set_count(o, "records", vital_get(q->monitor_page->records_queued));
	set_count(o, "store", vital_get(q->store_page->queued));
	return o;
}

static json_t *
drops_part(const struct query *q)
{
	const struct vitals_monitor *m = q->monitor_page;
	json_t *o = json_object();

	set_count(o, "records", vital_get(m->records_lost));
	set_count(o, "store", vital_get(q->store_page->lost));
	set_count(o, "admin_records", vital_get(q->loader_page->admin_lost));
	set_count(o, "events_without_fd", vital_get(m->events_without_fd));
	set_count(
	    o, "notify_overflows", vital_get(q->loader_page->notify_overflows));
	set_count(o, "tail_records", q->count.tail_lost);
	set_count(o, "reader_records", q->count.events_lost);
	set_count(o, "feed_records", q->count.feed_skipped);
	set_count(o, "access_records", q->count.access_lost);
	return o;
}

static json_t *
restarts_part(const struct query *q)
{
	json_t *o = json_object();

	for (unsigned int i = PROCESS_MONITOR; i <= PROCESS_INSPECTOR; i++)
		set_count(
		    o, process_name(i), vital_get(q->loader_page->restarts[i]));
	return o;
}

static json_t *
log_part(const struct query *q)
{
	const struct vitals_store *s = q->store_page;
	uint64_t sealed_at = vital_get(s->last_seal_realtime_ns);
	uint32_t degraded = vital_get(s->degraded);
	json_t *o = json_object();

	set_count(o, "size", vital_get(s->size));
	set_count(o, "sealed_size", vital_get(s->sealed_size));
	if (sealed_at > 0) {
		int64_t age = when_now() - (int64_t)sealed_at;

		set_count(o, "last_seal", vital_get(s->last_seal));
		set(o, "last_seal_time", json_time((int64_t)sealed_at));
		set(o, "last_seal_age_s",
		    json_integer(age > 0 ? age / 1000000000 : 0));
	}
	set_count(o, "records", vital_get(s->records));
	set_count(o, "gaps", vital_get(s->gaps));
	set_count(o, "lost", vital_get(s->lost));
	set_count(o, "commit_errors", vital_get(s->commit_errors));
	if (degraded != 0)
		set(o, "degraded", json_string(strerror((int)degraded)));
	return o;
}

static json_t *
clients_part(const struct query *q)
{
	json_t *o = json_object();

	set_count(o, "control", q->nclients);
	set_count(o, "refused", q->count.clients_refused);
	set_count(o, "dropped", q->count.clients_dropped);
	set_count(o, "events", q->nreaders);
	set_count(o, "events_refused", q->count.readers_refused);
	return o;
}

json_t *
status_object(const struct query *q)
{
	uint64_t started = vital_get(q->loader_page->started_realtime_ns);
	json_t *not_guarding = status_not_guarding(q);
	json_t *o = json_object();

	set(o, "version", json_string(PACKAGE_VERSION));
	set(o, "guarding", json_boolean(json_array_size(not_guarding) == 0));
	set(o, "not_guarding", not_guarding);
	set(o, "blind", status_blind(q));
	if (status_mode(q) != NULL)
		set(o, "mode", json_string(status_mode(q)));
	if (started > 0)
		set(o, "started", json_time((int64_t)started));
	set(o, "policy", policy_part(q));
	set(o, "context", judge_context(q->loader_page));
	set(o, "capabilities", judge_capabilities(q));
	set(o, "fanotify", fanotify_part(q));
	set(o, "hooks", judge_hooks(q->loader_page));
	set(o, "superblocks", judge_superblocks(q->loader_page));
	set(o, "marks", marks_part(q));
	set(o, "answers", answers_part(q));
	set(o, "defaulted", defaulted_part(q));
	set(o, "latency_us", latency_part(q));
	set(o, "queues", queues_part(q));
	set(o, "drops", drops_part(q));
	set(o, "restarts", restarts_part(q));
	set(o, "log", log_part(q));
	set(o, "clients", clients_part(q));
	return o;
}

json_t *
status_reply(const struct query *q)
{
	json_t *reply = json_object();
	json_t *status = status_object(q);

	set(reply, "ok", json_true());
	(void)json_object_update(reply, status);
	json_decref(status);
	return reply;
}
