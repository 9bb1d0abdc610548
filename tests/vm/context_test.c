// SPDX-License-Identifier: Apache-2.0
/*
 * context_test [EXPECTED [BEST]]: the real recorder on this kernel. Fails when
 * the rung taken is not EXPECTED (a name of words.h), tries from BEST down.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ipc/proc/log.h"
#include "tests/vm/context_tests.h"
#include "tests/vm/context_watch.h"

#define LIMIT_SECONDS 150

static const char *expected;
static enum context_rung best = CONTEXT_LSM;

static int
start(void **state)
{
	*state = watch_start(best, true);
	return *state == NULL ? -1 : 0;
}

static int
finish(void **state)
{
	watch_stop(*state);
	return 0;
}

static void
the_best_rung_is_taken(void **state)
{
	struct watch *w = *state;
	int32_t errors[CONTEXT_MAX];

	bpf_rung_errors(w->bpf, errors);
	print_message("rung %s; lsm %d, fentry %d, raw_tp %d\n",
	    context_name(bpf_rung(w->bpf)), errors[CONTEXT_LSM],
	    errors[CONTEXT_FENTRY], errors[CONTEXT_RAW_TP]);
	assert_int_equal(errors[bpf_rung(w->bpf)], 0);
	for (unsigned int rung = bpf_rung(w->bpf) + 1; rung <= best; rung++)
		assert_int_not_equal(errors[rung], 0);
	if (expected != NULL)
		assert_string_equal(context_name(bpf_rung(w->bpf)), expected);
}

static void
slots_are_read_only(void **state)
{
	struct watch *w = *state;
	void *p;

	p = mmap(NULL, sizeof(struct slot), PROT_READ | PROT_WRITE, MAP_SHARED,
	    bpf_slots_fd(w->bpf), 0);
	assert_ptr_equal(p, MAP_FAILED);
	assert_int_equal(errno, EPERM);
}

static struct slot
slot_of_child(struct watch *w)
{
	pid_t pid;
	int status;

	assert_true(
	    mkdir(watch_path(w, "child"), 0700) == 0 || errno == EEXIST);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)open(watch_path(w, "child/f"), O_RDWR | O_CREAT, 0600);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return watch_slot(w, pid);
}

static void
ancestors_are_recorded_when_wanted(void **state)
{
	struct watch *w = *state;
	struct slot slot = slot_of_child(w);
	struct stat exe;

	assert_int_equal(stat("/proc/self/exe", &exe), 0);
	assert_in_range(slot.nancestors, 2, SLOT_ANCESTORS);
	assert_int_equal(slot.ancestors[0].pid, getpid());
	assert_int_equal(slot.ancestors[0].ino, exe.st_ino);
	assert_int_equal(slot.ancestors[1].pid, getppid());
	assert_int_equal(bpf_uses_ancestors(w->bpf, false), 0);
	assert_int_equal(slot_of_child(w).nancestors, 0);
	assert_int_equal(bpf_uses_ancestors(w->bpf, true), 0);
}

/* The directory of a cgroup has its id for an inode number. */
static ino_t
cgroup_ino(const char *controller)
{
	static const char *const mounts[] = {"/unified", "", "/pids"};
	char line[4096], path[4200], *name, *end;
	FILE *f = fopen("/proc/self/cgroup", "re");
	struct stat st = {0};

	assert_non_null(f);
	while (st.st_ino == 0 && fgets(line, sizeof(line), f) != NULL) {
		name = strchr(line, ':') + 1;
		end = strchr(name, ':');
		*end = '\0';
		end[1 + strcspn(end + 1, "\n")] = '\0';
		if (strcmp(name, controller) != 0)
			continue;
		for (size_t i = *controller == '\0' ? 0 : 2; i < 3; i++) {
			(void)snprintf(path, sizeof(path), "/sys/fs/cgroup%s%s",
			    mounts[i], end + 1);
			if (stat(path, &st) == 0)
				break;
		}
	}
	(void)fclose(f);
	return st.st_ino;
}

static void
the_cgroup_is_recorded(void **state)
{
	struct slot slot = slot_of_child(*state);
	ino_t ino = cgroup_ino("");

	if (ino <= 1 && cgroup_ino("pids") != 0)
		ino = cgroup_ino("pids");
	if (ino == 0) {
		print_message("this task's cgroup is not to be seen\n");
		skip();
	}
	assert_int_equal(slot.cgroup, ino);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_best_rung_is_taken),
	    cmocka_unit_test(slots_are_read_only),
	    cmocka_unit_test(each_call_shows_its_flags),
	    cmocka_unit_test(exec_is_told_from_open),
	    cmocka_unit_test(openat2_is_known_only_with_its_file),
	    cmocka_unit_test(io_uring_is_known_only_with_its_file),
	    cmocka_unit_test(nothing_is_left_after_the_call),
	    cmocka_unit_test(unwatched_opens_leave_no_slot),
	    cmocka_unit_test(the_nearest_watch_is_named),
	    cmocka_unit_test(what_is_forgotten_is_not_recorded),
	    cmocka_unit_test(overlay_files_are_known),
	    cmocka_unit_test(too_deep_is_counted),
	    cmocka_unit_test(ancestors_are_recorded_when_wanted),
	    cmocka_unit_test(the_cgroup_is_recorded),
	    cmocka_unit_test(many_openers_are_told_apart),
	    cmocka_unit_test(a_swap_leaves_no_gap),
	};

	if (argc > 1 && strcmp(argv[1], "--nothing") == 0)
		return 0;
	if (argc > 1)
		expected = argv[1];
	while (argc > 2 && best > CONTEXT_NONE &&
	       strcmp(context_name(best), argv[2]) != 0)
		best--;
	if (geteuid() != 0) {
		printf("1..0 # SKIP only root can load kernel programs\n");
		return 77;
	}
	log_start("context_test", LOG_LEVEL_INFO);
	(void)alarm(LIMIT_SECONDS);
	return cmocka_run_group_tests_name("context", tests, start, finish);
}
