/* SPDX-License-Identifier: Apache-2.0 */
#include "loader/loader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "ipc/proc/log.h"
#include "loader/walk.h"

#define EXE_WALK_BUDGET 200000
#define EXE_LIST_MAX 262144

struct exe_walk {
	struct exe_list *list;
	uint32_t exe;
};

static int
append(struct exe_list *list, uint32_t exe, const struct look *look)
{
	if (list->n == EXE_LIST_MAX)
		return -E2BIG;
	if (list->n == list->cap) {
		size_t cap = list->cap == 0 ? 64 : list->cap * 2;
		void *bigger = reallocarray(list->at, cap, sizeof(*list->at));

		if (bigger == NULL)
			return -ENOMEM;
		list->at = bigger;
		list->cap = cap;
	}
	list->at[list->n++] = (struct resolved_exe){
	    .dev = look->dev, .ino = look->ino, .exe = exe};
	return 0;
}

/* Links are followed: what runs is the file behind them. */
static int
append_file(struct exe_list *list, uint32_t exe, int dirfd, const char *name)
{
	struct look look;

	if (look_at(dirfd, name, AT_STATX_DONT_SYNC, &look) < 0 ||
	    !S_ISREG(look.mode))
		return 0;
	return append(list, exe, &look);
}

static int
enter(const struct walk_dir *d, void *ctx)
{
	(void)d;
	(void)ctx;
	return 0;
}

static int
file(const struct walk_dir *d, const char *name, const char *path, void *ctx)
{
	const struct exe_walk *w = ctx;

	(void)path;
	return append_file(w->list, w->exe, d->fd, name);
}

int
exes_resolve(const struct compiled_header *c, struct exe_list *list)
{
	int r = 0;

	for (uint32_t i = 0; r >= 0 && i < c->nexes; i++) {
		const char *pattern =
		    compiled_string(c, compiled_exe(c, i)->pattern);
		char literal[PATH_BYTES_MAX + 1];
		struct glob glob;
		struct exe_walk ctx = {.list = list, .exe = i};
		struct walk walk = {.glob = &glob,
		    .enter = enter,
		    .file = file,
		    .ctx = &ctx,
		    .budget = EXE_WALK_BUDGET};

		glob_split(&glob, pattern, literal, sizeof(literal));
		if (glob.n == 0) {
			r = append_file(list, i, AT_FDCWD, pattern);
			continue;
		}
		r = walk_run(&walk, NULL);
		if (r == -E2BIG) {
			log_warnx("%s: more than %d names to look at; programs "
				  "beyond are not recognised",
			    pattern, EXE_WALK_BUDGET);
			r = 0;
		} else if (r != -ENOMEM) {
			r = 0; /* nothing there: it names no program now */
		}
	}
	return r;
}

bool
exes_touched_by(const struct compiled_header *c, const char *path, size_t len)
{
	for (uint32_t i = 0; i < c->nexes; i++) {
		const struct compiled_exe *e = compiled_exe(c, i);
		char literal[PATH_BYTES_MAX + 1];
		struct glob glob;

		glob_split(&glob, compiled_string(c, e->pattern), literal,
		    sizeof(literal));
		if (path_is_within(path, len, glob.literal, glob.literal_len) ||
		    (glob.n != 0 && path_is_within(glob.literal,
					glob.literal_len, path, len)))
			return true;
	}
	return false;
}
