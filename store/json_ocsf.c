/* SPDX-License-Identifier: Apache-2.0 */
#include "store/json_ocsf.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "store/query_when.h"

#define OCSF_VERSION "1.1.0"
#define CLASS_FILE 1001
#define CATEGORY_SYSTEM 1
#define ACTIVITY_OTHER 99
#define SEVERITY_INFORMATIONAL 1
#define SEVERITY_MEDIUM 3
#define TYPE_UNKNOWN 0

enum { ACTION_ALLOWED = 1, ACTION_DENIED = 2 };
enum { STATUS_SUCCESS = 1, STATUS_FAILURE = 2 };

static void
set(json_t *o, const char *key, json_t *value)
{
	(void)json_object_set_new(o, key, value);
}

static const char *
text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s == NULL ? "" : s;
}

static void
copy(json_t *to, const char *to_key, const json_t *from, const char *from_key)
{
	json_t *value = json_object_get(from, from_key);

	if (value != NULL)
		(void)json_object_set(to, to_key, value);
}

static int
activity(const char *op)
{
	static const struct {
		const char *op;
		int id;
	} all[] = {
	    {"create", 1},
	    {"read", 2},
	    {"write", 3},
	    {"truncate", 3},
	    {"delete", 4},
	    {"rename", 5},
	    {"attrib", 6},
	    {"mount", 12},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(op, all[i].op) == 0)
			return all[i].id;
	return ACTIVITY_OTHER;
}

/* A file by its path; its name is what follows the last slash. */
static json_t *
file_object(const json_t *from, const char *key)
{
	const char *path = text(from, key);
	const char *slash = strrchr(path, '/');
	json_t *o = json_object();

	set(o, "name", json_string(slash == NULL ? path : slash + 1));
	copy(o, "path", from, key);
	set(o, "type_id", json_integer(TYPE_UNKNOWN));
	return o;
}

static json_t *
actor_object(const json_t *process)
{
	json_t *p = json_object(), *user = json_object();
	json_t *actor = json_object();
	json_t *uid = json_object_get(process, "uid");

	if (uid != NULL)
		set(user, "uid",
		    json_sprintf("%lld", (long long)json_integer_value(uid)));
	copy(p, "pid", process, "pid");
	copy(p, "tid", process, "tid");
	copy(p, "name", process, "comm");
	if (json_object_get(process, "exe") != NULL)
		set(p, "file", file_object(process, "exe"));
	if (json_object_get(process, "ppid") != NULL)
		set(p, "parent_process",
		    json_pack(
			"{s:O}", "pid", json_object_get(process, "ppid")));
	(void)json_object_set(p, "user", user);
	set(actor, "process", p);
	set(actor, "user", user);
	return actor;
}

static json_t *
metadata_object(const json_t *record)
{
	json_t *o = json_pack("{s:s,s:{s:s,s:s},s:[s]}", "version",
	    OCSF_VERSION, "product", "name", "doorward", "vendor_name",
	    "doorward", "profiles", "security_control");

	copy(o, "sequence", record, "index");
	copy(o, "original_time", record, "time");
	return o;
}

static void
set_class(json_t *o, int category, int class_uid, int activity_id)
{
	set(o, "category_uid", json_integer(category));
	set(o, "class_uid", json_integer(class_uid));
	set(o, "activity_id", json_integer(activity_id));
	set(o, "type_uid",
	    json_integer((json_int_t)class_uid * 100 + activity_id));
}

static void
set_file_event(json_t *o, const json_t *record)
{
	/* What happened, not what the policy would have said. */
	bool denied = strcmp(text(record, "answer"), "deny") == 0;
	json_t *policy = json_object();
	json_t *file = file_object(record, "path");

	set_class(o, CATEGORY_SYSTEM, CLASS_FILE, activity(text(record, "op")));
	set(o, "severity_id",
	    json_integer(denied ? SEVERITY_MEDIUM : SEVERITY_INFORMATIONAL));
	set(o, "action_id",
	    json_integer(denied ? ACTION_DENIED : ACTION_ALLOWED));
	set(o, "status_id",
	    json_integer(denied ? STATUS_FAILURE : STATUS_SUCCESS));
	set(o, "device", json_pack("{s:i}", "type_id", TYPE_UNKNOWN));
	set(o, "actor", actor_object(json_object_get(record, "process")));
	set(o, "file", file);
	copy(policy, "name", record, "watch");
	copy(policy, "uid", record, "rule");
	copy(policy, "version", record, "policy");
	set(o, "policy", policy);
}

json_t *
json_ocsf(json_t *record)
{
	const char *kind = text(record, "kind");
	json_t *o = json_object();
	int64_t ns = 0;

	(void)when_parse(text(record, "time"), 0, &ns);
	set(o, "time", json_integer(ns / 1000000));
	set(o, "metadata", metadata_object(record));
	if (strcmp(kind, "event") == 0) {
		set_file_event(o, record);
	} else {
		set_class(o, 0, 0, ACTIVITY_OTHER);
		set(o, "activity_name", json_string(kind));
		set(o, "severity_id", json_integer(SEVERITY_INFORMATIONAL));
	}
	(void)json_object_set(o, "unmapped", record);
	return o;
}
