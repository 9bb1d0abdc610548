/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ipc/proc/fd.h"

#include "store/query.h"

#define HOUSEKEEPING_S 5

void
turn_soon(struct event *ev)
{
	static const struct timeval now = {0, 0};

	(void)event_add(ev, &now);
}

int
query_log(struct query *q)
{
	return q->log != NULL ? 0 : log_source_open(q->log_dir, &q->log);
}

/* A page is its writer's: a short one would be a fault to read. */
static int
map_page(int fd, size_t bytes, const void **ret)
{
	struct stat st;
	void *page;

	if (fstat(fd, &st) == -1)
		return -errno;
	if (st.st_size < (off_t)bytes)
		return -EINVAL;
	page = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		return -errno;
	*ret = page;
	return 0;
}

static int
map_pages(struct query *q, const struct query_start *start)
{
	const void *page = NULL;
	int r;

	r = map_page(start->loader_page, sizeof(*q->loader_page), &page);
	if (r < 0)
		return r;
	q->loader_page = page;
	r = map_page(start->monitor_page, sizeof(*q->monitor_page), &page);
	if (r < 0)
		return r;
	q->monitor_page = page;
	r = map_page(start->store_page, sizeof(*q->store_page), &page);
	if (r < 0)
		return r;
	q->store_page = page;
	return 0;
}

static void
unmap_page(const void *page, size_t bytes)
{
	if (page != NULL)
		(void)munmap((void *)(uintptr_t)page, bytes);
}

static void
on_housekeeping(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	from_ctl_sweep(arg);
}

static int
housekeeping_open(struct query *q)
{
	static const struct timeval every = {.tv_sec = HOUSEKEEPING_S};

	q->housekeeping =
	    event_new(q->base, -1, EV_PERSIST, on_housekeeping, q);
	if (q->housekeeping == NULL || event_add(q->housekeeping, &every) == -1)
		return -ENOMEM;
	return 0;
}

/* Listening sockets come from the loader, made before this process was. */
static int
never_block(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags == -1 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1)
		return -errno;
	return 0;
}

/* A descriptor must come with HELLO; without an events socket it is no
 * listener. */
static bool
listens(int fd)
{
	int on = 0;
	socklen_t len = sizeof(on);

	return fd >= 0 &&
	       getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &len) == 0 && on;
}

static int
open_parts(struct query *q, const struct query_start *start)
{
	int r;

	q->base = event_base_new();
	if (q->base == NULL)
		return -ENOMEM;
	r = map_pages(q, start);
	if (r < 0)
		return r;
	q->fed = q->sealed = vital_get(q->store_page->sealed_size);
	if ((r = never_block(q->control_fd)) < 0 ||
	    (q->events_fd >= 0 && (r = never_block(q->events_fd)) < 0) ||
	    (r = feed_open(q)) < 0 || (r = housekeeping_open(q)) < 0 ||
	    (r = from_ctl_open(q)) < 0 || (r = to_events_open(q)) < 0)
		return r;
	if (start->store_fd >= 0 &&
	    (r = from_store_open(q, start->store_fd)) < 0)
		return r;
	/* No log yet is no fault: the store may be about to make it. */
	(void)query_log(q);
	return start->loader_fd >= 0 ? from_loader_open(q, start->loader_fd)
				     : 0;
}

int
query_open(const struct query_start *start, struct query **ret)
{
	struct query *q = calloc(1, sizeof(*q));
	int r;

	if (q == NULL)
		return -ENOMEM;
	TAILQ_INIT(&q->clients);
	TAILQ_INIT(&q->readers);
	q->control_fd = start->control_fd;
	q->events_fd = listens(start->events_fd) ? start->events_fd : -1;
	q->admin_gid = start->admin_gid;
	q->events_format = start->events_format;
	q->log_dir = start->log_dir;
	r = open_parts(q, start);
	if (r < 0) {
		q->control_fd = q->events_fd = -1;
		query_close(&q);
		return r;
	}
	if (q->events_fd == -1 && start->events_fd >= 0)
		(void)close(start->events_fd);
	(void)close(start->loader_page);
	(void)close(start->monitor_page);
	(void)close(start->store_page);
	*ret = q;
	return 0;
}

int
query_run(struct query *q)
{
	if (event_base_dispatch(q->base) == -1)
		return -EIO;
	return q->failed;
}

void
query_close(struct query **query)
{
	struct query *q = *query;

	if (q == NULL)
		return;
	from_ctl_close(q);
	to_events_close(q);
	chan_event_detach(&q->store_event);
	chan_close(&q->store);
	chan_event_detach(&q->loader_event);
	chan_close(&q->loader);
	if (q->feed != NULL)
		event_free(q->feed);
	if (q->housekeeping != NULL)
		event_free(q->housekeeping);
	log_source_close(&q->log);
	policy_view_unmap(&q->policy);
	unmap_page(q->loader_page, sizeof(*q->loader_page));
	unmap_page(q->monitor_page, sizeof(*q->monitor_page));
	unmap_page(q->store_page, sizeof(*q->store_page));
	fd_close(&q->control_fd);
	fd_close(&q->events_fd);
	if (q->base != NULL)
		event_base_free(q->base);
	free(q->reload_text);
	free(q);
	*query = NULL;
}
