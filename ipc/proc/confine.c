/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ipc/proc/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ipc/proc/fd.h"

/* Newer than Debian 12's headers (Landlock ABI 2, 3, 5). */
#define FS_REFER (1ULL << 13)
#define FS_TRUNCATE (1ULL << 14)
#define FS_IOCTL_DEV (1ULL << 15)

#define FS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FS_WRITE                                                               \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |      \
	    LANDLOCK_ACCESS_FS_MAKE_REG)
#define FS_ALL_ABI1 ((1ULL << 13) - 1)

static int
set_limits(const struct confine *t)
{
	for (size_t i = 0; i < t->nlimits; i++) {
		struct rlimit l = {t->limits[i].value, t->limits[i].value};

		if (setrlimit((__rlimit_resource_t)t->limits[i].resource, &l) ==
		    -1)
			return -errno;
	}
	return 0;
}

/* Every file right this kernel's Landlock knows; 0 if it has none. */
static uint64_t
landlock_rights(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	uint64_t rights = FS_ALL_ABI1;

	if (abi < 1)
		return 0;
	if (abi >= 2)
		rights |= FS_REFER;
	if (abi >= 3)
		rights |= FS_TRUNCATE;
	if (abi >= 5)
		rights |= FS_IOCTL_DEV;
	return rights;
}

static int
allow_root(int ruleset, uint64_t rights)
{
	struct landlock_path_beneath_attr below = {.allowed_access = rights};
	int dir fd_cleanup = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dir == -1)
		return -errno;
	below.parent_fd = dir;
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
		&below, 0) == -1)
		return -errno;
	return 0;
}

/* Landlock(7). A kernel without it leaves the files to the other layers. */
static int
set_landlock(const struct confine *t)
{
	struct landlock_ruleset_attr attr = {
	    .handled_access_fs = landlock_rights()};
	int ruleset fd_cleanup = -1;
	int r = 0;

	if (t->files == CONFINE_FILES_EVENT_READER ||
	    attr.handled_access_fs == 0)
		return 0;
	ruleset =
	    (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (ruleset == -1)
		return -errno;
	if (t->files == CONFINE_FILES_READ_ROOT)
		r = allow_root(ruleset, FS_READ);
	else if (t->files == CONFINE_FILES_WRITE_ROOT)
		r = allow_root(ruleset, (FS_READ | FS_WRITE | FS_TRUNCATE) &
					    attr.handled_access_fs);
	if (r < 0)
		return r;
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) == -1)
		return -errno;
	return 0;
}

static struct scmp_arg_cmp
comparison(const struct confine_arg *a)
{
	static const enum scmp_compare ops[] = {
	    [CONFINE_EQ] = SCMP_CMP_EQ,
	    [CONFINE_LE] = SCMP_CMP_LE,
	    [CONFINE_MASKED] = SCMP_CMP_MASKED_EQ,
	    [CONFINE_FD_FROM] = SCMP_CMP_MASKED_EQ,
	};
	bool masked = a->compare == CONFINE_MASKED;

	return (struct scmp_arg_cmp){
	    .arg = a->index,
	    .op = ops[a->compare],
	    .datum_a = masked ? a->mask : a->value,
	    .datum_b = masked ? a->value : 0,
	};
}

/*
 * One rule for each bit that a number from `from` on can have: the bit is set
 * and the upper half is empty.
 */
static int
add_fd_from(scmp_filter_ctx ctx, int nr, unsigned int n,
    struct scmp_arg_cmp *args, struct scmp_arg_cmp *fd)
{
	uint64_t from = fd->datum_a;
	int r = 0;

	if (from == 0 || (from & (from - 1)) != 0)
		return -EINVAL;
	for (uint64_t bit = from; r == 0 && bit < CONFINE_FD_END; bit <<= 1) {
		fd->datum_a = ~(uint64_t)UINT32_MAX | bit;
		fd->datum_b = bit;
		r = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, nr, n, args);
	}
	return r;
}

static int
add_call(scmp_filter_ctx ctx, const struct confine_call *call)
{
	struct scmp_arg_cmp args[CONFINE_ARGS_MAX];
	struct scmp_arg_cmp *fd_from = NULL;
	unsigned int n = 0;

	/* A pseudo number: this architecture has no such call. */
	if (call->nr < 0)
		return 0;
	if (call->nargs > CONFINE_ARGS_MAX)
		return -EINVAL;
	for (unsigned int i = 0; i < call->nargs; i++) {
		if (call->args[i].compare == CONFINE_ANY)
			continue;
		args[n] = comparison(&call->args[i]);
		if (call->args[i].compare == CONFINE_FD_FROM)
			fd_from = &args[n];
		n++;
	}
	if (fd_from != NULL)
		return add_fd_from(ctx, call->nr, n, args, fd_from);
	return seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, call->nr, n, args);
}

#ifdef WITH_SANITIZERS
/*
 * The search for leaks at exit starts a thread that traces the others: nothing
 * a confined process may do. Tests of the same code unconfined find the leaks.
 */
const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
	return "detect_leaks=0";
}

/* What the sanitizers' runtime itself calls: test builds only. */
static const struct confine_call sanitizer_calls[] = {
    {SCMP_SYS(mmap), 0, {{0}}},
    {SCMP_SYS(munmap), 0, {{0}}},
    {SCMP_SYS(mprotect), 0, {{0}}},
    {SCMP_SYS(madvise), 0, {{0}}},
    {SCMP_SYS(sigaltstack), 0, {{0}}},
    {SCMP_SYS(gettid), 0, {{0}}},
    {SCMP_SYS(getpid), 0, {{0}}},
    {SCMP_SYS(sched_yield), 0, {{0}}},
    {SCMP_SYS(futex), 0, {{0}}},
    {SCMP_SYS(rt_sigprocmask), 0, {{0}}},
    {SCMP_SYS(rt_sigaction), 0, {{0}}},
    {SCMP_SYS(getrandom), 0, {{0}}},
    {SCMP_SYS(write), 1, {{0, CONFINE_EQ, 2, 0}}},
};
#endif

static int
load_filter(const struct confine *t)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int r = 0;

	if (ctx == NULL)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < t->ncalls; i++)
		r = add_call(ctx, &t->calls[i]);
#ifdef WITH_SANITIZERS
	for (size_t i = 0;
	     r == 0 && i < sizeof(sanitizer_calls) / sizeof(sanitizer_calls[0]);
	     i++) {
		r = add_call(ctx, &sanitizer_calls[i]);
		if (r == -EEXIST)
			r = 0;
	}
#endif
	/* The children have no_new_privs; the loader sets it itself or has the
	 * right. */
	if (r == 0)
		r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 0);
	if (r == 0)
		r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (r == 0)
		r = seccomp_load(ctx);
	seccomp_release(ctx);
	return r;
}

int
confine_apply(const struct confine *table)
{
	int r = set_limits(table);

	if (r == 0)
		r = set_landlock(table);
	if (r == 0)
		r = load_filter(table);
	return r;
}
