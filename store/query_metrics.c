/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vitals as Prometheus text (exposition format 0.0.4). Names end in what
 * they count; a family is written whole, HELP and TYPE first.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/json_text.h"
#include "store/query.h"
#include "store/query_status.h"

static void
family(FILE *f, const char *name, const char *type, const char *help)
{
	(void)fprintf(f, "# HELP doorward_%s %s\n# TYPE doorward_%s %s\n", name,
	    help, name, type);
}

static void
plain(FILE *f, const char *name, const char *type, const char *help,
    uint64_t value)
{
	family(f, name, type, help);
	(void)fprintf(f, "doorward_%s %" PRIu64 "\n", name, value);
}

static void
labelled(FILE *f, const char *name, const char *label, const char *is,
    uint64_t value)
{
	(void)fprintf(
	    f, "doorward_%s{%s=\"%s\"} %" PRIu64 "\n", name, label, is, value);
}

static void
put_state(FILE *f, const struct query *q)
{
	const struct vitals_loader *l = q->loader_page;
	json_t *none = status_not_guarding(q);
	json_t *blind = status_blind(q);
	uint32_t rung = vital_get(l->context);

	plain(f, "guarding", "gauge", "1 if openers are guarded",
	    json_array_size(none) == 0);
	plain(f, "blind", "gauge", "Things not guarded though the rest is",
	    json_array_size(blind));
	family(f, "context", "gauge", "The context source in use");
	for (unsigned int i = 0; i < CONTEXT_MAX; i++)
		labelled(f, "context", "rung", context_name(i), i == rung);
	plain(f, "policy_generation", "gauge", "The policy in force",
	    q->generation);
	plain(f, "policy_reload_failed", "gauge",
	    "1 if the last reload was refused",
	    vital_get(l->policy_state) == POLICY_LAST_RELOAD_FAILED);
	plain(f, "marks", "gauge", "Marks set", vital_get(l->marks));
	plain(f, "marks_failed", "gauge", "Marks that could not be set",
	    vital_get(l->marks_failed));
	plain(f, "missing_paths", "gauge", "Watched paths that do not exist",
	    vital_get(l->missing_paths));
	json_decref(none);
	json_decref(blind);
}

static void
put_answers(FILE *f, const struct query *q)
{
	const struct vitals_monitor *m = q->monitor_page;

	plain(f, "events_total", "counter", "Permission events read",
	    vital_get(m->events));
	family(f, "answers_total", "counter", "Answers by verdict");
	labelled(f, "answers_total", "verdict", "allow",
	    vital_get(m->answered_allow));
	labelled(
	    f, "answers_total", "verdict", "deny", vital_get(m->answered_deny));
	family(f, "verdicts_total", "counter", "Verdicts by tier");
	labelled(
	    f, "verdicts_total", "tier", "cache", vital_get(m->from_cache));
	labelled(
	    f, "verdicts_total", "tier", "decider", vital_get(m->from_decider));
	family(f, "defaulted_total", "counter",
	    "Answers given without a verdict, by cause");
	for (unsigned int i = 0; i < DEFAULT_CAUSES; i++)
		labelled(f, "defaulted_total", "cause", status_cause(i),
		    vital_get(m->defaulted[i]));
	family(f, "rescued_total", "counter", "Answers given by the watchdog");
	labelled(f, "rescued_total", "verdict", "allow",
	    vital_get(q->loader_page->rescued_allow));
	labelled(f, "rescued_total", "verdict", "deny",
	    vital_get(q->loader_page->rescued_deny));
	plain(f, "unknown_subject_total", "counter",
	    "Events whose subject was not identified",
	    vital_get(m->context_unknown));
	plain(f, "pending", "gauge", "Openers waiting",
	    vital_get(m->pending_now));
}

/* The sum is not kept: buckets and count are what quantiles need. */
static void
put_latency(FILE *f, const struct query *q)
{
	const struct vitals_monitor *m = q->monitor_page;
	uint64_t below = 0;

	family(f, "answer_latency_seconds", "histogram",
	    "From reading an event to answering it");
	for (unsigned int i = 0; i < LATENCY_BUCKETS - 1; i++) {
		below += vital_get(m->latency[i]);
		(void)fprintf(f,
		    "doorward_answer_latency_seconds_bucket{le=\"%.9g\"} "
		    "%" PRIu64 "\n",
		    status_bucket_us(i) / 1e6, below);
	}
	below += vital_get(m->latency[LATENCY_BUCKETS - 1]);
	(void)fprintf(f,
	    "doorward_answer_latency_seconds_bucket{le=\"+Inf\"} %" PRIu64
	    "\ndoorward_answer_latency_seconds_count %" PRIu64 "\n",
	    below, below);
}

static void
put_drops(FILE *f, const struct query *q)
{
	const struct vitals_monitor *m = q->monitor_page;

	family(f, "dropped_total", "counter", "What was lost, by place");
	labelled(f, "dropped_total", "place", "record_queue",
	    vital_get(m->records_lost));
	labelled(f, "dropped_total", "place", "store",
	    vital_get(q->store_page->lost));
	labelled(f, "dropped_total", "place", "notify_queue",
	    vital_get(q->loader_page->notify_overflows));
	labelled(f, "dropped_total", "place", "event_without_fd",
	    vital_get(m->events_without_fd));
	labelled(
	    f, "dropped_total", "place", "tail_reader", q->count.tail_lost);
	labelled(
	    f, "dropped_total", "place", "events_reader", q->count.events_lost);
	labelled(f, "dropped_total", "place", "feed", q->count.feed_skipped);
	labelled(
	    f, "dropped_total", "place", "access_record", q->count.access_lost);
	family(f, "restarts_total", "counter", "Processes replaced");
	for (unsigned int i = PROCESS_MONITOR; i <= PROCESS_INSPECTOR; i++)
		labelled(f, "restarts_total", "process", process_name(i),
		    vital_get(q->loader_page->restarts[i]));
}

static void
put_log(FILE *f, const struct query *q)
{
	const struct vitals_store *s = q->store_page;

	plain(f, "log_records", "gauge", "Records in the log",
	    vital_get(s->size));
	plain(f, "log_sealed_records", "gauge", "Records below the last seal",
	    vital_get(s->sealed_size));
	plain(f, "log_last_seal", "gauge", "Number of the last seal",
	    vital_get(s->last_seal));
	plain(f, "log_last_seal_timestamp_seconds", "gauge",
	    "When the last seal was made",
	    vital_get(s->last_seal_realtime_ns) / 1000000000u);
	plain(
	    f, "log_gaps_total", "counter", "Gap records", vital_get(s->gaps));
	plain(f, "log_commit_errors_total", "counter", "Commits that failed",
	    vital_get(s->commit_errors));
	plain(f, "log_degraded", "gauge", "0, or the errno that stops writing",
	    vital_get(s->degraded));
	plain(f, "clients", "gauge", "Clients of the control socket",
	    q->nclients);
	plain(f, "events_readers", "gauge", "Readers of the events socket",
	    q->nreaders);
}

json_t *
metrics_reply(const struct query *q)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	json_t *reply;

	if (f == NULL)
		return NULL;
	put_state(f, q);
	put_answers(f, q);
	put_latency(f, q);
	put_drops(f, q);
	put_log(f, q);
	if (fclose(f) != 0) {
		free(text);
		return NULL;
	}
	reply = json_object();
	(void)json_object_set_new(reply, "ok", json_true());
	(void)json_object_set_new(
	    reply, "metrics", json_text((const uint8_t *)text, len));
	free(text);
	return reply;
}
