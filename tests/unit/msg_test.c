/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/wire/msg.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/msg_lie.h"

static union msg_any msg, out;
static uint8_t bytes[MSG_BYTES_MAX], again[MSG_BYTES_MAX];
static uint8_t lies[LIE_BYTES_MAX];

/* Variable parts empty; a few of everything; as much as is allowed. */
static const struct fill fills[] = {
    {0, 0, 0, 0},
    {2, 7, 40, 0x10},
    {SIZE_MAX, 300, SIZE_MAX, 0x80},
};

#define FEW 1

static size_t
encode(const struct msg_row *row, const struct fill *how)
{
	struct fill f = *how;
	size_t len = 0;
	int r;

	lie_fill(row->type, &msg, &f);
	r = msg_encode(row->type, &msg, bytes, sizeof(bytes), &len);
	if (r != 0)
		fail_msg("%s: encode says %d", row->name, r);
	return len;
}

/* Decodes a copy of exactly len bytes, so that ASan sees any read beyond. */
static int
decode(const struct msg_row *row, const uint8_t *p, size_t len)
{
	uint8_t *exact = malloc(len > 0 ? len : 1);
	int r;

	assert_non_null(exact);
	memcpy(exact, p, len);
	memset(&out, 0xa5, sizeof(out));
	r = msg_decode(row->type, exact, len, &out);
	free(exact);
	return r;
}

static void
check_round_trip(const struct msg_row *row, const struct fill *how)
{
	size_t len = encode(row, how), len2 = 0;

	if (decode(row, bytes, len) != 0)
		fail_msg("%s: its own encoding is refused", row->name);
	assert_int_equal(
	    msg_encode(row->type, &out, again, sizeof(again), &len2), 0);
	assert_int_equal(len, len2);
	assert_memory_equal(bytes, again, len);
}

static void
what_is_encoded_decodes_to_the_same_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; msg_row_at(i) != NULL; i++) {
		for (size_t f = 0; f < sizeof(fills) / sizeof(fills[0]); f++)
			check_round_trip(msg_row_at(i), &fills[f]);
	}
}

static void
the_smallest_encoding_has_the_declared_size(void **state)
{
	(void)state;
	for (size_t i = 0; msg_row_at(i) != NULL; i++) {
		const struct msg_row *row = msg_row_at(i);
		size_t len = encode(row, &fills[0]);

		if (len != row->min)
			fail_msg("%s: %zu bytes, row says %u", row->name, len,
			    row->min);
	}
}

static void
the_layout_is_as_a_second_encoder_has_it(void **state)
{
	(void)state;
	for (size_t i = 0; msg_row_at(i) != NULL; i++) {
		const struct msg_row *row = msg_row_at(i);
		size_t len = encode(row, &fills[FEW]);
		bool lied;

		assert_int_equal(
		    lie_encode(row->type, &msg, LIE_NONE, 0, lies, &lied), len);
		assert_memory_equal(lies, bytes, len);
	}
}

static void
the_wire_is_as_it_was(void **state)
{
	static const uint8_t want[] = {0x02, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00,
	    0x00, 0x00, 0x00, 0x00, 0x07, 0x00, 0x01, 0x01, 0x02, 0x03, 0x04,
	    0x05, 0x06, 0x07, 0x08, 0x01, 0x00, 0x02, 0x01, 0x00, 0x01, 0x00,
	    0x00, 0x00, 0x00, 0x09, 0xff, 0xff, 0xff, 0xff};
	struct msg_VERDICTS *v = &msg.VERDICTS;
	size_t len = 0;

	(void)state;
	memset(&msg, 0, sizeof(*v));
	v->generation = 7;
	v->verdicts_count = 1;
	v->verdicts[0] = (struct rec_VERDICT_ONE){
	    .id = 0x0102030405060708,
	    .verdict = VERDICT_DENY,
	    .answer = VERDICT_ALLOW,
	    .record = 2,
	    .cacheable = 1,
	    .reason = REASON_RULE,
	    .op = OP_TRUNCATE,
	    .watch = 9,
	    .rule = RULE_NONE,
	};
	assert_int_equal(
	    msg_encode(MSG_VERDICTS, v, bytes, sizeof(bytes), &len), 0);
	assert_int_equal(len, sizeof(want));
	assert_memory_equal(bytes, want, sizeof(want));
}

static void
every_prefix_and_extension_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; msg_row_at(i) != NULL; i++) {
		const struct msg_row *row = msg_row_at(i);

		for (size_t f = 0; f <= FEW; f++) {
			size_t len = encode(row, &fills[f]);

			for (size_t n = 0; n < len; n++) {
				if (decode(row, bytes, n) != -EPROTO)
					fail_msg("%s: %zu of %zu bytes pass",
					    row->name, n, len);
			}
			bytes[len] = 0;
			if (decode(row, bytes, len + 1) != -EPROTO)
				fail_msg(
				    "%s: a byte too many passes", row->name);
		}
	}
}

static void
a_flipped_bit_is_refused_or_means_itself(void **state)
{
	(void)state;
	for (size_t i = 0; msg_row_at(i) != NULL; i++) {
		const struct msg_row *row = msg_row_at(i);
		size_t len = encode(row, &fills[FEW]), len2 = 0;

		for (size_t bit = 0; bit < 8 * len; bit++) {
			uint8_t mask = (uint8_t)(1u << bit % 8);
			int r;

			bytes[bit / 8] ^= mask;
			r = decode(row, bytes, len);
			if (r == 0) {
				assert_int_equal(
				    msg_encode(row->type, &out, again,
					sizeof(again), &len2),
				    0);
				assert_int_equal(len2, len);
				assert_memory_equal(again, bytes, len);
			} else {
				assert_int_equal(r, -EPROTO);
			}
			bytes[bit / 8] ^= mask;
		}
	}
}

/* How many bounded fields of the row's message were tried. */
static size_t
check_lies(const struct msg_row *row, enum lie lie)
{
	size_t which = 0;

	for (;; which++) {
		size_t len;
		bool lied;

		(void)encode(row, &fills[FEW]);
		len = lie_encode(row->type, &msg, lie, which, lies, &lied);
		if (!lied)
			break;
		if (decode(row, lies, len) != -EPROTO)
			fail_msg("%s: decoder takes bounded field %zu",
			    row->name, which);
		assert_true(lie_spoil(row->type, &msg, lie, which));
		len = 0;
		if (msg_encode(row->type, &msg, bytes, sizeof(bytes), &len) !=
		    -EINVAL)
			fail_msg("%s: encoder takes bounded field %zu",
			    row->name, which);
		assert_int_equal(len, 0);
	}
	return which;
}

static void
nothing_beyond_its_bound_passes(void **state)
{
	size_t tried = 0;

	(void)state;
	for (size_t i = 0; msg_row_at(i) != NULL; i++)
		tried += check_lies(msg_row_at(i), LIE_LONG);
	/* ASK, VERDICTS and RECORDS alone have this many. */
	assert_true(tried >= 10);
}

static void
no_string_has_a_nul(void **state)
{
	size_t tried = 0;

	(void)state;
	for (size_t i = 0; msg_row_at(i) != NULL; i++)
		tried += check_lies(msg_row_at(i), LIE_NUL);
	assert_true(tried >= 5);
}

static void
a_string_is_terminated_where_it_ends(void **state)
{
	const struct msg_row *row = msg_row(MSG_LABEL);
	struct fill full = {0, SIZE_MAX, 0, 0};
	size_t len;

	(void)state;
	len = encode(row, &fills[FEW]);
	assert_int_equal(decode(row, bytes, len), 0);
	assert_int_equal(strlen(out.LABEL.path), 7);
	len = encode(row, &full);
	assert_int_equal(len, row->max);
	assert_int_equal(decode(row, bytes, len), 0);
	assert_int_equal(strlen(out.LABEL.path), PATH_BYTES_MAX);
}

static void
what_does_not_fit_says_so(void **state)
{
	struct fill longest = {20, SIZE_MAX, 0, 0};

	(void)state;
	for (size_t i = 0; msg_row_at(i) != NULL; i++) {
		const struct msg_row *row = msg_row_at(i);
		size_t len = encode(row, &fills[FEW]), len2 = 4711;

		assert_int_equal(
		    msg_encode(row->type, &msg, again, len, &len2), 0);
		assert_int_equal(len2, len);
		len2 = 4711;
		assert_int_equal(
		    msg_encode(row->type, &msg, again, len - 1, &len2),
		    -EMSGSIZE);
		assert_int_equal(len2, 4711);
	}
	/* 20 records with the longest path are within each bound, not within
	 * a datagram, even if the caller has more room. */
	lie_fill(MSG_RECORDS, &msg, &longest);
	assert_int_equal(
	    msg_encode(MSG_RECORDS, &msg, lies, sizeof(lies), &(size_t){0}),
	    -EMSGSIZE);
}

static void
sizes_of_groups_are_what_is_encoded(void **state)
{
	struct msg_RECORDS *r = &msg.RECORDS;
	const struct msg_row *row = msg_row(MSG_RECORDS);
	size_t sum = MSG_HEADER_BYTES + 2;
	size_t len;

	(void)state;
	assert_int_equal(encode(row, &fills[0]), sum);
	len = encode(row, &fills[FEW]);
	for (size_t i = 0; i < r->records_count; i++)
		sum += rec_EVENT_size(&r->records[i]);
	assert_int_equal(len, sum);
}

static void
the_table_is_sound(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; msg_row_at(i) != NULL; i++) {
		const struct msg_row *row = msg_row_at(i);

		/* Finds the first of a number: duplicates would show here. */
		assert_ptr_equal(msg_row(row->type), row);
		assert_non_null(row->name);
		assert_non_null(process_name(row->from));
		assert_non_null(process_name(row->to));
		assert_int_not_equal(row->from, row->to);
		assert_true(row->min >= MSG_HEADER_BYTES);
		assert_true(row->min <= row->max);
		assert_true(row->max <= MSG_BYTES_MAX);
		assert_true(row->nfds <= MSG_FDS_MAX);
	}
	assert_true(i > 40);
	assert_null(msg_row_at(i));
	assert_null(msg_row_at(SIZE_MAX));
	assert_null(msg_row(0));
	assert_null(msg_row(0xffff));
}

static int
admit(const struct msg_row *row, const uint8_t *p, size_t len, int nfds,
    int from, int to)
{
	const struct msg_row *got = NULL;
	int r = msg_admit(p, len, (unsigned int)nfds, (enum wire_process)from,
	    (enum wire_process)to, &got);

	assert_ptr_equal(got, r == 0 ? row : NULL);
	return r;
}

static void
only_what_the_row_says_is_admitted(void **state)
{
	(void)state;
	for (size_t i = 0; msg_row_at(i) != NULL; i++) {
		const struct msg_row *row = msg_row_at(i);
		size_t len = encode(row, &fills[FEW]);

		assert_int_equal(
		    admit(row, bytes, len, row->nfds, row->from, row->to), 0);
		for (int from = 0; from <= PROCESS_MAX; from++) {
			for (int to = 0; to <= PROCESS_MAX; to++) {
				if (from == row->from && to == row->to)
					continue;
				assert_int_equal(
				    admit(row, bytes, len, row->nfds, from, to),
				    -EPROTO);
			}
		}
		for (int n = 0; n <= MSG_FDS_MAX + 1; n++) {
			if (n == row->nfds)
				continue;
			assert_int_equal(
			    admit(row, bytes, len, n, row->from, row->to),
			    -EPROTO);
		}
		assert_int_equal(admit(row, bytes, row->min - 1, row->nfds,
				     row->from, row->to),
		    -EPROTO);
		memcpy(lies, bytes, len);
		assert_int_equal(admit(row, lies, row->max + 1, row->nfds,
				     row->from, row->to),
		    -EPROTO);
		for (int bit = 0; bit < 16; bit++) {
			bytes[2 + bit / 8] = (uint8_t)(1u << bit % 8);
			assert_int_equal(admit(row, bytes, len, row->nfds,
					     row->from, row->to),
			    -EPROTO);
			assert_int_equal(decode(row, bytes, len), -EPROTO);
			bytes[2 + bit / 8] = 0;
		}
	}
}

static void
an_unknown_or_short_header_is_not_admitted(void **state)
{
	static const uint8_t unknown[8] = {0x7f, 0xff};

	(void)state;
	for (size_t n = 0; n <= sizeof(unknown); n++) {
		assert_int_equal(
		    admit(NULL, unknown, n, 0, PROCESS_LOADER, PROCESS_MONITOR),
		    -EPROTO);
	}
	assert_int_equal(
	    msg_decode(0x7fff, unknown, sizeof(unknown), &out), -EPROTO);
	assert_int_equal(
	    msg_encode(0x7fff, &msg, bytes, sizeof(bytes), &(size_t){0}),
	    -EINVAL);
}

static void
a_message_is_not_decoded_as_another(void **state)
{
	const struct msg_row *row = msg_row(MSG_READY_MONITOR);
	size_t len = encode(row, &fills[FEW]);

	(void)state;
	assert_int_equal(
	    msg_decode(MSG_READY_DECIDER, bytes, len, &out), -EPROTO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_encoded_decodes_to_the_same_bytes),
	    cmocka_unit_test(the_smallest_encoding_has_the_declared_size),
	    cmocka_unit_test(the_layout_is_as_a_second_encoder_has_it),
	    cmocka_unit_test(the_wire_is_as_it_was),
	    cmocka_unit_test(every_prefix_and_extension_is_refused),
	    cmocka_unit_test(a_flipped_bit_is_refused_or_means_itself),
	    cmocka_unit_test(nothing_beyond_its_bound_passes),
	    cmocka_unit_test(no_string_has_a_nul),
	    cmocka_unit_test(a_string_is_terminated_where_it_ends),
	    cmocka_unit_test(what_does_not_fit_says_so),
	    cmocka_unit_test(sizes_of_groups_are_what_is_encoded),
	    cmocka_unit_test(the_table_is_sound),
	    cmocka_unit_test(only_what_the_row_says_is_admitted),
	    cmocka_unit_test(an_unknown_or_short_header_is_not_admitted),
	    cmocka_unit_test(a_message_is_not_decoded_as_another),
	};

	return cmocka_run_group_tests_name("msg", tests, NULL, NULL);
}
