/* SPDX-License-Identifier: Apache-2.0 */
/* doorwardctl: the one command people type. */
#include "config.h"

#include <string.h>

#include "store/ctl.h"
#include "store/ctl_text.h"

static const struct ctl_command *const commands[] = {
    &ctl_status_command,
    &ctl_tail_command,
    &ctl_query_command,
    &ctl_why_command,
    &ctl_policy_check_command,
    &ctl_policy_test_command,
    &ctl_policy_show_command,
    &ctl_reload_command,
    &ctl_metrics_command,
    &ctl_log_verify_command,
    &ctl_log_key_command,
    &ctl_log_checkpoint_command,
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void
help_all(FILE *out)
{
	(void)fprintf(out,
	    "usage: doorwardctl [--socket PATH] [--log DIR] [--json] COMMAND "
	    "[ARGUMENT…]\n\n");
	for (size_t i = 0; i < COMMANDS; i++) {
		const char *summary = commands[i]->summary;

		(void)fprintf(out, "  %-15s %.*s\n", commands[i]->name,
		    (int)strcspn(summary, "\n"), summary);
	}
	(void)fprintf(out,
	    "\ndoorwardctl COMMAND --help says more. Exit codes: 0 yes, 1 no "
	    "or not found,\n2 usage or bad input, 3 the service cannot be "
	    "reached; log verify has its own.\n");
}

/* Does argv begin with the command's words? Their number, or 0. */
static int
matches(const struct ctl_command *c, int argc, char **argv)
{
	const char *name = c->name;
	int n = 0;

	for (;;) {
		size_t len = strcspn(name, " ");

		if (n == argc || strlen(argv[n]) != len ||
		    memcmp(argv[n], name, len) != 0)
			return 0;
		n++;
		if (name[len] == '\0')
			return n;
		name += len + 1;
	}
}

static bool
is_group(const char *word)
{
	return strcmp(word, "policy") == 0 || strcmp(word, "log") == 0;
}

static int
unknown(int argc, char **argv)
{
	const char *names[COMMANDS + 1];
	const char *near;
	char typed[64];
	bool group = is_group(argv[0]) && argc > 1;

	(void)snprintf(typed, sizeof(typed), "%s%s%s", argv[0],
	    group ? " " : "", group ? argv[1] : "");
	for (size_t i = 0; i < COMMANDS; i++)
		names[i] = commands[i]->name;
	names[COMMANDS] = NULL;
	near = ctl_nearest(typed, names);
	if (is_group(argv[0]) && !group)
		(void)fprintf(stderr, "doorwardctl: %s what?\n", argv[0]);
	else
		(void)fprintf(stderr,
		    "doorwardctl: unknown command: %s%s%s%s\n", typed,
		    near != NULL ? " (did you mean " : "",
		    near != NULL ? near : "", near != NULL ? "?)" : "");
	(void)fprintf(stderr, "try: doorwardctl --help\n");
	return CTL_USAGE;
}

static int
run(const struct ctl_command *c, int argc, char **argv)
{
	struct ctl_args args;
	int r;

	if (c->run_raw != NULL)
		return c->run_raw(argc, argv);
	r = ctl_parse(c, argc, argv, &args);
	if (r != CTL_OK)
		return r == -1 ? CTL_OK : r;
	r = c->run(&args);
	if (fflush(stdout) != 0 && r == CTL_OK)
		r = CTL_NO;
	return r;
}

static bool
takes_value(const char *option)
{
	return strcmp(option, "--socket") == 0 || strcmp(option, "--log") == 0;
}

/*
 * Options before the command are moved behind it, where one parser reads them
 * all. Returns how many words the options took, or -1: too many.
 */
static int
rotate_options(int argc, char **argv, char **out, int *ret_options)
{
	int n = 0, taken;

	while (n < argc && strncmp(argv[n], "--", 2) == 0)
		n += takes_value(argv[n]) && n + 1 < argc ? 2 : 1;
	taken = n;
	for (int i = n; i < argc; i++)
		*out++ = argv[i];
	for (int i = 0; i < taken; i++)
		*out++ = argv[i];
	*ret_options = taken;
	return argc - taken;
}

static int
dispatch(int argc, char **argv, int options)
{
	int total = argc + options;

	for (size_t i = 0; i < COMMANDS; i++) {
		int n = matches(commands[i], argc, argv);

		if (n > 0)
			return run(commands[i], total - n, argv + n);
	}
	return unknown(argc, argv);
}

int
main(int argc, char **argv)
{
	char *words[256];
	int options = 0, n;

	text_start();
	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		(void)printf("doorwardctl %s\n", PACKAGE_VERSION);
		return CTL_OK;
	}
	if (argc > 1 &&
	    (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
		strcmp(argv[1], "help") == 0)) {
		help_all(stdout);
		return CTL_OK;
	}
	if (argc < 2 || argc > 256) {
		help_all(stderr);
		return CTL_USAGE;
	}
	n = rotate_options(argc - 1, argv + 1, words, &options);
	if (n == 0) {
		help_all(stderr);
		return CTL_USAGE;
	}
	return dispatch(n, words, options);
}
