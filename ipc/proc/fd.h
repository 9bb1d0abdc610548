/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptors: a local starts at -1, carries fd_cleanup, and leaves its scope
 * only through take_fd(). Not for anything that is not a descriptor.
 */
#ifndef DOORWARD_IPC_PROC_FD_H
#define DOORWARD_IPC_PROC_FD_H

#include <errno.h>
#include <unistd.h>

/* Closes *fd unless it is negative; leaves -1 behind and errno alone. */
static inline void
fd_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
	errno = saved;
}

/* Hands the descriptor to the caller; *fd no longer owns it. */
static inline int
take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

/* int fd fd_cleanup = -1; */
#define fd_cleanup __attribute__((cleanup(fd_close)))

#endif
