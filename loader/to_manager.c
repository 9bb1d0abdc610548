/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the service manager is told: sd_notify(3)'s protocol, one datagram a
 * message, without its library. NOTIFY_SOCKET names the socket, "@" first for
 * an abstract one; no variable, nothing to tell.
 */
#include "loader/loader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ipc/proc/fd.h"

static uint64_t watchdog_ns, next_ns;

void
manager_tell(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	char message[128];
	int fd fd_cleanup = -1;
	size_t len;
	int n;

	if (path == NULL || (path[0] != '/' && path[0] != '@') ||
	    (len = strlen(path)) >= sizeof(sun.sun_path) || len < 2)
		return;
	memcpy(sun.sun_path, path, len);
	if (path[0] == '@')
		sun.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* systemd wants the time of a reload, to match READY=1 with it. */
	if (strcmp(text, "RELOADING=1") == 0)
		n = snprintf(message, sizeof(message),
		    "RELOADING=1\nMONOTONIC_USEC=%llu",
		    (unsigned long long)(now_ns() / 1000));
	else
		n = snprintf(message, sizeof(message), "%s", text);
	if (fd >= 0)
		(void)sendto(fd, message, (size_t)n, MSG_NOSIGNAL,
		    (struct sockaddr *)&sun,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
}

void
manager_tick(uint64_t now)
{
	if (next_ns == 0) {
		const char *usec = getenv("WATCHDOG_USEC");

		watchdog_ns =
		    usec != NULL ? strtoull(usec, NULL, 10) * 1000 : 0;
		next_ns = now;
	}
	if (watchdog_ns == 0 || now < next_ns)
		return;
	next_ns = now + watchdog_ns / 2;
	manager_tell("WATCHDOG=1");
}
