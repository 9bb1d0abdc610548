/* SPDX-License-Identifier: Apache-2.0 */
#include "loader/loader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>

#include "ipc/proc/fd.h"
#include "ipc/proc/log.h"

#define OPENS_MASK FAN_OPEN_PERM
#define CHILDREN_MASK (FAN_OPEN_PERM | FAN_EVENT_ON_CHILD)
#define NAMES_MASK                                                             \
	(FAN_CREATE | FAN_MOVED_TO | FAN_MOVED_FROM | FAN_DELETE | FAN_ONDIR)

int
mark_note_place(struct marks *m, uint64_t dev, uint64_t mnt_id, uint32_t watch)
{
	for (size_t i = m->nplaces; i > 0; i--) {
		const struct resolved_place *p = &m->places[i - 1];

		if (p->dev == dev && p->mnt_id == mnt_id && p->watch == watch)
			return 0;
	}
	if (m->nplaces == m->cap_places) {
		size_t cap = m->cap_places == 0 ? 64 : m->cap_places * 2;
		void *bigger = reallocarray(m->places, cap, sizeof(*m->places));

		if (bigger == NULL)
			return -ENOMEM;
		m->places = bigger;
		m->cap_places = cap;
	}
	m->places[m->nplaces++] = (struct resolved_place){
	    .dev = dev, .mnt_id = mnt_id, .watch = watch};
	m->places_grew = true;
	return 0;
}

/*
 * For finding it again to take the mark away: without one it stays. A number is
 * used again when its inode is gone, a handle is not. True: another inode than
 * the entry had, or the first.
 */
static bool
keep_handle(struct mark *m, int fd)
{
	union {
		struct file_handle head;
		uint8_t bytes[sizeof(struct file_handle) + MARK_HANDLE_BYTES];
	} h;
	const uint8_t *handle = h.bytes + sizeof(h.head);
	int mount;

	h.head.handle_bytes = MARK_HANDLE_BYTES;
	if (name_to_handle_at(fd, "", &h.head, &mount, AT_EMPTY_PATH) == -1)
		return m->bits == 0;
	if (m->bits != 0 && m->handle_type == h.head.handle_type &&
	    m->handle_len == h.head.handle_bytes &&
	    memcmp(m->handle, handle, m->handle_len) == 0)
		return false;
	m->handle_type = h.head.handle_type;
	m->handle_len = (uint8_t)h.head.handle_bytes;
	memcpy(m->handle, handle, m->handle_len);
	return true;
}

/* path NULL: fd itself, which must then not be O_PATH. */
static int
mark_one(int group, unsigned int op, uint64_t mask, int fd, const char *path)
{
	if (fanotify_mark(
		group, op, mask, path != NULL ? AT_FDCWD : fd, path) == -1)
		return -errno;
	return 0;
}

static int
kernel_mark(const struct loader *l, unsigned int op, int fd, unsigned int bits)
{
	int flags = fcntl(fd, F_GETFL);
	char buf[32], *path = NULL;
	int r = 0;

	/* The first walk only looks where the places are: nobody answers yet.
	 */
	if (!l->marking)
		return 0;
	if ((flags & O_PATH) != 0) {
		(void)snprintf(buf, sizeof(buf), "/proc/self/fd/%d", fd);
		path = buf;
	}
	if ((bits & MARK_OPENS) != 0)
		r = mark_one(l->kernel.group, op, OPENS_MASK, fd, path);
	if (r == 0 && (bits & MARK_CHILDREN) != 0)
		r = mark_one(l->kernel.group, op, CHILDREN_MASK, fd, path);
	if (r == 0 && (bits & MARK_NAMES) != 0 && l->kernel.notify >= 0)
		r = mark_one(l->kernel.notify, op, NAMES_MASK, fd, path);
	return r;
}

static struct bpf_watched
watched(uint64_t dev, uint64_t ino, uint32_t watch, uint32_t kind)
{
	return (struct bpf_watched){
	    .dev = makedev((unsigned int)(dev >> 32), (unsigned int)dev),
	    .ino = ino,
	    .watch = watch,
	    .kind = kind,
	};
}

static void
note_failure(struct loader *l, struct file_system *fs,
    const struct mark_request *r, int err)
{
	l->marks.failed++;
	if (fs->err == err)
		return;
	fs->err = err;
	if ((r->bits & (MARK_OPENS | MARK_CHILDREN)) != 0)
		fs->state = COVERAGE_OBSERVED;
	log_warn_r(err, "%s: marking; said once for this file system", r->path);
}

/* Is the opener asked about, or only a name noticed? The first is guarding. */
static bool
asks(unsigned int bits)
{
	return (bits & (MARK_OPENS | MARK_CHILDREN)) != 0;
}

int
mark_place(struct loader *l, const struct mark_request *r)
{
	struct file_system *fs = mark_system(l, r->fd, r->path, r->look->dev);
	struct mark *m;
	int err;

	if (fs == NULL)
		return -EOPNOTSUPP;
	/* Asked again even if the table has it: the inode may be a new one. */
	err = kernel_mark(l, FAN_MARK_ADD, r->fd, r->bits);
	if (err < 0) {
		note_failure(l, fs, r, err);
		return err;
	}
	m = mark_obtain(&l->marks.table, r->look->dev, r->look->ino);
	if (m == NULL)
		return -ENOMEM;
	if (m->bits == 0)
		m->watch = WATCH_NONE;
	if (keep_handle(m, r->fd))
		m->appeared = l->marks.touch;
	if (!asks(m->bits) && asks(r->bits))
		fs->marks++;
	if (m->wanted != l->marks.sweep)
		m->wanted_bits = 0;
	m->wanted = l->marks.sweep;
	m->bits |= (uint8_t)r->bits;
	m->wanted_bits |= (uint8_t)r->bits;
	if (r->kind != 0) {
		struct bpf_watched w =
		    watched(r->look->dev, r->look->ino, r->watch, r->kind);

		m->watch = r->watch;
		err = bpf_objects_add(l->bpf, &w);
		if (err < 0 && !l->marks.full_said) {
			l->marks.full_said = true;
			log_warn_r(err,
			    "%s: the kernel programs will not know "
			    "whose files these are",
			    r->path);
		}
	}
	return 0;
}

/* The inode behind an entry, O_PATH. */
static int
open_entry(const struct loader *l, const struct mark *m)
{
	union {
		struct file_handle head;
		uint8_t bytes[sizeof(struct file_handle) + MARK_HANDLE_BYTES];
	} h;
	const struct file_system *fs = NULL;
	int mount fd_cleanup = -1;
	int fd, r;

	for (uint32_t i = 0; i < l->marks.nsystems; i++) {
		if (l->marks.systems[i].dev == m->dev)
			fs = &l->marks.systems[i];
	}
	if (fs == NULL || m->handle_len == 0)
		return -ENOENT;
	r = mark_system_open(fs, &mount);
	if (r < 0)
		return r;
	h.head.handle_bytes = m->handle_len;
	h.head.handle_type = m->handle_type;
	memcpy(h.bytes + sizeof(h.head), m->handle, m->handle_len);
	fd = open_by_handle_at(mount, &h.head, O_PATH | O_CLOEXEC);
	return fd == -1 ? -errno : fd;
}

static void
count_out(struct marks *m, uint64_t dev)
{
	for (uint32_t i = 0; i < m->nsystems; i++) {
		if (m->systems[i].dev == dev && m->systems[i].marks > 0)
			m->systems[i].marks--;
	}
}

void
mark_drop(struct loader *l, struct mark *m, unsigned int bits)
{
	int fd fd_cleanup = open_entry(l, m);
	unsigned int was;

	/* What cannot be found any more has taken its marks along. */
	if (fd >= 0)
		(void)kernel_mark(l, FAN_MARK_REMOVE, fd, bits);
	was = m->bits;
	m->bits &= (uint8_t)~bits;
	if (asks(was) && !asks(m->bits))
		count_out(&l->marks, m->dev);
	if (!asks(m->bits) && m->watch != WATCH_NONE) {
		struct bpf_watched w = watched(m->dev, m->ino, m->watch, 0);

		(void)bpf_objects_remove(l->bpf, &w);
		m->watch = WATCH_NONE;
	}
	if (m->bits == 0)
		mark_forget(&l->marks.table, m);
}

void
marks_flush(struct loader *l)
{
	(void)fanotify_mark(l->kernel.group, FAN_MARK_FLUSH, 0, AT_FDCWD, NULL);
	if (l->kernel.notify >= 0)
		(void)fanotify_mark(
		    l->kernel.notify, FAN_MARK_FLUSH, 0, AT_FDCWD, NULL);
}
