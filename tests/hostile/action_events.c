/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event descriptor is the right to read a watched file, and the group is
 * every opener's fate. Whoever holds them must not be able to use the first for
 * anything but asking what it is, nor to lose or share the second.
 */
#include "config.h"

#include "tests/hostile/hostile.h"

#include <fcntl.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "ipc/proc/child.h"

#define EVENT HOSTILE_FD_EVENT
#define CHANNEL 6 /* to the decider */
#define DO(name, ...)                                                          \
	static long try_##name(void)                                           \
	{                                                                      \
		return syscall(__VA_ARGS__);                                   \
	}
#define ROW(name)                                                              \
	{                                                                      \
#name, try_##name                                              \
	}

static char buffer[256];
static struct iovec iov = {buffer, sizeof(buffer)};
static long long offset;

DO(event_read, SYS_read, EVENT, buffer, sizeof(buffer))
DO(event_pread64, SYS_pread64, EVENT, buffer, sizeof(buffer), 0L)
DO(event_readv, SYS_readv, EVENT, &iov, 1)
DO(event_preadv, SYS_preadv, EVENT, &iov, 1, 0L, 0L)
DO(event_preadv2, SYS_preadv2, EVENT, &iov, 1, 0L, 0L, 0)
DO(event_sendfile, SYS_sendfile, CHILD_FD_LOADER, EVENT, &offset, 10UL)
DO(event_splice, SYS_splice, EVENT, NULL, CHILD_FD_LOADER, NULL, 10UL, 0)
DO(event_tee, SYS_tee, EVENT, CHILD_FD_LOADER, 10UL, 0)
DO(event_vmsplice, SYS_vmsplice, EVENT, &iov, 1UL, 0)
DO(event_copy_file_range, SYS_copy_file_range, EVENT, NULL, CHILD_FD_LOADER,
    NULL, 10UL, 0)
DO(event_dup, SYS_dup, EVENT)
#ifdef SYS_dup2
DO(event_dup2, SYS_dup2, EVENT, STDIN_FILENO)
#endif
DO(event_dup3_stdin, SYS_dup3, EVENT, STDIN_FILENO, 0)
DO(event_fcntl_dupfd, SYS_fcntl, EVENT, F_DUPFD, 0)
DO(event_fcntl_dupfd_cloexec, SYS_fcntl, EVENT, F_DUPFD_CLOEXEC, 0)
DO(event_fcntl_setlease, SYS_fcntl, EVENT, F_SETLEASE, F_RDLCK)
DO(event_fcntl_setown, SYS_fcntl, EVENT, F_SETOWN, 1)
DO(event_write, SYS_write, EVENT, "x", 1)
DO(event_pwrite64, SYS_pwrite64, EVENT, "x", 1, 0L)
DO(event_writev, SYS_writev, EVENT, &iov, 1)
DO(event_lseek, SYS_lseek, EVENT, 0L, SEEK_SET)
DO(event_ftruncate, SYS_ftruncate, EVENT, 0L)
DO(event_fallocate, SYS_fallocate, EVENT, 0, 0L, 1L)
DO(event_fchmod, SYS_fchmod, EVENT, 0777)
DO(event_fchown, SYS_fchown, EVENT, 1, 1)
DO(event_fsetxattr, SYS_fsetxattr, EVENT, "user.x", "x", 1UL, 0)
DO(event_fgetxattr, SYS_fgetxattr, EVENT, "user.x", buffer, 1UL)
DO(event_flock, SYS_flock, EVENT, 1)
DO(event_fsync, SYS_fsync, EVENT)
DO(event_linkat, SYS_linkat, EVENT, "", AT_FDCWD, "/new", AT_EMPTY_PATH)
DO(event_readahead, SYS_readahead, EVENT, 0L, 10UL)
DO(event_readlinkat, SYS_readlinkat, EVENT, "", buffer, sizeof(buffer))
DO(event_statx_no_empty_path, SYS_statx, EVENT, "x", 0, 0, buffer)

/* To a peer that has no sandbox as tight as ours. */
static long
send_rights(int call)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct msghdr mh = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control.bytes,
	    .msg_controllen = sizeof(control.bytes)};
	struct mmsghdr mmh;
	struct cmsghdr *cm;
	int fd = EVENT;

	memset(&control, 0, sizeof(control));
	cm = CMSG_FIRSTHDR(&mh);
	cm->cmsg_level = SOL_SOCKET;
	cm->cmsg_type = SCM_RIGHTS;
	cm->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cm), &fd, sizeof(fd));
	if (call == SYS_sendmsg)
		return syscall(SYS_sendmsg, CHILD_FD_LOADER, &mh, MSG_NOSIGNAL);
	memset(&mmh, 0, sizeof(mmh));
	mmh.msg_hdr = mh;
	return syscall(SYS_sendmmsg, CHILD_FD_LOADER, &mmh, 1, MSG_NOSIGNAL);
}

static long
try_event_sendmsg(void)
{
	return send_rights(SYS_sendmsg);
}

static long
try_event_sendmmsg(void)
{
	return send_rights(SYS_sendmmsg);
}

#ifndef WITH_SANITIZERS
DO(event_mmap, SYS_mmap, NULL, 4096UL, PROT_READ, MAP_PRIVATE, EVENT, 0L)
DO(event_mmap_shared, SYS_mmap, NULL, 4096UL, PROT_READ, MAP_SHARED, EVENT, 0L)
#endif

DO(event_dup3_channel, SYS_dup3, EVENT, CHANNEL, 0)

static long
try_event_dup3_channel_recv(void)
{
	struct msghdr mh = {.msg_iov = &iov, .msg_iovlen = 1};

	(void)syscall(SYS_dup3, EVENT, CHANNEL, 0);
	return syscall(SYS_recvmsg, CHANNEL, &mh, 0);
}

DO(group_close, SYS_close, subject.group)
DO(group_close_range, SYS_close_range, 3U, ~0U, 0)
DO(group_dup, SYS_dup, subject.group)
DO(group_dup3_over, SYS_dup3, EVENT, subject.group, 0)
DO(group_dup3_away, SYS_dup3, subject.group, 45, 0)
DO(group_write, SYS_write, subject.group, buffer, 8)
DO(group_mark, SYS_fanotify_mark, subject.group, FAN_MARK_ADD, FAN_OPEN,
    AT_FDCWD, "/file")
DO(group_flush, SYS_fanotify_mark, subject.group, FAN_MARK_FLUSH, 0UL, AT_FDCWD,
    NULL)
DO(group_ioctl, SYS_ioctl, subject.group, 0x541B /* FIONREAD */, buffer)
/*
 * The kernel takes a descriptor from the lower half of its argument, a filter
 * compares the whole: the same group in two words.
 */
DO(group_close_high_half, SYS_close, (1UL << 32) + (unsigned long)subject.group)
DO(channel_close_high_half, SYS_close, (1UL << 32) + CHILD_FD_LOADER)
DO(event_read_high_half, SYS_read, (1UL << 32) + EVENT, buffer, sizeof(buffer))
DO(group_read_high_half, SYS_read, (1UL << 32) + (unsigned long)subject.group,
    buffer, sizeof(buffer))
/* What the filter must leave: without these nothing works. */
DO(event_close, SYS_close, EVENT)
DO(event_statx, SYS_statx, EVENT, "", AT_EMPTY_PATH, 0, buffer)

/* Every number an event can have can be closed: EBADF, not death. */
static long
try_event_close_any(void)
{
	for (int fd = 16; fd < 65536; fd++)
		(void)syscall(SYS_close, fd);
	return 0;
}

static long
try_group_read(void)
{
	/* Nothing is marked: EAGAIN. */
	return syscall(SYS_read, subject.group, buffer, sizeof(buffer));
}

DO(self_open, SYS_openat, 4, "5", O_RDONLY)

const struct action actions_events[] = {
    ROW(event_read),
    ROW(event_pread64),
    ROW(event_readv),
    ROW(event_preadv),
    ROW(event_preadv2),
    ROW(event_sendfile),
    ROW(event_splice),
    ROW(event_tee),
    ROW(event_vmsplice),
    ROW(event_copy_file_range),
    ROW(event_dup),
#ifdef SYS_dup2
    ROW(event_dup2),
#endif
    ROW(event_dup3_stdin),
    ROW(event_fcntl_dupfd),
    ROW(event_fcntl_dupfd_cloexec),
    ROW(event_fcntl_setlease),
    ROW(event_fcntl_setown),
    ROW(event_write),
    ROW(event_pwrite64),
    ROW(event_writev),
    ROW(event_lseek),
    ROW(event_ftruncate),
    ROW(event_fallocate),
    ROW(event_fchmod),
    ROW(event_fchown),
    ROW(event_fsetxattr),
    ROW(event_fgetxattr),
    ROW(event_flock),
    ROW(event_fsync),
    ROW(event_linkat),
    ROW(event_readahead),
    ROW(event_readlinkat),
    ROW(event_statx_no_empty_path),
    ROW(event_sendmsg),
    ROW(event_sendmmsg),
#ifndef WITH_SANITIZERS
    ROW(event_mmap),
    ROW(event_mmap_shared),
#endif
    ROW(event_dup3_channel),
    ROW(event_dup3_channel_recv),
    ROW(group_close),
    ROW(group_close_range),
    ROW(group_dup),
    ROW(group_dup3_over),
    ROW(group_dup3_away),
    ROW(group_write),
    ROW(group_mark),
    ROW(group_flush),
    ROW(group_ioctl),
    ROW(group_close_high_half),
    ROW(channel_close_high_half),
    ROW(event_read_high_half),
    ROW(group_read_high_half),
    ROW(event_close),
    ROW(event_close_any),
    ROW(event_statx),
    ROW(group_read),
    ROW(self_open),
    {NULL, NULL},
};
