/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doorward-store: writes the log. Started by doorward-loader, rooted in the log
 * directory. It has no key and no listening socket.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <event2/event.h>
#include <sodium.h>

#include "ipc/proc/child.h"
#include "ipc/proc/log.h"
#include "store/store.h"

#define HEARTBEAT_S 60 /* until a policy says */
#define FAR_AHEAD (1 << 30)

static struct store store = {
    .clock_fd = -1,
    .heartbeat_s = HEARTBEAT_S,
    .ledger = {.policy = -1},
};

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	batch_run(arg);
}

/* How far the wall clock is ahead of the one that nobody sets. */
static int64_t
clock_offset(void)
{
	struct timespec boot;

	(void)clock_gettime(CLOCK_BOOTTIME, &boot);
	return now_real() -
	       ((int64_t)boot.tv_sec * (int64_t)SECOND + boot.tv_nsec);
}

/* A timer in the far future that the kernel cancels when the clock is set. */
static int
clock_watch(int fd)
{
	struct itimerspec far = {
	    .it_value.tv_sec = now_real() / (int64_t)SECOND + FAR_AHEAD};

	return timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET,
		   &far, NULL) < 0
		   ? -errno
		   : 0;
}

static void
on_clock_set(evutil_socket_t fd, short what, void *arg)
{
	static int64_t offset;
	struct store *s = arg;
	struct item *i;
	uint64_t fired;
	int64_t now = clock_offset();

	(void)what;
	if (what == 0) {
		offset = now;
		return;
	}
	if (read(fd, &fired, sizeof(fired)) < 0 && errno != ECANCELED)
		return;
	(void)clock_watch(fd);
	i = item_make(KIND_CLOCK, now_real(), now_mono());
	if (i != NULL) {
		i->clock.expected = i->ts - (now - offset);
		queue_put(&s->queue, i);
	}
	offset = now;
	batch_run(s);
}

static void
start_clock(struct store *s)
{
	s->clock_fd =
	    timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	if (s->clock_fd < 0 || clock_watch(s->clock_fd) < 0)
		fatal("cannot watch the clock");
	s->clock_event = event_new(
	    s->base, s->clock_fd, EV_READ | EV_PERSIST, on_clock_set, s);
	if (s->clock_event == NULL || event_add(s->clock_event, NULL) < 0)
		fatalx("no memory for the clock's event");
	on_clock_set(s->clock_fd, 0, s);
}

int
main(int argc, char **argv)
{
	struct event_config *config;
	int r;

	child_enter(argc, argv, "doorward-store");
	(void)umask(S_IWGRP | S_IRWXO);
	if (sodium_init() < 0)
		fatalx("libsodium cannot start");
	queue_init(&store.queue);
	config = event_config_new();
	if (config == NULL ||
	    event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER) < 0)
		fatalx("no memory for the event loop");
	store.base = event_base_new_with_config(config);
	event_config_free(config);
	if (store.base == NULL)
		fatalx("cannot make the event loop");
	store.timer = event_new(store.base, -1, 0, on_timer, &store);
	if (store.timer == NULL)
		fatalx("no memory for the timer");
	start_clock(&store);
	r = from_loader_open(&store, CHILD_FD_LOADER);
	if (r < 0)
		fatal_r(r, "cannot use the channel to doorward-loader");
	(void)event_base_dispatch(store.base);
	fatalx("the event loop ended");
}
