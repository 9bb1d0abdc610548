/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loader's filter is inherited by whatever it starts later: a call that a
 * child's own table allows and the loader's does not would kill a replacement,
 * and only a replacement.
 */
#include "loader/confine_loader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>

#include <cmocka.h>
#include <seccomp.h>

#include "decider/decider.h"
#include "decider/policy_main.h"
#include "monitor/confine_inspector.h"
#include "monitor/confine_monitor.h"
#include "store/confine_query.h"
#include "store/confine_store.h"

/* Only allowed without conditions counts: a child's own are its own matter. */
static bool
allows_freely(int nr)
{
	for (size_t i = 0; i < confine_loader.ncalls; i++) {
		if (confine_loader.calls[i].nr == nr &&
		    confine_loader.calls[i].nargs == 0)
			return true;
	}
	return false;
}

static void
covers(const struct confine *child)
{
	for (size_t i = 0; i < child->ncalls; i++) {
		int nr = child->calls[i].nr;

		if (nr >= 0 && !allows_freely(nr))
			fail_msg("%s may make call %d, the loader may not",
			    child->name, nr);
	}
}

static void
every_child_is_covered(void **state)
{
	(void)state;
	covers(&confine_monitor);
	covers(&confine_inspector);
	covers(&confine_decider);
	covers(&confine_policy);
	covers(&confine_store);
	covers(&confine_sealer);
	covers(&confine_query);
}

/* What the loader has done before its filter stands, and never again. */
static void
nothing_new_in_the_kernel(void **state)
{
	(void)state;
	assert_false(allows_freely(SCMP_SYS(fanotify_init)));
	assert_false(allows_freely(SCMP_SYS(bpf)));
	assert_false(allows_freely(SCMP_SYS(mount)));
	assert_false(allows_freely(SCMP_SYS(ptrace)));
	assert_false(allows_freely(SCMP_SYS(init_module)));
	assert_false(allows_freely(SCMP_SYS(socket)));
	assert_false(allows_freely(SCMP_SYS(clone3)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_child_is_covered),
	    cmocka_unit_test(nothing_new_in_the_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
