/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/json.h"
#include "store/json_ecs.h"
#include "store/json_ocsf.h"
#include "store/json_text.h"

/* One event with everything known, as the store would have written it. */
struct sample {
	struct leaf leaf, actor;
	uint8_t ext[512], actor_ext[512];
	struct body_file file;
	struct body_watch watch;
	struct body_rule rule;
	struct policy_body policy;
	uint8_t hash[HASH_BYTES];
	struct json_record record;
};

static void
sample_actor(struct sample *s)
{
	struct ext_writer w;

	leaf_clear(&s->actor);
	s->actor.index = 7;
	leaf_set_number(&s->actor, LEAF_TS, 0);
	leaf_set_number(&s->actor, LEAF_KIND, KIND_ACTOR);
	leaf_set_number(&s->actor, LEAF_PID, 811);
	ext_begin(&w, s->actor_ext, sizeof(s->actor_ext));
	ext_number(&w, EXT_ACTOR_START_NS, 12000000034);
	ext_bytes(&w, EXT_ACTOR_EXE, "/usr/bin/tee", 12);
	ext_number(&w, EXT_ACTOR_EXE_DEV, (int64_t)8 << 32 | 1);
	ext_number(&w, EXT_ACTOR_EXE_INO, 77);
	ext_bytes(&w, EXT_ACTOR_COMM, "tee\0\0\0", 6);
	ext_number(&w, EXT_ACTOR_PPID, 800);
	ext_bytes(&w, EXT_ACTOR_ANCESTORS, "/usr/bin/bash\0/sbin/init\0", 25);
	assert_int_equal(ext_end(&w, &s->actor), 0);
}

static void
sample_event(struct sample *s, const void *path, size_t len)
{
	struct ext_writer w;

	leaf_clear(&s->leaf);
	s->leaf.index = 1042;
	leaf_set_number(&s->leaf, LEAF_TS, INT64_C(1795338843123456789));
	leaf_set_number(&s->leaf, LEAF_KIND, KIND_EVENT);
	leaf_set_number(&s->leaf, LEAF_ACT, OP_WRITE);
	leaf_set_number(&s->leaf, LEAF_VERDICT, VERDICT_DENY);
	leaf_set_number(&s->leaf, LEAF_RULE, 0);
	leaf_set_number(&s->leaf, LEAF_ACTOR, 7);
	leaf_set_number(&s->leaf, LEAF_UID, 0);
	leaf_set_number(&s->leaf, LEAF_AUID, 1000);
	leaf_set_number(&s->leaf, LEAF_PID, 811);
	leaf_set_bytes(&s->leaf, LEAF_PATH, path, len);
	leaf_set_number(&s->leaf, LEAF_DEV, (int64_t)8 << 32 | 1);
	leaf_set_number(&s->leaf, LEAF_INO, 131090);
	ext_begin(&w, s->ext, sizeof(s->ext));
	ext_number(&w, EXT_EVENT_OFLAGS, O_WRONLY | O_TRUNC | 0100000);
	ext_number(&w, EXT_EVENT_REASON, REASON_RULE);
	ext_number(&w, EXT_EVENT_TIER, TIER_DECIDER);
	ext_number(&w, EXT_EVENT_MODE, MODE_ENFORCE);
	ext_number(&w, EXT_EVENT_ANSWER, VERDICT_DENY);
	ext_number(&w, EXT_EVENT_LATENCY_US, 31);
	ext_number(&w, EXT_EVENT_WATCH, 0);
	ext_number(&w, EXT_EVENT_GENERATION, 3);
	ext_number(&w, EXT_EVENT_GID, 0);
	assert_int_equal(ext_end(&w, &s->leaf), 0);
}

static void
sample_make(struct sample *s, const void *path, size_t len)
{
	memset(s, 0, sizeof(*s));
	sample_actor(s);
	sample_event(s, path, len);
	s->file.name = "doorward.conf";
	s->watch.name = "docker-config";
	s->rule.line = 18;
	s->policy.nfiles = s->policy.nwatches = s->policy.nrules = 1;
	s->policy.files = &s->file;
	s->policy.watches = &s->watch;
	s->policy.rules = &s->rule;
	memset(s->hash, 0xab, sizeof(s->hash));
	s->record = (struct json_record){.leaf = &s->leaf,
	    .actor = &s->actor,
	    .policy = &s->policy,
	    .policy_hash = s->hash,
	    .policy_generation = 3,
	    .sealed = true,
	    .seal = 88};
}

static void
assert_json(json_t *o, const char *want)
{
	char *line = json_line(o);

	assert_string_equal(line, want);
	free(line);
	json_decref(o);
}

static void
an_event_is_the_promised_object(void **state)
{
	struct sample s;

	(void)state;
	sample_make(&s, "/etc/docker/daemon.json", 23);
	assert_json(json_from_record(&s.record),
	    "{\"index\":1042,\"time\":\"2026-11-22T09:14:03.123456789Z\","
	    "\"kind\":\"event\",\"op\":\"write\",\"verdict\":\"deny\","
	    "\"answer\":\"deny\",\"mode\":\"enforce\",\"reason\":\"rule\","
	    "\"watch\":\"docker-config\",\"rule\":\"doorward.conf:18\","
	    "\"policy\":\"b2:abababababababababababababababababababababababab"
	    "abababababababab\",\"generation\":3,\"tier\":\"decider\","
	    "\"latency_us\":31,\"path\":\"/etc/docker/daemon.json\","
	    "\"host_path\":\"/etc/docker/daemon.json\",\"dev\":\"8:1\","
	    "\"ino\":131090,\"flags\":[\"O_WRONLY\",\"O_TRUNC\"],"
	    "\"process\":{\"pid\":811,\"tid\":811,\"uid\":0,\"euid\":0,"
	    "\"gid\":0,\"auid\":1000,\"start\":\"12.000000034\","
	    "\"exe\":\"/usr/bin/tee\",\"exe_dev\":\"8:1\",\"exe_ino\":77,"
	    "\"comm\":\"tee\",\"ppid\":800,"
	    "\"ancestors\":[\"/usr/bin/bash\",\"/sbin/init\"]},\"seal\":88}");
}

/* No actor, no policy, no watch: nothing is made up. */
static void
what_is_not_known_is_absent(void **state)
{
	struct sample s;
	struct ext_writer w;

	(void)state;
	sample_make(&s, "/etc/x", 6);
	leaf_clear(&s.leaf);
	leaf_set_number(&s.leaf, LEAF_TS, 0);
	leaf_set_number(&s.leaf, LEAF_KIND, KIND_EVENT);
	leaf_set_number(&s.leaf, LEAF_ACT, OP_WRITE);
	leaf_set_number(&s.leaf, LEAF_PID, 5);
	leaf_set_bytes(&s.leaf, LEAF_PATH, "/etc/x", 6);
	ext_begin(&w, s.ext, sizeof(s.ext));
	ext_number(&w, EXT_EVENT_WATCH, 4);
	assert_int_equal(ext_end(&w, &s.leaf), 0);
	s.record = (struct json_record){.leaf = &s.leaf};
	assert_json(json_from_record(&s.record),
	    "{\"index\":0,\"time\":\"1970-01-01T00:00:00.000000000Z\","
	    "\"kind\":\"event\",\"op\":\"write\",\"path\":\"/etc/x\","
	    "\"process\":{\"pid\":5,\"tid\":5}}");
	/* Numbers beyond the policy's tables name nothing either. */
	s.record.policy = &s.policy;
	assert_null(json_watch(&s.record));
}

static void
the_longest_hostile_name_stays_one_line(void **state)
{
	struct sample s;
	char path[PATH_BYTES_MAX];
	json_t *o, *back;
	char *line;

	(void)state;
	memset(path, '\n', sizeof(path));
	memcpy(path, "/\xe2\x80\xae\"\xff", 6);
	sample_make(&s, path, sizeof(path));
	o = json_from_record(&s.record);
	line = json_line(o);
	for (const char *p = line; *p != '\0'; p++)
		assert_in_range(*p, 0x20, 0x7e);
	back = json_loads(line, 0, NULL);
	assert_true(json_equal(o, back));
	assert_non_null(json_object_get(back, "path_bytes"));
	json_decref(back);
	json_decref(o);
	free(line);
}

static void
inode_numbers_have_no_sign(void **state)
{
	struct sample s;
	json_t *o;

	(void)state;
	sample_make(&s, "/x", 2);
	leaf_set_number(&s.leaf, LEAF_INO, -2);
	o = json_from_record(&s.record);
	assert_string_equal(json_string_value(json_object_get(o, "ino")),
	    "18446744073709551614");
	json_decref(o);
}

static void
other_kinds_say_what_they_are_about(void **state)
{
	struct json_record r = {0};
	struct leaf l;
	struct ext_writer w;
	uint8_t ext[256];

	(void)state;
	r.leaf = &l;
	leaf_clear(&l);
	leaf_set_number(&l, LEAF_TS, 0);
	leaf_set_number(&l, LEAF_KIND, KIND_ADMIN);
	leaf_set_number(&l, LEAF_ACT, ADMIN_CHILD_DIED);
	ext_begin(&w, ext, sizeof(ext));
	ext_number(&w, EXT_ADMIN_A, PROCESS_DECIDER);
	ext_number(&w, EXT_ADMIN_B, 9);
	assert_int_equal(ext_end(&w, &l), 0);
	assert_json(json_from_record(&r),
	    "{\"index\":0,\"time\":\"1970-01-01T00:00:00.000000000Z\","
	    "\"kind\":\"admin\",\"what\":\"child-died\",\"process\":"
	    "\"decider\",\"wait_status\":9}");
	leaf_clear(&l);
	leaf_set_number(&l, LEAF_TS, 0);
	leaf_set_number(&l, LEAF_KIND, KIND_GAP);
	leaf_set_number(&l, LEAF_ACT, GAP_STORE_DOWN);
	ext_begin(&w, ext, sizeof(ext));
	ext_number(&w, EXT_GAP_COUNT, 12);
	ext_number(&w, EXT_GAP_FROM, 1000000000);
	assert_int_equal(ext_end(&w, &l), 0);
	assert_json(json_from_record(&r),
	    "{\"index\":0,\"time\":\"1970-01-01T00:00:00.000000000Z\","
	    "\"kind\":\"gap\",\"source\":\"store-down\",\"count\":12,"
	    "\"from\":\"1970-01-01T00:00:01.000000000Z\"}");
}

static const char *
at(json_t *o, const char *a, const char *b)
{
	return json_string_value(json_object_get(json_object_get(o, a), b));
}

static void
ecs_says_the_same(void **state)
{
	struct sample s;
	json_t *native, *ecs, *types;

	(void)state;
	sample_make(&s, "/etc/x", 6);
	native = json_from_record(&s.record);
	ecs = json_ecs(native);
	assert_string_equal(
	    json_string_value(json_object_get(ecs, "@timestamp")),
	    "2026-11-22T09:14:03.123456789Z");
	assert_string_equal(at(ecs, "event", "action"), "file-write");
	assert_string_equal(at(ecs, "event", "outcome"), "failure");
	assert_string_equal(at(ecs, "file", "path"), "/etc/x");
	assert_string_equal(at(ecs, "file", "inode"), "131090");
	assert_string_equal(at(ecs, "process", "executable"), "/usr/bin/tee");
	assert_string_equal(at(ecs, "user", "id"), "0");
	assert_string_equal(at(ecs, "rule", "name"), "docker-config");
	types = json_object_get(json_object_get(ecs, "event"), "type");
	assert_string_equal(
	    json_string_value(json_array_get(types, 0)), "change");
	assert_string_equal(
	    json_string_value(json_array_get(types, 1)), "denied");
	assert_int_equal(json_integer_value(json_object_get(
			     json_object_get(ecs, "doorward"), "seal")),
	    88);
	/* The native object is not changed by being mapped. */
	assert_non_null(json_object_get(native, "path"));
	json_decref(ecs);
	json_decref(native);
	/* Let through although the policy says no: not a failure. */
	leaf_set_number(&s.leaf, LEAF_VERDICT, VERDICT_DENY);
	native = json_from_record(&s.record);
	(void)json_object_set_new(native, "answer", json_string("allow"));
	ecs = json_ecs(native);
	assert_string_equal(at(ecs, "event", "outcome"), "success");
	json_decref(ecs);
	json_decref(native);
}

static void
ocsf_says_the_same(void **state)
{
	struct sample s;
	json_t *native, *ocsf, *process;

	(void)state;
	sample_make(&s, "/etc/x", 6);
	native = json_from_record(&s.record);
	ocsf = json_ocsf(native);
	assert_int_equal(
	    json_integer_value(json_object_get(ocsf, "time")), 1795338843123);
	assert_int_equal(
	    json_integer_value(json_object_get(ocsf, "type_uid")), 100103);
	assert_int_equal(
	    json_integer_value(json_object_get(ocsf, "action_id")), 2);
	assert_string_equal(at(ocsf, "file", "name"), "x");
	assert_string_equal(at(ocsf, "policy", "name"), "docker-config");
	process = json_object_get(json_object_get(ocsf, "actor"), "process");
	assert_string_equal(at(process, "file", "path"), "/usr/bin/tee");
	assert_true(json_equal(json_object_get(ocsf, "unmapped"), native));
	json_decref(ocsf);
	json_decref(native);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_event_is_the_promised_object),
	    cmocka_unit_test(what_is_not_known_is_absent),
	    cmocka_unit_test(the_longest_hostile_name_stays_one_line),
	    cmocka_unit_test(inode_numbers_have_no_sign),
	    cmocka_unit_test(other_kinds_say_what_they_are_about),
	    cmocka_unit_test(ecs_says_the_same),
	    cmocka_unit_test(ocsf_says_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
