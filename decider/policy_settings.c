/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "decider/policy_build.h"

#define PIN_DIR "/sys/fs/bpf/doorward"

static const char *
quoted(char out[QUOTE_BYTES], const struct policy_str *s)
{
	return diag_quote(out, s->s, s->len);
}

/* Which of words (NULL-terminated) is s? Reports and returns 0 if none. */
static uint32_t
one_of(struct build *b, const struct policy_str *s, const char *what,
    const char *const *words, const char *expected)
{
	char q[QUOTE_BYTES];

	for (uint32_t i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], s->s) == 0)
			return i;
	diag_error(b->diags, s->at, "'%s' is no %s, expected %s", quoted(q, s),
	    what, expected);
	return 0;
}

/* Digits and a unit; *ret in milliseconds. */
static bool
parse_duration(const char *s, const char *units, uint64_t *ret)
{
	uint64_t n = 0, scale;

	if (*s < '0' || *s > '9')
		return false;
	for (; *s >= '0' && *s <= '9'; s++)
		if ((n = n * 10 + (uint64_t)(*s - '0')) > 1000000000U)
			return false;
	if (strstr(units, s) == NULL || *s == '\0')
		return false;
	if (strcmp(s, "ms") == 0)
		scale = 1;
	else if (strcmp(s, "s") == 0)
		scale = 1000;
	else if (strcmp(s, "m") == 0)
		scale = 60000;
	else if (strcmp(s, "h") == 0)
		scale = 3600000;
	else
		return false;
	*ret = n * scale;
	return true;
}

static uint32_t
deadline(struct build *b, const struct policy_str *s)
{
	uint64_t ms;
	char q[QUOTE_BYTES];

	if (!parse_duration(s->s, "ms s", &ms) || ms < 10 || ms > 10000) {
		diag_error(b->diags, s->at,
		    "'%s' is no deadline, expected 10ms to 10s", quoted(q, s));
		return 250;
	}
	return (uint32_t)ms;
}

static uint32_t
heartbeat(struct build *b, const struct policy_str *s)
{
	uint64_t ms;
	char q[QUOTE_BYTES];

	if (!parse_duration(s->s, "s m h", &ms) || ms < 1000 || ms > 3600000) {
		diag_error(b->diags, s->at,
		    "'%s' is no heartbeat, expected 1s to 1h", quoted(q, s));
		return 60;
	}
	return (uint32_t)(ms / 1000);
}

static uint32_t
mode(struct build *b, const struct policy_str *s)
{
	static const char *const words[] = {"audit", "enforce", NULL};

	return one_of(b, s, "mode", words, "audit or enforce");
}

static uint32_t
on_timeout(struct build *b, const struct policy_str *s)
{
	static const char *const words[] = {"allow", "deny", NULL};

	return one_of(b, s, "answer", words, "allow or deny");
}

static uint32_t
decide_where(struct build *b, const struct policy_str *s)
{
	static const char *const words[] = {"auto", "kernel", "user", NULL};

	return one_of(b, s, "place to decide", words, "kernel, user or auto");
}

static bool
lone_stars(const char *s)
{
	const char *p = s;

	while ((p = strstr(p, "**")) != NULL) {
		if ((p > s && p[-1] != '/') || (p[2] != '\0' && p[2] != '/'))
			return false;
		p += 2;
	}
	return true;
}

bool
build_path_ok(struct build *b, const struct policy_str *s, bool wild)
{
	struct policy_diags *d = b->diags;
	size_t before = d->errors;

	if (s->len == 0)
		diag_error(d, s->at, "an empty path, expected \"/...\"");
	else if (s->s[0] != '/')
		diag_error(
		    d, s->at, "the path is not absolute, expected \"/...\"");
	else if (s->len > PATH_BYTES_MAX)
		diag_error(d, s->at,
		    "the path is too long, expected at most "
		    "%d bytes",
		    PATH_BYTES_MAX);
	else if (s->len > 1 && s->s[s->len - 1] == '/')
		diag_error(d, s->at, "%s",
		    wild ? "the path ends in '/', expected a name, or \"/**\" "
			   "for everything below"
			 : "the path ends in '/', expected a name");
	else if (!path_is_plain(s->s, s->len))
		diag_error(d, s->at,
		    "the path has an empty name, \".\" or \"..\" in it, "
		    "expected plain names");
	else if (wild && !lone_stars(s->s))
		diag_error(d, s->at,
		    "\"**\" beside other characters, expected it alone "
		    "between slashes");
	return d->errors == before;
}

static struct compiled_str
path_value(struct build *b, const struct ast_setting *s)
{
	if (!s->quoted) {
		diag_error(b->diags, s->value.at,
		    "a path without quotes, expected \"/...\"");
		return (struct compiled_str){0, 0};
	}
	if (!build_path_ok(b, &s->value, false))
		return (struct compiled_str){0, 0};
	return build_string(b, s->value.s, s->value.len, s->value.at);
}

static void
set_events(struct build *b, const struct ast_setting *s)
{
	static const char *const formats[] = {"json", "ecs", "ocsf", NULL};

	b->settings.events_format = 0;
	if (s->format.s != NULL)
		b->settings.events_format = one_of(
		    b, &s->format, "format", formats, "json, ecs or ocsf");
	if (!s->quoted && strcmp(s->value.s, "off") == 0)
		b->settings.events = (struct compiled_str){0, 0};
	else
		b->settings.events = path_value(b, s);
}

static void
set_group(struct build *b, const struct ast_setting *s)
{
	if (s->value.len == 0 || s->value.len > NAME_BYTES_MAX)
		diag_error(b->diags, s->value.at,
		    "this is no group's name, expected 1 to %d bytes",
		    NAME_BYTES_MAX);
	else
		b->settings.group =
		    build_string(b, s->value.s, s->value.len, s->value.at);
}

/* One "set"; *dirs tells which sockets still follow run-dir. */
static void
set_one(
    struct build *b, const struct ast_setting *s, bool *control, bool *events)
{
	struct compiled_settings *out = &b->settings;
	const char *name = s->name.s;
	char q[QUOTE_BYTES];

	if (s->format.s != NULL && strcmp(name, "events") != 0)
		diag_error(b->diags, s->format.at,
		    "only events has a format, expected the next statement");
	if (strcmp(name, "mode") == 0)
		out->mode = mode(b, &s->value);
	else if (strcmp(name, "deadline") == 0)
		out->deadline_ms = deadline(b, &s->value);
	else if (strcmp(name, "on-timeout") == 0)
		out->on_timeout = on_timeout(b, &s->value);
	else if (strcmp(name, "heartbeat") == 0)
		out->heartbeat_s = heartbeat(b, &s->value);
	else if (strcmp(name, "state-dir") == 0)
		out->state_dir = path_value(b, s);
	else if (strcmp(name, "run-dir") == 0)
		out->run_dir = path_value(b, s);
	else if (strcmp(name, "libexec-dir") == 0)
		out->libexec_dir = path_value(b, s);
	else if (strcmp(name, "pin-dir") == 0)
		out->pin_dir = path_value(b, s);
	else if (strcmp(name, "group") == 0)
		set_group(b, s);
	else if (strcmp(name, "control") == 0) {
		out->control = path_value(b, s);
		*control = true;
	} else if (strcmp(name, "events") == 0) {
		set_events(b, s);
		*events = true;
	} else {
		diag_error(b->diags, s->name.at,
		    "unknown setting '%s', expected mode, deadline, "
		    "on-timeout, state-dir, run-dir, control, events, group, "
		    "heartbeat, libexec-dir or pin-dir",
		    quoted(q, &s->name));
	}
}

/* In one file a setting stands once; a later file may override an earlier. */
static void
check_repeated(struct build *b, const struct ast_setting *first,
    const struct ast_setting *s)
{
	const struct ast_setting *before;
	unsigned int seen = 0;

	for (before = first; before != s && seen < 1000;
	     before = STAILQ_NEXT(before, next), seen++) {
		if (before->name.at.file != s->name.at.file ||
		    strcmp(before->name.s, s->name.s) != 0)
			continue;
		diag_error(b->diags, s->name.at,
		    "'%s' is set a second time, expected it once", s->name.s);
		return;
	}
}

static struct compiled_str
below_run_dir(struct build *b, const char *name)
{
	struct policy_at at = {0, 0, 0};
	char path[PATH_BYTES_MAX + 32];
	const char *dir = b->strings.bytes + b->settings.run_dir.off;
	int n = snprintf(path, sizeof(path), "%.*s/%s",
	    (int)b->settings.run_dir.len, dir, name);

	if (n > PATH_BYTES_MAX) {
		diag_error(b->diags, at,
		    "run-dir is too long, expected room "
		    "for the sockets' names");
		return (struct compiled_str){0, 0};
	}
	return build_string(b, path, (size_t)n, at);
}

void
build_settings(struct build *b)
{
	struct policy_at nowhere = {0, 0, 0};
	const struct ast_setting *s;
	bool control = false, events = false;

#define TEXT(text) build_string(b, text, strlen(text), nowhere)
	b->settings = (struct compiled_settings){
	    .mode = MODE_AUDIT,
	    .deadline_ms = 250,
	    .on_timeout = VERDICT_ALLOW,
	    .heartbeat_s = 60,
	    .state_dir = TEXT(DOORWARD_LOCALSTATEDIR),
	    .run_dir = TEXT(DOORWARD_RUNSTATEDIR),
	    .pin_dir = TEXT(PIN_DIR),
	    .group = TEXT("doorward"),
	};
#undef TEXT
	STAILQ_FOREACH(s, &b->ast->settings, next)
	{
		check_repeated(b, STAILQ_FIRST(&b->ast->settings), s);
		set_one(b, s, &control, &events);
	}
	if (!control)
		b->settings.control = below_run_dir(b, "control.sock");
	if (!events)
		b->settings.events = below_run_dir(b, "events.sock");
}

void
build_watch_settings(
    struct build *b, const struct ast_watch *w, struct compiled_watch *out)
{
	const struct ast_setting *s;

	out->mode = b->settings.mode;
	out->on_timeout = b->settings.on_timeout;
	out->deadline_ms = b->settings.deadline_ms;
	out->decide = DECIDE_AUTO;
	STAILQ_FOREACH(s, &w->settings, next)
	{
		check_repeated(b, STAILQ_FIRST(&w->settings), s);
		if (strcmp(s->name.s, "mode") == 0)
			out->mode = mode(b, &s->value);
		else if (strcmp(s->name.s, "on-timeout") == 0)
			out->on_timeout = on_timeout(b, &s->value);
		else if (strcmp(s->name.s, "deadline") == 0)
			out->deadline_ms = deadline(b, &s->value);
		else
			out->decide = decide_where(b, &s->value);
	}
}
