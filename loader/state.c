/* SPDX-License-Identifier: Apache-2.0 */
#include "loader/loader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "ipc/proc/fd.h"
#include "ipc/proc/log.h"

#define MARKER "clean-stop"
#define LOCK "lock"
#define LISTEN_BACKLOG 64

/*
 * Removed while open: it stays a root directory for whoever holds it, and no
 * name can be made in it any more.
 */
int
state_empty_root(int *ret_fd)
{
	static const char *const places[] = {
	    "/run/doorward-root.XXXXXX", "/tmp/doorward-root.XXXXXX"};
	char path[32];
	int fd;

	for (size_t i = 0; i < 2; i++) {
		(void)snprintf(path, sizeof(path), "%s", places[i]);
		if (mkdtemp(path) != NULL)
			break;
		if (i == 1)
			return -errno;
	}
	/* The children enter it with their own uid. */
	if (chmod(path, 0555) == -1)
		return -errno;
	fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (rmdir(path) == -1 || fd == -1)
		return -errno;
	*ret_fd = fd;
	return 0;
}

/* Makes what is missing of the folders above path, as root's. */
static void
make_parents(const char *path)
{
	char part[PATH_BYTES_MAX + 1];

	for (const char *p = strchr(path + 1, '/'); p != NULL;
	     p = strchr(p + 1, '/')) {
		(void)snprintf(
		    part, sizeof(part), "%.*s", (int)(p - path), path);
		if (mkdir(part, 0755) == -1 && errno != EEXIST)
			fatal("making the directory %s", part);
	}
}

static void
check_dir(int fd, const char *path, uid_t uid, gid_t gid, mode_t mode)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		fatal("%s", path);
	if (st.st_uid != uid || st.st_gid != gid)
		fatalx("%s belongs to %u:%u, not to %u:%u; refused", path,
		    (unsigned int)st.st_uid, (unsigned int)st.st_gid,
		    (unsigned int)uid, (unsigned int)gid);
	if ((st.st_mode & 07777 & ~mode) != 0)
		fatalx("%s has mode %04o, more than %04o; refused", path,
		    (unsigned int)(st.st_mode & 07777), (unsigned int)mode);
}

/* Opens a directory, made if missing; an existing one must be as expected. */
static int
open_dir(int at, const char *name, const char *path, uid_t uid, gid_t gid,
    mode_t mode)
{
	int fd;
	bool made = mkdirat(at, name, 0700) == 0;

	if (!made && errno != EEXIST)
		fatal("making the directory %s", path);
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		fatal("%s", path);
	if (made && (fchown(fd, uid, gid) == -1 || fchmod(fd, mode) == -1))
		fatal("setting the owner of %s", path);
	check_dir(fd, path, uid, gid, mode);
	return fd;
}

static void
take_lock(struct state *s, int dir, const char *path)
{
	s->lock =
	    openat(dir, LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (s->lock == -1)
		fatal("%s/%s", path, LOCK);
	if (flock(s->lock, LOCK_EX | LOCK_NB) == -1) {
		if (errno == EWOULDBLOCK)
			fatalx(
			    "another doorward-loader is running on %s", path);
		fatal("locking %s/%s", path, LOCK);
	}
}

void
state_open(
    struct state *s, const struct compiled_header *c, const struct accounts *a)
{
	const char *path = compiled_string(c, c->settings.state_dir);
	const struct account *store = &a->of[PROCESS_STORE];
	const struct account *sealer = &a->of[PROCESS_SEALER];
	char below[PATH_BYTES_MAX + 16];
	int dir fd_cleanup = -1;

	make_parents(path);
	dir = open_dir(AT_FDCWD, path, path, 0, 0, 0755);
	if (fchmod(dir, 0755) == -1)
		fatal("%s", path);
	take_lock(s, dir, path);
	(void)snprintf(below, sizeof(below), "%s/log", path);
	/* What the store writes there, query's group may read. */
	s->log_dir = open_dir(
	    dir, "log", below, store->uid, a->of[PROCESS_QUERY].gid, 02750);
	(void)snprintf(below, sizeof(below), "%s/keys", path);
	s->key_dir =
	    open_dir(dir, "keys", below, sealer->uid, sealer->gid, 0700);
	s->clean_stop = unlinkat(dir, MARKER, 0) == 0;
}

static int
listen_at(const char *path, gid_t group)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd fd_cleanup =
	    socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct stat st;

	if (strlen(path) >= sizeof(sun.sun_path))
		fatalx("%s: a socket's path has at most %zu bytes", path,
		    sizeof(sun.sun_path) - 1);
	(void)snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	if (fd == -1)
		fatal("a socket for %s", path);
	make_parents(path);
	/* The lock is ours: a socket that is there was left by a crash. */
	if (lstat(path, &st) == 0 &&
	    (!S_ISSOCK(st.st_mode) || unlink(path) == -1))
		fatalx("%s exists and is not a socket of ours; refused", path);
	if (bind(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1 ||
	    chmod(path, 0660) == -1 || lchown(path, 0, group) == -1 ||
	    listen(fd, LISTEN_BACKLOG) == -1)
		fatal("listening on %s", path);
	return take_fd(&fd);
}

void
state_listen(struct state *s, const struct compiled_header *c, gid_t admin)
{
	mode_t old = umask(0022);

	s->control = listen_at(compiled_string(c, c->settings.control), admin);
	s->events = -1;
	if (c->settings.events.len != 0)
		s->events =
		    listen_at(compiled_string(c, c->settings.events), admin);
	(void)umask(old);
}

void
state_close(struct state *s, const struct compiled_header *c, bool closed)
{
	char path[PATH_BYTES_MAX + 16];
	int fd fd_cleanup = -1;

	if (s->control >= 0)
		(void)unlink(compiled_string(c, c->settings.control));
	if (s->events >= 0)
		(void)unlink(compiled_string(c, c->settings.events));
	fd_close(&s->control);
	fd_close(&s->events);
	if (!closed)
		return;
	(void)snprintf(path, sizeof(path), "%s/%s",
	    compiled_string(c, c->settings.state_dir), MARKER);
	fd = open(
	    path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1 || fsync(fd) == -1)
		log_warn("%s: the next start will not know that this one "
			 "ended in order",
		    path);
}
