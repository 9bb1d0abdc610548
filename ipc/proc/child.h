/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every process but the loader does first. The loader starts a child as
 *     doorward-NAME UID GID [--debug]
 * with descriptor 2 the log pipe, CHILD_FD_LOADER its channel to the loader and
 * CHILD_FD_ROOT the directory that becomes its root, and nothing else open.
 * Started by hand it says so and exits 2.
 */
#ifndef DOORWARD_IPC_PROC_CHILD_H
#define DOORWARD_IPC_PROC_CHILD_H

#include "ipc/proc/confine.h"

#define CHILD_FD_LOADER 3
#define CHILD_FD_ROOT 4

/*
 * Parses argv, starts the log, closes everything from descriptor 5 up, enters
 * the root directory, drops to the given uid and gid with no supplementary
 * groups and empty capability sets (also bounding and ambient), sets
 * no_new_privs, makes itself non-dumpable, and checks that the way back is
 * closed. Handles --help and --version. Fatal on any error: a child that
 * cannot be confined does not run. The sandbox proper is a later
 * confine_apply(), when the descriptors of HELLO have arrived.
 */
void child_enter(int argc, char **argv, const char *name);

/*
 * The same for a process that inherits more: descriptors up to last_fd stay
 * open and arguments may follow. Returns the index of the first argument that
 * is not child_enter's own (argc if none).
 */
int child_enter_keep(int argc, char **argv, const char *name, int last_fd);

#endif
