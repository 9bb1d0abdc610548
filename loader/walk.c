/* SPDX-License-Identifier: Apache-2.0 */
#include "loader/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "ipc/proc/fd.h"

struct walk_path {
	char bytes[PATH_BYTES_MAX + 1];
	size_t len;
};

static int walk_dir(struct walk *w, int fd, struct walk_path *p,
    glob_state state, unsigned int depth);

static int
append(struct walk_path *p, const char *name, size_t len)
{
	size_t slash = p->len > 1 ? 1 : 0;

	if (p->len + slash + len > PATH_BYTES_MAX)
		return -ENAMETOOLONG;
	if (slash != 0)
		p->bytes[p->len] = '/';
	memcpy(p->bytes + p->len + slash, name, len + 1);
	p->len += slash + len;
	return 0;
}

/* Things vanish while we look: that is no error of the walk. */
static bool
vanished(int r)
{
	return r == -ENOENT || r == -ENOTDIR || r == -ELOOP || r == -ESTALE;
}

static int
visit_subdir(struct walk *w, const struct walk_dir *d, const char *name,
    struct walk_path *p, glob_state next, unsigned int depth)
{
	int fd fd_cleanup = openat(d->fd, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	int r;

	if (fd == -1)
		return vanished(-errno) ? 0 : -errno;
	r = walk_dir(w, fd, p, next, depth + 1);
	return vanished(r) ? 0 : r;
}

static int
visit_name(struct walk *w, const struct walk_dir *d, const struct dirent *entry,
    struct walk_path *p, unsigned int depth)
{
	const char *name = entry->d_name;
	glob_state next = glob_step(w->glob, d->state, name, strlen(name));
	size_t len = p->len;
	bool is_dir = entry->d_type == DT_DIR;
	int r;

	if (next == 0)
		return 0;
	if (entry->d_type == DT_UNKNOWN) {
		struct look look;

		if (look_at(d->fd, name, AT_SYMLINK_NOFOLLOW, &look) < 0)
			return 0;
		is_dir = S_ISDIR(look.mode);
	}
	if (append(p, name, strlen(name)) < 0)
		return 0; /* nobody can open it by a path the kernel shows */
	r = 0;
	if (is_dir) {
		if (depth < WALK_DEPTH_MAX &&
		    (glob_has_files(w->glob, next) ||
			glob_goes_deeper(w->glob, next)))
			r = visit_subdir(w, d, name, p, next, depth);
	} else if (w->file != NULL && glob_final(w->glob, next)) {
		r = w->file(d, name, p->bytes, w->ctx);
	}
	p->len = len;
	p->bytes[len] = '\0';
	return r;
}

static int
read_names(struct walk *w, const struct walk_dir *d, struct walk_path *p,
    unsigned int depth)
{
	int fd fd_cleanup =
	    openat(d->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
	DIR *dir;
	struct dirent *entry;
	int r = 0;

	if (fd == -1)
		return -errno;
	dir = fdopendir(fd);
	if (dir == NULL)
		return -errno;
	(void)take_fd(&fd);
	while (r == 0 && (entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		if (w->budget == 0) {
			r = -E2BIG;
			break;
		}
		w->budget--;
		r = visit_name(w, d, entry, p, depth);
	}
	(void)closedir(dir);
	return r;
}

static int
walk_dir(struct walk *w, int fd, struct walk_path *p, glob_state state,
    unsigned int depth)
{
	struct walk_dir d = {
	    .fd = fd, .path = p->bytes, .len = p->len, .state = state};
	int r = look_at(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, &d.look);

	if (r == 0)
		r = w->enter(&d, w->ctx);
	if (r != 0)
		return r < 0 ? r : 0;
	if (!glob_goes_deeper(w->glob, state) && w->file == NULL)
		return 0;
	return read_names(w, &d, p, depth);
}

/* The state after the names of `from` that follow the literal. */
static glob_state
state_at(const struct glob *g, const char *from)
{
	glob_state s = glob_start(g);
	const char *name = from + (g->literal_len > 1 ? g->literal_len : 0);

	while (s != 0 && *name != '\0') {
		size_t len;

		name += strspn(name, "/");
		len = strcspn(name, "/");
		if (len > 0)
			s = glob_step(g, s, name, len);
		name += len;
	}
	return s;
}

int
walk_run(struct walk *w, const char *from)
{
	struct walk_path p;
	glob_state s = glob_start(w->glob);
	int fd fd_cleanup = -1;

	p.len = from != NULL ? strlen(from) : w->glob->literal_len;
	if (p.len > PATH_BYTES_MAX)
		return -ENAMETOOLONG;
	memcpy(p.bytes, from != NULL ? from : w->glob->literal, p.len);
	p.bytes[p.len] = '\0';
	if (from != NULL)
		s = state_at(w->glob, from);
	if (s == 0)
		return 0;
	fd = open(p.bytes,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1)
		return -errno;
	return walk_dir(w, fd, &p, s, 0);
}
