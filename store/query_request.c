/* SPDX-License-Identifier: Apache-2.0 */
#include "store/query_request.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ipc/wire/words.h"

#include "store/query_when.h"

#define GLOB_BYTES_MAX 1024
_Static_assert(GLOB_BYTES_MAX + sizeof("/**/") <= FILTER_GLOB_BYTES,
    "a glob fits with its prefix");

static const char *const names[REQUEST_MAX] = {
    [REQUEST_STATUS] = "status",
    [REQUEST_QUERY] = "query",
    [REQUEST_TAIL] = "tail",
    [REQUEST_WHY] = "why",
    [REQUEST_POLICY_SHOW] = "policy show",
    [REQUEST_RELOAD] = "reload",
    [REQUEST_CHECKPOINT] = "checkpoint",
    [REQUEST_KEY] = "key",
    [REQUEST_METRICS] = "metrics",
};

static const char ops_known[] =
    "read, write, exec, create, delete, rename, link, attrib, truncate, map, "
    "mount, change, any";
static const char kinds_known[] =
    "event, seal, open, close, gap, clock, policy, actor, anchor, baseline, "
    "tamper, access, prune, admin";

const char *
request_name(unsigned int verb)
{
	return verb < REQUEST_MAX ? names[verb] : NULL;
}

static int __attribute__((format(printf, 2, 3)))
refuse(char *error, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(error, REQUEST_ERROR_BYTES, format, ap);
	va_end(ap);
	return -EINVAL;
}

/* ---- values of one field ---- */

static int
take_time(json_t *value, int64_t now_ns, int64_t *ret, char *error)
{
	const char *text = json_string_value(value);

	if (text == NULL)
		return refuse(error, "a time is a string");
	switch (when_parse(text, now_ns, ret)) {
	case 0:
		return 0;
	case -ERANGE:
		return refuse(error, "time out of range: %.60s", text);
	default:
		return refuse(error,
		    "not a time: %.60s (expected RFC 3339, \"2h\", \"15m\", "
		    "\"3d\", \"today\", \"yesterday\" or \"now\")",
		    text);
	}
}

/* A name alone means that name wherever it is. */
static int
take_glob(json_t *value, char ret[FILTER_GLOB_BYTES], char *error)
{
	const char *text = json_string_value(value);

	if (text == NULL || *text == '\0')
		return refuse(error, "a pattern is a string, not empty");
	if (json_string_length(value) > GLOB_BYTES_MAX)
		return refuse(
		    error, "a pattern has at most %d bytes", GLOB_BYTES_MAX);
	(void)snprintf(
	    ret, FILTER_GLOB_BYTES, "%s%s", *text == '/' ? "" : "/**/", text);
	return 0;
}

static int
take_name(json_t *value, const char **ret, char *error)
{
	const char *text = json_string_value(value);

	if (text == NULL || *text == '\0')
		return refuse(error, "a name is a string, not empty");
	*ret = text;
	return 0;
}

static uint32_t
op_bits(const char *word, size_t len)
{
	if (len == 6 && memcmp(word, "change", len) == 0)
		return OP_CHANGE;
	if (len == 3 && memcmp(word, "any", len) == 0)
		return OP_ANY;
	for (unsigned int i = 0; i < OP_COUNT; i++) {
		const char *name = op_name(1u << i);

		if (strlen(name) == len && memcmp(word, name, len) == 0)
			return 1u << i;
	}
	return 0;
}

static uint32_t
kind_bit(const char *word, size_t len)
{
	for (unsigned int i = 1; i < KIND_MAX; i++) {
		const char *name = kind_name(i);

		if (strlen(name) == len && memcmp(word, name, len) == 0)
			return 1u << i;
	}
	return 0;
}

/* "write,truncate": the bits of each word together. */
static int
take_words(json_t *value, uint32_t (*bits)(const char *, size_t),
    const char *known, uint32_t *ret, char *error)
{
	const char *text = json_string_value(value);
	uint32_t all = 0;

	if (text == NULL)
		return refuse(error, "expected a string: %s", known);
	for (;;) {
		size_t len = strcspn(text, ",");
		uint32_t found = bits(text, len);

		if (found == 0)
			return refuse(error, "unknown word: %.*s (%s)",
			    len > 40 ? 40 : (int)len, text, known);
		all |= found;
		if (text[len] == '\0')
			break;
		text += len + 1;
	}
	*ret = all;
	return 0;
}

static int
take_verdict(json_t *value, int *ret, char *error)
{
	const char *text = json_string_value(value);

	if (text != NULL && strcmp(text, "allow") == 0)
		*ret = VERDICT_ALLOW;
	else if (text != NULL && strcmp(text, "deny") == 0)
		*ret = VERDICT_DENY;
	else
		return refuse(error, "a verdict is \"allow\" or \"deny\"");
	return 0;
}

static int
take_count(json_t *value, int64_t max, int64_t *ret, char *error)
{
	json_int_t n = json_integer_value(value);

	if (!json_is_integer(value) || n < 0 || n > max)
		return refuse(error, "expected a whole number, at most %lld",
		    (long long)max);
	*ret = n;
	return 0;
}

/* ---- fields ---- */

static int
filter_field(struct filter *f, const char *key, json_t *value, int64_t now_ns,
    char *error)
{
	int64_t n = 0;
	int r;

	if (strcmp(key, "since") == 0)
		return take_time(value, now_ns, &f->since_ns, error);
	if (strcmp(key, "until") == 0)
		return take_time(value, now_ns, &f->until_ns, error);
	if (strcmp(key, "path") == 0)
		return take_glob(value, f->path, error);
	if (strcmp(key, "exe") == 0)
		return take_glob(value, f->exe, error);
	if (strcmp(key, "watch") == 0)
		return take_name(value, &f->watch, error);
	if (strcmp(key, "op") == 0)
		return take_words(value, op_bits, ops_known, &f->ops, error);
	if (strcmp(key, "kind") == 0)
		return take_words(
		    value, kind_bit, kinds_known, &f->kinds, error);
	if (strcmp(key, "verdict") == 0)
		return take_verdict(value, &f->verdict, error);
	if (strcmp(key, "uid") == 0)
		return take_count(value, UINT32_MAX, &f->uid, error);
	if (strcmp(key, "limit") == 0) {
		r = take_count(value, INT64_MAX, &n, error);
		if (r == 0)
			f->limit = (uint64_t)n;
		return r;
	}
	if (strcmp(key, "reverse") == 0) {
		if (!json_is_boolean(value))
			return refuse(error, "reverse is true or false");
		f->reverse = json_is_true(value);
		return 0;
	}
	if (strcmp(key, "container") == 0)
		return take_name(value, &f->container, error);
	return refuse(error, "unknown field: %.60s", key);
}

static int
request_field(struct request *r, const char *key, json_t *value, int64_t now_ns,
    char *error)
{
	int64_t n = 0;
	int err;

	switch (r->verb) {
	case REQUEST_QUERY:
		return filter_field(&r->filter, key, value, now_ns, error);
	case REQUEST_TAIL:
		if (strcmp(key, "since") == 0 || strcmp(key, "until") == 0 ||
		    strcmp(key, "reverse") == 0)
			return refuse(error, "tail has no %s: use query", key);
		return filter_field(&r->filter, key, value, now_ns, error);
	case REQUEST_WHY:
		if (strcmp(key, "index") != 0)
			break;
		err = take_count(value, INT64_MAX, &n, error);
		if (err == 0)
			r->index = (uint64_t)n;
		return err;
	case REQUEST_STATUS:
	case REQUEST_POLICY_SHOW:
	case REQUEST_RELOAD:
	case REQUEST_CHECKPOINT:
	case REQUEST_KEY:
	case REQUEST_METRICS:
	case REQUEST_EVENTS:
	case REQUEST_MAX:
	default:
		break;
	}
	return refuse(error, "unknown field: %.60s", key);
}

static int
take_verb(struct request *r, char *error)
{
	const char *text = json_string_value(json_object_get(r->root, "do"));

	if (text == NULL)
		return refuse(error, "the field \"do\" is missing");
	for (unsigned int i = 1; i < REQUEST_MAX; i++)
		if (names[i] != NULL && strcmp(text, names[i]) == 0) {
			r->verb = (enum request_verb)i;
			return 0;
		}
	return refuse(error,
	    "unknown request: %.60s (status, query, tail, why, policy show, "
	    "reload, checkpoint, key, metrics)",
	    text);
}

static int
parse_fields(struct request *r, int64_t now_ns, char *error)
{
	const char *key;
	json_t *value;
	int err;

	if (!json_is_object(r->root))
		return refuse(error, "a request is a JSON object");
	err = take_verb(r, error);
	if (err < 0)
		return err;
	json_object_foreach(r->root, key, value)
	{
		if (strcmp(key, "do") == 0)
			continue;
		err = request_field(r, key, value, now_ns, error);
		if (err < 0)
			return err;
	}
	if (r->verb == REQUEST_WHY && json_object_get(r->root, "index") == NULL)
		return refuse(error, "the field \"index\" is missing");
	return 0;
}

int
request_parse(const char *line, size_t len, int64_t now_ns, struct request *ret,
    char error[REQUEST_ERROR_BYTES])
{
	struct request r = {
	    .filter = {.since_ns = INT64_MIN,
		.until_ns = INT64_MAX,
		.verdict = -1,
		.uid = -1},
	};
	json_error_t je;
	int err;

	if (len > REQUEST_BYTES_MAX)
		return refuse(
		    error, "a request has at most %d bytes", REQUEST_BYTES_MAX);
	r.root = json_loadb(line, len, JSON_REJECT_DUPLICATES, &je);
	if (r.root == NULL)
		return refuse(
		    error, "not JSON: %.120s, byte %d", je.text, je.position);
	err = parse_fields(&r, now_ns, error);
	if (err < 0) {
		request_free(&r);
		return err;
	}
	*ret = r;
	return 0;
}

void
request_free(struct request *r)
{
	json_decref(r->root);
	r->root = NULL;
}
