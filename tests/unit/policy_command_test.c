/* SPDX-License-Identifier: Apache-2.0 */
/* doorward-policy as people and the loader run it. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ipc/proc/child.h"
#include "ipc/wire/compiled.h"

#define POLICY "decider/doorward-policy"

static char dir[] = "/tmp/doorward-policy-XXXXXX";
static char good[64], bad[64];

static void
write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static int
make_files(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(good, sizeof(good), "%s/good.conf", dir);
	(void)snprintf(bad, sizeof(bad), "%s/bad.conf", dir);
	write_file(good, "watch conf {\n"
			 "  path \"/etc/x/**\"\n"
			 "  mode enforce\n"
			 "  allow write by exe \"/usr/bin/e*\" and uid root\n"
			 "  deny write, delete\n"
			 "}\n"
			 "watch other { path \"/etc/y\" deny read }\n");
	write_file(bad, "set mode loud\nwatch w { path \"x\" }\n");
	return 0;
}

static int
remove_files(void **state)
{
	(void)state;
	(void)unlink(good);
	(void)unlink(bad);
	(void)rmdir(dir);
	return 0;
}

/* Runs the program; both outputs end up in said. Returns the exit status. */
static char said[65536];

static int __attribute__((format(printf, 1, 2))) run(const char *format, ...)
{
	char command[512] = "exec 2>&1; " POLICY " ";
	size_t n = strlen(command);
	va_list ap;
	FILE *p;
	int status;

	va_start(ap, format);
	(void)vsnprintf(command + n, sizeof(command) - n, format, ap);
	va_end(ap);
	p = popen(command, "r"); /* NOLINT(cert-env33-c): our own words */
	assert_non_null(p);
	n = fread(said, 1, sizeof(said) - 1, p);
	said[n] = '\0';
	status = pclose(p);
	if (!WIFEXITED(status))
		fail_msg("%s: killed by %d", command, WTERMSIG(status));
	return WEXITSTATUS(status);
}

#define SAID(text)                                                             \
	do {                                                                   \
		if (strstr(said, text) == NULL)                                \
			fail_msg("no %s in: %s", text, said);                  \
	} while (0)

static void
check_says_all_and_exits_by_errors(void **state)
{
	(void)state;
	assert_int_equal(run("--check %s", good), 0);
	SAID("good.conf:5:3: warning: delete cannot be blocked yet");
	SAID("ok: 2 watches, 3 rules");
	assert_int_equal(run("--check %s", bad), 2);
	SAID("bad.conf:1:10: 'loud' is no mode");
	SAID("bad.conf:2:16: the path is not absolute");
	assert_int_equal(run("--check --json %s 2>/dev/null", bad), 2);
	SAID("{\"ok\":false,\"errors\":2,");
	assert_int_equal(run("--check %s/none.conf", dir), 2);
	SAID("No such file");
	assert_int_equal(run("--check %s", dir), 2);
	SAID("cannot be read: Is a directory");
	assert_int_equal(run("--check /dev/zero"), 2);
	SAID("the file is too large");
}

static void
check_warns_of_programs_that_are_not_there(void **state)
{
	(void)state;
	write_file(bad,
	    "watch w { path \"/x\"\n"
	    "  deny read by { exe \"/no/such\", exe \"/bin/sh\" }\n}\n");
	assert_int_equal(run("--check %s", bad), 0);
	SAID("bad.conf:2:3: warning: program \"/no/such\" does not exist");
	assert_null(strstr(said, "/bin/sh\" does not"));
}

static void
test_says_what_would_be_decided(void **state)
{
	(void)state;
	assert_int_equal(run("--test --path /etc/x/a --op write --exe "
			     "/usr/bin/ed --uid 0 --json %s",
			     good),
	    0);
	SAID("{\"verdict\":\"allow\",\"op\":\"write\",\"watch\":\"conf\","
	     "\"rule\":\"good.conf:4\",\"mode\":\"enforce\","
	     "\"reason\":\"rule\",\"answer\":\"allow\"");
	assert_int_equal(run("--test --path /etc/x/a --op write --exe "
			     "/usr/bin/ed --uid 1 %s",
			     good),
	    0);
	SAID("deny\n");
	SAID("good.conf:5");
	assert_int_equal(run("--test --path /etc/x/a --op read --exe /bin/a "
			     "--uid root --json %s",
			     good),
	    0);
	SAID("\"verdict\":\"allow\",\"op\":\"read\",\"watch\":\"conf\","
	     "\"rule\":null,\"mode\":\"enforce\",\"reason\":\"default\"");
	/* Audit: the verdict is deny, the answer is not. */
	assert_int_equal(run("--test --path /etc/y --op read --exe /bin/a "
			     "--uid 1 --json %s",
			     good),
	    0);
	SAID("\"verdict\":\"deny\"");
	SAID("\"mode\":\"audit\"");
	SAID("\"answer\":\"allow\"");
	assert_int_equal(run("--test --path /etc/z --op read --exe /bin/a "
			     "--uid 1 --json %s",
			     good),
	    0);
	SAID("\"watch\":null");
}

static void
questions_that_make_no_sense_exit_2(void **state)
{
	(void)state;
	assert_int_equal(run("--test --path /a --op read --uid 1 %s", good), 2);
	assert_int_equal(
	    run("--test --path a --op read --exe /b --uid 1 %s", good), 2);
	assert_int_equal(
	    run("--test --path /a --op fly --exe /b --uid 1 %s", good), 2);
	assert_int_equal(
	    run("--test --path /a --op read --exe /b --uid no9 %s", good), 2);
	assert_int_equal(run("--frob"), 2);
	assert_int_equal(run("%s", good), 2);
	assert_int_equal(run("--help"), 0);
}

static void
show_names_the_tier_of_each_watch(void **state)
{
	(void)state;
	assert_int_equal(run("--show %s", good), 0);
	SAID("policy b2:");
	SAID("watch conf  (good.conf:1)");
	SAID("decided by the decider");
	SAID("note: delete cannot be blocked yet");
	assert_int_equal(run("--show --json %s", good), 0);
	SAID("{\"hash\":\"b2:");
	SAID("\"tier\":\"decider\"");
}

static void
put_at(int from, int to)
{
	if (from < 0 || dup2(from, to) == -1)
		_exit(99);
}

/* As the loader does it; what is said goes to said. *ret: the memfd. */
static int
run_for_loader(const char *file, int *ret)
{
	char *argv[] = {(char *)(uintptr_t)POLICY, (char *)(uintptr_t) "65534",
	    (char *)(uintptr_t) "65534", (char *)(uintptr_t) "--compile",
	    (char *)(uintptr_t) "--", (char *)(uintptr_t)file, NULL};
	int out = memfd_create("out", MFD_ALLOW_SEALING);
	int text = memfd_create("said", 0), status;
	pid_t pid = fork();
	ssize_t n;

	assert_true(out >= 0 && text >= 0 && pid >= 0);
	if (pid == 0) {
		put_at(fcntl(text, F_DUPFD, 50), 2);
		out = fcntl(out, F_DUPFD, 50);
		put_at(out, 3);
		put_at(open("/proc/self/fdinfo", O_RDONLY | O_DIRECTORY), 30);
		put_at(open("/etc/passwd", O_RDONLY), 31);
		put_at(open("/etc/group", O_RDONLY), 32);
		put_at(open(file, O_RDONLY), 33);
		for (int fd = CHILD_FD_ROOT; fd <= 7; fd++)
			put_at(30 + fd - CHILD_FD_ROOT, fd);
		execv(argv[0], argv);
		_exit(98);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	n = pread(text, said, sizeof(said) - 1, 0);
	assert_true(n >= 0);
	said[n] = '\0';
	(void)close(text);
	*ret = out;
	if (!WIFEXITED(status))
		fail_msg("killed by %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

static void
the_loader_gets_a_policy_or_the_errors(void **state)
{
	struct policy_view v = {NULL, NULL};
	uint32_t errors;
	int fd;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(run_for_loader(good, &fd), 0);
	assert_int_equal(
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE),
	    0);
	assert_int_equal(policy_view_map(fd, -1, &v), 0);
	assert_int_equal(v.compiled->nwatches, 2);
	policy_view_unmap(&v);
	(void)close(fd);
	write_file(bad, "set mode loud\nset frequency 7\n");
	assert_int_equal(run_for_loader(bad, &fd), 2);
	SAID("bad.conf:1:10: 'loud' is no mode");
	/* Nothing but their number. */
	assert_int_equal(lseek(fd, 0, SEEK_END), sizeof(errors));
	assert_int_equal(pread(fd, &errors, sizeof(errors), 0), sizeof(errors));
	assert_int_equal(errors, 2);
	(void)close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(check_says_all_and_exits_by_errors),
	    cmocka_unit_test(check_warns_of_programs_that_are_not_there),
	    cmocka_unit_test(test_says_what_would_be_decided),
	    cmocka_unit_test(questions_that_make_no_sense_exit_2),
	    cmocka_unit_test(show_names_the_tier_of_each_watch),
	    cmocka_unit_test(the_loader_gets_a_policy_or_the_errors),
	};

	if (access(POLICY, X_OK) == -1) {
		fprintf(stderr, "skipped: no " POLICY " here\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, make_files, remove_files);
}
