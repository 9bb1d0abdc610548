/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/replay/fake_kernel.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>

#include "monitor/kernel.h"

#define FDS 65536

static struct fake_event *events;
static size_t nevents, room, next_read;
static size_t by_fd[FDS]; /* 1 + event, 0: free */
static size_t nopen;
static uint64_t now_ns = FAKE_START_NS;
static int read_error;
static const char *place_file = "";
static unsigned int place_line;

void
fake_place(const char *file, unsigned int line)
{
	place_file = file;
	place_line = line;
}

void
fake_fail(const char *format, ...)
{
	va_list ap;

	(void)fflush(stdout);
	(void)fprintf(stderr, "%s:%u: ", place_file, place_line);
	va_start(ap, format);
	(void)vfprintf(stderr, format, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
	exit(1);
}

size_t
fake_queue(const struct fake_event *e)
{
	if (nevents == room) {
		room = room == 0 ? 64 : room * 2;
		events = realloc(events, room * sizeof(*events));
		if (events == NULL)
			fake_fail("out of memory");
	}
	events[nevents] = *e;
	events[nevents].state = FAKE_QUEUED;
	events[nevents].fd = -1;
	return nevents++;
}

struct fake_event *
fake_event(size_t i)
{
	return &events[i];
}

size_t
fake_nevents(void)
{
	return nevents;
}

size_t
fake_queued(void)
{
	return nevents - next_read;
}

struct fake_event *
fake_find(const char *name)
{
	for (size_t i = nevents; i-- > 0;) {
		if (strcmp(events[i].name, name) == 0)
			return &events[i];
	}
	return NULL;
}

void
fake_watchdog(struct fake_event *e, uint8_t answer)
{
	if (e->state != FAKE_READ)
		fake_fail("%s does not wait for an answer", e->name);
	e->state = FAKE_ANSWERED;
	e->answer = answer;
	e->by_watchdog = true;
	e->answered_ns = now_ns;
}

void
fake_read_fails(int err)
{
	read_error = err;
}

uint64_t
fake_now(void)
{
	return now_ns;
}

void
fake_set_now(uint64_t ns)
{
	if (ns < now_ns)
		fake_fail("time does not go back");
	now_ns = ns;
}

void
fake_check_end(void)
{
	for (size_t i = 0; i < nevents; i++) {
		static const char *const what[] = {
		    "was never read", "was never answered", "was never closed"};

		if (events[i].state != FAKE_CLOSED)
			fake_fail("at the end: event %s (tid %d) %s",
			    events[i].name, events[i].tid,
			    what[events[i].state]);
	}
}

/* --- monitor/kernel.h --- */

static int
lowest_free(void)
{
	for (int fd = FAKE_FD_FIRST; fd < FDS; fd++) {
		if (by_fd[fd] == 0)
			return fd;
	}
	fake_fail("out of descriptors");
}

static struct fake_event *
open_event(int fd, const char *what)
{
	if (fd < 0 || fd >= FDS || by_fd[fd] == 0)
		fake_fail("%s: descriptor %d is not open", what, fd);
	return &events[by_fd[fd] - 1];
}

int
kernel_read(int group, struct kernel_event *out)
{
	int n = 0;

	(void)group;
	if (read_error != 0) {
		int err = read_error;

		read_error = 0;
		return -err;
	}
	for (; n < KERNEL_EVENTS_MAX && next_read < nevents; n++, next_read++) {
		struct fake_event *e = &events[next_read];

		out[n].tid = e->tid;
		if (e->err < 0) {
			e->state = FAKE_CLOSED;
			e->answer = VERDICT_DENY;
			out[n].fd = e->err;
			continue;
		}
		e->fd = lowest_free();
		by_fd[e->fd] = next_read + 1;
		nopen++;
		e->state = FAKE_READ;
		out[n].fd = e->fd;
	}
	return n;
}

int
kernel_look(int fd, struct look *ret)
{
	*ret = open_event(fd, "look")->look;
	return 0;
}

ssize_t
kernel_label(int fd, char *buf, size_t cap)
{
	const struct fake_event *e = open_event(fd, "label");
	const char *label = e->label;
	size_t n;

	if (e->state == FAKE_ANSWERED && e->label_after[0] != '\0')
		label = e->label_after;
	n = strlen(label);
	if (n == 0)
		return -ENOENT;
	if (n > cap)
		n = cap;
	memcpy(buf, label, n);
	return (ssize_t)n;
}

/* One response, as process_access_response() of fs/notify/fanotify takes it. */
static int
take_answer(const struct kernel_answer *a)
{
	struct fake_event *e = open_event(a->fd, "answer");

	if (a->response != FAN_ALLOW && a->response != FAN_DENY)
		fake_fail("no response: %u", a->response);
	if (e->state == FAKE_ANSWERED && !e->by_watchdog)
		fake_fail("%s is answered twice", e->name);
	if (e->state == FAKE_ANSWERED)
		return ENOENT;
	e->state = FAKE_ANSWERED;
	e->answer = a->response == FAN_DENY ? VERDICT_DENY : VERDICT_ALLOW;
	e->answered_ns = now_ns;
	return 0;
}

size_t
kernel_answer(
    int group, const struct kernel_answer *answers, size_t n, int *ret_err)
{
	(void)group;
	if (n > KERNEL_EVENTS_MAX)
		fake_fail("%zu answers in one write", n);
	*ret_err = 0;
	for (size_t i = 0; i < n; i++) {
		int err = take_answer(&answers[i]);

		/* writev says what went before; the error comes next time. */
		if (err != 0) {
			*ret_err = i == 0 ? err : 0;
			return i;
		}
	}
	return n;
}

void
kernel_close(int fd)
{
	struct fake_event *e = open_event(fd, "close");

	if (e->state != FAKE_ANSWERED)
		fake_fail("%s is closed before its answer", e->name);
	e->state = FAKE_CLOSED;
	by_fd[fd] = 0;
	nopen--;
}

uint64_t
kernel_monotonic_ns(void)
{
	return now_ns;
}

uint64_t
kernel_realtime_ns(void)
{
	return now_ns + FAKE_REALTIME_NS;
}
