/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "tests/hostile/hostile.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ipc/proc/child.h"
#include "ipc/proc/fd.h"

#define SOME_ID "64123"
#define SOME_UID 64123

static const struct action *const all[] = {
    actions_files, actions_process, actions_kernel, actions_events};

static bool
concerns(const struct action *group)
{
	return group != actions_events || subject.has_events;
}

static void
list(void)
{
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (!concerns(all[i]))
			continue;
		for (const struct action *a = all[i]; a->name != NULL; a++)
			printf("%s\n", a->name);
	}
}

static const struct action *
find(const char *name)
{
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (!concerns(all[i]))
			continue;
		for (const struct action *a = all[i]; a->name != NULL; a++) {
			if (strcmp(a->name, name) == 0)
				return a;
		}
	}
	return NULL;
}

static void __attribute__((noreturn)) give_up(const char *what)
{
	fprintf(stderr, "hostile-%s: %s: %s\n", subject.name, what,
	    strerrordesc_np(errno));
	exit(HOSTILE_SET_UP_FAILED);
}

static void
place(int fd, int number)
{
	if (fd == -1 || dup2(fd, number) == -1)
		give_up("placing a descriptor");
	if (fd != number)
		(void)close(fd);
}

/* DIR with a file and a directory in it, all the process's own. */
static void
furnish(const char *dir)
{
	int root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int file, pair[2];

	if (root == -1)
		give_up(dir);
	file = openat(root, "file", O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (file == -1 || write(file, "secret\n", 7) != 7 ||
	    mkdirat(root, "dir", 0777) == -1 || fchmod(root, 0777) == -1)
		give_up("furnishing");
	if (!subject.stays_root && (fchown(root, SOME_UID, SOME_UID) == -1 ||
				       fchown(file, SOME_UID, SOME_UID) == -1))
		give_up("chown");
	(void)close(file);
	place(openat(root, "file", O_RDONLY), HOSTILE_FD_EVENT);
	place(dup(root), HOSTILE_FD_DIR);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == -1)
		give_up("channel");
	place(root, 60);
	place(pair[1], 61);
	place(pair[0], CHILD_FD_LOADER);
	place(60, CHILD_FD_ROOT);
}

/* What the loader keeps is tried without capabilities: the filter must do. */
static void
stay_root(void)
{
	struct __user_cap_header_struct head = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2];

	memset(none, 0, sizeof(none));
	if (fchdir(CHILD_FD_ROOT) == -1 || chroot(".") == -1 ||
	    close(CHILD_FD_ROOT) == -1 ||
	    syscall(SYS_capset, &head, none) == -1 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		give_up("entering");
}

static void
enter(const char *dir)
{
	static char name[] = "hostile", id[] = SOME_ID;
	char *argv[] = {name, id, id, NULL};

	furnish(dir);
	if (subject.prepare != NULL && (errno = -subject.prepare()) != 0)
		give_up("preparing");
	if (subject.stays_root)
		stay_root();
	else
		(void)child_enter_keep(3, argv, name, HOSTILE_FD_LAST);
	if (subject.arrange != NULL && (errno = -subject.arrange()) != 0)
		give_up("arranging");
	if (subject.table != NULL &&
	    (errno = -confine_apply(subject.table)) != 0)
		give_up("confining");
}

int
main(int argc, char **argv)
{
	const struct action *a;
	long r;

	if (argc == 2 && strcmp(argv[1], "--list") == 0) {
		list();
		return 0;
	}
	if (argc != 3 || (a = find(argv[1])) == NULL) {
		fprintf(stderr, "usage: hostile-%s --list | ACTION DIR\n",
		    subject.name);
		return 2;
	}
	if (geteuid() != 0)
		return HOSTILE_SKIPPED;
	(void)umask(0);
	enter(argv[2]);
	r = a->attempt();
	syscall(SYS_exit_group, r < 0 ? HOSTILE_REFUSED : HOSTILE_OK);
	return HOSTILE_SET_UP_FAILED;
}
