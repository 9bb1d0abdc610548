/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "ipc/wire/compiled.h"

#include "store/query_log.h"

static bool
glob_holds(const char *glob, const struct leaf_value *v)
{
	return v->type == LEAF_BYTES && path_glob_match(glob, strlen(glob),
					    (const char *)v->bytes, v->len);
}

static bool
exe_holds(const struct filter *f, const struct json_record *r)
{
	struct leaf_value exe;

	return r->actor != NULL && ext_find(r->actor, EXT_ACTOR_EXE, &exe) &&
	       glob_holds(f->exe, &exe);
}

static bool
container_holds(const struct filter *f, const struct json_record *r)
{
	struct leaf_value name;

	return r->actor != NULL &&
	       ext_find(r->actor, EXT_ACTOR_CONTAINER_NAME, &name) &&
	       name.type == LEAF_BYTES && name.len == strlen(f->container) &&
	       memcmp(name.bytes, f->container, name.len) == 0;
}

static bool
watch_holds(const struct filter *f, const struct json_record *r)
{
	const struct body_watch *watch;

	if (leaf_number(r->leaf, LEAF_KIND, 0) != KIND_EVENT)
		return false;
	watch = json_watch(r);
	return watch != NULL && strcmp(watch->name, f->watch) == 0;
}

/* Cheapest questions first: most records are refused by the first ones. */
bool
filter_match(const struct filter *f, const struct json_record *r)
{
	const struct leaf *l = r->leaf;
	int64_t ts = leaf_number(l, LEAF_TS, 0);
	int64_t kind = leaf_number(l, LEAF_KIND, 0);
	bool event = kind == KIND_EVENT;

	if (ts < f->since_ns || ts >= f->until_ns)
		return false;
	if (f->kinds != 0 &&
	    (kind < 0 || kind >= KIND_MAX || (f->kinds & 1u << kind) == 0))
		return false;
	if (f->ops != 0 &&
	    (!event || (f->ops & (uint64_t)leaf_number(l, LEAF_ACT, 0)) == 0))
		return false;
	if (f->verdict >= 0 &&
	    (!event || leaf_number(l, LEAF_VERDICT, -1) != f->verdict))
		return false;
	if (f->uid >= 0 && leaf_number(l, LEAF_UID, -1) != f->uid)
		return false;
	if (f->path[0] != '\0' && !glob_holds(f->path, &l->col[LEAF_PATH]))
		return false;
	if (f->exe[0] != '\0' && !exe_holds(f, r))
		return false;
	if (f->container != NULL && !container_holds(f, r))
		return false;
	return f->watch == NULL || watch_holds(f, r);
}
