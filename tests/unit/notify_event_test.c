/* SPDX-License-Identifier: Apache-2.0 */
#include "loader/notify_event.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>

#include <cmocka.h>

#define HANDLE 8

/* One event as the kernel lays it out; returns its length. */
static size_t
build(uint8_t *buf, uint64_t mask, const char *name)
{
	struct fanotify_event_metadata meta = {
	    .vers = FANOTIFY_METADATA_VERSION,
	    .metadata_len = sizeof(meta),
	    .mask = mask,
	    .fd = FAN_NOFD,
	};
	struct fanotify_event_info_fid info = {
	    .hdr = {.info_type = FAN_EVENT_INFO_TYPE_DFID_NAME},
	};
	struct file_handle h = {.handle_bytes = HANDLE, .handle_type = 1};
	size_t fid = sizeof(info) + sizeof(h) + HANDLE + strlen(name) + 1;

	info.hdr.len = (uint16_t)fid;
	((int *)(void *)&info.fsid)[0] = 77;
	((int *)(void *)&info.fsid)[1] = 88;
	meta.event_len = (uint32_t)(sizeof(meta) + fid);
	memcpy(buf, &meta, sizeof(meta));
	memcpy(buf + sizeof(meta), &info, sizeof(info));
	memcpy(buf + sizeof(meta) + sizeof(info), &h, sizeof(h));
	memset(buf + sizeof(meta) + sizeof(info) + sizeof(h), 5, HANDLE);
	memcpy(buf + sizeof(meta) + sizeof(info) + sizeof(h) + HANDLE, name,
	    strlen(name) + 1);
	return meta.event_len;
}

static void
two_events_are_taken_apart(void **state)
{
	uint8_t buf[512];
	size_t len = build(buf, FAN_CREATE | FAN_ONDIR, "new");
	struct notify_event e;
	size_t at = 0;

	(void)state;
	len += build(buf + len, FAN_DELETE, "x");
	assert_int_equal(notify_next(buf, len, &at, &e), 1);
	assert_true(e.mask == (FAN_CREATE | FAN_ONDIR));
	assert_string_equal(e.name, "new");
	assert_int_equal(e.fsid[0], 77);
	assert_int_equal(e.fsid[1], 88);
	assert_int_equal(e.handle_bytes, HANDLE);
	assert_int_equal(e.handle[HANDLE - 1], 5);
	assert_int_equal(notify_next(buf, len, &at, &e), 1);
	assert_string_equal(e.name, "x");
	assert_int_equal(notify_next(buf, len, &at, &e), 0);
}

static void
overflow_has_no_directory(void **state)
{
	struct fanotify_event_metadata meta = {
	    .vers = FANOTIFY_METADATA_VERSION,
	    .metadata_len = sizeof(meta),
	    .event_len = sizeof(meta),
	    .mask = FAN_Q_OVERFLOW,
	};
	uint8_t buf[sizeof(meta)];
	struct notify_event e;
	size_t at = 0;

	(void)state;
	memcpy(buf, &meta, sizeof(meta));
	assert_int_equal(notify_next(buf, sizeof(buf), &at, &e), 1);
	assert_true(e.mask == FAN_Q_OVERFLOW);
	assert_int_equal(e.handle_bytes, 0);
}

/* Cut anywhere: an error, and not a byte beyond is looked at (ASan). */
static void
every_truncation_is_refused(void **state)
{
	uint8_t whole[512];
	size_t len = build(whole, FAN_CREATE, "name");

	(void)state;
	for (size_t cut = 1; cut < len; cut++) {
		uint8_t *part = malloc(cut);
		struct notify_event e;
		size_t at = 0;

		assert_non_null(part);
		memcpy(part, whole, cut);
		assert_int_equal(notify_next(part, cut, &at, &e), -EBADMSG);
		assert_int_equal(at, 0);
		free(part);
	}
}

static void
lying_lengths_are_refused(void **state)
{
	uint8_t buf[1024];
	char name[NAME_BYTES_MAX + 2];
	size_t len = build(buf, FAN_CREATE, "name");
	size_t info = sizeof(struct fanotify_event_metadata);
	size_t handle = info + sizeof(struct fanotify_event_info_fid);
	struct notify_event e;
	uint32_t big = 4000;
	uint16_t none = 0;
	size_t at = 0;

	(void)state;
	memcpy(buf + handle, &big, sizeof(big));
	assert_int_equal(notify_next(buf, len, &at, &e), -EBADMSG);
	len = build(buf, FAN_CREATE, "name");
	memcpy(buf + info + 2, &none, sizeof(none));
	assert_int_equal(notify_next(buf, len, &at, &e), -EBADMSG);
	len = build(buf, FAN_CREATE, "name");
	buf[len - 1] = 'x'; /* the name's end */
	assert_int_equal(notify_next(buf, len, &at, &e), -EBADMSG);
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	len = build(buf, FAN_CREATE, name);
	assert_int_equal(notify_next(buf, len, &at, &e), -EBADMSG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(two_events_are_taken_apart),
	    cmocka_unit_test(overflow_has_no_directory),
	    cmocka_unit_test(every_truncation_is_refused),
	    cmocka_unit_test(lying_lengths_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
