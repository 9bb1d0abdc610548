/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hostile/hostile.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/fanotify.h>
#include <sys/socket.h>
#include <unistd.h>

#include "monitor/confine_monitor.h"

#define SELF HOSTILE_FD_FREE
#define GROUP (HOSTILE_FD_FREE + 1)

static int
prepare(void)
{
	int self = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int group;

	if (self == -1 || dup2(self, SELF) == -1)
		return -errno;
	group = fanotify_init(
	    FAN_CLASS_CONTENT | FAN_CLOEXEC | FAN_NONBLOCK, O_RDONLY);
	if (group == -1 || dup2(group, GROUP) == -1)
		return -errno;
	return 0;
}

static int
arrange(void)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair) ==
		-1 ||
	    dup2(SELF, MONITOR_FD_SELF) == -1 ||
	    dup2(GROUP, MONITOR_FD_GROUP) == -1 ||
	    dup2(pair[0], MONITOR_FD_DECIDER) == -1 ||
	    dup2(pair[1], MONITOR_FD_STORE) == -1)
		return -errno;
	/* What libevent and the fillers hold: no number is free below. */
	for (int fd = MONITOR_FD_FREE; fd < MONITOR_FD_EVENTS; fd++) {
		if (dup2(HOSTILE_FD_DIR, fd) == -1)
			return -errno;
	}
	return 0;
}

const struct hostile_subject subject = {
    .name = "monitor",
    .table = &confine_monitor,
    .has_events = true,
    .group = MONITOR_FD_GROUP,
    .prepare = prepare,
    .arrange = arrange,
};
