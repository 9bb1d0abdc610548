/* SPDX-License-Identifier: Apache-2.0 */
#include "store/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "store/json_kinds.h"
#include "store/json_text.h"
#include "store/query_when.h"

#define AUID_UNSET UINT32_MAX

/* ---- values ---- */

json_t *
json_unsigned(uint64_t n)
{
	char text[24];

	if (n <= INT64_MAX)
		return json_integer((json_int_t)n);
	(void)snprintf(text, sizeof(text), "%" PRIu64, n);
	return json_string(text);
}

json_t *
json_dev(int64_t dev)
{
	return json_sprintf("%u:%u", (unsigned int)((uint64_t)dev >> 32),
	    (unsigned int)((uint64_t)dev & UINT32_MAX));
}

json_t *
json_time(int64_t ns)
{
	char text[WHEN_BYTES];

	return json_string(when_format(ns, text));
}

static void
set(json_t *o, const char *key, json_t *value)
{
	(void)json_object_set_new(o, key, value);
}

static void
set_name(json_t *o, const char *key, const char *name)
{
	if (name != NULL)
		set(o, key, json_string(name));
}

static void
set_number_column(
    json_t *o, const char *key, const struct leaf *l, enum leaf_column c)
{
	if (l->col[c].type == LEAF_NUMBER)
		set(o, key, json_integer(l->col[c].number));
}

static void
set_number(json_t *o, const char *key, const struct leaf *l, unsigned int ext)
{
	struct leaf_value v;

	if (ext_find(l, ext, &v) && v.type == LEAF_NUMBER)
		set(o, key, json_integer(v.number));
}

static void
set_bytes(json_t *o, const char *key, const struct leaf *l, unsigned int ext)
{
	struct leaf_value v;

	if (ext_find(l, ext, &v) && v.type == LEAF_BYTES)
		(void)json_set_bytes(o, key, v.bytes, v.len);
}

static void
set_hex(
    json_t *o, const char *key, const char *prefix, const struct leaf_value *v)
{
	if (v->type == LEAF_BYTES)
		set(o, key, json_hex(prefix, v->bytes, v->len));
}

/* ---- who ---- */

/* Seconds since boot: the record does not say when the machine was started. */
static void
set_start(json_t *o, const struct leaf *actor)
{
	int64_t ns = ext_find_number(actor, EXT_ACTOR_START_NS, -1);

	if (ns >= 0)
		set(o, "start",
		    json_sprintf("%lld.%09d", (long long)(ns / 1000000000),
			(int)(ns % 1000000000)));
}

static void
set_ancestors(json_t *o, const struct leaf *actor)
{
	struct leaf_value v;
	json_t *list;
	size_t len;

	if (!ext_find(actor, EXT_ACTOR_ANCESTORS, &v) || v.type != LEAF_BYTES)
		return;
	list = json_array();
	for (size_t i = 0; i < v.len; i += len + 1) {
		len = strnlen((const char *)v.bytes + i, v.len - i);
		(void)json_array_append_new(list, json_text(v.bytes + i, len));
	}
	set(o, "ancestors", list);
}

static void
set_comm(json_t *o, const struct leaf *actor)
{
	struct leaf_value v;

	if (!ext_find(actor, EXT_ACTOR_COMM, &v) || v.type != LEAF_BYTES)
		return;
	(void)json_set_bytes(
	    o, "comm", v.bytes, strnlen((const char *)v.bytes, v.len));
}

static void
set_program(json_t *o, const struct leaf *actor)
{
	struct leaf_value v;
	int64_t dev = ext_find_number(actor, EXT_ACTOR_EXE_DEV, -1);

	set_bytes(o, "exe", actor, EXT_ACTOR_EXE);
	if (dev >= 0)
		set(o, "exe_dev", json_dev(dev));
	if (ext_find(actor, EXT_ACTOR_EXE_INO, &v) && v.type == LEAF_NUMBER)
		set(o, "exe_ino", json_unsigned((uint64_t)v.number));
	if (ext_find(actor, EXT_ACTOR_EXE_SHA256, &v))
		set_hex(o, "exe_sha256", "", &v);
}

static void
set_ids(json_t *o, const struct leaf *l)
{
	int64_t uid = leaf_number(l, LEAF_UID, -1);
	int64_t auid = leaf_number(l, LEAF_AUID, AUID_UNSET);

	if (uid >= 0) {
		set(o, "uid", json_integer(uid));
		set(o, "euid",
		    json_integer(ext_find_number(l, EXT_EVENT_EUID, uid)));
	}
	set_number(o, "gid", l, EXT_EVENT_GID);
	set_number(o, "egid", l, EXT_EVENT_EGID);
	if (auid >= 0 && auid != AUID_UNSET)
		set(o, "auid", json_integer(auid));
}

json_t *
json_process(const struct json_record *r)
{
	const struct leaf *l = r->leaf;
	int64_t pid = leaf_number(l, LEAF_PID, -1);
	json_t *o = json_object();

	if (pid >= 0)
		set(o, "pid", json_integer(pid));
	if (leaf_number(l, LEAF_KIND, 0) == KIND_EVENT) {
		set(o, "tid",
		    json_integer(ext_find_number(l, EXT_EVENT_TID, pid)));
		set_ids(o, l);
	}
	if (r->actor == NULL)
		return o;
	set_start(o, r->actor);
	set_program(o, r->actor);
	set_comm(o, r->actor);
	set_number(o, "ppid", r->actor, EXT_ACTOR_PPID);
	set_number(o, "cgroup", r->actor, EXT_ACTOR_CGROUP);
	set_number(o, "mntns", r->actor, EXT_ACTOR_MNTNS);
	set_ancestors(o, r->actor);
	return o;
}

static void
set_container(json_t *o, const struct leaf *actor)
{
	json_t *c;

	if (actor == NULL)
		return;
	c = json_object();
	set_bytes(c, "id", actor, EXT_ACTOR_CONTAINER_ID);
	set_bytes(c, "name", actor, EXT_ACTOR_CONTAINER_NAME);
	set_bytes(c, "image", actor, EXT_ACTOR_CONTAINER_IMAGE);
	set_bytes(c, "engine", actor, EXT_ACTOR_CONTAINER_ENGINE);
	set_bytes(c, "pod", actor, EXT_ACTOR_POD);
	if (json_object_size(c) > 0)
		(void)json_object_set(o, "container", c);
	json_decref(c);
}

/* ---- what ---- */

const struct body_watch *
json_watch(const struct json_record *r)
{
	int64_t i = ext_find_number(r->leaf, EXT_EVENT_WATCH, -1);

	if (r->policy == NULL || i < 0 || (uint64_t)i >= r->policy->nwatches)
		return NULL;
	return &r->policy->watches[i];
}

const struct body_rule *
json_rule(const struct json_record *r)
{
	int64_t i = leaf_number(r->leaf, LEAF_RULE, -1);

	if (r->policy == NULL || i < 0 || (uint64_t)i >= r->policy->nrules)
		return NULL;
	return &r->policy->rules[i];
}

static void
set_policy(json_t *o, const struct json_record *r)
{
	const struct body_watch *watch = json_watch(r);
	const struct body_rule *rule = json_rule(r);
	char place[NAME_BYTES_MAX + 16];

	if (watch != NULL)
		set(o, "watch",
		    json_text(
			(const uint8_t *)watch->name, strlen(watch->name)));
	if (rule != NULL && rule->file < r->policy->nfiles) {
		(void)snprintf(place, sizeof(place), "%s:%u",
		    r->policy->files[rule->file].name, rule->line);
		set(o, "rule",
		    json_text((const uint8_t *)place, strlen(place)));
	}
	if (r->policy_hash != NULL)
		set(o, "policy", json_hex("b2:", r->policy_hash, HASH_BYTES));
	set_number(o, "generation", r->leaf, EXT_EVENT_GENERATION);
}

/* open(2); the numbers are the kernel's on every 64-bit architecture we run on.
 */
static void
set_flags(json_t *o, const struct leaf *l)
{
	int64_t flags = ext_find_number(l, EXT_EVENT_OFLAGS, -1);

	if (flags >= 0)
		set(o, "flags", json_open_flags((uint32_t)flags));
}

static void
set_paths(json_t *o, const struct json_record *r)
{
	static const char *const layers[] = {
	    NULL, "host", "lower", "upper", "merged"};
	const struct leaf *l = r->leaf;
	const struct leaf_value *path = &l->col[LEAF_PATH];
	int64_t layer = ext_find_number(l, EXT_EVENT_LAYER, 0);
	struct leaf_value v;

	if (path->type == LEAF_BYTES)
		(void)json_set_bytes(o, "path", path->bytes, path->len);
	if (ext_find(l, EXT_EVENT_PATH_SHA256, &v))
		set_hex(o, "path_sha256", "", &v);
	set_bytes(o, "host_path", l, EXT_EVENT_HOST_PATH);
	set_bytes(o, "container_path", l, EXT_EVENT_CONTAINER_PATH);
	/* A watch is known only for paths read through the host's mounts. */
	if (path->type == LEAF_BYTES && json_watch(r) != NULL &&
	    json_object_get(o, "host_path") == NULL &&
	    json_object_get(o, "container_path") == NULL)
		(void)json_set_bytes(o, "host_path", path->bytes, path->len);
	if (layer > 0 && layer < 5)
		set(o, "layer", json_string(layers[layer]));
	set_bytes(o, "other_path", l, EXT_EVENT_OTHER_PATH);
}

static void
set_file(json_t *o, const struct leaf *l)
{
	const struct leaf_value *after = &l->col[LEAF_HNEW];
	const struct leaf_value *before = &l->col[LEAF_HOLD];
	json_t *hash;

	if (l->col[LEAF_DEV].type == LEAF_NUMBER)
		set(o, "dev", json_dev(l->col[LEAF_DEV].number));
	if (l->col[LEAF_INO].type == LEAF_NUMBER)
		set(o, "ino", json_unsigned((uint64_t)l->col[LEAF_INO].number));
	if (l->col[LEAF_MODE].type == LEAF_NUMBER)
		set(o, "file_mode",
		    json_sprintf(
			"%06o", (unsigned int)l->col[LEAF_MODE].number));
	set_number_column(o, "file_size", l, LEAF_SIZE);
	if (after->type != LEAF_BYTES && before->type != LEAF_BYTES)
		return;
	hash = json_object();
	set_hex(hash, "before", "sha256:", before);
	set_hex(hash, "after", "sha256:", after);
	set(o, "hash", hash);
}

static void
set_event(json_t *o, const struct json_record *r)
{
	const struct leaf *l = r->leaf;
	struct leaf_value v;

	set_name(o, "op", op_name((uint32_t)leaf_number(l, LEAF_ACT, 0)));
	set_name(o, "verdict",
	    verdict_name((unsigned int)leaf_number(l, LEAF_VERDICT, 255)));
	if (ext_find(l, EXT_EVENT_ANSWER, &v))
		set_name(o, "answer", verdict_name((unsigned int)v.number));
	if (ext_find(l, EXT_EVENT_MODE, &v))
		set_name(o, "mode", mode_name((unsigned int)v.number));
	if (ext_find(l, EXT_EVENT_REASON, &v))
		set_name(o, "reason", reason_name((unsigned int)v.number));
	set_policy(o, r);
	if (ext_find(l, EXT_EVENT_TIER, &v))
		set_name(o, "tier", tier_name((unsigned int)v.number));
	set_number(o, "latency_us", l, EXT_EVENT_LATENCY_US);
	set_paths(o, r);
	set_file(o, l);
	set_flags(o, l);
	set_number(o, "errno", l, EXT_EVENT_ERRNO);
	set(o, "process", json_process(r));
	set_container(o, r->actor);
}

json_t *
json_from_record(const struct json_record *r)
{
	const struct leaf *l = r->leaf;
	int64_t kind = leaf_number(l, LEAF_KIND, 0);
	json_t *o = json_object();

	set(o, "index", json_unsigned(l->index));
	set(o, "time", json_time(leaf_number(l, LEAF_TS, 0)));
	set_name(o, "kind", kind_name((unsigned int)kind));
	if (kind == KIND_EVENT) {
		set_event(o, r);
	} else if (kind == KIND_ACTOR) {
		set(o, "process", json_process(r));
		set_container(o, r->actor);
	} else {
		json_kind_fields(o, l);
	}
	if (r->sealed)
		set(o, "seal", json_unsigned(r->seal));
	return o;
}
