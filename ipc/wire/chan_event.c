/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/wire/chan_event.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>

struct chan_event {
	struct chan *chan;
	struct event *readable, *writable;
	chan_ended *ended;
	void *ctx;
};

static void
end(struct chan_event *ce, int r)
{
	(void)event_del(ce->readable);
	(void)event_del(ce->writable);
	ce->ended(ce->chan, r, ce->ctx);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct chan_event *ce = arg;
	int r = chan_flush(ce->chan);

	(void)fd;
	(void)what;
	if (r < 0)
		end(ce, r);
	else if (r == 0)
		(void)event_add(ce->writable, NULL);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct chan_event *ce = arg;
	int r;

	(void)fd;
	(void)what;
	/*
	 * One message: the event is level-triggered, so more of them come
	 * back, and a peer that answers one question at a time costs no second
	 * recvmsg that finds nothing.
	 */
	r = chan_dispatch(ce->chan);
	if (r < 0)
		end(ce, r);
	else
		chan_event_kick(ce);
}

int
chan_event_attach(struct event_base *base, struct chan *c, int priority,
    chan_ended *ended, void *ctx, struct chan_event **ret)
{
	struct chan_event *ce = calloc(1, sizeof(*ce));

	if (ce == NULL)
		return -ENOMEM;
	ce->chan = c;
	ce->ended = ended;
	ce->ctx = ctx;
	ce->readable =
	    event_new(base, chan_fd(c), EV_READ | EV_PERSIST, on_readable, ce);
	ce->writable = event_new(base, chan_fd(c), EV_WRITE, on_writable, ce);
	if (ce->readable == NULL || ce->writable == NULL ||
	    (priority >= 0 &&
		(event_priority_set(ce->readable, priority) == -1 ||
		    event_priority_set(ce->writable, priority) == -1)) ||
	    event_add(ce->readable, NULL) == -1) {
		chan_event_detach(&ce);
		return -ENOMEM;
	}
	*ret = ce;
	return 0;
}

void
chan_event_detach(struct chan_event **ce)
{
	if (*ce == NULL)
		return;
	if ((*ce)->readable != NULL)
		event_free((*ce)->readable);
	if ((*ce)->writable != NULL)
		event_free((*ce)->writable);
	free(*ce);
	*ce = NULL;
}

void
chan_event_kick(struct chan_event *ce)
{
	if (chan_wants_write(ce->chan))
		(void)event_add(ce->writable, NULL);
}
