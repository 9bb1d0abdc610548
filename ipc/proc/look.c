/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/proc/look.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "ipc/wire/words.h"

#ifndef STATX_MNT_ID_UNIQUE
#define STATX_MNT_ID_UNIQUE 0x00004000U /* Linux 6.8 */
#endif

int
look_at(int dirfd, const char *path, int flags, struct look *ret)
{
	struct statx sx;

	if (statx(dirfd, path, flags | AT_NO_AUTOMOUNT,
		STATX_BASIC_STATS | STATX_MNT_ID | STATX_MNT_ID_UNIQUE,
		&sx) == -1)
		return -errno;
	ret->dev = (uint64_t)sx.stx_dev_major << 32 | sx.stx_dev_minor;
	ret->ino = sx.stx_ino;
	ret->mnt_id = sx.stx_mnt_id;
	ret->size = sx.stx_size;
	ret->mode = sx.stx_mode;
	ret->nlink = sx.stx_nlink;
	return 0;
}
