/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A channel: one end of a SOCK_SEQPACKET socket pair between two of our
 * processes. One datagram is one message with its descriptors. The dispatch
 * table is the receiver's state machine: a message it does not list, lists for
 * another phase, or has had its once, is a protocol violation.
 *
 * Ownership: chan_open takes the socket. Descriptors that arrive belong to the
 * channel until the handler takes them out of the array (take_fd); what is left
 * is closed when the handler returns. Descriptors given to chan_send are
 * borrowed; queued messages keep duplicates.
 *
 * Queue: a message that would block waits in a queue of at most queue_max
 * messages; at the bound chan_send says -ENOBUFS and counts it; the caller
 * decides (drop and count, stop, die), and says which in a comment.
 *
 * Not for: byte streams, clients, anything not ours. Handlers must not call
 * chan_dispatch (the decoded message lives in one static place per process).
 */
#ifndef DOORWARD_IPC_WIRE_CHAN_H
#define DOORWARD_IPC_WIRE_CHAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/wire/msg.h"

struct chan;

/*
 * msg: the decoded struct msg_TYPE, valid during the call. fds: as many as the
 * type declares. Return 0, or -errno to have chan_dispatch return it.
 */
typedef int chan_handler(struct chan *c, const void *msg, int *fds, void *ctx);

struct chan_row {
	uint16_t type;
	bool once;
	uint32_t phases; /* bits of (1u << phase); 0 means every phase */
	chan_handler *handler;
};

/* A socket pair, non-blocking and close-on-exec, sized for MSG_BYTES_MAX. 0 or
 * -errno. */
int chan_pair(int ret_fds[2]);

/*
 * self and peer: whose end this is. rows (nrows ≤ 32) must outlive the channel.
 * 0 and *ret, or -errno; fd is taken on success only.
 */
int chan_open(int fd, enum wire_process self, enum wire_process peer,
    const struct chan_row *rows, size_t nrows, void *ctx, size_t queue_max,
    struct chan **ret);
/* Closes socket, queue and duplicates; NULL is fine; leaves NULL behind. */
void chan_close(struct chan **c);

int chan_fd(const struct chan *c);
void chan_set_phase(struct chan *c, unsigned int phase); /* starts at 0 */

/*
 * Receives and handles at most one message.
 * 1 handled; 0 nothing there; -ECONNRESET peer gone; -EPROTO violation (a
 * reason is logged at debug level); otherwise the handler's -errno.
 */
int chan_dispatch(struct chan *c);

/* Handles all that is there, at most limit messages. Count ≥ 0, or -errno. */
int chan_dispatch_all(struct chan *c, unsigned int limit);

/*
 * Sends or queues. 0; -ENOBUFS at the bound; -EMSGSIZE/-EINVAL from the
 * encoder; -ECONNRESET peer gone.
 */
int chan_send(struct chan *c, uint16_t type, const void *msg, const int *fds);

/* Sends what is queued. 1 all gone, 0 some left, -errno. */
int chan_flush(struct chan *c);
bool chan_wants_write(const struct chan *c);
size_t chan_queued(const struct chan *c);
uint64_t chan_refused(const struct chan *c); /* sends refused at the bound */

/* Waits until readable (or writable if something is queued). timeout_ms < 0:
 * for ever. 1, 0 on timeout, -errno. */
int chan_wait(struct chan *c, int timeout_ms);

#endif
