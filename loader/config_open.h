/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening the configuration. Whoever can write one of its files or folders
 * decides what is watched, so each must be root's, writable by root alone, and
 * what it looks like: no symbolic links, no pipes. A folder above may be
 * writable by others only if it is sticky.
 *
 * Runs in the forked child that becomes the compiler, because the files may
 * themselves be watched.
 */
#ifndef DOORWARD_LOADER_CONFIG_OPEN_H
#define DOORWARD_LOADER_CONFIG_OPEN_H

#include <stddef.h>

#define CONFIG_FILES_MAX 128

struct config_files {
	int fds[CONFIG_FILES_MAX];
	char *names[CONFIG_FILES_MAX]; /* as rules cite them */
	size_t n;
};

/*
 * Opens FILE and then FILE.d/<name>.conf in the order of their names. What is
 * wrong is said with log_warn, with the path. 0 or -errno; -EPERM for an owner
 * or a mode.
 */
int config_open(const char *file, struct config_files *ret);

#endif
