/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "decider/policy_json.h"
#include "decider/policy_main.h"

#define TIER "decider"
#define TIER_REASON                                                            \
	"user space: this version has no kernel tier; repeated questions are " \
	"answered from the monitor's cache"

static void
print_hash(const struct compiled_header *c)
{
	(void)fputs("b2:", stdout);
	for (int i = 0; i < HASH_BYTES; i++)
		(void)printf("%02x", c->hash[i]);
}

static const char *
text_of(const struct compiled_header *c, struct compiled_str s)
{
	return s.len > 0 ? compiled_string(c, s) : NULL;
}

static void
json_settings(const struct compiled_header *c)
{
	static const char *const formats[] = {"json", "ecs", "ocsf"};
	const struct compiled_settings *s = &c->settings;

	(void)printf(",\"settings\":{\"deadline_ms\":%u,\"heartbeat_s\":%u",
	    s->deadline_ms, s->heartbeat_s);
	json_member(stdout, 0, "mode", mode_name(s->mode));
	json_member(stdout, 0, "on_timeout", verdict_name(s->on_timeout));
	json_member(stdout, 0, "state_dir", text_of(c, s->state_dir));
	json_member(stdout, 0, "run_dir", text_of(c, s->run_dir));
	json_member(stdout, 0, "control", text_of(c, s->control));
	json_member(stdout, 0, "events", text_of(c, s->events));
	json_member(stdout, 0, "events_format", formats[s->events_format]);
	json_member(stdout, 0, "group", text_of(c, s->group));
	json_member(stdout, 0, "pin_dir", text_of(c, s->pin_dir));
	json_member(stdout, 0, "libexec_dir", text_of(c, s->libexec_dir));
	(void)putchar('}');
}

static void
json_rules(const struct compiled_header *c, const struct compiled_watch *w)
{
	const struct compiled_rule *r;
	char note[DIAG_BYTES];

	(void)fputs(",\"rules\":[", stdout);
	for (uint32_t i = 0; i < w->nrules; i++) {
		r = compiled_rule(c, w->first_rule + i);
		(void)fputs(i > 0 ? ",{" : "{", stdout);
		json_member(stdout, 1, "file",
		    compiled_string(c, compiled_file(c, r->file)->name));
		(void)printf(",\"line\":%u", r->line);
		json_member(stdout, 0, "verdict", verdict_name(r->verdict));
		json_member(stdout, 0, "text", compiled_string(c, r->text));
		json_member(stdout, 0, "note", policy_rule_note(c, r, note));
		(void)putchar('}');
	}
	(void)putchar(']');
}

static void
json_watch(const struct compiled_header *c, const struct compiled_watch *w)
{
	const struct compiled_pattern *p;

	(void)putchar('{');
	json_member(stdout, 1, "watch", compiled_string(c, w->name));
	(void)printf(
	    ",\"line\":%u,\"deadline_ms\":%u", w->line, w->deadline_ms);
	json_member(stdout, 0, "file",
	    compiled_string(c, compiled_file(c, w->file)->name));
	json_member(stdout, 0, "mode", mode_name(w->mode));
	json_member(stdout, 0, "on_timeout", verdict_name(w->on_timeout));
	json_member(stdout, 0, "tier", TIER);
	json_member(stdout, 0, "tier_reason", TIER_REASON);
	(void)fputs(",\"paths\":[", stdout);
	for (uint32_t i = 0; i < w->npatterns; i++) {
		p = compiled_pattern(c, w->first_pattern + i);
		(void)fputs(i > 0 ? ",{" : "{", stdout);
		json_member(stdout, 1, p->except ? "except" : "path",
		    compiled_string(c, p->text));
		json_member(stdout, 0, "note",
		    p->container_field != 0
			? "paths in containers are not evaluated yet"
			: NULL);
		(void)putchar('}');
	}
	(void)putchar(']');
	json_rules(c, w);
	(void)putchar('}');
}

static void
show_json(const struct compiled_header *c)
{
	(void)fputs("{\"hash\":\"", stdout);
	print_hash(c);
	(void)fputs("\",\"generation\":null", stdout);
	json_settings(c);
	(void)fputs(",\"watches\":[", stdout);
	for (uint32_t i = 0; i < c->nwatches; i++) {
		if (i > 0)
			(void)putchar(',');
		json_watch(c, compiled_watch(c, i));
	}
	(void)puts("]}");
}

static void
show_watch(const struct compiled_header *c, const struct compiled_watch *w)
{
	const struct compiled_pattern *p;
	const struct compiled_rule *r;
	const char *s;
	char q[QUOTE_BYTES], note[DIAG_BYTES];

	(void)printf("\nwatch %s  (%s:%u)\n", compiled_string(c, w->name),
	    compiled_string(c, compiled_file(c, w->file)->name), w->line);
	(void)printf("  %s, deadline %u ms, on-timeout %s\n",
	    mode_name(w->mode), w->deadline_ms, verdict_name(w->on_timeout));
	(void)printf("  decided by the %s (%s)\n", TIER, TIER_REASON);
	for (uint32_t i = 0; i < w->npatterns; i++) {
		p = compiled_pattern(c, w->first_pattern + i);
		s = compiled_string(c, p->text);
		(void)printf("  %-6s %s%s\n", p->except ? "except" : "path",
		    diag_quote(q, s, p->text.len),
		    p->container_field != 0
			? "   (in containers: not evaluated yet)"
			: "");
	}
	for (uint32_t i = 0; i < w->nrules; i++) {
		r = compiled_rule(c, w->first_rule + i);
		s = compiled_string(c, r->text);
		(void)printf(
		    "  %5u  %s\n", r->line, diag_quote(q, s, r->text.len));
		if (policy_rule_note(c, r, note) != NULL)
			(void)printf("         note: %s\n", note);
	}
	(void)puts("         otherwise: allow, and record changes");
}

void
policy_show(const struct compiled_header *c, bool json)
{
	const struct compiled_settings *s = &c->settings;

	if (json) {
		show_json(c);
		return;
	}
	(void)fputs("policy ", stdout);
	print_hash(c);
	(void)printf("\n%s, deadline %u ms, on-timeout %s\n",
	    mode_name(s->mode), s->deadline_ms, verdict_name(s->on_timeout));
	for (uint32_t i = 0; i < c->nwatches; i++)
		show_watch(c, compiled_watch(c, i));
}
