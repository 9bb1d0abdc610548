/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that is handed on as a descriptor and then changes no more.
 * Not for: pages that stay writable (pages.c).
 */
#ifndef DOORWARD_LOADER_MEMFD_H
#define DOORWARD_LOADER_MEMFD_H

/* Empty, CLOEXEC, to be written and then sealed. The caller's; or -errno. */
int memfd_new(const char *name);
/* From now on nobody can write, grow, shrink or unseal it. 0 or -errno. */
int memfd_seal(int fd);

#endif
