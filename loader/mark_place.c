/* SPDX-License-Identifier: Apache-2.0 */
#include "loader/loader.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "ipc/proc/fd.h"
#include "ipc/proc/log.h"

#define OPENS_MASK FAN_OPEN_PERM
#define CHILDREN_MASK (FAN_OPEN_PERM | FAN_EVENT_ON_CHILD)
#define NAMES_MASK                                                             \
	(FAN_CREATE | FAN_MOVED_TO | FAN_MOVED_FROM | FAN_DELETE | FAN_ONDIR)

/* linux/magic.h does not have these. */
#define MAGIC_FUSE 0x65735546u
#define MAGIC_CIFS 0xff534d42u
#define MAGIC_SMB2 0xfe534d42u
#define MAGIC_CEPH 0x00c36400u
#define MAGIC_XFS 0x58465342u
#define MAGIC_MQUEUE 0x19800202u
#define MAGIC_CONFIGFS 0x62656570u
#define MAGIC_GFS2 0x01161970u
#define MAGIC_LUSTRE 0x0bd00bd0u

static const char remote[] =
    "opening a file there can wait for another program or machine, and with it "
    "would every other opener";
static const char pseudo[] =
    "it is an interface of the kernel, not a place for files";

/* File systems that are never marked, and the names of those that are. */
static const struct {
	uint32_t type;
	const char *name;
	const char *why_not;
} known[] = {
    {EXT4_SUPER_MAGIC, "ext4", NULL},
    {MAGIC_XFS, "xfs", NULL},
    {BTRFS_SUPER_MAGIC, "btrfs", NULL},
    {TMPFS_MAGIC, "tmpfs", NULL},
    {OVERLAYFS_SUPER_MAGIC, "overlay", NULL},
    {MAGIC_FUSE, "fuse", remote},
    {NFS_SUPER_MAGIC, "nfs", remote},
    {MAGIC_CIFS, "cifs", remote},
    {MAGIC_SMB2, "smb3", remote},
    {SMB_SUPER_MAGIC, "smb", remote},
    {V9FS_MAGIC, "9p", remote},
    {AFS_FS_MAGIC, "afs", remote},
    {AFS_SUPER_MAGIC, "afs", remote},
    {CODA_SUPER_MAGIC, "coda", remote},
    {MAGIC_CEPH, "ceph", remote},
    {MAGIC_GFS2, "gfs2", remote},
    {MAGIC_LUSTRE, "lustre", remote},
    {AUTOFS_SUPER_MAGIC, "autofs", remote},
    {PROC_SUPER_MAGIC, "proc", pseudo},
    {SYSFS_MAGIC, "sysfs", pseudo},
    {CGROUP_SUPER_MAGIC, "cgroup", pseudo},
    {CGROUP2_SUPER_MAGIC, "cgroup2", pseudo},
    {DEVPTS_SUPER_MAGIC, "devpts", pseudo},
    {DEBUGFS_MAGIC, "debugfs", pseudo},
    {TRACEFS_MAGIC, "tracefs", pseudo},
    {SECURITYFS_MAGIC, "securityfs", pseudo},
    {SELINUX_MAGIC, "selinuxfs", pseudo},
    {BPF_FS_MAGIC, "bpf", pseudo},
    {PSTOREFS_MAGIC, "pstore", pseudo},
    {EFIVARFS_MAGIC, "efivarfs", pseudo},
    {NSFS_MAGIC, "nsfs", pseudo},
    {MAGIC_MQUEUE, "mqueue", pseudo},
    {MAGIC_CONFIGFS, "configfs", pseudo},
    {HUGETLBFS_MAGIC, "hugetlbfs", pseudo},
    {RDTGROUP_SUPER_MAGIC, "resctrl", pseudo},
};

static size_t
known_index(uint32_t type)
{
	size_t i = 0;

	while (i < sizeof(known) / sizeof(known[0]) && known[i].type != type)
		i++;
	return i;
}

static const char *
type_name(uint32_t type, char buf[16])
{
	size_t i = known_index(type);

	if (i < sizeof(known) / sizeof(known[0]))
		return known[i].name;
	(void)snprintf(buf, 16, "0x%x", type);
	return buf;
}

/*
 * Why not. An event on an overlay makes the reader open the file behind it; is
 * that marked in the same group, the reader waits for its own answer. Which
 * file systems are behind an overlay is said only in text, so the two kinds are
 * kept apart altogether: whichever comes first.
 */
static const char *
unfit(struct marks *m, uint32_t type)
{
	size_t i = known_index(type);

	if (i < sizeof(known) / sizeof(known[0]) && known[i].why_not != NULL)
		return known[i].why_not;
	if (type == OVERLAYFS_SUPER_MAGIC) {
		if (m->plain)
			return "other file systems are watched already, and "
			       "one of them may hold the overlay's layers: the "
			       "two cannot be watched together";
		m->overlay = true;
	} else {
		if (m->overlay)
			return "an overlay is watched already, and this may "
			       "hold its layers: the two cannot be watched "
			       "together";
		m->plain = true;
	}
	return NULL;
}

struct file_system *
mark_system(struct loader *l, int fd, const char *path, uint64_t dev)
{
	struct marks *m = &l->marks;
	struct file_system *fs;
	struct statfs st;
	const char *why;
	char name[16];

	for (uint32_t i = 0; i < m->nsystems; i++) {
		fs = &m->systems[i];
		if (fs->dev == dev)
			return fs->state == COVERAGE_BLIND ? NULL : fs;
	}
	if (fstatfs(fd, &st) == -1) {
		log_warn("%s: not watched: its file system does not say what "
			 "it is",
		    path);
		return NULL;
	}
	if (m->nsystems == SUPERBLOCKS_MAX) {
		log_warnx("%s: not watched: more than %d file systems", path,
		    SUPERBLOCKS_MAX);
		return NULL;
	}
	fs = &m->systems[m->nsystems++];
	*fs = (struct file_system){
	    .dev = dev, .type = (uint32_t)st.f_type, .path = strdup(path)};
	memcpy(fs->fsid, &st.f_fsid, sizeof(fs->fsid));
	why = fs->path == NULL ? "no memory" : unfit(m, fs->type);
	if (why == NULL) {
		fs->state = COVERAGE_GUARDED;
		return fs;
	}
	fs->state = COVERAGE_BLIND;
	fs->err = -EOPNOTSUPP;
	log_warnx("%s: not watched: it is on a file system of type %s: %s",
	    path, type_name(fs->type, name), why);
	return NULL;
}

const struct file_system *
mark_system_by_fsid(const struct marks *m, const int fsid[2])
{
	for (uint32_t i = 0; i < m->nsystems; i++) {
		if (memcmp(m->systems[i].fsid, fsid, sizeof(int[2])) == 0)
			return &m->systems[i];
	}
	return NULL;
}

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

/* Only for finding it again to take the mark away: without one it stays. */
static void
keep_handle(struct mark *m, int fd)
{
	union {
		struct file_handle head;
		uint8_t bytes[sizeof(struct file_handle) + MARK_HANDLE_BYTES];
	} h;
	int mount;

	h.head.handle_bytes = MARK_HANDLE_BYTES;
	if (name_to_handle_at(fd, "", &h.head, &mount, AT_EMPTY_PATH) == -1)
		return;
	m->handle_type = h.head.handle_type;
	m->handle_len = (uint8_t)h.head.handle_bytes;
	memcpy(m->handle, h.bytes + sizeof(h.head), m->handle_len);
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
	if (m->bits == 0) {
		m->watch = WATCH_NONE;
		keep_handle(m, r->fd);
	}
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
	int fd;

	for (uint32_t i = 0; i < l->marks.nsystems; i++) {
		if (l->marks.systems[i].dev == m->dev)
			fs = &l->marks.systems[i];
	}
	if (fs == NULL || m->handle_len == 0)
		return -ENOENT;
	mount = open(fs->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (mount == -1)
		return -errno;
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

void
marks_publish(struct loader *l)
{
	struct vitals_loader *page = l->pages.loader;
	const struct marks *m = &l->marks;
	uint64_t guarding = 0;

	for (uint32_t i = 0; i < m->nsystems; i++) {
		struct vitals_superblock *sb = &page->superblocks[i];
		char name[16];

		vital_set(sb->dev, m->systems[i].dev);
		vital_set(sb->state, m->systems[i].state);
		vital_set(sb->err, m->systems[i].err);
		vital_set(sb->marks, m->systems[i].marks);
		guarding += m->systems[i].marks;
		(void)snprintf(sb->fstype, sizeof(sb->fstype), "%s",
		    type_name(m->systems[i].type, name));
	}
	vital_set(page->nsuperblocks, m->nsystems);
	vital_set(page->marks, guarding);
	vital_set(page->marks_failed, m->failed);
	vital_set(page->missing_paths, m->missing);
}
