/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a file is, by statx(2): the identity that decides, in the encoding the
 * wire and the policy use. Loader (when it marks) and monitor (when an event
 * comes) must see the same mount number, so both look through here.
 * Not for: anything that opens or reads.
 */
#ifndef DOORWARD_IPC_PROC_LOOK_H
#define DOORWARD_IPC_PROC_LOOK_H

#include <stdint.h>

struct look {
	uint64_t dev; /* wire_dev() */
	uint64_t ino;
	/*
	 * STATX_MNT_ID_UNIQUE where the kernel has it (6.8): it is never used
	 * again. Otherwise STATX_MNT_ID (5.8), which is, after an unmount.
	 */
	uint64_t mnt_id;
	uint64_t size;
	uint32_t mode;
	uint32_t nlink;
};

/*
 * Looks at path below dirfd; path "" with AT_EMPTY_PATH is dirfd itself.
 * flags: AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW. 0 or -errno.
 */
int look_at(int dirfd, const char *path, int flags, struct look *ret);

#endif
