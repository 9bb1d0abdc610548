/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "monitor/confine_monitor.h"

int
kernel_read(int group, struct kernel_event *events)
{
	static union {
		char bytes[KERNEL_EVENTS_MAX * FAN_EVENT_METADATA_LEN];
		struct fanotify_event_metadata align;
	} buf;
	struct fanotify_event_metadata *m = &buf.align;
	ssize_t n;
	int count = 0;

	n = read(group, buf.bytes, sizeof(buf.bytes));
	if (n == -1)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	for (; FAN_EVENT_OK(m, n) && count < KERNEL_EVENTS_MAX;
	     m = FAN_EVENT_NEXT(m, n)) {
		if (m->vers != FANOTIFY_METADATA_VERSION)
			return -EPROTO;
		if (m->fd < 0 && m->fd == FAN_NOFD)
			continue; /* a queue overflow; ours is unlimited */
		events[count].fd = m->fd;
		events[count].tid = m->pid;
		count++;
	}
	return count;
}

int
kernel_look(int fd, struct look *ret)
{
	return look_at(fd, "", AT_EMPTY_PATH, ret);
}

ssize_t
kernel_label(int fd, char *buf, size_t cap)
{
	char name[16];
	ssize_t n;

	(void)snprintf(name, sizeof(name), "%d", fd);
	n = readlinkat(MONITOR_FD_SELF, name, buf, cap);
	return n == -1 ? -errno : n;
}

size_t
kernel_answer(
    int group, const struct kernel_answer *answers, size_t n, int *ret_err)
{
	/* Not on the stack: hardened builds clear it at every call. */
	static struct fanotify_response responses[KERNEL_EVENTS_MAX];
	static struct iovec iov[KERNEL_EVENTS_MAX];
	ssize_t done;

	if (n > KERNEL_EVENTS_MAX)
		n = KERNEL_EVENTS_MAX;
	for (size_t i = 0; i < n; i++) {
		responses[i].fd = answers[i].fd;
		responses[i].response = answers[i].response;
		iov[i].iov_base = &responses[i];
		iov[i].iov_len = sizeof(responses[i]);
	}
	/* One write takes one response; writev takes n (fanotify(7) is silent,
	 * fs/notify/fanotify reads one per iovec). */
	done = writev(group, iov, (int)n);
	if (done == -1) {
		*ret_err = errno;
		return 0;
	}
	*ret_err = 0;
	return (size_t)done / sizeof(responses[0]);
}

void
kernel_close(int fd)
{
	(void)close(fd);
}

static uint64_t
now(clockid_t clock)
{
	struct timespec ts;

	(void)clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

uint64_t
kernel_monotonic_ns(void)
{
	return now(CLOCK_MONOTONIC);
}

uint64_t
kernel_realtime_ns(void)
{
	return now(CLOCK_REALTIME);
}
