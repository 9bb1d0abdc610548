/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/wire/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void
integers_are_big_endian(void **state)
{
	static const uint8_t want[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07,
	    0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f};
	uint8_t bytes[sizeof(want)];
	struct wbuf w = {.bytes = bytes, .cap = sizeof(bytes)};
	struct rbuf r = {.bytes = want, .len = sizeof(want)};

	(void)state;
	wbuf_uint(&w, 0x01, 1);
	wbuf_uint(&w, 0x0203, 2);
	wbuf_uint(&w, 0x04050607, 4);
	wbuf_uint(&w, 0x08090a0b0c0d0e0f, 8);
	assert_false(w.full);
	assert_int_equal(w.len, sizeof(want));
	assert_memory_equal(bytes, want, sizeof(want));

	assert_int_equal(rbuf_uint(&r, 1), 0x01);
	assert_int_equal(rbuf_uint(&r, 2), 0x0203);
	assert_int_equal(rbuf_uint(&r, 4), 0x04050607);
	assert_false(rbuf_done(&r));
	assert_true(rbuf_uint(&r, 8) == 0x08090a0b0c0d0e0f);
	assert_true(rbuf_done(&r));
}

static void
a_write_past_the_end_sticks(void **state)
{
	uint8_t bytes[4] = {0xee, 0xee, 0xee, 0xee};
	struct wbuf w = {.bytes = bytes, .cap = 3};

	(void)state;
	wbuf_uint(&w, 0x1122, 2);
	wbuf_uint(&w, 0x3344, 2);
	assert_true(w.full);
	assert_int_equal(w.len, 2);
	/* One byte would still fit, but a hole must not be possible. */
	wbuf_uint(&w, 0x55, 1);
	assert_true(w.full);
	assert_int_equal(w.len, 2);
	assert_int_equal(bytes[2], 0xee);
	assert_int_equal(bytes[3], 0xee);
}

static void
a_read_past_the_end_sticks_and_gives_zeroes(void **state)
{
	static const uint8_t in[3] = {0x11, 0x22, 0x33};
	struct rbuf r = {.bytes = in, .len = sizeof(in)};
	uint8_t out[4] = {0xee, 0xee, 0xee, 0xee};

	(void)state;
	assert_int_equal(rbuf_uint(&r, 2), 0x1122);
	assert_int_equal(rbuf_uint(&r, 2), 0);
	assert_true(r.bad);
	/* One byte is left, but the cursor is bad for good. */
	rbuf_bytes(&r, out, 1);
	assert_int_equal(out[0], 0);
	assert_int_equal(out[1], 0xee);
	assert_false(rbuf_done(&r));
}

static void
lengths_near_the_top_do_not_wrap(void **state)
{
	uint8_t bytes[8] = {0};
	struct wbuf w = {.bytes = bytes, .cap = sizeof(bytes), .len = 8};

	(void)state;
	wbuf_bytes(&w, bytes, SIZE_MAX - 4);
	assert_true(w.full);
	assert_int_equal(w.len, 8);
}

static void
nothing_is_a_whole_message(void **state)
{
	struct rbuf r = {.bytes = NULL, .len = 0};
	struct wbuf w = {.bytes = NULL, .cap = 0};

	(void)state;
	assert_true(rbuf_done(&r));
	rbuf_bytes(&r, NULL, 0);
	wbuf_bytes(&w, NULL, 0);
	assert_true(rbuf_done(&r));
	assert_false(w.full);
	assert_int_equal(rbuf_uint(&r, 1), 0);
	assert_false(rbuf_done(&r));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(integers_are_big_endian),
	    cmocka_unit_test(a_write_past_the_end_sticks),
	    cmocka_unit_test(a_read_past_the_end_sticks_and_gives_zeroes),
	    cmocka_unit_test(lengths_near_the_top_do_not_wrap),
	    cmocka_unit_test(nothing_is_a_whole_message),
	};

	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
