/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which file systems can be watched, and how far each one is.
 */
#include "loader/loader.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "ipc/proc/fd.h"
#include "ipc/proc/log.h"

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
	struct look look;
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
	if (look_at(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, &look) == 0)
		fs->mnt_id = look.mnt_id;
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

static int
open_on(const struct file_system *fs, const char *path, bool any_mount)
{
	int fd fd_cleanup =
	    open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
	struct look look;

	if (fd == -1 ||
	    look_at(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, &look) < 0 ||
	    look.dev != fs->dev || (look.mnt_id != fs->mnt_id && !any_mount))
		return -1;
	return take_fd(&fd);
}

/*
 * The folder may be another's to rename, and then something else is there, or
 * nothing: those above it serve as well. It is not kept open, or nobody could
 * unmount what is watched.
 */
int
mark_system_open(const struct file_system *fs, int *ret_fd)
{
	for (int any_mount = 0; any_mount <= 1; any_mount++) {
		char path[PATH_BYTES_MAX + 1];
		size_t len = strlen(fs->path);

		memcpy(path, fs->path, len + 1);
		for (;;) {
			int fd = open_on(fs, path, any_mount != 0);

			if (fd >= 0) {
				*ret_fd = fd;
				return 0;
			}
			if (len <= 1)
				break;
			while (len > 1 && path[len] != '/')
				len--;
			path[len] = '\0';
		}
	}
	return -ENODEV;
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
