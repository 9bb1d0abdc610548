/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loader → query: the policy in force, the next store, the result of a reload.
 * Descriptors stay the channel's unless taken; policy mappings are owned here
 * through q->policy. The loader's end is the service's end.
 */
#include "store/query.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ipc/proc/fd.h"
#include "ipc/proc/log.h"

#include "store/json_text.h"

#define LOADER_QUEUE_MAX 16
#define RELOAD_TEXT_MAX                                                        \
	65536 /* of the compiler's messages; the rest is cut                   \
	       */

static int
on_policy(struct chan *c, const void *msg, int *fds, void *ctx)
{
	const struct msg_POLICY_QUERY *m = msg;
	struct query *q = ctx;
	struct policy_view view = {NULL, NULL};
	int r;

	(void)c;
	r = policy_view_map(fds[0], fds[1], &view);
	if (r < 0)
		return r;
	policy_view_unmap(&q->policy);
	q->policy = view;
	q->generation = m->generation;
	return 0;
}

static int
on_new_store(struct chan *c, const void *msg, int *fds, void *ctx)
{
	int fd fd_cleanup = take_fd(&fds[0]);
	int r = from_store_open(ctx, fd);

	(void)c;
	(void)msg;
	if (r == 0)
		(void)take_fd(&fd);
	return r;
}

/* The compiler's text, at most RELOAD_TEXT_MAX bytes; free() it. NULL: none. */
static char *
read_text(int fd, size_t *ret_len)
{
	struct stat st;
	size_t len, used = 0;
	char *text;

	if (fstat(fd, &st) == -1 || st.st_size <= 0)
		return NULL;
	len =
	    st.st_size > RELOAD_TEXT_MAX ? RELOAD_TEXT_MAX : (size_t)st.st_size;
	text = malloc(len + 1);
	if (text == NULL)
		return NULL;
	while (used < len) {
		ssize_t n = pread(fd, text + used, len - used, (off_t)used);

		if (n <= 0)
			break;
		used += (size_t)n;
	}
	text[used] = '\0';
	*ret_len = used;
	return text;
}

static json_t *
reload_reply(const struct msg_RELOAD_DONE *m, const char *text, size_t len)
{
	json_t *reply = json_object();
	json_t *said = json_text((const uint8_t *)text, len);

	(void)json_object_set_new(reply, "ok", json_boolean(m->ok));
	(void)json_object_set_new(
	    reply, "generation", json_integer((json_int_t)m->generation));
	if (m->ok) {
		if (len > 0)
			(void)json_object_set(reply, "warnings", said);
	} else {
		(void)json_object_set(reply, "error", said);
		(void)json_object_set_new(
		    reply, "errors", json_integer(m->errors));
	}
	json_decref(said);
	return reply;
}

static int
on_reload_done(struct chan *c, const void *msg, int *fds, void *ctx)
{
	const struct msg_RELOAD_DONE *m = msg;
	struct query *q = ctx;
	struct client *client;
	size_t len = 0;
	char *text = read_text(fds[0], &len);

	(void)c;
	q->reload_under_way = false;
	TAILQ_FOREACH(client, &q->clients, entry)
	{
		if (client->state != CLIENT_RELOAD)
			continue;
		client_send(
		    client, reload_reply(m, text == NULL ? "" : text, len));
		client_next(client);
	}
	free(q->reload_text);
	q->reload_text = m->ok ? NULL : text;
	if (m->ok)
		free(text);
	return 0;
}

static const struct chan_row rows[] = {
    {MSG_POLICY_QUERY, false, 0, on_policy},
    {MSG_NEW_STORE_QUERY, false, 0, on_new_store},
    {MSG_RELOAD_DONE, false, 0, on_reload_done},
};

static void
on_ended(struct chan *c, int r, void *ctx)
{
	struct query *q = ctx;

	(void)c;
	q->failed = r == -ECONNRESET ? 0 : r;
	(void)event_base_loopbreak(q->base);
}

int
from_loader_open(struct query *q, int fd)
{
	int r;

	r = chan_open(fd, PROCESS_QUERY, PROCESS_LOADER, rows,
	    sizeof(rows) / sizeof(rows[0]), q, LOADER_QUEUE_MAX, &q->loader);
	if (r < 0)
		return r;
	return chan_event_attach(
	    q->base, q->loader, -1, on_ended, q, &q->loader_event);
}

int
to_loader_reload(struct query *q, const struct ucred *peer)
{
	struct msg_RELOAD m = {.uid = peer->uid, .pid = (uint32_t)peer->pid};
	int r;

	if (q->loader == NULL)
		return -ENOTCONN;
	r = chan_send(q->loader, MSG_RELOAD, &m, NULL);
	if (r < 0)
		return r;
	chan_event_kick(q->loader_event);
	q->reload_under_way = true;
	return 0;
}
