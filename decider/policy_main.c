/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doorward-policy: the compiler of the policy language. The loader runs it over
 * descriptors and takes a memfd back; people run it to check, test and show a
 * policy without a service. Either way it is confined before it reads a byte.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "ipc/proc/child.h"
#include "ipc/proc/log.h"

#include "decider/policy_json.h"
#include "decider/policy_main.h"

#define NAME "doorward-policy"

/* What the loader hands over (doorward-policy(8)). */
#define FD_OUT 3
#define FD_PASSWD 5
#define FD_GROUP 6
#define FD_SOURCES 7

enum what { CHECK, TEST, SHOW };

/* Static: large, and one of each is all a run needs. */
static struct policy_inputs inputs = {.passwd_fd = -1, .group_fd = -1};
static struct policy_diags diags;

static struct compiled_header *
compile(void)
{
	struct compiled_header *c = NULL;

	inputs_read(&inputs, &diags);
	if (diags.errors == 0)
		(void)policy_compile(
		    inputs.sources, inputs.n, &inputs.accounts, &diags, &c);
	return c;
}

static void
write_out(const void *bytes, size_t left)
{
	const char *p = bytes;
	ssize_t n;

	while (left > 0) {
		n = write(FD_OUT, p, left);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			fatal("writing the compiled policy");
		p += n;
		left -= (size_t)n;
	}
}

/*
 * UID GID [--debug] --compile -- NAME...: descriptor 3 takes the result, 4 is
 * the empty root, 5 and 6 are passwd and group, from 7 on the named files.
 */
static int
run_for_loader(int argc, char **argv)
{
	int first = child_enter_keep(argc, argv, NAME, FD_SOURCES + argc);
	const struct compiled_header *c;
	int r, fd = FD_SOURCES;
	uint32_t errors;

	if (first + 2 >= argc || strcmp(argv[first], "--compile") != 0 ||
	    strcmp(argv[first + 1], "--") != 0)
		fatalx("expected --compile -- FILE...");
	for (int i = first + 2; i < argc; i++)
		if (inputs_add(&inputs, fd++, argv[i]) < 0)
			fatalx("more than %d configuration files", FILES_MAX);
	inputs.passwd_fd = FD_PASSWD;
	inputs.group_fd = FD_GROUP;
	r = confine_apply(&confine_policy);
	if (r < 0)
		fatal_r(r, "entering the sandbox");
	c = compile();
	if (c != NULL)
		policy_lint(c, &diags);
	diag_print(stderr, &diags, inputs.sources, inputs.n);
	if (c == NULL) {
		errors = (uint32_t)diags.errors;
		write_out(&errors, sizeof(errors));
		return 2;
	}
	write_out(c, c->bytes);
	return 0;
}

static void
usage(FILE *out)
{
	(void)fputs(
	    "usage: " NAME " --check [--json] [FILE...]\n"
	    "       " NAME " --test --path P --op OP --exe E --uid U\n"
	    "           [--gid G] [--auid A] [--container C] [--json] "
	    "[FILE...]\n"
	    "       " NAME " --show [--json] [FILE...]\n"
	    "\n"
	    "Compiles the policy language of doorward.conf(5). Without FILE: "
	    "the\n"
	    "installed configuration and its fragments.\n"
	    "\n"
	    "  --check   say everything that is wrong or doubtful\n"
	    "  --test    what would be decided, and by which line\n"
	    "  --show    the policy as understood, and who decides each "
	    "watch\n"
	    "  --json    for programs\n"
	    "\n"
	    "Exit: 0 done, 2 the policy or the command line has errors.\n",
	    out);
}

static void
open_default(void)
{
	const char *file = DOORWARD_SYSCONFDIR "/doorward.conf";
	int r = inputs_open(&inputs, file);

	if (r == 0)
		r = inputs_open_directory(
		    &inputs, DOORWARD_SYSCONFDIR "/doorward.conf.d");
	if (r == 0)
		return;
	fprintf(stderr, NAME ": %s: %s\n", file, strerrordesc_np(-r));
	exit(2);
}

static void
open_named(char **files)
{
	char q[QUOTE_BYTES];
	int r;

	for (; *files != NULL; files++) {
		r = inputs_open(&inputs, *files);
		if (r == 0)
			continue;
		fprintf(stderr, NAME ": %s: %s\n",
		    diag_quote(q, *files, strlen(*files)),
		    r == -ENFILE ? "more files than a policy may have"
				 : strerrordesc_np(-r));
		exit(2);
	}
}

/* Names of users and groups are a convenience: without the files, numbers. */
static void
open_accounts(void)
{
	inputs.passwd_fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	inputs.group_fd = open("/etc/group", O_RDONLY | O_CLOEXEC);
}

static void
warn_missing_exes(const struct compiled_header *c)
{
	const struct compiled_exe *e;
	const char *path, *text, *p;
	struct policy_at at;
	char q[QUOTE_BYTES];

	for (uint32_t i = 0; i < c->nexes && diags.n < DIAGS_MAX; i++) {
		e = compiled_exe(c, i);
		path = compiled_string(c, e->pattern);
		if (!e->literal || access(path, F_OK) == 0 || errno != ENOENT)
			continue;
		text = inputs.sources[e->file].text;
		p = text;
		for (uint32_t line = 1; line < e->line; line++)
			p = strchr(p, '\n') + 1;
		p += strspn(p, " \t");
		at = (struct policy_at){
		    e->file, (uint32_t)(p - text), (uint32_t)(p - text) + 1};
		diag_warning(&diags, at, "program \"%s\" does not exist here",
		    diag_quote(q, path, e->pattern.len));
	}
}

static void
check_json(void)
{
	const struct policy_diag *g;
	uint32_t line, column;

	(void)printf("{\"ok\":%s,\"errors\":%zu,\"warnings\":%zu,"
		     "\"messages\":[",
	    diags.errors == 0 ? "true" : "false", diags.errors, diags.warnings);
	for (size_t i = 0; i < diags.n; i++) {
		g = &diags.list[i];
		diag_place(
		    &inputs.sources[g->at.file], g->at.begin, &line, &column);
		(void)fputs(i > 0 ? ",{" : "{", stdout);
		json_member(stdout, 1, "file", inputs.sources[g->at.file].path);
		(void)printf(",\"line\":%u,\"column\":%u", line, column);
		json_member(
		    stdout, 0, "severity", g->warning ? "warning" : "error");
		json_member(stdout, 0, "message", g->text);
		(void)putchar('}');
	}
	(void)puts("]}");
}

static int
check(const struct compiled_header *c, bool json)
{
	if (c != NULL) {
		policy_lint(c, &diags);
		warn_missing_exes(c);
	}
	diag_print(stderr, &diags, inputs.sources, inputs.n);
	if (json)
		check_json();
	else if (c != NULL)
		(void)printf("ok: %u watches, %u rules, %zu warnings\n",
		    c->nwatches, c->nrules, diags.warnings);
	return c != NULL ? 0 : 2;
}

static int
run_by_hand(enum what what, const struct policy_question *q, bool json)
{
	const struct compiled_header *c;
	int r;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		fatal("no_new_privs");
	r = confine_apply(&confine_policy_by_hand);
	if (r < 0)
		fatal_r(r, "entering the sandbox");
	c = compile();
	if (what == CHECK)
		return check(c, json);
	if (c == NULL) {
		diag_print(stderr, &diags, inputs.sources, inputs.n);
		return 2;
	}
	if (what == TEST)
		return policy_try(c, &inputs.accounts, q, json) == 0 ? 0 : 2;
	policy_show(c, json);
	return 0;
}

static int
bad_usage(const char *text)
{
	fprintf(stderr, NAME ": %s; try --help\n", text);
	return 2;
}

static int
by_hand(int argc, char **argv)
{
	static const struct option options[] = {
	    {"check", no_argument, NULL, 'K'},
	    {"test", no_argument, NULL, 'T'},
	    {"show", no_argument, NULL, 'S'},
	    {"json", no_argument, NULL, 'j'},
	    {"path", required_argument, NULL, 'p'},
	    {"op", required_argument, NULL, 'o'},
	    {"exe", required_argument, NULL, 'e'},
	    {"uid", required_argument, NULL, 'u'},
	    {"gid", required_argument, NULL, 'g'},
	    {"auid", required_argument, NULL, 'a'},
	    {"container", required_argument, NULL, 'c'},
	    {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, 'V'},
	    {NULL, 0, NULL, 0},
	};
	struct policy_question q = {.path = NULL};
	int what = -1, option;
	bool json = false;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'K':
			what = CHECK;
			break;
		case 'T':
			what = TEST;
			break;
		case 'S':
			what = SHOW;
			break;
		case 'j':
			json = true;
			break;
		case 'p':
			q.path = optarg;
			break;
		case 'o':
			q.op = optarg;
			break;
		case 'e':
			q.exe = optarg;
			break;
		case 'u':
			q.uid = optarg;
			break;
		case 'g':
			q.gid = optarg;
			break;
		case 'a':
			q.auid = optarg;
			break;
		case 'c':
			q.container = optarg;
			break;
		case 'h':
			usage(stdout);
			return 0;
		case 'V':
			(void)puts(NAME " " PACKAGE_VERSION);
			return 0;
		default:
			return 2;
		}
	}
	if (what == -1)
		return bad_usage("expected --check, --test or --show");
	if (what == TEST &&
	    (q.path == NULL || q.op == NULL || q.exe == NULL || q.uid == NULL))
		return bad_usage(
		    "--test: expected --path, --op, --exe and --uid");
	if (optind == argc)
		open_default();
	else
		open_named(argv + optind);
	open_accounts();
	return run_by_hand((enum what)what, &q, json);
}

int
main(int argc, char **argv)
{
	int status;

	/* The loader's way starts with two numbers. */
	if (argc > 2 && argv[1][0] >= '0' && argv[1][0] <= '9')
		return run_for_loader(argc, argv);
	log_start(NAME, LOG_LEVEL_INFO);
	status = by_hand(argc, argv);
	if (fflush(stdout) != 0)
		return 2;
	return status;
}
