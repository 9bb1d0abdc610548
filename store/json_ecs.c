/* SPDX-License-Identifier: Apache-2.0 */
#include "store/json_ecs.h"

#include <string.h>

#define ECS_VERSION "8.11.0"

/* Native field to dotted ECS name; ids are keywords there: as strings. */
struct mapping {
	const char *from;
	const char *to;
	int as_string;
};

static const struct mapping top[] = {
    {"time", "@timestamp", 0},
    {"index", "event.sequence", 0},
    {"reason", "event.reason", 0},
    {"path", "file.path", 0},
    {"ino", "file.inode", 1},
    {"dev", "file.device", 0},
    {"file_size", "file.size", 0},
    {"file_mode", "file.mode", 0},
    {"watch", "rule.name", 0},
    {"rule", "rule.id", 0},
    {"policy", "rule.ruleset", 0},
    {NULL, NULL, 0},
};

static const struct mapping process[] = {
    {"pid", "process.pid", 0},
    {"tid", "process.thread.id", 0},
    {"exe", "process.executable", 0},
    {"comm", "process.name", 0},
    {"exe_sha256", "process.hash.sha256", 0},
    {"ppid", "process.parent.pid", 0},
    {"uid", "user.id", 1},
    {"euid", "user.effective.id", 1},
    {"gid", "group.id", 1},
    {NULL, NULL, 0},
};

static const struct mapping container[] = {
    {"id", "container.id", 0},
    {"name", "container.name", 0},
    {"image", "container.image.name", 0},
    {"engine", "container.runtime", 0},
    {NULL, NULL, 0},
};

/* Sets a.b.c, making the objects between. Takes the reference. */
static void
set_at(json_t *o, const char *dotted, json_t *value)
{
	const char *dot;
	char name[32];

	while ((dot = strchr(dotted, '.')) != NULL) {
		size_t len = (size_t)(dot - dotted);
		json_t *next;

		if (len >= sizeof(name))
			break;
		memcpy(name, dotted, len);
		name[len] = '\0';
		next = json_object_get(o, name);
		if (next == NULL) {
			next = json_object();
			(void)json_object_set_new(o, name, next);
		}
		o = next;
		dotted = dot + 1;
	}
	(void)json_object_set_new(o, dotted, value);
}

static void
map_fields(json_t *to, json_t *from, const struct mapping *m)
{
	for (; m->from != NULL; m++) {
		json_t *value = json_object_get(from, m->from);

		if (value == NULL)
			continue;
		if (m->as_string && json_is_integer(value))
			set_at(to, m->to,
			    json_sprintf(
				"%lld", (long long)json_integer_value(value)));
		else
			set_at(to, m->to, json_incref(value));
	}
}

/* event.type: the allowed values of the file category. */
static void
set_types(json_t *to, const char *op, int denied)
{
	json_t *types = json_array();

	if (strcmp(op, "read") == 0 || strcmp(op, "exec") == 0)
		(void)json_array_append_new(types, json_string("access"));
	else if (strcmp(op, "create") == 0)
		(void)json_array_append_new(types, json_string("creation"));
	else if (strcmp(op, "delete") == 0)
		(void)json_array_append_new(types, json_string("deletion"));
	else
		(void)json_array_append_new(types, json_string("change"));
	(void)json_array_append_new(
	    types, json_string(denied ? "denied" : "allowed"));
	set_at(to, "event.type", types);
}

static void
set_file_event(json_t *to, json_t *record)
{
	const char *op = json_string_value(json_object_get(record, "op"));
	/* What happened, not what the policy would have said. */
	const char *answer =
	    json_string_value(json_object_get(record, "answer"));
	json_t *us = json_object_get(record, "latency_us");
	int denied = answer != NULL && strcmp(answer, "deny") == 0;

	if (op == NULL)
		op = "unknown";
	set_at(to, "event.category", json_pack("[s]", "file"));
	set_types(to, op, denied);
	set_at(to, "event.action", json_sprintf("file-%s", op));
	set_at(
	    to, "event.outcome", json_string(denied ? "failure" : "success"));
	if (us != NULL)
		set_at(to, "event.duration",
		    json_integer(json_integer_value(us) * 1000));
}

/* The native object without what already found its place. */
static json_t *
unmapped(json_t *record)
{
	json_t *rest = json_copy(record);

	for (const struct mapping *m = top; m->from != NULL; m++)
		(void)json_object_del(rest, m->from);
	(void)json_object_del(rest, "container");
	return rest;
}

json_t *
json_ecs(json_t *record)
{
	const char *kind = json_string_value(json_object_get(record, "kind"));
	json_t *hash = json_object_get(record, "hash");
	const char *after = json_string_value(json_object_get(hash, "after"));
	json_t *to = json_object();

	map_fields(to, record, top);
	set_at(to, "ecs.version", json_string(ECS_VERSION));
	set_at(to, "event.provider", json_string("doorward"));
	set_at(to, "event.module", json_string("doorward"));
	set_at(to, "event.kind", json_string("event"));
	if (kind != NULL && strcmp(kind, "event") == 0)
		set_file_event(to, record);
	else if (kind != NULL)
		set_at(to, "event.action", json_sprintf("log-%s", kind));
	map_fields(to, json_object_get(record, "process"), process);
	map_fields(to, json_object_get(record, "container"), container);
	if (after != NULL && strncmp(after, "sha256:", 7) == 0)
		set_at(to, "file.hash.sha256", json_string(after + 7));
	(void)json_object_set_new(to, "doorward", unmapped(record));
	return to;
}
