/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy: check and test are the compiler's own (doorward-policy, in this
 * process's place, no service needed); show asks the service.
 */
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/ctl.h"
#include "store/ctl_text.h"

#define POLICY_PROGRAM "doorward-policy"
#define POLICY_ARGS_MAX 256

/* In a build tree: beside our own folder. Else the installed place. */
static const char *
policy_program(char path[PATH_MAX])
{
	static const char installed[] = DOORWARD_LIBEXECDIR "/" POLICY_PROGRAM;
	static const char beside[] = "decider/" POLICY_PROGRAM;
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);
	char *slash;

	if (n <= 0)
		return installed;
	path[n] = '\0';
	slash = strstr(path, "/store/doorwardctl");
	if (slash == NULL || strcmp(slash, "/store/doorwardctl") != 0 ||
	    (size_t)(slash - path) + sizeof(beside) + 1 > PATH_MAX)
		return installed;
	memcpy(slash + 1, beside, sizeof(beside));
	return access(path, X_OK) == 0 ? path : installed;
}

/* Options of ours that the compiler does not know, and need not. */
static bool
is_ours(const char *arg)
{
	return strcmp(arg, "--socket") == 0 || strcmp(arg, "--log") == 0;
}

/*
 * What the compiler gets: our own options are left out, and "-c FILE" becomes
 * FILE, which is how it is told.
 */
static int
compiler_arguments(int argc, char **argv, const char **out)
{
	int n = 0;

	for (int i = 0; i < argc; i++) {
		if (is_ours(argv[i])) {
			i++;
		} else if (strcmp(argv[i], "-c") == 0) {
			if (i + 1 == argc)
				return -1;
			out[n++] = argv[++i];
		} else {
			out[n++] = argv[i];
			if (strncmp(argv[i], "--", 2) == 0 && i + 1 < argc &&
			    strcmp(argv[i], "--json") != 0 &&
			    strchr(argv[i], '=') == NULL)
				out[n++] = argv[++i];
		}
	}
	return n;
}

static int
run_compiler(const char *verb, int argc, char **argv)
{
	const char *args[POLICY_ARGS_MAX + 3] = {POLICY_PROGRAM, verb};
	char path[PATH_MAX];
	const char *program = policy_program(path);
	int n = argc > POLICY_ARGS_MAX
		    ? -1
		    : compiler_arguments(argc, argv, args + 2);

	if (n < 0) {
		(void)fprintf(
		    stderr, "doorwardctl policy %s: bad arguments\n", verb + 2);
		return CTL_USAGE;
	}
	args[n + 2] = NULL;
	(void)execv(program, (char *const *)(uintptr_t)args);
	(void)fprintf(
	    stderr, "doorwardctl: %s: %s\n", program, strerror(errno));
	return CTL_NO;
}

static bool
wants_help(int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0 ||
		    strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

static int
run_check(int argc, char **argv)
{
	if (wants_help(argc, argv)) {
		ctl_help(stdout, &ctl_policy_check_command);
		return CTL_OK;
	}
	return run_compiler("--check", argc, argv);
}

static int
run_test(int argc, char **argv)
{
	if (wants_help(argc, argv)) {
		ctl_help(stdout, &ctl_policy_test_command);
		return CTL_OK;
	}
	return run_compiler("--test", argc, argv);
}

/* ---- show ---- */

static void
print_list(const char *label, const json_t *list)
{
	const json_t *one;
	size_t i;

	if (json_array_size(list) == 0)
		return;
	(void)printf("    %-10s", label);
	json_array_foreach(list, i, one)
	{
		(void)printf(i > 0 ? "  " : "");
		text_put(stdout, json_string_value(one), false);
	}
	(void)printf("\n");
}

static void
print_rule(const json_t *rule)
{
	const json_t *not_here = json_object_get(rule, "cannot_block_here");

	(void)printf("    ");
	text_put_member(stdout, rule, "rule", "?");
	(void)printf("  ");
	text_put_member(stdout, rule, "text", "");
	(void)printf("\n");
	print_list("  cannot be blocked here: ", not_here);
}

static void
print_watch(const json_t *watch)
{
	const json_t *rule;
	size_t i;

	(void)printf("\nwatch ");
	text_put_member(stdout, watch, "name", "?");
	(void)printf("  (%s, on timeout %s after %lld ms, decided by the %s)\n",
	    text_member(watch, "mode"), text_member(watch, "on_timeout"),
	    (long long)text_number(watch, "deadline_ms"),
	    text_member(watch, "tier"));
	print_list("path", json_object_get(watch, "paths"));
	print_list("except", json_object_get(watch, "except"));
	json_array_foreach(json_object_get(watch, "rules"), i, rule)
	    print_rule(rule);
}

static int
run_show(const struct ctl_args *a)
{
	json_t *reply = NULL;
	const json_t *watch;
	int r = ctl_ask_verb(a, "policy show", &reply);
	size_t i;

	if (r == CTL_OK && !a->json) {
		(void)printf("policy %lld  %s\nmode %s, on timeout %s, "
			     "deadline %lld ms\n",
		    (long long)text_number(reply, "generation"),
		    text_member(reply, "hash"), text_member(reply, "mode"),
		    text_member(reply, "on_timeout"),
		    (long long)text_number(reply, "deadline_ms"));
		json_array_foreach(json_object_get(reply, "watches"), i, watch)
		    print_watch(watch);
	}
	json_decref(reply);
	return r;
}

const struct ctl_command ctl_policy_check_command = {
    .name = "policy check",
    .words = "[--json] [FILE…]",
    .summary = "Checks a policy: syntax and lint. No service is needed.",
    .more = "Errors are FILE:LINE:COL: message, on stderr. Exit 0: it can be "
	    "used, perhaps\nwith warnings; 2: it cannot.",
    .usage_exit = CTL_USAGE,
    .run_raw = run_check,
};

const struct ctl_command ctl_policy_test_command = {
    .name = "policy test",
    .words = "--path P --op OP --exe E --uid U [--gid G] [--auid A]\n"
	     "           [--container C] [--json] [-c FILE]",
    .summary = "Says what would be decided, and by which line. No service is "
	       "needed.",
    .more =
	"The policy is FILE, by default " DOORWARD_SYSCONFDIR "/doorward.conf.",
    .usage_exit = CTL_USAGE,
    .run_raw = run_test,
};

const struct ctl_command ctl_policy_show_command = {
    .name = "policy show",
    .words = "",
    .summary = "Shows the policy in force, and who decides each watch.",
    .usage_exit = CTL_USAGE,
    .run = run_show,
};
