/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request, one answer: which reply belongs to which verb, and who may ask.
 * Reading is for everybody who got in; changing is root's.
 */
#include <errno.h>
#include <string.h>

#include "store/query.h"

static void
reload(struct client *c)
{
	int r;

	if (c->peer.uid != 0) {
		client_refuse(c, "permission denied: only root reloads");
		return;
	}
	if (c->q->reload_under_way) {
		client_refuse(c, "a reload is already under way");
		return;
	}
	r = to_loader_reload(c->q, &c->peer);
	if (r < 0)
		client_refuse(
		    c, "the loader cannot be asked: %s", strerror(-r));
	else
		c->state = CLIENT_RELOAD;
}

static void
tail(struct client *c)
{
	c->sent = 0;
	c->lost = 0;
	client_send(c, stream_reply(&c->request.filter));
	if (c->state != CLIENT_LEAVING)
		c->state = CLIENT_TAIL;
}

static void
answer(struct client *c)
{
	struct query *q = c->q;

	switch (c->request.verb) {
	case REQUEST_STATUS:
		client_send(c, status_reply(q));
		break;
	case REQUEST_METRICS:
		client_send(c, metrics_reply(q));
		break;
	case REQUEST_POLICY_SHOW:
		client_send(c, policy_reply(q));
		break;
	case REQUEST_CHECKPOINT:
		client_send(c, checkpoint_reply(q));
		break;
	case REQUEST_KEY:
		client_send(c, key_reply(q));
		break;
	case REQUEST_WHY:
		client_why(c, c->request.index);
		break;
	case REQUEST_QUERY:
		client_scan(c);
		break;
	case REQUEST_TAIL:
		tail(c);
		break;
	case REQUEST_RELOAD:
		reload(c);
		break;
	case REQUEST_EVENTS:
	case REQUEST_MAX:
	default:
		client_refuse(c, "not a request");
		break;
	}
}

void
client_answer(struct client *c, struct request *request)
{
	c->request = *request;
	request->root = NULL;
	answer(c);
	if (c->state == CLIENT_IDLE || c->state == CLIENT_LEAVING)
		client_next(c);
}
