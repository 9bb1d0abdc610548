/* SPDX-License-Identifier: Apache-2.0 */
/* query and tail: streams of records. */
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/ctl.h"
#include "store/ctl_text.h"
#include "store/query_request.h"
#include "store/query_when.h"

#define FILTER_OPTIONS                                                         \
	{"path", "GLOB", "of the file; a name alone: anywhere", false},        \
	    {"op", "OP[,OP]", "read, write, exec, truncate … change, any",     \
		false},                                                        \
	    {"verdict", "V", "allow or deny", false},                          \
	    {"uid", "N", "of the subject", false},                             \
	    {"exe", "GLOB", "the subject's program", false},                   \
	    {"container", "NAME", "the subject's", false},                     \
	    {"watch", "NAME", "of the policy", false},                         \
	    {"kind", "KIND[,KIND]",                                            \
		"event, seal, gap, policy, admin, access …", false},           \
	{                                                                      \
		"limit", "N", "stop after N records", false                    \
	}

static const struct ctl_option query_options[] = {
    {"since", "T", "not before: RFC 3339, 2h, 15m, 3d, today, yesterday",
	false},
    {"until", "T", "before: the same", false},
    FILTER_OPTIONS,
    {"reverse", NULL, "newest first", false},
    {NULL, NULL, NULL, false},
};

static const struct ctl_option tail_options[] = {
    FILTER_OPTIONS,
    {NULL, NULL, NULL, false},
};

/* ---- the request ---- */

static int
bad(const struct ctl_args *a, const char *what)
{
	(void)fprintf(stderr, "doorwardctl %s: ", a->command->name);
	text_put(stderr, what, false);
	(void)fprintf(
	    stderr, "\ntry: doorwardctl %s --help\n", a->command->name);
	return CTL_USAGE;
}

/* Times mean the user's zone, which the service does not know: sent in UTC. */
static json_t *
time_value(const char *text)
{
	char utc[WHEN_BYTES];
	int64_t ns;

	if (when_parse(text, when_now(), &ns) < 0)
		return json_string(text); /* refused below, with words */
	return json_string(when_format(ns, utc));
}

static json_t *
number_value(const char *text)
{
	char *end;
	long long n = strtoll(text, &end, 10);

	return *text == '\0' || *end != '\0' ? json_string(text)
					     : json_integer(n);
}

static json_t *
option_value(const char *name, const char *text)
{
	if (strcmp(name, "since") == 0 || strcmp(name, "until") == 0)
		return time_value(text);
	if (strcmp(name, "uid") == 0 || strcmp(name, "limit") == 0)
		return number_value(text);
	if (strcmp(name, "reverse") == 0)
		return json_true();
	return json_string(text);
}

/* The same check the service makes, before anybody is asked. */
static int
check(const struct ctl_args *a, const json_t *request)
{
	char error[REQUEST_ERROR_BYTES];
	struct request parsed;
	char *line = json_dumps(request, JSON_COMPACT);
	int r = CTL_OK;

	if (line == NULL)
		return bad(a, "out of memory");
	if (request_parse(line, strlen(line), when_now(), &parsed, error) < 0)
		r = bad(a, error);
	else
		request_free(&parsed);
	free(line);
	return r;
}

static int
make_request(const struct ctl_args *a, json_t **ret)
{
	const struct ctl_option *o = a->command->options;
	json_t *request = json_pack("{s:s}", "do", a->command->name);
	int r = CTL_OK;

	for (size_t i = 0; r == CTL_OK && o[i].name != NULL; i++) {
		if (a->values[i] == NULL)
			continue;
		if (json_object_set_new(request, o[i].name,
			option_value(o[i].name, a->values[i])) != 0)
			r = bad(a, "an option is not UTF-8 text");
	}
	if (r == CTL_OK)
		r = check(a, request);
	if (r == CTL_OK)
		*ret = json_incref(request);
	json_decref(request);
	return r;
}

/* ---- one record for people ---- */

static void
print_event(const json_t *record)
{
	const json_t *process = json_object_get(record, "process");
	const json_t *uid = json_object_get(process, "uid");
	const char *verdict = text_member(record, "verdict");
	const char *answer = text_member(record, "answer");
	bool deny = strcmp(verdict, "deny") == 0;

	/* Denied by the policy, but let through: audit mode. */
	if (deny && strcmp(answer, "allow") == 0)
		verdict = "would-deny";
	(void)printf("%-10s %-8s ", deny && *answer != 'a' ? "DENY" : verdict,
	    text_member(record, "op"));
	text_put_member(stdout, record, "path", "(path not known)");
	(void)printf("  ");
	text_put_member(stdout, process, "exe", "(unknown program)");
	(void)printf("[%lld]", (long long)text_number(process, "pid"));
	if (uid != NULL)
		(void)printf(" uid %lld", (long long)json_integer_value(uid));
	(void)printf("  ");
	text_put_member(stdout, record, "watch", "(watch not known)");
	(void)printf(" ");
	text_put_member(stdout, record, "rule", text_member(record, "reason"));
}

static void
print_fields(const json_t *record)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)record, key, value)
	{
		if (strcmp(key, "index") == 0 || strcmp(key, "time") == 0 ||
		    strcmp(key, "kind") == 0)
			continue;
		if (json_is_string(value)) {
			(void)printf(" %s ", key);
			text_put(stdout, json_string_value(value), false);
		} else if (json_is_integer(value)) {
			(void)printf(" %s %lld", key,
			    (long long)json_integer_value(value));
		} else if (json_is_boolean(value)) {
			(void)printf(
			    " %s %s", key, json_is_true(value) ? "yes" : "no");
		} else if (json_is_object(value)) {
			(void)printf(" ");
			text_put_member(stdout, value, "exe", "");
		}
	}
}

void
ctl_print_record(const json_t *record)
{
	const char *kind = text_member(record, "kind");

	(void)printf("%7lld  %.23sZ  ", (long long)text_number(record, "index"),
	    text_member(record, "time"));
	if (strcmp(kind, "event") == 0) {
		print_event(record);
	} else {
		text_put(stdout, kind, false);
		print_fields(record);
	}
	(void)printf("\n");
}

/* ---- the stream ---- */

struct stream {
	const struct ctl_args *a;
	unsigned long long records;
	int exit;
	bool ended;
};

static void
take_end(struct stream *s, const json_t *o)
{
	const char *error = text_member(o, "error");

	s->ended = true;
	if (*error == '\0')
		return;
	(void)fprintf(stderr, "doorwardctl: ");
	text_put(stderr, error, false);
	(void)fprintf(stderr, "\n");
	s->exit = CTL_NO;
}

static void
take_note(const json_t *o)
{
	const char *note = text_member(o, "note");

	if (*note == '\0')
		return;
	(void)fprintf(stderr, "doorwardctl: ");
	text_put(stderr, note, false);
	(void)fprintf(stderr, "\n");
}

static void
take_line(struct stream *s, const char *line, const json_t *o)
{
	const json_t *lost = json_object_get(o, "lost");
	const json_t *ok = json_object_get(o, "ok");

	if (json_object_get(o, "end") != NULL) {
		take_end(s, o);
	} else if (ok != NULL) {
		if (json_is_false(ok))
			take_end(s, o);
		take_note(o);
	} else if (s->a->json) {
		s->records += lost == NULL;
		(void)puts(line);
	} else if (lost != NULL) {
		(void)printf("-- %lld records were lost here: read faster\n",
		    (long long)json_integer_value(lost));
	} else {
		s->records++;
		ctl_print_record(o);
	}
}

static int
follow(struct ctl_conn *c, struct stream *s)
{
	const char *line;
	size_t len;

	while (!s->ended) {
		json_t *o;
		int r = ctl_line(c, &line, &len);

		if (r != CTL_OK)
			return r;
		o = json_loadb(line, len, 0, NULL);
		if (!json_is_object(o)) {
			json_decref(o);
			(void)fprintf(stderr,
			    "doorwardctl: the service answered nonsense\n");
			return CTL_UNREACHABLE;
		}
		take_line(s, line, o);
		json_decref(o);
		/* Whoever reads our output has closed it: enough. */
		if (fflush(stdout) != 0)
			return CTL_OK;
	}
	return s->exit;
}

static int
stream(const struct ctl_args *a, struct stream *s)
{
	struct ctl_conn *c = NULL;
	json_t *request = NULL;
	int r = make_request(a, &request);

	if (r == CTL_OK)
		r = ctl_connect(a, &c);
	if (r == CTL_OK)
		r = ctl_send(c, request);
	if (r == CTL_OK)
		r = follow(c, s);
	ctl_disconnect(&c);
	json_decref(request);
	return r;
}

static int
run_query(const struct ctl_args *a)
{
	struct stream s = {.a = a};
	int r = stream(a, &s);

	return r == CTL_OK && s.records == 0 ? CTL_NO : r;
}

/* Every line is flushed when it is printed: nothing is left to do. */
static void
on_interrupt(int signal_number)
{
	(void)signal_number;
	_exit(CTL_OK);
}

static int
run_tail(const struct ctl_args *a)
{
	struct stream s = {.a = a};
	struct sigaction act = {.sa_handler = on_interrupt};

	(void)sigaction(SIGINT, &act, NULL);
	(void)sigaction(SIGTERM, &act, NULL);
	return stream(a, &s);
}

const struct ctl_command ctl_query_command = {
    .name = "query",
    .words = "",
    .summary = "Shows records of the log; all filters must hold.",
    .more = "Exit 0: there were some; 1: there were none.",
    .options = query_options,
    .usage_exit = CTL_USAGE,
    .run = run_query,
};

const struct ctl_command ctl_tail_command = {
    .name = "tail",
    .words = "",
    .summary = "Shows records as they are sealed, until interrupted.",
    .options = tail_options,
    .usage_exit = CTL_USAGE,
    .run = run_tail,
};
