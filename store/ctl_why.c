/* SPDX-License-Identifier: Apache-2.0 */
/* why: one record, the rule that matched, its conditions and their values. */
#include <inttypes.h>
#include <stdlib.h>

#include "store/ctl.h"
#include "store/ctl_text.h"

static void
print_value(const json_t *value)
{
	const json_t *one;
	size_t i;

	if (value == NULL) {
		(void)printf("(not known)");
	} else if (json_is_integer(value)) {
		(void)printf("%lld", (long long)json_integer_value(value));
	} else if (json_is_array(value)) {
		if (json_array_size(value) == 0)
			(void)printf("(none)");
		json_array_foreach(value, i, one)
		{
			(void)printf(i > 0 ? " < " : "");
			text_put(stdout, json_string_value(one), false);
		}
	} else {
		text_put(stdout, json_string_value(value), false);
	}
}

static void
print_condition(const json_t *c)
{
	const json_t *holds = json_object_get(c, "holds");

	(void)printf("    %s%s ",
	    json_is_true(json_object_get(c, "negated")) ? "not " : "",
	    text_member(c, "condition"));
	print_value(json_object_get(c, "wanted"));
	(void)printf("\n        was ");
	print_value(json_object_get(c, "value"));
	(void)printf("  → %s\n", holds == NULL	       ? "cannot be told"
				 : json_is_true(holds) ? "holds"
						       : "does not hold");
}

static void
print_rule(const json_t *record, const json_t *rule)
{
	const json_t *conditions = json_object_get(rule, "conditions");
	const json_t *one;
	size_t i;

	if (rule == NULL) {
		(void)printf("rule      none matched: %s\n",
		    text_member(record, "reason"));
		return;
	}
	(void)printf("rule      ");
	text_put_member(stdout, rule, "file", "?");
	(void)printf(":%lld  ", (long long)text_number(rule, "line"));
	text_put_member(stdout, rule, "text", "");
	(void)printf("\n");
	if (json_array_size(conditions) == 0)
		(void)printf("    without conditions: it matches everybody\n");
	json_array_foreach(conditions, i, one) print_condition(one);
}

static void
print_policy(const json_t *policy)
{
	const json_t *file;
	size_t i;

	if (policy == NULL) {
		(void)printf("policy    the log does not hold it\n");
		return;
	}
	(void)printf("policy    %lld  %s\n",
	    (long long)text_number(policy, "generation"),
	    text_member(policy, "hash"));
	json_array_foreach(json_object_get(policy, "files"), i, file)
	{
		(void)printf("\n---- ");
		text_put_member(stdout, file, "name", "?");
		(void)printf(" as it was then ----\n");
		text_put(stdout, text_member(file, "text"), true);
	}
}

static void
print_why(const json_t *reply)
{
	const json_t *record = json_object_get(reply, "record");
	const json_t *watch = json_object_get(reply, "watch");

	ctl_print_record(record);
	(void)printf(
	    "\nverdict   %s (told the kernel: %s), by %s, because: %s\n",
	    text_member(record, "verdict"), text_member(record, "answer"),
	    text_member(record, "tier"), text_member(record, "reason"));
	(void)printf("watch     ");
	text_put_member(stdout, watch, "name", "(not known)");
	if (watch != NULL)
		(void)printf(", mode %s, on timeout %s",
		    text_member(watch, "mode"),
		    text_member(watch, "on_timeout"));
	(void)printf("\n");
	print_rule(record, json_object_get(reply, "rule"));
	print_policy(json_object_get(reply, "policy"));
}

static int
run_why(const struct ctl_args *a)
{
	char *end;
	long long index = strtoll(a->words[0], &end, 10);
	json_t *request, *reply = NULL;
	int r;

	if (*a->words[0] == '\0' || *end != '\0' || index < 0) {
		(void)fprintf(stderr,
		    "doorwardctl why: not an index of a record: %s\n",
		    a->words[0]);
		return CTL_USAGE;
	}
	request =
	    json_pack("{s:s,s:I}", "do", "why", "index", (json_int_t)index);
	r = ctl_ask(a, request, &reply);
	json_decref(request);
	if (a->json && reply != NULL) {
		(void)json_dumpf(
		    reply, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
		(void)printf("\n");
	} else if (r == CTL_OK) {
		print_why(reply);
	}
	json_decref(reply);
	return r;
}

const struct ctl_command ctl_why_command = {
    .name = "why",
    .words = "INDEX",
    .summary = "Explains one record: the policy then, the rule that matched, "
	       "its conditions.",
    .more = "INDEX is the record's number as query and tail show it.",
    .min_words = 1,
    .max_words = 1,
    .usage_exit = CTL_USAGE,
    .run = run_why,
};
