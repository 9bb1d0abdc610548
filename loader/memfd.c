/* SPDX-License-Identifier: Apache-2.0 */
#include "loader/memfd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

int
memfd_new(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	return fd == -1 ? -errno : fd;
}

int
memfd_seal(int fd)
{
	if (fcntl(fd, F_ADD_SEALS,
		F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == -1)
		return -errno;
	return 0;
}
