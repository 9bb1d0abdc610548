/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that does, inside another's sandbox, what that sandbox is there to
 * forbid. One program per process of the service: hostile.c with that process's
 * own table (as_NAME.c) and every action there is (action_*.c).
 *
 *     hostile-NAME --list           the actions, one a line
 *     hostile-NAME ACTION DIR       DIR: an empty directory, becomes the root
 *
 * Exit: 0 the call succeeded, 3 it was refused with an error and the process
 * lives, 77 it cannot be tried here; killed by SIGSYS is what run.sh expects of
 * every action that NAME.allowed does not list.
 *
 * Actions are harmless even when nothing stops them: they ask for something
 * the kernel answers with an error, or for something in DIR alone.
 */
#ifndef DOORWARD_TESTS_HOSTILE_HOSTILE_H
#define DOORWARD_TESTS_HOSTILE_HOSTILE_H

#include <stdbool.h>

#include "ipc/proc/confine.h"

#define HOSTILE_OK 0
#define HOSTILE_REFUSED 3
#define HOSTILE_SET_UP_FAILED 5
#define HOSTILE_SKIPPED 77

/* Descriptors every action may count on. */
#define HOSTILE_FD_EVENT 40 /* a regular file, as an event descriptor is */
#define HOSTILE_FD_DIR 41   /* the root directory, readable */
#define HOSTILE_FD_FREE 42  /* a subject's own, until arranged */
#define HOSTILE_FD_LAST 47

struct hostile_subject {
	const char *name;
	const struct confine *table; /* NULL: no sandbox, to test the test */
	bool stays_root;
	bool has_events; /* the actions on event descriptors concern it */
	int group;	 /* its fanotify group, -1 for none */
	/* Before privileges go: makes what the table assumes. 0 or -errno. */
	int (*prepare)(void);
	/* After that, before the table: puts it where the table has it. */
	int (*arrange)(void);
};

extern const struct hostile_subject subject;

/* The call's result as the kernel gave it: negative, with errno, is refused. */
typedef long hostile_try(void);

struct action {
	const char *name;
	hostile_try *attempt;
};

/* Each ends with a NULL name. */
extern const struct action actions_files[];
extern const struct action actions_process[];
extern const struct action actions_kernel[];
extern const struct action actions_events[];

#endif
