/* SPDX-License-Identifier: Apache-2.0 */
#include "loader/loader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/fanotify.h>

#include "ipc/proc/log.h"

/* Newer than Debian 12's headers. */
#define REPORT_FD_ERROR 0x00002000u /* 6.13 */

/*
 * O_NONBLOCK: a lease on a file must not block the reader. O_RDONLY always: any
 * other mode is a right nobody here may hold, and refuses running programs.
 */
#define EVENT_FLAGS (O_RDONLY | O_LARGEFILE | O_CLOEXEC | O_NONBLOCK)

/* Without UNLIMITED_QUEUE a full queue silently allows. */
#define REQUIRED                                                               \
	(FAN_CLASS_CONTENT | FAN_CLOEXEC | FAN_NONBLOCK |                      \
	    FAN_UNLIMITED_QUEUE | FAN_REPORT_TID)

static const unsigned int optional[] = {
    FAN_UNLIMITED_MARKS,
    REPORT_FD_ERROR,
    FAN_ENABLE_AUDIT,
};
#define NOPTIONAL (sizeof(optional) / sizeof(optional[0]))

static void __attribute__((noreturn)) give_up(void)
{
	if (errno == ENOSYS)
		fatalx("this kernel has no fanotify (CONFIG_FANOTIFY): nothing "
		       "can be guarded");
	if (errno == EPERM)
		fatalx("fanotify is refused: doorward-loader needs "
		       "CAP_SYS_ADMIN in the initial user namespace");
	if (errno == EINVAL)
		fatalx("this kernel lacks fanotify permission events "
		       "(CONFIG_FANOTIFY_ACCESS_PERMISSIONS) or one of "
		       "FAN_REPORT_TID and FAN_UNLIMITED_QUEUE, without which "
		       "nothing can be guarded safely");
	fatal("fanotify_init");
}

/* Every subset, the one with most flags first: a kernel may lack any. */
static void
open_group(struct kernel *k)
{
	for (unsigned int lacking = 0; lacking <= NOPTIONAL; lacking++) {
		for (unsigned int set = 0; set < 1u << NOPTIONAL; set++) {
			unsigned int flags = REQUIRED;

			if ((unsigned int)__builtin_popcount(set) != lacking)
				continue;
			k->refused = 0;
			for (unsigned int i = 0; i < NOPTIONAL; i++) {
				if ((set & (1u << i)) != 0)
					k->refused |= optional[i];
				else
					flags |= optional[i];
			}
			k->group = fanotify_init(flags, EVENT_FLAGS);
			if (k->group >= 0) {
				k->flags = flags;
				return;
			}
			if (errno != EINVAL)
				give_up();
		}
	}
	give_up();
}

/*
 * A kernel may be built without permission events and still give the group
 * (before 6.14): only a mark tells. The empty root is a directory nothing can
 * be opened in, so nobody can be caught by it.
 */
static void
prove_permission_events(const struct kernel *k, int empty_root)
{
	const uint64_t mask = FAN_OPEN_PERM | FAN_EVENT_ON_CHILD;
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", empty_root);
	if (fanotify_mark(k->group, FAN_MARK_ADD, mask, AT_FDCWD, path) == -1) {
		if (errno == EINVAL)
			give_up();
		fatal("a permission mark on an empty directory of our own");
	}
	if (fanotify_mark(k->group, FAN_MARK_REMOVE, mask, AT_FDCWD, path) ==
	    -1)
		fatal("removing the mark on our own directory");
}

void
kernel_spare(struct kernel *k)
{
	k->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (k->spare == -1)
		fatal("/dev/null");
	if (k->spare >= EVENT_FDS_FROM)
		fatalx("too many descriptors were open when we were started");
}

void
kernel_open(struct kernel *k, int empty_root)
{
	open_group(k);
	prove_permission_events(k, empty_root);
	if ((k->refused & FAN_UNLIMITED_MARKS) != 0)
		log_warnx("this kernel refuses FAN_UNLIMITED_MARKS: "
			  "fs.fanotify.max_user_marks bounds what can be "
			  "watched");
	k->notify =
	    fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK |
			      FAN_UNLIMITED_MARKS | FAN_REPORT_DFID_NAME,
		O_RDONLY | O_CLOEXEC);
	if (k->notify == -1)
		log_warn("no notification group: new directories and replaced "
			 "files are not noticed before the next reload");
}
