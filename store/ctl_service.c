/* SPDX-License-Identifier: Apache-2.0 */
/* reload and metrics. */
#include "store/ctl.h"
#include "store/ctl_text.h"

static int
run_reload(const struct ctl_args *a)
{
	json_t *reply = NULL;
	int r = ctl_ask_verb(a, "reload", &reply);

	/* A policy with errors is bad input; everything else was a refusal. */
	if (r == CTL_NO && text_number(reply, "errors") > 0)
		r = CTL_USAGE;
	if (r == CTL_OK && !a->json) {
		(void)printf("policy %lld is in force\n",
		    (long long)text_number(reply, "generation"));
		text_put(stdout, text_member(reply, "warnings"), true);
	}
	json_decref(reply);
	return r;
}

static int
run_metrics(const struct ctl_args *a)
{
	json_t *reply = NULL;
	int r = ctl_ask_verb(a, "metrics", &reply);

	if (r == CTL_OK && !a->json)
		text_put(stdout, text_member(reply, "metrics"), true);
	json_decref(reply);
	return r;
}

const struct ctl_command ctl_reload_command = {
    .name = "reload",
    .words = "",
    .summary = "Reads the policy again; on error nothing changes.",
    .more = "Root only. Exit 0: the new policy is in force; 2: it has errors, "
	    "which are\nprinted, and the old one stays.",
    .usage_exit = CTL_USAGE,
    .run = run_reload,
};

const struct ctl_command ctl_metrics_command = {
    .name = "metrics",
    .words = "",
    .summary = "Prints the service's counters as Prometheus text.",
    .usage_exit = CTL_USAGE,
    .run = run_metrics,
};
