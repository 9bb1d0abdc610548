/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A channel on a libevent loop: reads are dispatched, what is queued is sent
 * when the socket allows. Plain events on the descriptor; never bufferevents,
 * which are byte streams without descriptors.
 */
#ifndef DOORWARD_IPC_WIRE_CHAN_EVENT_H
#define DOORWARD_IPC_WIRE_CHAN_EVENT_H

#include "ipc/wire/chan.h"

struct event_base;
struct chan_event;

/* Called once when the channel ends: r is -ECONNRESET, -EPROTO or a handler's
 * error. The callee may detach and close. */
typedef void chan_ended(struct chan *c, int r, void *ctx);

/*
 * Attaches c, which stays the caller's and must outlive the attachment.
 * priority: libevent priority of its events, negative for the default.
 * 0 and *ret, or -ENOMEM.
 */
int chan_event_attach(struct event_base *base, struct chan *c, int priority,
    chan_ended *ended, void *ctx, struct chan_event **ret);
/* NULL is fine; leaves NULL behind. */
void chan_event_detach(struct chan_event **ce);
/* After chan_send: arms the write event if something waits. */
void chan_event_kick(struct chan_event *ce);

#endif
