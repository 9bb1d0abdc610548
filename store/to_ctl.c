/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query → clients of the control socket. The bufferevent owns the socket and
 * what waits in it; a line handed in here is copied. The bound is kept by the
 * callers: a scan pauses, a tail loses and counts, everything else is one
 * reply to one request, and the next request is not taken before it is read.
 */
#include "store/query.h"

#include <errno.h>
#include <event2/buffer.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/json_text.h"

#define REFUSAL_BYTES 1024

size_t
client_waiting(const struct client *c)
{
	return evbuffer_get_length(bufferevent_get_output(c->bev));
}

void
client_send_line(struct client *c, const char *line, size_t len)
{
	/* Out of memory: the stream would have a hole, so it ends. */
	if (bufferevent_write(c->bev, line, len) == -1)
		c->state = CLIENT_LEAVING;
}

void
client_send(struct client *c, json_t *reply)
{
	char *line = reply == NULL ? NULL : json_line(reply);

	json_decref(reply);
	if (line == NULL) {
		c->state = CLIENT_LEAVING;
		return;
	}
	client_send_line(c, line, strlen(line));
	client_send_line(c, "\n", 1);
	free(line);
}

void
client_refuse(struct client *c, const char *format, ...)
{
	char text[REFUSAL_BYTES];
	json_t *reply = json_object();
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	(void)json_object_set_new(reply, "ok", json_false());
	(void)json_object_set_new(
	    reply, "error", json_text((const uint8_t *)text, strlen(text)));
	client_send(c, reply);
}
