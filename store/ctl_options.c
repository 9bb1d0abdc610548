/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "store/ctl.h"

#define DISTANCE_MAX 3 /* further away is no hint */
#define NAME_MAX_BYTES 32

static const struct ctl_option everywhere[] = {
    {"socket", "PATH",
	"the service's control socket [$DOORWARD_SOCKET, " DOORWARD_RUNSTATEDIR
	"/control.sock]",
	false},
    {"log", "DIR",
	"the log folder [$DOORWARD_LOG, " DOORWARD_LOCALSTATEDIR "/log]",
	false},
    {"json", NULL, "one JSON object a line", false},
    {"help", NULL, "this text", false},
    {NULL, NULL, NULL, false},
};

/* ---- hints ---- */

static unsigned int
least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* Levenshtein's distance of two short words. */
static unsigned int
distance(const char *a, const char *b)
{
	unsigned int row[NAME_MAX_BYTES + 1];
	size_t n = strlen(b);

	if (n > NAME_MAX_BYTES || strlen(a) > NAME_MAX_BYTES)
		return DISTANCE_MAX + 1;
	for (unsigned int j = 0; j <= n; j++)
		row[j] = j;
	for (unsigned int i = 1; *a != '\0'; a++, i++) {
		unsigned int corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			unsigned int above = row[j];

			row[j] = least(least(row[j - 1], above) + 1,
			    corner + (*a != b[j - 1]));
			corner = above;
		}
	}
	return row[n];
}

const char *
ctl_nearest(const char *word, const char *const *names)
{
	unsigned int best = DISTANCE_MAX + 1;
	const char *found = NULL;

	for (; *names != NULL; names++) {
		unsigned int d = distance(word, *names);

		if (d < best && d < strlen(*names)) {
			best = d;
			found = *names;
		}
	}
	return found;
}

/* ---- help ---- */

static void
help_options(FILE *out, const struct ctl_option *o)
{
	char left[64];

	for (; o != NULL && o->name != NULL; o++) {
		(void)snprintf(left, sizeof(left), "--%s%s%s", o->name,
		    o->arg != NULL ? " " : "", o->arg != NULL ? o->arg : "");
		(void)fprintf(out, "  %-22s %s\n", left, o->help);
	}
}

void
ctl_help(FILE *out, const struct ctl_command *c)
{
	(void)fprintf(out, "usage: doorwardctl %s%s%s%s\n\n%s\n", c->name,
	    c->options != NULL ? " [OPTION…]" : "",
	    *c->words != '\0' ? " " : "", c->words, c->summary);
	if (c->more != NULL)
		(void)fprintf(out, "\n%s\n", c->more);
	if (c->options != NULL) {
		(void)fprintf(out, "\noptions:\n");
		help_options(out, c->options);
	}
	if (c->run_raw != NULL)
		return;
	(void)fprintf(out, "\neverywhere:\n");
	help_options(out, everywhere);
}

/* ---- parsing ---- */

static int
complain(const struct ctl_command *c, const char *what, const char *word)
{
	(void)fprintf(stderr,
	    "doorwardctl %s: %s%s\ntry: doorwardctl %s --help\n", c->name, what,
	    word, c->name);
	return c->usage_exit;
}

static int
unknown_option(const struct ctl_command *c, const char *name)
{
	const char *names[CTL_OPTIONS_MAX + 8];
	const char *near;
	size_t n = 0;

	for (const struct ctl_option *o = c->options;
	     o != NULL && o->name != NULL; o++)
		names[n++] = o->name;
	for (const struct ctl_option *o = everywhere; o->name != NULL; o++)
		names[n++] = o->name;
	names[n] = NULL;
	near = ctl_nearest(name, names);
	(void)fprintf(stderr, "doorwardctl %s: unknown option --%s%s%s%s\n",
	    c->name, name, near != NULL ? " (did you mean --" : "",
	    near != NULL ? near : "", near != NULL ? "?)" : "");
	(void)fprintf(stderr, "try: doorwardctl %s --help\n", c->name);
	return c->usage_exit;
}

static const struct ctl_option *
find(const struct ctl_option *o, const char *name, size_t len)
{
	for (; o != NULL && o->name != NULL; o++)
		if (strlen(o->name) == len && memcmp(o->name, name, len) == 0)
			return o;
	return NULL;
}

static int
take_common(struct ctl_args *a, const char *name, const char *value)
{
	if (strcmp(name, "help") == 0) {
		ctl_help(stdout, a->command);
		return -1;
	}
	if (strcmp(name, "json") == 0) {
		a->json = true;
	} else if (strcmp(name, "socket") == 0) {
		a->socket = value;
	} else {
		a->log = value;
		a->log_given = true;
	}
	return CTL_OK;
}

static int
take_own(struct ctl_args *a, const struct ctl_option *o, const char *value)
{
	a->values[o - a->command->options] = value;
	if (!o->many)
		return CTL_OK;
	if (a->nmany == CTL_WORDS_MAX)
		return complain(a->command, "too many of --", o->name);
	a->many[a->nmany++] = value;
	return CTL_OK;
}

/* One option at argv[*i]; moves *i past a value that is a word of its own. */
static int
take_option(struct ctl_args *a, int argc, char **argv, int *i)
{
	const struct ctl_command *c = a->command;
	const char *name = argv[*i] + 2;
	size_t len = strcspn(name, "=");
	const struct ctl_option *own = find(c->options, name, len);
	const struct ctl_option *o =
	    own != NULL ? own : find(everywhere, name, len);
	const char *value = name[len] == '=' ? name + len + 1 : NULL;

	if (o == NULL)
		return unknown_option(c, name);
	if (o->arg == NULL && value != NULL)
		return complain(c, "takes no value: --", o->name);
	if (o->arg != NULL && value == NULL) {
		if (*i + 1 >= argc)
			return complain(c, "needs a value: --", o->name);
		value = argv[++*i];
	}
	if (value == NULL)
		value = "";
	return own != NULL ? take_own(a, own, value)
			   : take_common(a, o->name, value);
}

static void
take_environment(struct ctl_args *a)
{
	const char *socket = secure_getenv("DOORWARD_SOCKET");
	const char *log = secure_getenv("DOORWARD_LOG");

	a->socket = socket != NULL && *socket != '\0' ? socket
						      : DOORWARD_RUNSTATEDIR
			"/control.sock";
	a->log_given = log != NULL && *log != '\0';
	a->log = a->log_given ? log : DOORWARD_LOCALSTATEDIR "/log";
}

int
ctl_parse(
    const struct ctl_command *c, int argc, char **argv, struct ctl_args *ret)
{
	bool words_only = false;
	int r;

	memset(ret, 0, sizeof(*ret));
	ret->command = c;
	take_environment(ret);
	for (int i = 0; i < argc; i++) {
		if (!words_only && strcmp(argv[i], "--") == 0) {
			words_only = true;
		} else if (!words_only && strncmp(argv[i], "--", 2) == 0) {
			r = take_option(ret, argc, argv, &i);
			if (r != CTL_OK)
				return r;
		} else if (!words_only && strcmp(argv[i], "-h") == 0) {
			return take_common(ret, "help", "");
		} else if (!words_only && argv[i][0] == '-' &&
			   argv[i][1] != '\0') {
			return complain(c, "unknown option ", argv[i]);
		} else if (ret->nwords == CTL_WORDS_MAX ||
			   ret->nwords == c->max_words) {
			return complain(c, "unexpected argument: ", argv[i]);
		} else {
			ret->words[ret->nwords++] = argv[i];
		}
	}
	if (ret->nwords < c->min_words)
		return complain(c, "missing argument: ", c->words);
	return CTL_OK;
}

const char *
ctl_value(const struct ctl_args *a, const char *name)
{
	const struct ctl_option *o =
	    find(a->command->options, name, strlen(name));

	return o == NULL ? NULL : a->values[o - a->command->options];
}
