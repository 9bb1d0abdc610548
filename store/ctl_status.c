/* SPDX-License-Identifier: Apache-2.0 */
/* status: one screen. What is wrong comes first and in words. */
#include <stdint.h>
#include <string.h>

#include "store/ctl.h"
#include "store/ctl_text.h"

static void
head(const char *label)
{
	(void)printf("%-11s ", label);
}

static void
print_sentences(const char *label, const json_t *list)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		head(label);
		text_put(stdout, json_string_value(one), false);
		(void)printf("\n");
	}
}

static void
print_verdict(const json_t *s)
{
	const json_t *blind = json_object_get(s, "blind");
	const char *mode = text_member(s, "mode");
	bool guarding = json_is_true(json_object_get(s, "guarding"));

	head("doorward");
	if (!guarding)
		(void)printf("NOT GUARDING\n");
	else if (strcmp(mode, "audit") == 0)
		(void)printf("WATCHING ONLY\n");
	else
		(void)printf("guarding%s\n",
		    json_array_size(blind) > 0 ? ", with BLIND spots" : "");
	print_sentences("  because", json_object_get(s, "not_guarding"));
	print_sentences("  BLIND", blind);
	head("mode");
	if (strcmp(mode, "audit") == 0)
		(void)printf("AUDIT: nothing is denied, denials are only "
			     "recorded\n");
	else if (strcmp(mode, "mixed") == 0)
		(void)printf("MIXED: some watches enforce, some only audit "
			     "(policy show)\n");
	else
		(void)printf("%s\n", *mode != '\0' ? mode : "no policy");
}

static void
print_policy(const json_t *s)
{
	const json_t *p = json_object_get(s, "policy");
	const json_t *marks = json_object_get(s, "marks");

	head("policy");
	(void)printf("%lld, %.19s…, %lld watches, %lld rules, %lld marks",
	    (long long)text_number(p, "generation"), text_member(p, "hash"),
	    (long long)text_number(p, "watches"),
	    (long long)text_number(p, "rules"),
	    (long long)text_number(marks, "set"));
	if (text_number(marks, "missing_paths") > 0)
		(void)printf(", %lld paths missing",
		    (long long)text_number(marks, "missing_paths"));
	(void)printf("\n");
	if (json_object_get(p, "errors") == NULL)
		return;
	head("");
	(void)printf("LAST RELOAD FAILED with %lld errors; the policy above "
		     "stays\n",
	    (long long)text_number(p, "errors"));
	text_put(stdout, text_member(p, "last_error"), true);
}

static void
print_context(const json_t *s)
{
	const json_t *c = json_object_get(s, "context");
	const json_t *refused;
	size_t i;

	head("context");
	(void)printf(
	    "%s: %s\n", text_member(c, "rung"), text_member(c, "meaning"));
	json_array_foreach(json_object_get(c, "refused"), i, refused)
	{
		head("");
		(void)printf("  not %s: ", text_member(refused, "rung"));
		text_put_member(stdout, refused, "why", "");
		(void)printf("\n");
	}
}

static void
print_capabilities(const json_t *s)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(s, "capabilities"), i, one)
	{
		head(i == 0 ? "can" : "");
		(void)printf("%-9s %s\n", text_member(one, "state"),
		    text_member(one, "name"));
	}
	json_array_foreach(json_object_get(s, "hooks"), i, one)
	{
		head(i == 0 ? "hooks" : "");
		(void)printf("%-9s ", text_member(one, "state"));
		text_put_member(stdout, one, "name", "?");
		(void)printf("  ");
		text_put_member(stdout, one, "why", "");
		(void)printf("\n");
	}
	json_array_foreach(json_object_get(s, "superblocks"), i, one)
	{
		head(i == 0 ? "on" : "");
		(void)printf("%-9s %s %s, %lld marks  ",
		    text_member(one, "state"), text_member(one, "fstype"),
		    text_member(one, "dev"),
		    (long long)text_number(one, "marks"));
		text_put_member(stdout, one, "why", "");
		(void)printf("\n");
	}
}

static void
print_answers(const json_t *s)
{
	const json_t *a = json_object_get(s, "answers");
	const json_t *l = json_object_get(s, "latency_us");
	const json_t *queues = json_object_get(s, "queues");

	head("answers");
	(void)printf("%lld allowed, %lld denied; %lld from cache, %lld by the "
		     "decider; %lld by unknown subjects\n",
	    (long long)text_number(a, "allowed"),
	    (long long)text_number(a, "denied"),
	    (long long)text_number(a, "from_cache"),
	    (long long)text_number(a, "from_decider"),
	    (long long)text_number(a, "unknown_subject"));
	head("latency");
	if (text_number(l, "count") > 0)
		(void)printf("p50 < %.0f us, p99 < %.0f us\n",
		    json_real_value(json_object_get(l, "p50")),
		    json_real_value(json_object_get(l, "p99")));
	else
		(void)printf("no answer yet\n");
	head("queues");
	(void)printf("%lld openers waiting (at most %lld so far), %lld records "
		     "in the monitor, %lld in the store\n",
	    (long long)text_number(queues, "pending"),
	    (long long)text_number(queues, "pending_max"),
	    (long long)text_number(queues, "records"),
	    (long long)text_number(queues, "store"));
}

/* Only what is not zero: a quiet line says that nothing was lost. */
static void
print_counts(const char *label, const json_t *counts, const char *none)
{
	const char *key;
	json_t *value;
	bool any = false;

	head(label);
	json_object_foreach((json_t *)(uintptr_t)counts, key, value)
	{
		if (json_integer_value(value) == 0)
			continue;
		(void)printf("%s%s %lld", any ? ", " : "", key,
		    (long long)json_integer_value(value));
		any = true;
	}
	(void)printf("%s\n", any ? "" : none);
}

static void
print_log(const json_t *s)
{
	const json_t *l = json_object_get(s, "log");

	head("log");
	(void)printf("%lld records, %lld sealed",
	    (long long)text_number(l, "size"),
	    (long long)text_number(l, "sealed_size"));
	if (json_object_get(l, "last_seal_time") != NULL)
		(void)printf("; last seal %lld, %lld s ago",
		    (long long)text_number(l, "last_seal"),
		    (long long)text_number(l, "last_seal_age_s"));
	if (text_number(l, "gaps") > 0)
		(void)printf("; %lld GAPS, %lld records lost",
		    (long long)text_number(l, "gaps"),
		    (long long)text_number(l, "lost"));
	(void)printf("\n");
	if (json_object_get(l, "degraded") == NULL)
		return;
	head("");
	(void)printf("NOTHING CAN BE WRITTEN: ");
	text_put_member(stdout, l, "degraded", "");
	(void)printf("\n");
}

static int
run(const struct ctl_args *a)
{
	json_t *s = NULL;
	int r = ctl_ask_verb(a, "status", &s);

	if (r == CTL_OK && !a->json) {
		print_verdict(s);
		print_policy(s);
		print_context(s);
		print_capabilities(s);
		print_answers(s);
		print_counts(
		    "timeouts", json_object_get(s, "defaulted"), "none");
		print_counts("drops", json_object_get(s, "drops"), "none");
		print_counts(
		    "restarts", json_object_get(s, "restarts"), "none");
		print_log(s);
	}
	if (r == CTL_OK && !json_is_true(json_object_get(s, "guarding")))
		r = CTL_NO;
	json_decref(s);
	return r;
}

const struct ctl_command ctl_status_command = {
    .name = "status",
    .words = "",
    .summary = "Is it guarding? One screen: mode, policy, context, answers, "
	       "losses, log.",
    .more = "Exit 0: openers are guarded; 1: they are not, and it says why.",
    .usage_exit = CTL_USAGE,
    .run = run,
};
