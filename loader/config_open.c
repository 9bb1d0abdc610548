/* SPDX-License-Identifier: Apache-2.0 */
#include "loader/config_open.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ipc/proc/fd.h"
#include "ipc/proc/log.h"

static int
refuse(const char *path, const char *why)
{
	log_warnx("%s: %s; refused", path, why);
	return -EPERM;
}

static int
check_owner(const char *path, const struct stat *st, bool sticky_is_fine)
{
	if (st->st_uid != 0)
		return refuse(path, "is not owned by root");
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0 &&
	    !(sticky_is_fine && (st->st_mode & S_ISVTX) != 0))
		return refuse(path, "is writable by others than root");
	return 0;
}

/* Every folder from the root down to this one. */
static int
check_folders(char *real)
{
	char *at = real;

	for (;;) {
		struct stat st;
		char *slash = strchr(at, '/');
		int r;

		if (slash != NULL)
			*slash = '\0';
		if (lstat(*real == '\0' ? "/" : real, &st) == -1) {
			r = -errno;
			log_warn("%s", real);
			return r;
		}
		r = check_owner(*real == '\0' ? "/" : real, &st, true);
		if (r < 0 || slash == NULL)
			return r;
		*slash = '/';
		at = slash + 1;
	}
}

static int
open_file(int dir, const char *name, const char *path, struct config_files *c,
    const char *cited)
{
	int fd fd_cleanup =
	    openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd == -1) {
		r = -errno;
		if (r == -ELOOP)
			return refuse(path, "is a symbolic link");
		log_warn("%s", path);
		return r;
	}
	if (fstat(fd, &st) == -1)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return refuse(path, "is not a regular file");
	r = check_owner(path, &st, false);
	if (r < 0)
		return r;
	if (c->n == CONFIG_FILES_MAX) {
		log_warnx(
		    "%s: more than %d files; refused", path, CONFIG_FILES_MAX);
		return -E2BIG;
	}
	c->names[c->n] = strdup(cited);
	if (c->names[c->n] == NULL)
		return -ENOMEM;
	c->fds[c->n++] = take_fd(&fd);
	return 0;
}

static int
is_conf(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return e->d_name[0] != '.' && n > 5 &&
	       strcmp(e->d_name + n - 5, ".conf") == 0;
}

static int
open_listed(
    int dir, const char *folder, const char *base, struct config_files *c)
{
	struct dirent **list = NULL;
	int n = scandirat(dir, ".", &list, is_conf, alphasort);
	int r = n < 0 ? -errno : 0;

	for (int i = 0; i < n; i++) {
		char path[PATH_MAX + NAME_MAX + 2],
		    cited[NAME_MAX + NAME_MAX + 4];

		(void)snprintf(
		    path, sizeof(path), "%s/%s", folder, list[i]->d_name);
		(void)snprintf(
		    cited, sizeof(cited), "%s.d/%s", base, list[i]->d_name);
		if (r == 0)
			r = open_file(dir, list[i]->d_name, path, c, cited);
		free(list[i]);
	}
	free(list);
	return r;
}

static int
open_folder(const char *file, const char *base, struct config_files *c)
{
	char folder[PATH_MAX];
	int dir fd_cleanup = -1;
	struct stat st;
	int r;

	if (snprintf(folder, sizeof(folder), "%s.d", file) >=
	    (int)sizeof(folder))
		return -ENAMETOOLONG;
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir == -1) {
		r = -errno;
		if (r == -ENOENT)
			return 0;
		if (r == -ELOOP || r == -ENOTDIR)
			return refuse(folder, "is not a directory");
		log_warn("%s", folder);
		return r;
	}
	if (fstat(dir, &st) == -1)
		return -errno;
	r = check_owner(folder, &st, false);
	if (r < 0)
		return r;
	return open_listed(dir, folder, base, c);
}

int
config_open(const char *file, struct config_files *ret)
{
	char parent[PATH_MAX], real[PATH_MAX];
	const char *base = strrchr(file, '/');
	int dir fd_cleanup = -1;
	int r;

	ret->n = 0;
	base = base != NULL ? base + 1 : file;
	if (snprintf(parent, sizeof(parent), "%.*s", (int)(base - file),
		file) >= (int)sizeof(parent))
		return -ENAMETOOLONG;
	if (realpath(*parent == '\0' ? "." : parent, real) == NULL) {
		r = -errno;
		log_warn("%s", file);
		return r;
	}
	r = check_folders(real);
	if (r < 0)
		return r;
	dir = open(real, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir == -1)
		return -errno;
	r = open_file(dir, base, file, ret, base);
	return r < 0 ? r : open_folder(file, base, ret);
}
