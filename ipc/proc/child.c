/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ipc/proc/child.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ipc/proc/log.h"

static unsigned int
parse_id(const char *name, const char *text)
{
	char *end;
	unsigned long id;

	errno = 0;
	id = strtoul(text, &end, 10);
	if (errno != 0 || *end != '\0' || end == text || id == 0 ||
	    id >= UINT_MAX)
		fatalx("%s is started by doorward-loader, with a numeric user "
		       "and group that are not root's",
		    name);
	return (unsigned int)id;
}

static void
answer_hand(int argc, char **argv, const char *name)
{
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		printf("%s %s\n", name, PACKAGE_VERSION);
		exit(0);
	}
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		printf("usage: %s UID GID [--debug]\n\n"
		       "A process of the doorward service. It is started by "
		       "doorward-loader(8)\nand does nothing by itself.\n",
		    name);
		exit(0);
	}
	if (argc < 3) {
		fprintf(stderr,
		    "%s: this process is started by doorward-loader(8); "
		    "try --help\n",
		    name);
		exit(2);
	}
}

static void
drop_bounding(void)
{
	/* Ends at the first number the kernel does not know. */
	for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0;
	     cap++) {
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == -1)
			fatal("dropping capability %lu", cap);
	}
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == -1)
		fatal("clearing ambient capabilities");
}

static void
drop_ids(uid_t uid, gid_t gid)
{
	struct __user_cap_header_struct head = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2];

	if (setgroups(0, NULL) == -1 || setresgid(gid, gid, gid) == -1 ||
	    setresuid(uid, uid, uid) == -1)
		fatal("becoming uid %u gid %u", uid, gid);
	memset(none, 0, sizeof(none));
	if (syscall(SYS_capset, &head, none) == -1)
		fatal("giving up capabilities");
	if (setresuid(0, 0, 0) != -1 || setresgid(0, 0, 0) != -1)
		fatalx("the way back to root is open");
}

int
child_enter_keep(int argc, char **argv, const char *name, int last_fd)
{
	bool debug;
	uid_t uid;
	gid_t gid;
	int next = 3;

	log_start(name, LOG_LEVEL_INFO);
	answer_hand(argc, argv, name);
	uid = parse_id(name, argv[1]);
	gid = parse_id(name, argv[2]);
	debug = argc > 3 && strcmp(argv[3], "--debug") == 0;
	if (debug) {
		log_start(name, LOG_LEVEL_DEBUG);
		next++;
	}
	if (syscall(SYS_close_range, (unsigned int)last_fd + 1, ~0U, 0) == -1)
		fatal("closing what was inherited");
	if (fchdir(CHILD_FD_ROOT) == -1 || chroot(".") == -1 ||
	    chdir("/") == -1)
		fatal("entering the root directory");
	if (close(CHILD_FD_ROOT) == -1)
		fatal("closing the root directory");
	drop_bounding();
	drop_ids(uid, gid);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		fatal("no_new_privs");
	return next;
}

void
child_enter(int argc, char **argv, const char *name)
{
	if (child_enter_keep(argc, argv, name, CHILD_FD_ROOT) < argc)
		fatalx("unexpected argument");
}
