/* SPDX-License-Identifier: Apache-2.0 */
#include "store/json_kinds.h"

#include <fcntl.h>
#include <stddef.h>

#include "store/json.h"
#include "store/json_text.h"
#include "store/query_request.h"

#define KERNEL_EXEC 0x20u	  /* include/linux/fs.h: __FMODE_EXEC */
#define KERNEL_LARGEFILE 0100000u /* asm-generic/fcntl.h; set on every open */

static void
set(json_t *o, const char *key, json_t *value)
{
	(void)json_object_set_new(o, key, value);
}

/* ---- ext columns by table ---- */

enum field_form { FORM_NUMBER, FORM_TIME, FORM_TEXT, FORM_HEX, FORM_BOOL };

struct field {
	unsigned int key;
	enum field_form form;
	const char *name;
};

static const struct field seal_fields[] = {
    {EXT_SEAL_N, FORM_NUMBER, "seal"},
    {EXT_SEAL_BOOTTIME_NS, FORM_NUMBER, "boottime_ns"},
    {EXT_SEAL_RECORDS, FORM_NUMBER, "records"},
    {EXT_SEAL_ACCEPTED, FORM_NUMBER, "accepted"},
    {EXT_SEAL_LOST_RECORD_QUEUE, FORM_NUMBER, "lost_record_queue"},
    {EXT_SEAL_LOST_STORE_QUEUE, FORM_NUMBER, "lost_store_queue"},
    {EXT_SEAL_LOST_RING_BUFFER, FORM_NUMBER, "lost_ring_buffer"},
    {EXT_SEAL_LOST_NOTIFY_QUEUE, FORM_NUMBER, "lost_notify_queue"},
    {EXT_SEAL_LOST_STORE_DOWN, FORM_NUMBER, "lost_store_down"},
    {EXT_SEAL_POLICY, FORM_NUMBER, "policy_index"},
    {EXT_SEAL_CLOCK_STATE, FORM_NUMBER, "clock_state"},
    {EXT_SEAL_CLOCK_ERROR_US, FORM_NUMBER, "clock_error_us"},
    {EXT_SEAL_FREE_MB, FORM_NUMBER, "free_mb"},
    {EXT_SEAL_SENSORS, FORM_NUMBER, "sensors"},
    {EXT_SEAL_HEARTBEAT_S, FORM_NUMBER, "heartbeat_s"},
    {0, FORM_NUMBER, NULL},
};
static const struct field open_fields[] = {
    {EXT_OPEN_PREVIOUS_SEAL, FORM_NUMBER, "previous_seal"},
    {EXT_OPEN_BOOT_ID, FORM_HEX, "boot_id"},
    {EXT_OPEN_CLEAN, FORM_BOOL, "clean"},
    {EXT_OPEN_HOST, FORM_TEXT, "host"},
    {EXT_OPEN_LATE_FIRST, FORM_NUMBER, "late_first"},
    {EXT_OPEN_LATE_LAST, FORM_NUMBER, "late_last"},
    {EXT_OPEN_HOLE_FIRST, FORM_NUMBER, "hole_first"},
    {EXT_OPEN_HOLE_LAST, FORM_NUMBER, "hole_last"},
    {EXT_OPEN_VERSION, FORM_TEXT, "version"},
    {EXT_OPEN_CAUSE, FORM_NUMBER, "cause"},
    {0, FORM_NUMBER, NULL},
};
static const struct field close_fields[] = {
    {EXT_CLOSE_SIGNAL, FORM_NUMBER, "signal"},
    {0, FORM_NUMBER, NULL},
};
static const struct field gap_fields[] = {
    {EXT_GAP_COUNT, FORM_NUMBER, "count"},
    {EXT_GAP_FROM, FORM_TIME, "from"},
    {EXT_GAP_TO, FORM_TIME, "to"},
    {0, FORM_NUMBER, NULL},
};
static const struct field clock_fields[] = {
    {EXT_CLOCK_EXPECTED, FORM_TIME, "expected"},
    {EXT_CLOCK_BOOTTIME_NS, FORM_NUMBER, "boottime_ns"},
    {0, FORM_NUMBER, NULL},
};
static const struct field policy_fields[] = {
    {EXT_POLICY_GENERATION, FORM_NUMBER, "generation"},
    {EXT_POLICY_PART, FORM_NUMBER, "part"},
    {EXT_POLICY_PARTS, FORM_NUMBER, "parts"},
    {0, FORM_NUMBER, NULL},
};
static const struct field access_fields[] = {
    {EXT_ACCESS_DIGEST, FORM_HEX, "digest"},
    {0, FORM_NUMBER, NULL},
};

static json_t *
field_value(const struct field *f, const struct leaf_value *v)
{
	if (v->type == LEAF_NUMBER) {
		if (f->form == FORM_TIME)
			return json_time(v->number);
		if (f->form == FORM_BOOL)
			return json_boolean(v->number != 0);
		return json_integer(v->number);
	}
	if (f->form == FORM_HEX)
		return json_hex("", v->bytes, v->len);
	return json_text(v->bytes, v->len);
}

static void
set_fields(json_t *o, const struct leaf *l, const struct field *fields)
{
	struct leaf_value v;

	for (const struct field *f = fields; f->name != NULL; f++)
		if (ext_find(l, f->key, &v) && v.type != LEAF_NULL)
			set(o, f->name, field_value(f, &v));
}

/* ---- admin: what its two numbers mean ---- */

enum admin_form { ADMIN_NUMBER, ADMIN_PROCESS, ADMIN_CONTEXT, ADMIN_COVER };

struct admin_argument {
	const char *name;
	enum admin_form form;
};

static const struct admin_argument admin_arguments[ADMIN_MAX][2] = {
    [ADMIN_STARTED] = {{"context", ADMIN_CONTEXT}},
    [ADMIN_STOPPING] = {{"signal", ADMIN_NUMBER}},
    [ADMIN_RELOADED] = {{"generation", ADMIN_NUMBER}},
    [ADMIN_RELOAD_FAILED] = {{"errors", ADMIN_NUMBER}},
    [ADMIN_CHILD_DIED] = {{"process", ADMIN_PROCESS},
	{"wait_status", ADMIN_NUMBER}},
    [ADMIN_CHILD_STUCK] = {{"process", ADMIN_PROCESS},
	{"overdue_ms", ADMIN_NUMBER}},
    [ADMIN_CHILD_STARTED] = {{"process", ADMIN_PROCESS}, {"pid", ADMIN_NUMBER}},
    [ADMIN_RESCUED] = {{"allowed", ADMIN_NUMBER}, {"denied", ADMIN_NUMBER}},
    [ADMIN_COVERAGE] = {{"hook", ADMIN_NUMBER}, {"state", ADMIN_COVER}},
    [ADMIN_EXE_CHANGED] = {{"generation", ADMIN_NUMBER}},
    [ADMIN_UNMEDIATED] = {{"files", ADMIN_NUMBER}, {"recorded", ADMIN_NUMBER}},
    [ADMIN_NOTIFY_OVERFLOW] = {{"times", ADMIN_NUMBER}},
};

static void
set_argument(json_t *o, const struct admin_argument *a, int64_t n)
{
	const char *name = NULL;

	if (a->name == NULL)
		return;
	if (a->form == ADMIN_PROCESS)
		name = process_name((unsigned int)n);
	else if (a->form == ADMIN_CONTEXT)
		name = context_name((unsigned int)n);
	else if (a->form == ADMIN_COVER)
		name = coverage_name((unsigned int)n);
	set(o, a->name, name != NULL ? json_string(name) : json_integer(n));
}

static void
set_admin(json_t *o, const struct leaf *l)
{
	int64_t what = leaf_number(l, LEAF_ACT, 0);
	const char *name = admin_name((unsigned int)what);

	if (name == NULL || what < 0 || what >= ADMIN_MAX) {
		set(o, "what", json_integer(what));
		return;
	}
	set(o, "what", json_string(name));
	set_argument(
	    o, &admin_arguments[what][0], ext_find_number(l, EXT_ADMIN_A, 0));
	set_argument(
	    o, &admin_arguments[what][1], ext_find_number(l, EXT_ADMIN_B, 0));
}

static void
set_access(json_t *o, const struct leaf *l)
{
	int64_t what = leaf_number(l, LEAF_ACT, 0);
	const char *name = what == REQUEST_EVENTS
			       ? "events"
			       : request_name((unsigned int)what);

	set(o, "what", name != NULL ? json_string(name) : json_integer(what));
	if (l->col[LEAF_UID].type == LEAF_NUMBER)
		set(o, "uid", json_integer(l->col[LEAF_UID].number));
	if (l->col[LEAF_PID].type == LEAF_NUMBER)
		set(o, "pid", json_integer(l->col[LEAF_PID].number));
	set_fields(o, l, access_fields);
}

void
json_kind_fields(json_t *o, const struct leaf *l)
{
	struct leaf_value v;
	const char *name;

	switch (leaf_number(l, LEAF_KIND, 0)) {
	case KIND_SEAL:
		set_fields(o, l, seal_fields);
		break;
	case KIND_OPEN:
		set_fields(o, l, open_fields);
		break;
	case KIND_CLOSE:
		set_fields(o, l, close_fields);
		break;
	case KIND_GAP:
		name = gap_name((unsigned int)leaf_number(l, LEAF_ACT, 0));
		if (name != NULL)
			set(o, "source", json_string(name));
		set_fields(o, l, gap_fields);
		break;
	case KIND_CLOCK:
		set_fields(o, l, clock_fields);
		break;
	case KIND_POLICY:
		set_fields(o, l, policy_fields);
		if (ext_find(l, EXT_POLICY_HASH, &v) && v.type == LEAF_BYTES)
			set(o, "policy", json_hex("b2:", v.bytes, v.len));
		break;
	case KIND_ADMIN:
		set_admin(o, l);
		break;
	case KIND_ACCESS:
		set_access(o, l);
		break;
	default:
		break;
	}
}

/* ---- open flags ---- */

static const struct {
	uint32_t bits;
	const char *name;
} flag_names[] = {
    {O_CREAT, "O_CREAT"},
    {O_EXCL, "O_EXCL"},
    {O_NOCTTY, "O_NOCTTY"},
    {O_TRUNC, "O_TRUNC"},
    {O_APPEND, "O_APPEND"},
    {O_NONBLOCK, "O_NONBLOCK"},
    {O_TMPFILE, "O_TMPFILE"},
    {O_DIRECTORY, "O_DIRECTORY"},
    {O_SYNC, "O_SYNC"},
    {O_DSYNC, "O_DSYNC"},
    {O_DIRECT, "O_DIRECT"},
    {O_NOFOLLOW, "O_NOFOLLOW"},
    {O_NOATIME, "O_NOATIME"},
    {O_CLOEXEC, "O_CLOEXEC"},
    {O_PATH, "O_PATH"},
    {O_ASYNC, "O_ASYNC"},
    {KERNEL_EXEC, "FMODE_EXEC"},
};

json_t *
json_open_flags(uint32_t flags)
{
	static const char *const access[] = {
	    "O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"};
	uint32_t left = flags & ~(uint32_t)(O_ACCMODE | KERNEL_LARGEFILE);
	json_t *list = json_array();

	(void)json_array_append_new(
	    list, json_string(access[flags & O_ACCMODE]));
	for (size_t i = 0; i < sizeof(flag_names) / sizeof(flag_names[0]);
	     i++) {
		if ((left & flag_names[i].bits) != flag_names[i].bits)
			continue;
		left &= ~flag_names[i].bits;
		(void)json_array_append_new(
		    list, json_string(flag_names[i].name));
	}
	if (left != 0)
		(void)json_array_append_new(list, json_sprintf("0x%x", left));
	return list;
}
