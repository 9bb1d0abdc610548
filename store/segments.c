/* SPDX-License-Identifier: Apache-2.0 */
#include "store/segments.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ipc/proc/fd.h"
#include "store/row.h"

#define DMS_BYTE 128 /* of -shm: held shared by every live connection */
#define WAL_HEADER_BYTES 32

static int
is_segment(const struct dirent *e)
{
	unsigned int n;
	const char *rest;

	return segment_number(e->d_name, &n, &rest) && strcmp(rest, ".db") == 0;
}

int
segments_find(const char *dir, struct segment_list *ret)
{
	struct segment_list l = {0};
	struct dirent **names = NULL;
	int n = scandir(dir, &names, is_segment, alphasort);
	int r = 0;

	if (n < 0)
		return -errno;
	if (n == 0)
		r = -ENOENT;
	else if (n > SEGMENTS_MAX)
		r = -E2BIG;
	else
		l.paths = calloc((size_t)n, sizeof(*l.paths));
	if (r == 0 && l.paths == NULL)
		r = -ENOMEM;
	for (int i = 0; i < n; i++) {
		if (r == 0 &&
		    asprintf(&l.paths[i], "%s/%s", dir, names[i]->d_name) < 0) {
			l.paths[i] = NULL;
			r = -ENOMEM;
		}
		if (r == 0)
			l.count++;
		free(names[i]);
	}
	free(names);
	if (r < 0) {
		segments_free(&l);
		return r;
	}
	*ret = l;
	return 0;
}

void
segments_free(struct segment_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->paths[i]);
	free(l->paths);
	*l = (struct segment_list){0};
}

/* Does a process have the file open as a database now? */
static bool
in_use(const char *path)
{
	struct flock lock = {.l_type = F_WRLCK,
	    .l_whence = SEEK_SET,
	    .l_start = DMS_BYTE,
	    .l_len = 1};
	char shm[SEGMENT_PATH_MAX];
	int fd fd_cleanup = -1;

	(void)snprintf(shm, sizeof(shm), "%s-shm", path);
	fd = open(shm, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 &&
	       lock.l_type != F_UNLCK;
}

static bool
has_wal(const char *path)
{
	char wal[SEGMENT_PATH_MAX];
	struct stat st;

	(void)snprintf(wal, sizeof(wal), "%s-wal", path);
	return stat(wal, &st) == 0 && st.st_size > WAL_HEADER_BYTES;
}

/* What a URI may not hold as it is. */
static int
escape(const char *path, char *ret, size_t cap)
{
	size_t at = 0;

	for (; *path != '\0'; path++) {
		bool plain = *path != '%' && *path != '?' && *path != '#';

		if (at + 4 > cap)
			return -ENAMETOOLONG;
		if (plain)
			ret[at++] = *path;
		else
			at += (size_t)snprintf(
			    ret + at, cap - at, "%%%02x", (unsigned char)*path);
	}
	ret[at] = '\0';
	return 0;
}

static int
to_errno(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
		return 0;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EBADMSG;
	case SQLITE_BUSY:
		return -EBUSY;
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return -EACCES;
	default:
		return -EIO;
	}
}

static void
disarm(sqlite3 *db)
{
	static const int off[] = {SQLITE_DBCONFIG_ENABLE_TRIGGER,
	    SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION,
	    SQLITE_DBCONFIG_TRUSTED_SCHEMA,
	    SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER};
	static const int on[] = {
	    SQLITE_DBCONFIG_DEFENSIVE, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE};

	for (size_t i = 0; i < sizeof(off) / sizeof(off[0]); i++)
		(void)sqlite3_db_config(db, off[i], 0, NULL);
	for (size_t i = 0; i < sizeof(on) / sizeof(on[0]); i++)
		(void)sqlite3_db_config(db, on[i], 1, NULL);
	(void)sqlite3_limit(db, SQLITE_LIMIT_LENGTH, 1 << 24);
	(void)sqlite3_limit(db, SQLITE_LIMIT_SQL_LENGTH, 1 << 16);
	(void)sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
}

int
segment_read(const char *path, bool live, sqlite3 **ret)
{
	char name[SEGMENT_PATH_MAX], uri[SEGMENT_PATH_MAX + 64];
	const char *how = "";
	sqlite3 *db = NULL;
	int r;

	if (access(path, R_OK) < 0)
		return -errno;
	r = escape(path, name, sizeof(name));
	if (r < 0)
		return r;
	live |= in_use(path);
	/* vfs=unix-none locks nothing; exclusive mode keeps the index of the
	 * write-ahead file in memory instead of in a new -shm file. */
	if (!live)
		how = has_wal(path) ? "&vfs=unix-none" : "&immutable=1";
	/* With an empty authority: "//x" would be a host called x. */
	(void)snprintf(uri, sizeof(uri), "file:%s%s?mode=ro%s",
	    *name == '/' ? "//" : "", name, how);
	r = to_errno(sqlite3_open_v2(uri, &db,
	    SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX,
	    NULL));
	if (r == 0) {
		disarm(db);
		r = to_errno(sqlite3_exec(db,
		    live ? "PRAGMA mmap_size=0; PRAGMA cell_size_check=ON;"
			   "PRAGMA query_only=ON; PRAGMA temp_store=MEMORY;"
			 : "PRAGMA locking_mode=EXCLUSIVE; PRAGMA mmap_size=0;"
			   "PRAGMA cell_size_check=ON; PRAGMA query_only=ON;"
			   "PRAGMA temp_store=MEMORY;",
		    NULL, NULL, NULL));
	}
	/* The first look at the file itself. */
	if (r == 0)
		r = to_errno(sqlite3_exec(db,
		    "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL));
	if (r < 0) {
		(void)sqlite3_close(db);
		return r;
	}
	*ret = db;
	return 0;
}
