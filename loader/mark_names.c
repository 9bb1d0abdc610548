/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The notification group: the directories whose names are watched, so that what
 * is missing, or is put in place of something, is found.
 */
#include "loader/mark_pattern.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ipc/proc/fd.h"
#include "loader/walk.h"

#define EXE_WALK_BUDGET 200000

/* One directory into the notification group. */
static int
mark_names_of(struct loader *l, const char *path, struct look *ret)
{
	int fd fd_cleanup =
	    open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
	struct mark_request r = {.fd = fd,
	    .path = path,
	    .look = ret,
	    .bits = MARK_NAMES,
	    .watch = WATCH_NONE};
	int err;

	if (fd == -1)
		return -errno;
	err = look_at(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, ret);
	return err < 0 ? err : mark_place(l, &r);
}

/*
 * The directories above a path: the nearest that exists always, those further
 * up unless they are sticky, where nobody can put another in place of a folder
 * that is not his. *ret is the nearest one's.
 */
int
mark_names_above(struct loader *l, const char *path, struct look *ret)
{
	char above[PATH_BYTES_MAX + 1];
	bool found = false;
	size_t len = strlen(path);
	int r = -ENOENT;

	memcpy(above, path, len + 1);
	while (len > 1) {
		struct look look;
		char *slash = strrchr(above, '/');

		len = slash == above ? 1 : (size_t)(slash - above);
		above[len] = '\0';
		if (found &&
		    look_at(AT_FDCWD, above, AT_STATX_DONT_SYNC, &look) == 0 &&
		    (look.mode & S_ISVTX) != 0)
			continue;
		r = mark_names_of(l, above, &look);
		if (r == 0 && !found) {
			*ret = look;
			found = true;
		}
	}
	return found ? 0 : r;
}

static int
name_only(const struct walk_dir *d, void *ctx)
{
	struct loader *l = ctx;
	struct mark_request r = {.fd = d->fd,
	    .path = d->path,
	    .look = &d->look,
	    .bits = MARK_NAMES,
	    .watch = WATCH_NONE};

	return mark_place(l, &r) < 0 ? 1 : 0;
}

/* Directories in which a program may be replaced. */
void
mark_names_exe(struct loader *l, const struct compiled_header *c,
    const struct compiled_exe *e)
{
	const char *pattern = compiled_string(c, e->pattern);
	char literal[PATH_BYTES_MAX + 1], real[PATH_BYTES_MAX + 1];
	struct glob glob;
	struct walk walk = {.glob = &glob,
	    .enter = name_only,
	    .ctx = l,
	    .budget = EXE_WALK_BUDGET};
	struct look look;
	int fd fd_cleanup = -1;

	glob_split(&glob, pattern, literal, sizeof(literal));
	(void)mark_names_above(l, glob.literal, &look);
	if (glob.n != 0) {
		(void)walk_run(&walk, NULL);
		return;
	}
	/* The program a link leads to lives elsewhere. */
	fd = open(pattern, O_PATH | O_CLOEXEC);
	if (fd >= 0) {
		char link[32];
		ssize_t n;

		(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		n = readlink(link, real, sizeof(real) - 1);
		if (n > 0 && real[0] == '/') {
			real[n] = '\0';
			if (strcmp(real, pattern) != 0)
				(void)mark_names_above(l, real, &look);
		}
	}
}
