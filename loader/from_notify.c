/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The notification group: something appeared in, or vanished from, a directory
 * we look at. The kernel names the directory by a handle; its present path is
 * asked for, never remembered, so a directory that was renamed is no puzzle.
 * Nothing here opens a file.
 */
#include "loader/loader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/fanotify.h>
#include <unistd.h>

#include "ipc/proc/fd.h"
#include "ipc/proc/log.h"
#include "loader/notify_event.h"

#define NOTIFY_BUFFER_BYTES 65536
#define NOTIFY_READS 8 /* a turn's share */
#define VANISHED_SWEEP 4096

/* path of the directory + name. Length, or -errno; -ESTALE: it is gone. */
static ssize_t
path_of(const struct loader *l, const struct notify_event *e, char *path,
    size_t cap)
{
	union {
		struct file_handle head;
		uint8_t bytes[sizeof(struct file_handle) + NOTIFY_HANDLE_BYTES];
	} h;
	const struct file_system *fs = mark_system_by_fsid(&l->marks, e->fsid);
	int mount fd_cleanup = -1, dir fd_cleanup = -1;
	char link[32];
	ssize_t n;
	int more;

	if (fs == NULL)
		return -ESTALE;
	more = mark_system_open(fs, &mount);
	if (more < 0)
		return more;
	h.head.handle_bytes = e->handle_bytes;
	h.head.handle_type = e->handle_type;
	memcpy(h.bytes + sizeof(h.head), e->handle, e->handle_bytes);
	dir = open_by_handle_at(mount, &h.head, O_PATH | O_CLOEXEC);
	if (dir == -1)
		return -errno;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", dir);
	n = readlink(link, path, cap - 1);
	if (n <= 0 || path[0] != '/')
		return n == -1 ? -errno : -ESTALE;
	more = snprintf(
	    path + n, cap - (size_t)n, "%s%s", n > 1 ? "/" : "", e->name);
	if (more < 0 || (size_t)more >= cap - (size_t)n)
		return -ENAMETOOLONG;
	return n + more;
}

static void
handle(struct loader *l, const struct notify_event *e)
{
	const struct compiled_header *c = policy_latest(l)->view.compiled;
	char path[PATH_BYTES_MAX + 1];
	bool appeared = (e->mask & (FAN_CREATE | FAN_MOVED_TO)) != 0;
	bool is_dir = (e->mask & FAN_ONDIR) != 0;
	ssize_t len;

	if ((e->mask & FAN_Q_OVERFLOW) != 0) {
		vital_add(l->pages.loader->notify_overflows, 1);
		admin(l, ADMIN_NOTIFY_OVERFLOW,
		    vital_get(l->pages.loader->notify_overflows), 0);
		log_warnx("the kernel dropped notifications: looking through "
			  "everything again");
		reload_refresh_soon(l, true);
		return;
	}
	if (e->handle_bytes == 0 || c == NULL)
		return;
	len = path_of(l, e, path, sizeof(path));
	if (len < 0) {
		/* Its own parent's event, or the sweep, deals with it. */
		if (len != -ESTALE && len != -ENOENT)
			reload_refresh_soon(l, false);
		return;
	}
	if (marks_touch(l, c, path, (size_t)len, appeared, is_dir))
		reload_refresh_soon(l, false);
	if (exes_touched_by(c, path, (size_t)len))
		reload_refresh_soon(l, true);
	if (l->marks.vanished >= VANISHED_SWEEP || l->marks.places_grew)
		reload_refresh_soon(l, false);
}

void
notify_ready(struct loader *l, void *arg)
{
	static uint8_t buf[NOTIFY_BUFFER_BYTES]
	    __attribute__((aligned(__alignof__(uint64_t))));

	(void)arg;
	for (int i = 0; i < NOTIFY_READS; i++) {
		ssize_t n = read(l->kernel.notify, buf, sizeof(buf));
		struct notify_event e;
		size_t at = 0;
		int r;

		if (n <= 0) {
			if (n == -1 && errno != EAGAIN && errno != EINTR)
				log_warn("reading the notification group");
			return;
		}
		while ((r = notify_next(buf, (size_t)n, &at, &e)) > 0)
			handle(l, &e);
		if (r < 0) {
			log_warn_r(r, "an event of the notification group");
			reload_refresh_soon(l, true);
		}
	}
}
