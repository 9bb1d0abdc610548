/* SPDX-License-Identifier: Apache-2.0 */
/* Names and files: nothing here is anybody's but the store's and loader's. */
#include "tests/hostile/hostile.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DO(name, ...)                                                          \
	static long try_##name(void)                                           \
	{                                                                      \
		return syscall(__VA_ARGS__);                                   \
	}
#define ROW(name)                                                              \
	{                                                                      \
#name, try_##name                                              \
	}

static struct open_how how = {.flags = O_RDONLY};
static struct {
	unsigned int bytes;
	int type;
	unsigned char handle[248]; /* also room for a struct stat or statx */
} handle = {.bytes = 8, .type = 1};
static int mount_id;

#ifdef SYS_open
DO(open, SYS_open, "/file", O_RDONLY)
DO(creat, SYS_creat, "/new", 0600)
DO(unlink, SYS_unlink, "/file")
DO(rename, SYS_rename, "/file", "/new")
DO(link, SYS_link, "/file", "/new")
DO(symlink, SYS_symlink, "/file", "/new")
DO(mkdir, SYS_mkdir, "/new", 0700)
DO(rmdir, SYS_rmdir, "/dir")
DO(mknod, SYS_mknod, "/new", S_IFIFO | 0600, 0)
DO(chmod, SYS_chmod, "/file", 0777)
DO(chown, SYS_chown, "/file", 1, 1)
DO(lchown, SYS_lchown, "/file", 1, 1)
DO(readlink, SYS_readlink, "/file", &handle, 1)
DO(access, SYS_access, "/file", R_OK)
DO(utime, SYS_utime, "/file", NULL)
#endif
DO(openat, SYS_openat, AT_FDCWD, "/file", O_RDONLY)
DO(openat_write, SYS_openat, AT_FDCWD, "/file", O_WRONLY)
DO(openat_create, SYS_openat, AT_FDCWD, "/new", O_WRONLY | O_CREAT, 0600)
DO(openat_truncate, SYS_openat, AT_FDCWD, "/file", O_WRONLY | O_TRUNC)
DO(openat_below, SYS_openat, HOSTILE_FD_DIR, "file", O_RDONLY)
DO(openat_dotdot, SYS_openat, AT_FDCWD, "/../../etc/passwd", O_RDONLY)
DO(openat2, SYS_openat2, AT_FDCWD, "/file", &how, sizeof(how))
DO(name_to_handle_at, SYS_name_to_handle_at, AT_FDCWD, "/file", &handle,
    &mount_id, 0)
DO(open_by_handle_at, SYS_open_by_handle_at, HOSTILE_FD_DIR, &handle, O_RDONLY)
DO(unlinkat, SYS_unlinkat, AT_FDCWD, "/file", 0)
DO(unlinkat_dir, SYS_unlinkat, AT_FDCWD, "/dir", AT_REMOVEDIR)
DO(renameat, SYS_renameat, AT_FDCWD, "/file", AT_FDCWD, "/new")
DO(renameat2, SYS_renameat2, AT_FDCWD, "/file", AT_FDCWD, "/new", 0)
DO(linkat, SYS_linkat, AT_FDCWD, "/file", AT_FDCWD, "/new", 0)
DO(symlinkat, SYS_symlinkat, "/file", AT_FDCWD, "/new")
DO(mkdirat, SYS_mkdirat, AT_FDCWD, "/new", 0700)
DO(mknodat, SYS_mknodat, AT_FDCWD, "/new", S_IFIFO | 0600, 0)
DO(truncate, SYS_truncate, "/file", 0)
DO(fchmodat, SYS_fchmodat, AT_FDCWD, "/file", 0777)
DO(fchownat, SYS_fchownat, AT_FDCWD, "/file", 1, 1, 0)
DO(utimensat, SYS_utimensat, AT_FDCWD, "/file", NULL, 0)
DO(setxattr, SYS_setxattr, "/file", "user.x", "x", 1, 0)
DO(getxattr, SYS_getxattr, "/file", "user.x", &handle, 1)
DO(statx_path, SYS_statx, AT_FDCWD, "/file", 0, 0, &handle)
DO(newfstatat_path, SYS_newfstatat, AT_FDCWD, "/file", &handle, 0)
DO(newfstatat_path_flagged, SYS_newfstatat, AT_FDCWD, "/file", &handle,
    AT_EMPTY_PATH)
DO(readlinkat_path, SYS_readlinkat, AT_FDCWD, "/file", &handle, 1)
DO(faccessat, SYS_faccessat, AT_FDCWD, "/file", R_OK)
DO(chdir, SYS_chdir, "/dir")
DO(fchdir, SYS_fchdir, HOSTILE_FD_DIR)
DO(getdents64, SYS_getdents64, HOSTILE_FD_DIR, &handle, sizeof(handle))
DO(statfs, SYS_statfs, "/", &handle)
DO(inotify_init1, SYS_inotify_init1, 0)
DO(memfd_create, SYS_memfd_create, "x", 0)

const struct action actions_files[] = {
#ifdef SYS_open
    ROW(open),
    ROW(creat),
    ROW(unlink),
    ROW(rename),
    ROW(link),
    ROW(symlink),
    ROW(mkdir),
    ROW(rmdir),
    ROW(mknod),
    ROW(chmod),
    ROW(chown),
    ROW(lchown),
    ROW(readlink),
    ROW(access),
    ROW(utime),
#endif
    ROW(openat),
    ROW(openat_write),
    ROW(openat_create),
    ROW(openat_truncate),
    ROW(openat_below),
    ROW(openat_dotdot),
    ROW(openat2),
    ROW(name_to_handle_at),
    ROW(open_by_handle_at),
    ROW(unlinkat),
    ROW(unlinkat_dir),
    ROW(renameat),
    ROW(renameat2),
    ROW(linkat),
    ROW(symlinkat),
    ROW(mkdirat),
    ROW(mknodat),
    ROW(truncate),
    ROW(fchmodat),
    ROW(fchownat),
    ROW(utimensat),
    ROW(setxattr),
    ROW(getxattr),
    ROW(statx_path),
    ROW(newfstatat_path),
    ROW(newfstatat_path_flagged),
    ROW(readlinkat_path),
    ROW(faccessat),
    ROW(chdir),
    ROW(fchdir),
    ROW(getdents64),
    ROW(statfs),
    ROW(inotify_init1),
    ROW(memfd_create),
    {NULL, NULL},
};
