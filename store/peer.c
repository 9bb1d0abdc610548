/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include <errno.h>
#include <time.h>

#include "ipc/proc/fd.h"

uint64_t
now_mono(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

int64_t
now_real(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * (int64_t)SECOND + t.tv_nsec;
}

void
peer_close(struct peer *p)
{
	chan_event_detach(&p->event);
	chan_close(&p->chan);
}

int
peer_open(struct store *s, struct peer *p, int fd, enum wire_process who,
    const struct chan_row *rows, size_t nrows, size_t queue_max,
    chan_ended *ended)
{
	int r;

	peer_close(p);
	r = chan_open(
	    fd, PROCESS_STORE, who, rows, nrows, s, queue_max, &p->chan);
	if (r < 0)
		return r;
	r = chan_event_attach(s->base, p->chan, -1, ended, s, &p->event);
	if (r < 0)
		chan_close(&p->chan);
	return r;
}

void
peer_send(struct peer *p, uint16_t type, const void *msg)
{
	/* -ECONNRESET comes again as the channel's end; at the queue's bound
	 * the newer message says all that the refused one did. */
	if (p->chan == NULL)
		return;
	(void)chan_send(p->chan, type, msg, NULL);
	chan_event_kick(p->event);
}
