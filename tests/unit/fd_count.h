/* SPDX-License-Identifier: Apache-2.0 */
/* How many descriptors this process has: tests compare before and after. */
#ifndef DOORWARD_TESTS_UNIT_FD_COUNT_H
#define DOORWARD_TESTS_UNIT_FD_COUNT_H

#include <assert.h>
#include <dirent.h>

/* Entries of /proc/self/fd, the listing's own among them every time. */
static inline unsigned int
fd_count(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned int n = 0;

	assert(d != NULL);
	while (readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return n;
}

#endif
