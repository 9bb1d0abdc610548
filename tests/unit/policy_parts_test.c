/* SPDX-License-Identifier: Apache-2.0 */
/* The policy in parts: nothing out of order, out of bounds or unchecked. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/replay/world.h"

#define POLICY "watch a { path \"/srv/a/**\"\n deny write\n}\n"

static struct policy_parts *parts;
static struct msg_POLICY_PART part;
static struct policy_view view, untouched;

static int
setup(void **state)
{
	(void)state;
	assert_int_equal(policy_parts_new(&parts), 0);
	memset(&view, 0, sizeof(view));
	world_compile(POLICY, 7);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	free(parts); /* what it has mapped goes with the process */
	return 0;
}

/* n bytes of object which from offset on. */
static int
add(uint8_t which, uint32_t offset, uint32_t n)
{
	const struct policy_view *v = &world.now.view;
	const void *bytes =
	    which == 0 ? (const void *)v->compiled : (const void *)v->resolved;

	part.generation = 7;
	part.which = which;
	part.total = which == 0 ? v->compiled->bytes : v->resolved->bytes;
	part.offset = offset;
	if (n > part.total - offset)
		n = part.total - offset;
	part.bytes_len = n;
	memcpy(part.bytes, (const char *)bytes + offset, n);
	return policy_parts_add(parts, &part);
}

static void
whole(void **state)
{
	(void)state;
	for (uint32_t at = 0; at < world.now.view.compiled->bytes; at += 100)
		assert_int_equal(add(0, at, 100), 0);
	assert_int_equal(add(1, 0, 30000), 0);
	assert_int_equal(policy_parts_take(parts, 7, &view), 0);
	assert_memory_equal(
	    view.compiled, world.now.view.compiled, view.compiled->bytes);
	assert_memory_equal(
	    view.resolved, world.now.view.resolved, view.resolved->bytes);
	/* Taken once. */
	assert_int_equal(policy_parts_take(parts, 7, &untouched), -EPROTO);
	/* The next one takes its place. */
	assert_int_equal(add(0, 0, 30000), 0);
	assert_int_equal(add(1, 0, 30000), 0);
	assert_int_equal(policy_parts_take(parts, 7, &view), 0);
	assert_int_equal(view.compiled->nwatches, 1);
}

static void
nothing_is_missing(void **state)
{
	(void)state;
	assert_int_equal(policy_parts_take(parts, 0, &view), -EPROTO);
	assert_int_equal(add(0, 0, 100), 0);
	assert_int_equal(policy_parts_take(parts, 7, &view), -EPROTO);
	assert_int_equal(add(1, 0, 30000), 0);
	assert_int_equal(policy_parts_take(parts, 7, &view), -EPROTO);
	assert_int_equal(add(0, 100, 30000), 0);
	assert_int_equal(policy_parts_take(parts, 8, &view), -EPROTO);
	assert_null(view.compiled);
	assert_int_equal(policy_parts_take(parts, 7, &view), 0);
}

static void
order(void **state)
{
	(void)state;
	assert_int_equal(add(0, 8, 100), -EPROTO); /* no beginning */
	assert_int_equal(add(1, 0, 100), -EPROTO); /* of no policy */
	assert_int_equal(add(0, 0, 100), 0);
	assert_int_equal(add(0, 200, 100), -EPROTO); /* a hole */
	assert_int_equal(add(0, 50, 100), -EPROTO);  /* again */
	assert_int_equal(add(0, 100, 100), 0);
	/* From the beginning again: what was there is forgotten. */
	assert_int_equal(add(0, 0, 30000), 0);
	assert_int_equal(add(1, 0, 30000), 0);
	assert_int_equal(policy_parts_take(parts, 7, &view), 0);
}

static void
bounds(void **state)
{
	(void)state;
	assert_int_equal(add(0, 0, 0), -EPROTO);
	assert_int_equal(add(0, 0, 100), 0);
	part.offset = 100;
	part.bytes_len = 30000;
	assert_int_equal(policy_parts_add(parts, &part), -EPROTO);
	part.bytes_len = 100;
	part.total++;
	assert_int_equal(policy_parts_add(parts, &part), -EPROTO);
	part.total--;
	part.generation++;
	assert_int_equal(policy_parts_add(parts, &part), -EPROTO);
	part.generation--;
	part.which = 2;
	part.offset = 0;
	assert_int_equal(policy_parts_add(parts, &part), -EPROTO);
	part.offset = 100;
	assert_int_equal(policy_parts_add(parts, &part), -EPROTO);
	part.which = 0;
	part.offset = 0;
	part.total = COMPILED_BYTES_MAX + 1;
	assert_int_equal(policy_parts_add(parts, &part), -EPROTO);
	part.total = 0;
	assert_int_equal(policy_parts_add(parts, &part), -EPROTO);
}

static void
checked(void **state)
{
	(void)state;
	assert_int_equal(add(0, 0, 30000), 0);
	assert_int_equal(add(1, 0, 30000), 0);
	assert_int_equal(policy_parts_take(parts, 7, &view), 0);
	untouched = view;
	/* One that does not pass its check: the old one stays. */
	assert_int_equal(add(0, 0, 4), 0);
	part.offset = 4;
	part.bytes_len = part.total - 4;
	memset(part.bytes, 0xff, part.bytes_len);
	assert_int_equal(policy_parts_add(parts, &part), 0);
	assert_int_equal(add(1, 0, 30000), 0);
	assert_int_equal(policy_parts_take(parts, 7, &view), -EBADMSG);
	assert_int_equal(add(0, 0, 30000), 0);
	assert_int_equal(add(1, 0, 16), 0); /* with its generation */
	part.offset = 16;
	part.bytes_len = part.total - 16;
	memset(part.bytes, 0xff, part.bytes_len);
	assert_int_equal(policy_parts_add(parts, &part), 0);
	assert_int_equal(policy_parts_take(parts, 7, &view), -EBADMSG);
	assert_ptr_equal(view.compiled, untouched.compiled);
	assert_int_equal(view.compiled->magic, COMPILED_MAGIC);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(whole, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		nothing_is_missing, setup, teardown),
	    cmocka_unit_test_setup_teardown(order, setup, teardown),
	    cmocka_unit_test_setup_teardown(bounds, setup, teardown),
	    cmocka_unit_test_setup_teardown(checked, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
