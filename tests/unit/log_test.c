/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/proc/log.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Descriptor 2 is a pipe's end during a test; the test reads the other. */
static int reader = -1, saved_stderr = -1;
static char got[1 << 20];

static int
setup(void **state)
{
	int fds[2];

	(void)state;
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) == -1)
		return -1;
	saved_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	if (saved_stderr == -1 || dup2(fds[1], STDERR_FILENO) == -1)
		return -1;
	(void)close(fds[1]);
	reader = fds[0];
	log_start("test", LOG_LEVEL_INFO);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	(void)dup2(saved_stderr, STDERR_FILENO);
	(void)close(saved_stderr);
	(void)close(reader);
	return 0;
}

/* All that is in the pipe now, as a string. */
static const char *
said(void)
{
	size_t len = 0;
	ssize_t n;

	while ((n = read(reader, got + len, sizeof(got) - 1 - len)) > 0)
		len += (size_t)n;
	got[len] = '\0';
	return got;
}

static void
a_line_has_name_text_and_reason(void **state)
{
	(void)state;
	log_info("%d of %s", 3, "them");
	assert_string_equal(said(), "test: 3 of them\n");
	errno = ENOENT;
	log_warn("opening %s", "x");
	assert_string_equal(
	    said(), "test: opening x: No such file or directory\n");
	log_warnx("no reason");
	assert_string_equal(said(), "test: no reason\n");
	log_warn_r(-EPERM, "marking");
	assert_string_equal(said(), "test: marking: Operation not permitted\n");
}

/* Also when writing fails. */
static void
errno_survives(void **state)
{
	int back = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	int unwritable = open("/dev/null", O_RDONLY | O_CLOEXEC);
	uint64_t before = log_dropped();

	(void)state;
	assert_int_equal(dup2(unwritable, STDERR_FILENO), STDERR_FILENO);
	errno = EDOM;
	log_info("x");
	log_warn("x");
	log_warn_r(-EPERM, "x");
	assert_int_equal(errno, EDOM);
	assert_int_equal(dup2(back, STDERR_FILENO), STDERR_FILENO);
	(void)close(back);
	(void)close(unwritable);
	assert_int_equal(log_dropped() - before, 3);
	log_info("heard");
	assert_string_equal(
	    said(), "test: 3 log lines were dropped\ntest: heard\n");
}

static void
levels_are_kept(void **state)
{
	(void)state;
	log_debug("not now");
	assert_string_equal(said(), "");
	log_start("test", LOG_LEVEL_DEBUG);
	log_debug("now");
	assert_string_equal(said(), "test: now\n");
	log_start("test", LOG_LEVEL_WARN);
	log_info("not now");
	log_warnx("now");
	assert_string_equal(said(), "test: now\n");
}

static void
a_name_cannot_forge_a_line(void **state)
{
	(void)state;
	log_info("%s", "a\ntest: forged\r\x1b[2J\x7f\xc3\xa4");
	assert_string_equal(
	    said(), "test: a\\x0atest: forged\\x0d\\x1b[2J\\x7f\\xc3\\xa4\n");
}

static void
check_long(char fill)
{
	char name[2 * LOG_LINE_BYTES];
	size_t len;

	memset(name, fill, sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	errno = ENOENT;
	log_warn("%s", name);
	len = strlen(said());
	assert_in_range(len, LOG_LINE_BYTES / 2, LOG_LINE_BYTES);
	/* One line, and its end is a line's end. */
	assert_ptr_equal(strchr(got, '\n'), got + len - 1);
}

static void
a_long_line_is_cut(void **state)
{
	(void)state;
	check_long('y');
	check_long('\x01');
}

/* A reader that does not read: its pipe is full and would block. */
static void
fill_pipe(void)
{
	static const char junk[4096];

	while (write(STDERR_FILENO, junk, sizeof(junk)) > 0)
		;
	while (write(STDERR_FILENO, junk, 1) > 0)
		;
	assert_int_equal(errno, EAGAIN);
}

static void
a_slow_reader_costs_lines_that_are_counted(void **state)
{
	uint64_t before = log_dropped();

	(void)state;
	fill_pipe();
	for (int i = 0; i < 5; i++)
		log_info("lost");
	/* The notes about lost lines do not count as lines lost. */
	assert_int_equal(log_dropped() - before, 5);
	(void)said();
	log_info("heard");
	assert_string_equal(
	    said(), "test: 5 log lines were dropped\ntest: heard\n");
	log_info("again");
	assert_string_equal(said(), "test: again\n");
}

/* A blocking descriptor, as a terminal is, must not stop us either. */
static void
a_full_blocking_pipe_does_not_block(void **state)
{
	int flags = fcntl(STDERR_FILENO, F_GETFL);

	(void)state;
	fill_pipe();
	assert_int_equal(fcntl(STDERR_FILENO, F_SETFL, flags & ~O_NONBLOCK), 0);
	log_info("lost");
	(void)said();
	log_info("heard");
	assert_string_equal(
	    said(), "test: 1 log lines were dropped\ntest: heard\n");
}

static void
no_reader_at_all_is_survived(void **state)
{
	uint64_t before = log_dropped();
	int back;
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	back = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	assert_int_equal(dup2(fds[1], STDERR_FILENO), STDERR_FILENO);
	(void)close(fds[1]);
	(void)close(fds[0]);
	log_info("to nobody");
	assert_int_equal(dup2(back, STDERR_FILENO), STDERR_FILENO);
	(void)close(back);
	assert_int_equal(log_dropped() - before, 1);
	log_info("heard");
	assert_string_equal(
	    said(), "test: 1 log lines were dropped\ntest: heard\n");
}

static void
check_death(void (*die)(void), const char *last_words)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		die();
		_exit(77);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
	assert_string_equal(said(), last_words);
}

static void
die_of_errno(void)
{
	errno = EACCES;
	fatal("entering %s", "it");
}

static void
die_of_r(void)
{
	fatal_r(-ENOSYS, "asking");
}

static void
die_plainly(void)
{
	fatalx("no more");
}

static void
the_deaths_say_why_and_exit_1(void **state)
{
	(void)state;
	check_death(die_of_errno, "test: entering it: Permission denied\n");
	check_death(die_of_r, "test: asking: Function not implemented\n");
	check_death(die_plainly, "test: no more\n");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_line_has_name_text_and_reason),
	    T(errno_survives),
	    T(levels_are_kept),
	    T(a_name_cannot_forge_a_line),
	    T(a_long_line_is_cut),
	    T(a_slow_reader_costs_lines_that_are_counted),
	    T(a_full_blocking_pipe_does_not_block),
	    T(no_reader_at_all_is_survived),
	    T(the_deaths_say_why_and_exit_1),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
