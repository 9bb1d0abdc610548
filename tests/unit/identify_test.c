/* SPDX-License-Identifier: Apache-2.0 */
/* Which watch an open belongs to, and what is believed about it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/replay/world.h"

#define DEV ((uint64_t)8 << 32 | 1)
#define MOUNT 5

static const char policy[] =
    "watch tree { path \"/srv/tree/**\"\n deny write\n}\n"
    "watch names { path \"/srv/names/*.conf\"\n"
    "    except \"/srv/names/local.conf\"\n"
    "    mode enforce\n on-timeout deny\n deadline 40ms\n deny write\n}\n"
    "watch file { path \"/etc/shadow\"\n mode enforce\n deadline 30ms\n"
    "    deny write\n}\n"
    "watch inner { path \"/srv/tree/inner/**\"\n deadline 20ms\n"
    "    allow any\n}\n"
    "watch carved { path \"/srv/carved/**\"\n"
    "    except \"/srv/carved/tmp/**\"\n deny write\n}\n";
enum { TREE, NAMES, FILE_, INNER, CARVED };

static struct opening o;
static struct joined joined;

static int
setup_policy(void **state)
{
	(void)state;
	world_place("tree", DEV, MOUNT);
	world_place("names", DEV, MOUNT);
	world_place("file", DEV + 1, MOUNT + 1);
	world_compile(policy, 9);
	return 0;
}

static struct kernel_event last;

/* A new opening of a file called label; its descriptor is really open. */
static void
opened(const char *label)
{
	struct kernel_event events[KERNEL_EVENTS_MAX];
	struct fake_event e = {.tid = 1};

	if (last.fd != 0) {
		struct kernel_answer a = {last.fd, 1};
		int err;

		(void)kernel_answer(0, &a, 1, &err);
		kernel_close(last.fd);
	}
	(void)snprintf(e.label, sizeof(e.label), "%s", label);
	fake_queue(&e);
	assert_int_equal(kernel_read(0, events), 1);
	last = events[0];
	memset(&o, 0, sizeof(o));
	memset(&joined, 0, sizeof(joined));
	o.fd = last.fd;
	o.look = (struct look){.dev = DEV, .mnt_id = MOUNT, .nlink = 1};
	joined.generation = 9;
}

static uint32_t
watch(void)
{
	return identify(&world.now.view, &o, &joined);
}

static void
by_path(void **state)
{
	(void)state;
	opened("/srv/tree/a/b");
	assert_int_equal(watch(), TREE);
	opened("/srv/tree/inner/b");
	assert_int_equal(watch(), INNER);
	opened("/srv/names/x.conf");
	assert_int_equal(watch(), NAMES);
	opened("/etc/shadow");
	assert_int_equal(watch(), FILE_);
}

static void
siblings(void **state)
{
	(void)state;
	opened("/srv/names/x.txt");
	assert_int_equal(watch(), WATCH_NONE);
	opened("/srv/names/local.conf");
	assert_int_equal(watch(), WATCH_NONE);
	opened("/srv/tree");
	assert_int_equal(watch(), WATCH_UNKNOWN);
	/* Nothing marks /etc for its names: the file came from elsewhere. */
	opened("/etc/passwd");
	assert_int_equal(watch(), WATCH_UNKNOWN);
	opened("/srv/names-not/x.txt");
	assert_int_equal(watch(), WATCH_UNKNOWN);
}

static void
by_slot(void **state)
{
	(void)state;
	opened("/anything");
	joined.watch = 1 + TREE;
	assert_int_equal(watch(), TREE);
	assert_false(o.labelled); /* not even looked at */
	joined.generation = 8;
	assert_int_equal(watch(), WATCH_UNKNOWN);
	joined.generation = 9;
	joined.watch = 1 + 5; /* one too many */
	assert_int_equal(watch(), WATCH_UNKNOWN);
	opened("/srv/carved/tmp/x");
	joined.watch = 1 + CARVED;
	assert_int_equal(watch(), WATCH_NONE);
	opened("/srv/carved/x");
	joined.watch = 1 + CARVED;
	assert_int_equal(watch(), CARVED);
	/* Names decide, whatever the directory. */
	opened("/srv/names/x.txt");
	joined.watch = 1 + NAMES;
	assert_int_equal(watch(), WATCH_NONE);
}

static void
mounts(void **state)
{
	(void)state;
	opened("/srv/tree/a");
	o.look.mnt_id = MOUNT + 1;
	assert_int_equal(watch(), WATCH_UNKNOWN);
	opened("/srv/tree/a");
	o.look.dev = DEV + 7;
	assert_int_equal(watch(), WATCH_UNKNOWN);
	opened("/srv/names/x.txt");
	o.look.mnt_id = 0;
	joined.watch = 1 + NAMES;
	assert_int_equal(watch(), WATCH_UNKNOWN);
}

static void
labels(void **state)
{
	(void)state;
	opened("/srv/names/x.conf (deleted)");
	assert_int_equal(watch(), WATCH_NONE); /* a file called so */
	opened("/srv/names/x.conf (deleted)");
	o.look.nlink = 0;
	assert_int_equal(watch(), NAMES);
	assert_string_equal(o.path, "/srv/names/x.conf");
	assert_int_equal(o.path_len, strlen("/srv/names/x.conf"));
	opened("(unreachable)/srv/tree/a");
	assert_int_equal(watch(), WATCH_UNKNOWN);
	assert_int_equal(o.path_len, 0);
	opened(" (deleted)");
	o.look.nlink = 0;
	assert_int_equal(watch(), WATCH_UNKNOWN);
	opened("");
	assert_int_equal(watch(), WATCH_UNKNOWN);
}

static void
settings(void **state)
{
	(void)state;
	opened("/srv/names/x.conf");
	o.read_ns = 1000;
	o.watch = NAMES;
	identify_settings(&world.now.view, &o);
	assert_int_equal(o.mode, MODE_ENFORCE);
	assert_int_equal(o.on_timeout, VERDICT_DENY);
	assert_int_equal(o.deadline_ns, 1000 + 40000000);
	o.watch = TREE;
	identify_settings(&world.now.view, &o);
	assert_int_equal(o.mode, MODE_AUDIT);
	assert_int_equal(o.on_timeout, VERDICT_ALLOW);
	assert_int_equal(o.deadline_ns, 1000 + 250000000);
	/* Unknown: the strictest of those on the device. */
	o.watch = WATCH_UNKNOWN;
	identify_settings(&world.now.view, &o);
	assert_int_equal(o.mode, MODE_ENFORCE);
	assert_int_equal(o.on_timeout, VERDICT_DENY);
	assert_int_equal(o.deadline_ns, 1000 + 40000000);
	o.look.dev = DEV + 1;
	identify_settings(&world.now.view, &o);
	assert_int_equal(o.mode, MODE_ENFORCE);
	assert_int_equal(o.on_timeout, VERDICT_ALLOW);
	assert_int_equal(o.deadline_ns, 1000 + 30000000);
	/* Of all watches where none is known to be. */
	o.look.dev = DEV + 2;
	identify_settings(&world.now.view, &o);
	assert_int_equal(o.on_timeout, VERDICT_DENY);
	assert_int_equal(o.deadline_ns, 1000 + 20000000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(by_path),
	    cmocka_unit_test(siblings),
	    cmocka_unit_test(by_slot),
	    cmocka_unit_test(mounts),
	    cmocka_unit_test(labels),
	    cmocka_unit_test(settings),
	};

	return cmocka_run_group_tests(tests, setup_policy, NULL);
}
