/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/proc/child.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ipc/proc/fd.h"

#define PROBE "tests/unit/child_probe"
#define UID "64123"
#define GID "64321"

struct probe {
	pid_t pid;
	int channel; /* our end */
	int errors;  /* what it says on descriptor 2 */
	char root[32];
	char said[4096];
};

/* Everything root has becomes inheritable, as a careless manager has it. */
static int
inherit_all(void)
{
	struct __user_cap_header_struct head = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct all[2];

	if (syscall(SYS_capget, &head, all) == -1)
		return -1;
	for (int i = 0; i < 2; i++)
		all[i].inheritable = all[i].permitted;
	return (int)syscall(SYS_capset, &head, all);
}

/* In the child: descriptors 2, 3, 4 as the loader gives them, and strays. */
static void
become(struct probe *p, int channel, int errors, char *const argv[])
{
	int root = open(p->root, O_PATH | O_DIRECTORY);
	gid_t groups[] = {1, 2, 3};

	/* Out of the way first: 3 and 4 may be in use. */
	channel = fcntl(channel, F_DUPFD, 50);
	root = fcntl(root, F_DUPFD, 51);
	if (dup2(errors, 2) == -1 || dup2(channel, CHILD_FD_LOADER) == -1 ||
	    dup2(root, CHILD_FD_ROOT) == -1)
		_exit(90);
	for (int fd = 5; fd < 300; fd++) {
		if (fd != channel && fd != root)
			(void)dup2(0, fd);
	}
	if (geteuid() == 0 &&
	    (setgroups(3, groups) == -1 || inherit_all() == -1))
		_exit(91);
	(void)execv(PROBE, argv);
	_exit(92);
}

static void
start(struct probe *p, char *const argv[])
{
	int channel[2], errors[2];

	memset(p, 0, sizeof(*p));
	memcpy(p->root, "child_root.XXXXXX", 18);
	assert_non_null(mkdtemp(p->root));
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel), 0);
	assert_int_equal(pipe2(errors, O_CLOEXEC), 0);
	p->pid = fork();
	assert_true(p->pid >= 0);
	if (p->pid == 0)
		become(p, channel[1], errors[1], argv);
	(void)close(channel[1]);
	(void)close(errors[1]);
	p->channel = channel[0];
	p->errors = errors[0];
}

/* Lets it go; its wait status, and what it said in p->said. */
static int
finish(struct probe *p)
{
	int status = 0;
	size_t len = 0;
	ssize_t n;

	fd_close(&p->channel);
	while (
	    (n = read(p->errors, p->said + len, sizeof(p->said) - 1 - len)) > 0)
		len += (size_t)n;
	fd_close(&p->errors);
	assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
	(void)rmdir(p->root);
	return status;
}

static void
check_refused(char *const argv[], int code, const char *word)
{
	struct probe p;
	int status;

	start(&p, argv);
	status = finish(&p);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), code);
	if (strstr(p.said, word) == NULL)
		fail_msg("\"%s\" is not in: %s", word, p.said);
}

static void
started_by_hand_it_says_so(void **state)
{
	char *nothing[] = {"probe", NULL};
	char *one[] = {"probe", UID, NULL};

	(void)state;
	check_refused(nothing, 2, "started by doorward-loader");
	check_refused(one, 2, "started by doorward-loader");
}

static void
it_does_not_run_as_root_or_as_nobody_known(void **state)
{
	static char *const bad[] = {
	    "0", "root", "", "-1", "4294967295", "99999999999999999999", "12x"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char *uid[] = {"probe", bad[i], GID, NULL};
		char *gid[] = {"probe", UID, bad[i], NULL};

		check_refused(uid, 1, "numeric");
		check_refused(gid, 1, "numeric");
	}
}

static void
help_and_version_need_nothing(void **state)
{
	char *help[] = {"probe", "--help", NULL};
	char *version[] = {"probe", "--version", NULL};

	(void)state;
	check_refused(help, 0, "");
	check_refused(version, 0, "");
}

static void
without_privilege_it_does_not_run(void **state)
{
	char *argv[] = {"probe", UID, GID, NULL};

	(void)state;
	if (geteuid() == 0) {
		print_message("# runs as root: nothing to refuse\n");
		skip();
	}
	check_refused(argv, 1, "entering the root directory");
}

/* ---- as root: what the kernel says about the process afterwards ---- */

static char status_text[8192];

static const char *
proc_path(const struct probe *p, const char *name)
{
	static char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%ld/%s", (long)p->pid, name);
	return path;
}

/* The value of "Key:\t" in /proc/PID/status, to the end of the line. */
static void
expect_status(const char *key, const char *want)
{
	char line[64];
	const char *at;
	size_t len;

	(void)snprintf(line, sizeof(line), "\n%s:\t", key);
	at = strstr(status_text, line);
	if (at == NULL)
		fail_msg("no %s in status", key);
	at += strlen(line);
	len = strcspn(at, "\n");
	while (len > 0 && at[len - 1] == ' ')
		len--;
	if (len != strlen(want) || strncmp(at, want, len) != 0)
		fail_msg("%s is \"%.*s\", not \"%s\"", key, (int)len, at, want);
}

static void
read_status(const struct probe *p)
{
	FILE *f = fopen(proc_path(p, "status"), "re");
	size_t n;

	assert_non_null(f);
	n = fread(status_text, 1, sizeof(status_text) - 1, f);
	status_text[n] = '\0';
	(void)fclose(f);
}

/* Bit n: descriptor n is open. */
static uint64_t
open_descriptors(const struct probe *p)
{
	DIR *d = opendir(proc_path(p, "fd"));
	const struct dirent *entry;
	uint64_t open_ones = 0;

	assert_non_null(d);
	while ((entry = readdir(d)) != NULL) {
		unsigned long n;

		if (entry->d_name[0] == '.')
			continue;
		n = strtoul(entry->d_name, NULL, 10);
		open_ones |= (uint64_t)1 << (n < 63 ? n : 63);
	}
	(void)closedir(d);
	return open_ones;
}

static void
expect_same_directory(const struct probe *p, const char *link)
{
	struct stat want, is;

	assert_int_equal(stat(p->root, &want), 0);
	assert_int_equal(stat(proc_path(p, link), &is), 0);
	assert_true(want.st_dev == is.st_dev && want.st_ino == is.st_ino);
}

static void
look_at(const struct probe *p)
{
	static const char *const sets[] = {
	    "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"};
	struct stat owner;

	read_status(p);
	expect_status("Uid", UID "\t" UID "\t" UID "\t" UID);
	expect_status("Gid", GID "\t" GID "\t" GID "\t" GID);
	expect_status("Groups", "");
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
		expect_status(sets[i], "0000000000000000");
	expect_status("NoNewPrivs", "1");
	/* A process that may not be dumped or traced has root's entries. */
	assert_int_equal(stat(proc_path(p, "status"), &owner), 0);
	assert_int_equal(owner.st_uid, 0);
	expect_same_directory(p, "root");
	expect_same_directory(p, "cwd");
	assert_int_equal(open_descriptors(p), 0xf); /* 0, 1, 2, channel */
}

static void
what_is_promised_is_given(void **state)
{
	char *argv[] = {"probe", UID, GID, NULL};
	char *debug[] = {"probe", UID, GID, "--debug", NULL};
	char *const *const both[] = {argv, debug};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct probe p;
		char byte = 0;
		int status;

		start(&p, both[i]);
		if (read(p.channel, &byte, 1) != 1) {
			(void)finish(&p);
			fail_msg("it did not start: %s", p.said);
		}
		look_at(&p);
		status = finish(&p);
		assert_string_equal(p.said, "");
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
}

static void
an_argument_too_many_is_fatal(void **state)
{
	char *argv[] = {"probe", UID, GID, "--debug", "x", NULL};
	char *other[] = {"probe", UID, GID, "x", NULL};

	(void)state;
	check_refused(argv, 1, "unexpected argument");
	check_refused(other, 1, "unexpected argument");
}

int
main(void)
{
	const struct CMUnitTest anybody[] = {
	    cmocka_unit_test(started_by_hand_it_says_so),
	    cmocka_unit_test(it_does_not_run_as_root_or_as_nobody_known),
	    cmocka_unit_test(help_and_version_need_nothing),
	    cmocka_unit_test(without_privilege_it_does_not_run),
	};
	const struct CMUnitTest root[] = {
	    cmocka_unit_test(what_is_promised_is_given),
	    cmocka_unit_test(an_argument_too_many_is_fatal),
	};
	int r = cmocka_run_group_tests_name("child", anybody, NULL, NULL);

	if (r != 0)
		return r;
	if (geteuid() != 0) {
		print_message("# the rest needs root\n");
		return 77;
	}
	return cmocka_run_group_tests_name("child, root", root, NULL, NULL);
}
