/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/wire/chan.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "ipc/proc/fd.h"
#include "ipc/proc/log.h"

#define CHAN_ROWS_MAX 32
#define CHAN_SNDBUF_BYTES (4 * MSG_BYTES_MAX)

/* One message that would have blocked. */
struct waiting {
	STAILQ_ENTRY(waiting) next;
	int fds[MSG_FDS_MAX]; /* duplicates */
	unsigned int nfds;
	size_t len;
	uint8_t bytes[];
};

struct chan {
	int fd;
	enum wire_process self, peer;
	const struct chan_row *rows;
	size_t nrows;
	void *ctx;
	unsigned int phase;
	uint32_t had; /* bit i: row i has had its once */
	size_t queue_max, queued;
	uint64_t refused;
	STAILQ_HEAD(, waiting) queue;
};

/* No threads and no nesting: one message is in hand at a time. */
static uint8_t datagram[MSG_BYTES_MAX];
static union msg_any decoded;
static bool dispatching;

int
chan_pair(int ret_fds[2])
{
	int size = CHAN_SNDBUF_BYTES;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
		0, fds) == -1)
		return -errno;
	/* The kernel caps this at wmem_max; one whole message always fits. */
	for (int i = 0; i < 2; i++)
		(void)setsockopt(
		    fds[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	ret_fds[0] = fds[0];
	ret_fds[1] = fds[1];
	return 0;
}

int
chan_open(int fd, enum wire_process self, enum wire_process peer,
    const struct chan_row *rows, size_t nrows, void *ctx, size_t queue_max,
    struct chan **ret)
{
	struct chan *c;
	int flags;

	assert(nrows <= CHAN_ROWS_MAX);
	flags = fcntl(fd, F_GETFL);
	if (flags == -1 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1)
		return -errno;
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return -ENOMEM;
	c->fd = fd;
	c->self = self;
	c->peer = peer;
	c->rows = rows;
	c->nrows = nrows;
	c->ctx = ctx;
	c->queue_max = queue_max;
	STAILQ_INIT(&c->queue);
	*ret = c;
	return 0;
}

static void
waiting_free(struct waiting *w)
{
	for (unsigned int i = 0; i < w->nfds; i++)
		fd_close(&w->fds[i]);
	free(w);
}

void
chan_close(struct chan **c)
{
	struct waiting *w;

	if (*c == NULL)
		return;
	while ((w = STAILQ_FIRST(&(*c)->queue)) != NULL) {
		STAILQ_REMOVE_HEAD(&(*c)->queue, next);
		waiting_free(w);
	}
	fd_close(&(*c)->fd);
	free(*c);
	*c = NULL;
}

int
chan_fd(const struct chan *c)
{
	return c->fd;
}

void
chan_set_phase(struct chan *c, unsigned int phase)
{
	assert(phase < 32);
	c->phase = phase;
}

bool
chan_wants_write(const struct chan *c)
{
	return c->queued > 0;
}

size_t
chan_queued(const struct chan *c)
{
	return c->queued;
}

uint64_t
chan_refused(const struct chan *c)
{
	return c->refused;
}

/* Room for the descriptors of one message, aligned as cmsg(3) asks. */
union control {
	char bytes[CMSG_SPACE(sizeof(int) * MSG_FDS_MAX)];
	struct cmsghdr align;
};

static int
send_now(
    int fd, const uint8_t *bytes, size_t len, const int *fds, unsigned int nfds)
{
	struct iovec iov = {
	    .iov_base = (void *)(uintptr_t)bytes, .iov_len = len};
	struct msghdr mh = {.msg_iov = &iov, .msg_iovlen = 1};
	union control control;
	ssize_t n;

	if (nfds > 0) {
		struct cmsghdr *cm;

		memset(&control, 0, sizeof(control));
		mh.msg_control = control.bytes;
		mh.msg_controllen = CMSG_SPACE(sizeof(int) * nfds);
		cm = &control.align; /* the first of them */
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(sizeof(int) * nfds);
		memcpy(CMSG_DATA(cm), fds, sizeof(int) * nfds);
	}
	/*
	 * send(2) when there is nothing to hand over, so that a process that
	 * never may can be forbidden sendmsg.
	 */
	do
		n = nfds > 0
			? sendmsg(fd, &mh, MSG_NOSIGNAL | MSG_DONTWAIT)
			: send(fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return errno == EPIPE ? -ECONNRESET : -errno;
	return 0;
}

static int
enqueue(struct chan *c, const uint8_t *bytes, size_t len, const int *fds,
    unsigned int nfds)
{
	struct waiting *w;

	if (c->queued >= c->queue_max) {
		c->refused++;
		return -ENOBUFS;
	}
	w = malloc(sizeof(*w) + len);
	if (w == NULL) {
		c->refused++;
		return -ENOBUFS;
	}
	w->nfds = 0;
	for (unsigned int i = 0; i < nfds; i++) {
		w->fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 0);
		if (w->fds[i] == -1) {
			int r = -errno;

			waiting_free(w);
			return r;
		}
		w->nfds++;
	}
	w->len = len;
	memcpy(w->bytes, bytes, len);
	STAILQ_INSERT_TAIL(&c->queue, w, next);
	c->queued++;
	return 0;
}

int
chan_send(struct chan *c, uint16_t type, const void *msg, const int *fds)
{
	/* Its own place: a handler may answer while its message is in hand. */
	static uint8_t out[MSG_BYTES_MAX];
	const struct msg_row *row = msg_row(type);
	size_t len = 0;
	int r;

	assert(row != NULL && row->from == c->self && row->to == c->peer);
	r = msg_encode(type, msg, out, sizeof(out), &len);
	if (r < 0)
		return r;
	if (c->queued == 0) {
		r = send_now(c->fd, out, len, fds, row->nfds);
		if (r != -EAGAIN && r != -ENOBUFS)
			return r;
	}
	return enqueue(c, out, len, fds, row->nfds);
}

int
chan_flush(struct chan *c)
{
	struct waiting *w;

	while ((w = STAILQ_FIRST(&c->queue)) != NULL) {
		int r = send_now(c->fd, w->bytes, w->len, w->fds, w->nfds);

		if (r == -EAGAIN || r == -ENOBUFS)
			return 0;
		if (r < 0)
			return r;
		STAILQ_REMOVE_HEAD(&c->queue, next);
		c->queued--;
		waiting_free(w);
	}
	return 1;
}

/*
 * Collects the descriptors of one datagram. Anything else in the control data
 * makes the datagram bad; what was received stays in fds for the caller to
 * close.
 */
static int
collect_fds(struct msghdr *mh, int *fds, unsigned int *ret_n)
{
	unsigned int n = 0;
	int r = 0;

	for (struct cmsghdr *cm = CMSG_FIRSTHDR(mh); cm != NULL;
	     cm = CMSG_NXTHDR(mh, cm)) {
		size_t bytes = cm->cmsg_len - CMSG_LEN(0);

		if (cm->cmsg_level != SOL_SOCKET ||
		    cm->cmsg_type != SCM_RIGHTS) {
			r = -EPROTO;
			continue;
		}
		for (size_t i = 0; i < bytes / sizeof(int); i++) {
			int fd;

			memcpy(
			    &fd, CMSG_DATA(cm) + i * sizeof(int), sizeof(fd));
			if (n == MSG_FDS_MAX) {
				(void)close(fd);
				r = -EPROTO;
				continue;
			}
			fds[n++] = fd;
		}
	}
	*ret_n = n;
	return r;
}

static int
violation(const struct chan *c, const char *what)
{
	log_debug("channel from %s: %s", process_name(c->peer), what);
	return -EPROTO;
}

/* The row for an admitted message, if it may come now. */
static const struct chan_row *
permitted(struct chan *c, uint16_t type)
{
	for (size_t i = 0; i < c->nrows; i++) {
		const struct chan_row *row = &c->rows[i];

		if (row->type != type)
			continue;
		if (row->phases != 0 && (row->phases & 1u << c->phase) == 0)
			return NULL;
		if (row->once && (c->had & 1u << i) != 0)
			return NULL;
		c->had |= 1u << i;
		return row;
	}
	return NULL;
}

static int
handle(struct chan *c, size_t len, int *fds, unsigned int nfds)
{
	const struct msg_row *row;
	const struct chan_row *mine;
	int r;

	if (msg_admit(datagram, len, nfds, c->peer, c->self, &row) < 0)
		return violation(c, "not admitted");
	mine = permitted(c, row->type);
	if (mine == NULL)
		return violation(c, "not permitted now");
	if (msg_decode(row->type, datagram, len, &decoded) < 0)
		return violation(c, "malformed");
	dispatching = true;
	r = mine->handler(c, &decoded, fds, c->ctx);
	dispatching = false;
	return r < 0 ? r : 1;
}

int
chan_dispatch(struct chan *c)
{
	struct iovec iov = {.iov_base = datagram, .iov_len = sizeof(datagram)};
	union control control;
	struct msghdr mh = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control.bytes,
	    .msg_controllen = sizeof(control.bytes)};
	int fds[MSG_FDS_MAX] = {-1, -1, -1, -1, -1, -1};
	unsigned int nfds = 0;
	ssize_t n;
	int r;

	assert(!dispatching);
	do
		n = recvmsg(c->fd, &mh, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return errno == EAGAIN ? 0 : -errno;
	r = collect_fds(&mh, fds, &nfds);
	/* No message of ours is empty: an empty datagram is the end. */
	if (n == 0 && nfds == 0)
		r = -ECONNRESET;
	else if (r < 0 || (mh.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
		r = violation(c, "truncated or foreign control data");
	else
		r = handle(c, (size_t)n, fds, nfds);
	for (unsigned int i = 0; i < nfds; i++)
		fd_close(&fds[i]);
	return r;
}

int
chan_dispatch_all(struct chan *c, unsigned int limit)
{
	unsigned int done = 0;

	while (done < limit) {
		int r = chan_dispatch(c);

		if (r < 0)
			return r;
		if (r == 0)
			break;
		done++;
	}
	return (int)done;
}

int
chan_wait(struct chan *c, int timeout_ms)
{
	struct pollfd p = {.fd = c->fd, .events = POLLIN};
	int n;

	if (c->queued > 0)
		p.events |= POLLOUT;
	do
		n = poll(&p, 1, timeout_ms);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return -errno;
	return n > 0;
}
