/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a record says what it says: the policy text in force then, from the log
 * itself; the rule that matched; each of its conditions beside the subject's
 * value. The decision was the decider's: "holds" is worked out again here from
 * what was recorded, and absent where the record does not tell.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store/json_text.h"
#include "store/query.h"

#define WHY_TEXT_MAX (256u << 10) /* of one policy file */

static void
set(json_t *o, const char *key, json_t *value)
{
	(void)json_object_set_new(o, key, value);
}

static json_t *
text(const char *s)
{
	return json_text((const uint8_t *)s, strlen(s));
}

static const char *
kind_words(uint32_t kind)
{
	static const char *const words[COND_MAX] = {
	    [COND_EXE] = "exe",
	    [COND_EXE_SHA256] = "exe sha256",
	    [COND_ANCESTOR_EXE] = "ancestor exe",
	    [COND_UID] = "uid",
	    [COND_GID] = "gid",
	    [COND_AUID] = "auid",
	    [COND_CONTAINER_NAME] = "container name",
	    [COND_CONTAINER_IMAGE] = "container image",
	    [COND_CONTAINER_ID] = "container id",
	    [COND_CONTAINER_LABEL] = "container label",
	    [COND_CONTAINER_ANY] = "container any",
	    [COND_POD] = "pod",
	};

	return kind < COND_MAX && words[kind] != NULL ? words[kind] : "?";
}

/* The subject's value for a kind of condition: borrowed; NULL: not known. */
static json_t *
subject_value(json_t *process, uint32_t kind)
{
	switch (kind) {
	case COND_EXE:
		return json_object_get(process, "exe");
	case COND_EXE_SHA256:
		return json_object_get(process, "exe_sha256");
	case COND_ANCESTOR_EXE:
		return json_object_get(process, "ancestors");
	case COND_UID:
		return json_object_get(process, "uid");
	case COND_GID:
		return json_object_get(process, "gid");
	case COND_AUID:
		return json_object_get(process, "auid");
	default:
		return NULL;
	}
}

static bool
glob_holds(const char *glob, json_t *value)
{
	const char *path = json_string_value(value);

	return path != NULL && path_glob_match(glob, strlen(glob), path,
				   json_string_length(value));
}

static bool
condition_holds(const struct body_condition *c, json_t *value)
{
	json_t *one;
	size_t i;

	if (c->kind == COND_EXE)
		return glob_holds(c->text, value);
	if (c->kind == COND_ANCESTOR_EXE) {
		json_array_foreach(
		    value, i, one) if (glob_holds(c->text, one)) return true;
		return false;
	}
	return json_integer_value(value) == (json_int_t)c->value;
}

static json_t *
condition_object(const struct body_condition *c, json_t *process)
{
	json_t *value = subject_value(process, c->kind);
	json_t *o = json_object();

	set(o, "condition", json_string(kind_words(c->kind)));
	if (c->kind == COND_UID || c->kind == COND_GID || c->kind == COND_AUID)
		set(o, "wanted", json_integer(c->value));
	else
		set(o, "wanted", text(c->text));
	set(o, "negated", json_boolean(c->negated));
	set(o, "group", json_integer(c->group));
	if (value == NULL)
		return o;
	(void)json_object_set(o, "value", value);
	if (c->kind != COND_EXE_SHA256)
		set(o, "holds",
		    json_boolean(
			condition_holds(c, value) != (c->negated != 0)));
	return o;
}

static json_t *
rule_object(const struct json_record *r, const struct body_rule *rule)
{
	const struct policy_body *p = r->policy;
	json_t *process = json_process(r);
	json_t *conditions = json_array();
	json_t *o = json_object();

	for (uint32_t i = 0; i < rule->nconditions; i++)
		if ((size_t)rule->first_condition + i < p->nconditions)
			(void)json_array_append_new(conditions,
			    condition_object(
				&p->conditions[rule->first_condition + i],
				process));
	json_decref(process);
	if (rule->file < p->nfiles)
		set(o, "file", text(p->files[rule->file].name));
	set(o, "line", json_integer(rule->line));
	set(o, "text", text(rule->text));
	set(o, "verdict", json_string(verdict_name(rule->verdict)));
	set(o, "ops", policy_ops(rule->ops));
	if (rule->message[0] != '\0')
		set(o, "message", text(rule->message));
	set(o, "conditions", conditions);
	return o;
}

static json_t *
watch_object(const struct json_record *r, const struct body_watch *w)
{
	json_t *o = json_object();

	set(o, "name", text(w->name));
	if (w->file < r->policy->nfiles)
		set(o, "file", text(r->policy->files[w->file].name));
	set(o, "line", json_integer(w->line));
	set(o, "mode", json_string(mode_name(w->mode)));
	set(o, "on_timeout", json_string(verdict_name(w->on_timeout)));
	set(o, "deadline_ms", json_integer(w->deadline_ms));
	return o;
}

static json_t *
policy_object(const struct json_record *r)
{
	json_t *files = json_array();
	json_t *o = json_object();

	for (size_t i = 0; i < r->policy->nfiles; i++) {
		const struct body_file *f = &r->policy->files[i];
		json_t *file = json_object();

		set(file, "name", text(f->name));
		if (f->text_len <= WHY_TEXT_MAX)
			set(file, "text",
			    json_text((const uint8_t *)f->text, f->text_len));
		(void)json_array_append_new(files, file);
	}
	set(o, "hash", json_hex("b2:", r->policy_hash, HASH_BYTES));
	set(o, "generation", json_integer((json_int_t)r->policy_generation));
	set(o, "files", files);
	return o;
}

static bool
show(const struct json_record *r, void *ctx)
{
	struct client *c = ctx;
	const struct body_watch *watch = json_watch(r);
	const struct body_rule *rule = json_rule(r);
	json_t *o;

	if (leaf_number(r->leaf, LEAF_KIND, 0) != KIND_EVENT) {
		client_refuse(c,
		    "record %llu is not an event: nothing was decided",
		    (unsigned long long)r->leaf->index);
		return false;
	}
	o = json_object();
	set(o, "ok", json_true());
	set(o, "record", json_from_record(r));
	if (watch != NULL)
		set(o, "watch", watch_object(r, watch));
	if (rule != NULL)
		set(o, "rule", rule_object(r, rule));
	if (r->policy != NULL)
		set(o, "policy", policy_object(r));
	client_send(c, o);
	return false;
}

void
client_why(struct client *c, uint64_t index)
{
	int r = query_log(c->q);

	if (r == 0)
		r = log_one(c->q->log, index, show, c);
	if (r == -ENOENT)
		client_refuse(
		    c, "the log has no record %llu", (unsigned long long)index);
	else if (r < 0)
		client_refuse(c, "the log cannot be read: %s", strerror(-r));
}
