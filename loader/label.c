/* SPDX-License-Identifier: Apache-2.0 */
#include "loader/loader.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/*
 * The name is for people. It counts only if the pid runs the asked program
 * before and after the name was read; nothing is opened, and nothing waits for
 * a file system.
 */
void
label_answer(struct loader *l, uint32_t pid, uint64_t dev, uint64_t ino)
{
	static struct msg_LABEL m;
	char exe[40];
	struct look before, after;
	ssize_t n;

	m.pid = pid;
	m.dev = dev;
	m.ino = ino;
	m.path_len = 0;
	m.path[0] = '\0';
	(void)snprintf(exe, sizeof(exe), "/proc/%u/exe", pid);
	if (look_at(AT_FDCWD, exe, AT_STATX_DONT_SYNC, &before) == 0 &&
	    before.dev == dev && before.ino == ino) {
		n = readlink(exe, m.path, PATH_BYTES_MAX);
		if (n > 0 &&
		    look_at(AT_FDCWD, exe, AT_STATX_DONT_SYNC, &after) == 0 &&
		    after.dev == dev && after.ino == ino)
			m.path_len = (uint16_t)n;
		m.path[m.path_len] = '\0';
	}
	tell(l, SLOT_MONITOR, MSG_LABEL, &m, NULL);
}
