/* SPDX-License-Identifier: Apache-2.0 */
#include "store/key_files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ipc/proc/fd.h"
#include "store/slot.h"

static int
open_file(const char *name, int flags)
{
	int fd = open(name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | flags,
	    S_IRUSR | S_IWUSR);

	return fd < 0 ? -errno : fd;
}

int
key_files_open(struct key_files *ret)
{
	struct key_files f = {-1, -1, -1};
	int dir fd_cleanup = -1;
	int r = 0;

	f.slots = open_file(SLOTS_FILE, O_DSYNC);
	f.public_keys = open_file(PUBLIC_FILE, 0);
	f.notes = open_file(NOTES_FILE, 0);
	if (f.slots < 0 || f.public_keys < 0 || f.notes < 0)
		r = f.slots < 0	  ? f.slots
		    : f.notes < 0 ? f.notes
				  : f.public_keys;
	else if (flock(f.slots, LOCK_EX | LOCK_NB) < 0)
		r = errno == EWOULDBLOCK ? -EBUSY : -errno;
	/* The names must be as durable as what is written under them. */
	dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r == 0 && (dir < 0 || fsync(dir) < 0))
		r = -errno;
	if (r < 0) {
		key_files_close(&f);
		return r;
	}
	*ret = f;
	return 0;
}

void
key_files_close(struct key_files *f)
{
	fd_close(&f->slots);
	fd_close(&f->public_keys);
	fd_close(&f->notes);
}

static int
write_at(int fd, const void *bytes, size_t len, off_t at)
{
	const uint8_t *from = bytes;

	while (len > 0) {
		ssize_t n = pwrite(fd, from, len, at);

		if (n < 0)
			return -errno;
		from += n;
		len -= (size_t)n;
		at += n;
	}
	return 0;
}

static int
read_at(int fd, void *bytes, size_t len, off_t at)
{
	uint8_t *to = bytes;

	while (len > 0) {
		ssize_t n = pread(fd, to, len, at);

		if (n < 0)
			return -errno;
		if (n == 0)
			return -ENOENT;
		to += n;
		len -= (size_t)n;
		at += n;
	}
	return 0;
}

int
key_files_put(const struct key_files *f, uint64_t block,
    const uint8_t pks[BLOCK_BYTES], const char *note)
{
	char padded[NOTE_BYTES_MAX] = {0};
	int r;

	memcpy(padded, note, strnlen(note, sizeof(padded) - 1));
	r = write_at(
	    f->public_keys, pks, BLOCK_BYTES, (off_t)(block * BLOCK_BYTES));
	if (r == 0)
		r = write_at(f->notes, padded, sizeof(padded),
		    (off_t)(block * sizeof(padded)));
	if (r == 0 &&
	    (fdatasync(f->public_keys) < 0 || fdatasync(f->notes) < 0))
		r = -errno;
	return r;
}

int
key_files_keys(const struct key_files *f, uint64_t block, uint32_t first,
    uint32_t count, uint8_t *ret)
{
	if (first > BLOCK_KEYS || count > BLOCK_KEYS - first)
		return -ENOENT;
	return read_at(f->public_keys, ret, (size_t)count * HASH_BYTES,
	    (off_t)(block * BLOCK_BYTES + first * (uint64_t)HASH_BYTES));
}

int
key_files_note(const struct key_files *f, uint64_t block, char *ret)
{
	int r = read_at(f->notes, ret, NOTE_BYTES_MAX,
	    (off_t)(block * (uint64_t)NOTE_BYTES_MAX));

	if (r < 0)
		return r;
	ret[NOTE_BYTES_MAX - 1] = '\0';
	return ret[0] == '\0' ? -ENOENT : 0;
}
