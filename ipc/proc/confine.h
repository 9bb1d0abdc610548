/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process's sandbox as data: the system calls it may make (everything else
 * kills it), its limits, and whether it keeps any right on files. Each process
 * declares one table in its own confine*.c; tests/hostile links the same table
 * and attempts what it forbids.
 *
 * Installing a table must not fail quietly: confine_apply() returns the first
 * error and the caller dies of it.
 */
#ifndef DOORWARD_IPC_PROC_CONFINE_H
#define DOORWARD_IPC_PROC_CONFINE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

/* How one argument of a system call is compared. */
enum confine_compare {
	CONFINE_ANY = 0,
	CONFINE_EQ,	/* == value */
	CONFINE_LE,	/* <= value */
	CONFINE_MASKED, /* (arg & mask) == value */
	/*
	 * A descriptor number from value, a power of two, to
	 * CONFINE_FD_END - 1. There is no plain ">=": the kernel takes a
	 * descriptor from the lower half of its register, a filter compares
	 * the whole, and anything with a bit in the upper half is greater. At
	 * most one in a call.
	 */
	CONFINE_FD_FROM,
};

#define CONFINE_FD_END 65536

struct confine_arg {
	unsigned int index; /* 0..5 */
	enum confine_compare compare;
	uint64_t value;
	uint64_t mask; /* CONFINE_MASKED only */
};

#define CONFINE_ARGS_MAX 3

/* One allowed call; with arguments, allowed only when all of them hold. */
struct confine_call {
	int nr; /* SCMP_SYS(name) or SYS_name; a negative pseudo number is
		   skipped */
	unsigned int nargs;
	struct confine_arg args[CONFINE_ARGS_MAX];
};

struct confine_limit {
	int resource; /* RLIMIT_* */
	rlim_t value; /* soft and hard */
};

enum confine_files {
	CONFINE_FILES_NONE, /* Landlock handles every file right, grants none */
	CONFINE_FILES_READ_ROOT,  /* ... grants reading below the process's root
				   */
	CONFINE_FILES_WRITE_ROOT, /* ... grants reading and writing below it */
	/*
	 * No Landlock file rules: the monitor. A reader that handles READ_FILE
	 * has every event descriptor, and so every opener, refused.
	 */
	CONFINE_FILES_EVENT_READER,
};

struct confine {
	const char *name;
	const struct confine_call *calls;
	size_t ncalls;
	const struct confine_limit *limits;
	size_t nlimits;
	enum confine_files files;
};

/*
 * Applies limits, Landlock (where the kernel has it) and the system call
 * filter, in that order; from here on a call outside the table kills the
 * process with SIGSYS. no_new_privs must already be set (child_enter does).
 * Returns 0 or -errno.
 */
int confine_apply(const struct confine *table);

#endif
