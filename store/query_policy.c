/* SPDX-License-Identifier: Apache-2.0 */
/* The policy in force, as the loader handed it to us: text and tables. */
#include <string.h>

#include "store/json_text.h"
#include "store/query.h"

#define TEXTS_BYTES_MAX (256u << 10)

/* What fanotify can refuse; the rest needs the kernel tier. */
#define OPS_NOT_REFUSABLE                                                      \
	(OP_ANY & ~(uint32_t)(OP_READ | OP_WRITE | OP_EXEC | OP_TRUNCATE))

static json_t *
text_of(const struct compiled_header *c, struct compiled_str s)
{
	return json_text((const uint8_t *)compiled_string(c, s), s.len);
}

static void
set(json_t *o, const char *key, json_t *value)
{
	(void)json_object_set_new(o, key, value);
}

json_t *
policy_ops(uint32_t ops)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < OP_COUNT; i++)
		if ((ops & 1u << i) != 0)
			(void)json_array_append_new(
			    list, json_string(op_name(1u << i)));
	return list;
}

static json_t *
place_of(const struct compiled_header *c, uint32_t file, uint32_t line)
{
	const struct compiled_file *f = compiled_file(c, file);
	json_t *name = f == NULL ? NULL : text_of(c, f->name);
	json_t *place = json_sprintf(
	    "%s:%u", name == NULL ? "?" : json_string_value(name), line);

	json_decref(name);
	return place;
}

static json_t *
rule_object(const struct compiled_header *c, const struct compiled_rule *r)
{
	json_t *o = json_object();

	set(o, "rule", place_of(c, r->file, r->line));
	set(o, "text", text_of(c, r->text));
	set(o, "verdict", json_string(verdict_name(r->verdict)));
	set(o, "ops", policy_ops(r->ops));
	if (r->verdict == VERDICT_DENY && (r->ops & OPS_NOT_REFUSABLE) != 0)
		set(o, "cannot_block_here",
		    policy_ops(r->ops & OPS_NOT_REFUSABLE));
	return o;
}

static json_t *
watch_object(const struct compiled_header *c, const struct compiled_watch *w)
{
	json_t *paths = json_array(), *excepts = json_array();
	json_t *rules = json_array();
	json_t *o = json_object();

	for (uint32_t i = 0; i < w->npatterns; i++) {
		const struct compiled_pattern *p =
		    compiled_pattern(c, w->first_pattern + i);

		(void)json_array_append_new(
		    p->except ? excepts : paths, text_of(c, p->text));
	}
	for (uint32_t i = 0; i < w->nrules; i++)
		(void)json_array_append_new(
		    rules, rule_object(c, compiled_rule(c, w->first_rule + i)));
	set(o, "name", text_of(c, w->name));
	set(o, "line", place_of(c, w->file, w->line));
	set(o, "tier", json_string("decider"));
	set(o, "mode", json_string(mode_name(w->mode)));
	set(o, "on_timeout", json_string(verdict_name(w->on_timeout)));
	set(o, "deadline_ms", json_integer(w->deadline_ms));
	set(o, "paths", paths);
	set(o, "except", excepts);
	set(o, "rules", rules);
	return o;
}

/* The whole text, unless it is too long for one line of an answer. */
static json_t *
files_list(const struct compiled_header *c)
{
	json_t *list = json_array();
	size_t room = TEXTS_BYTES_MAX;

	for (uint32_t i = 0; i < c->nfiles; i++) {
		const struct compiled_file *f = compiled_file(c, i);
		json_t *o = json_object();

		set(o, "name", text_of(c, f->name));
		if (f->text.len <= room) {
			set(o, "text", text_of(c, f->text));
			room -= f->text.len;
		}
		(void)json_array_append_new(list, o);
	}
	return list;
}

json_t *
policy_reply(const struct query *q)
{
	const struct compiled_header *c = q->policy.compiled;
	json_t *watches, *o = json_object();

	if (c == NULL) {
		set(o, "ok", json_false());
		set(o, "error", json_string("no policy is in force yet"));
		return o;
	}
	watches = json_array();
	for (uint32_t i = 0; i < c->nwatches; i++)
		(void)json_array_append_new(
		    watches, watch_object(c, compiled_watch(c, i)));
	set(o, "ok", json_true());
	set(o, "hash", json_hex("b2:", c->hash, sizeof(c->hash)));
	set(o, "generation", json_integer((json_int_t)q->generation));
	set(o, "mode", json_string(mode_name(c->settings.mode)));
	set(o, "on_timeout", json_string(verdict_name(c->settings.on_timeout)));
	set(o, "deadline_ms", json_integer(c->settings.deadline_ms));
	set(o, "watches", watches);
	set(o, "files", files_list(c));
	return o;
}
