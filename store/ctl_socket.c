/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doorwardctl → control socket and back. Requests are made here; replies are
 * taken as hostile text until jansson has read them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ipc/proc/fd.h"

#include "store/ctl.h"
#include "store/ctl_text.h"

#define LINE_BYTES_MAX (32u << 20) /* a policy's text may be long */
#define CHUNK_BYTES 65536

struct ctl_conn {
	int fd;
	char *buf;
	size_t cap, len; /* bytes received */
	size_t used;	 /* of them, handed out as the last line */
};

static int
unreachable(const struct ctl_args *a)
{
	const char *hint = "";

	if (errno == ENOENT || errno == ECONNREFUSED)
		hint = "; is it running?";
	else if (errno == EACCES)
		hint = "; root and members of group doorward may ask";
	(void)fprintf(stderr,
	    "doorwardctl: the service cannot be reached at %s: %s%s\n",
	    a->socket, strerror(errno), hint);
	return CTL_UNREACHABLE;
}

int
ctl_connect(const struct ctl_args *a, struct ctl_conn **ret)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd fd_cleanup = -1;
	struct ctl_conn *c;

	if (strlen(a->socket) >= sizeof(to.sun_path)) {
		errno = ENAMETOOLONG;
		return unreachable(a);
	}
	memcpy(to.sun_path, a->socket, strlen(a->socket));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1 ||
	    connect(fd, (const struct sockaddr *)&to, sizeof(to)) == -1)
		return unreachable(a);
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return unreachable(a);
	c->fd = take_fd(&fd);
	*ret = c;
	return CTL_OK;
}

void
ctl_disconnect(struct ctl_conn **conn)
{
	struct ctl_conn *c = *conn;

	if (c == NULL)
		return;
	fd_close(&c->fd);
	free(c->buf);
	free(c);
	*conn = NULL;
}

static int
went_away(void)
{
	(void)fprintf(stderr, "doorwardctl: the service went away\n");
	return CTL_UNREACHABLE;
}

int
ctl_send(struct ctl_conn *c, json_t *request)
{
	char *line = json_dumps(request, JSON_COMPACT);
	size_t len, sent = 0;

	if (line == NULL)
		return went_away();
	len = strlen(line);
	line[len++] = '\n'; /* in place of the NUL */
	while (sent < len) {
		ssize_t n = send(c->fd, line + sent, len - sent, MSG_NOSIGNAL);

		/* It may have said why before it closed: the reader will see.
		 */
		if (n == -1 && errno != EINTR)
			break;
		if (n > 0)
			sent += (size_t)n;
	}
	free(line);
	return CTL_OK;
}

/* More bytes into the buffer. 1, 0 at the end, -1. */
static int
fill(struct ctl_conn *c)
{
	ssize_t n;

	if (c->cap - c->len < CHUNK_BYTES) {
		size_t cap = c->cap * 2 + 2 * CHUNK_BYTES;
		char *buf;

		if (c->len > LINE_BYTES_MAX)
			return -1;
		buf = realloc(c->buf, cap);
		if (buf == NULL)
			return -1;
		c->buf = buf;
		c->cap = cap;
	}
	do
		n = recv(c->fd, c->buf + c->len, CHUNK_BYTES, 0);
	while (n == -1 && errno == EINTR);
	if (n <= 0)
		return (int)n;
	c->len += (size_t)n;
	return 1;
}

int
ctl_line(struct ctl_conn *c, const char **ret_line, size_t *ret_len)
{
	size_t looked = 0;
	char *end;

	if (c->used > 0) {
		memmove(c->buf, c->buf + c->used, c->len - c->used);
		c->len -= c->used;
		c->used = 0;
	}
	for (;;) {
		end = c->len == looked
			  ? NULL
			  : memchr(c->buf + looked, '\n', c->len - looked);
		if (end != NULL)
			break;
		looked = c->len;
		if (fill(c) <= 0)
			return went_away();
	}
	*end = '\0';
	c->used = (size_t)(end - c->buf) + 1;
	*ret_line = c->buf;
	*ret_len = c->used - 1;
	return CTL_OK;
}

static int
read_reply(struct ctl_conn *c, json_t **ret)
{
	const char *line;
	size_t len;
	json_t *reply;
	int r = ctl_line(c, &line, &len);

	if (r != CTL_OK)
		return r;
	reply = json_loadb(line, len, 0, NULL);
	if (!json_is_object(reply)) {
		json_decref(reply);
		(void)fprintf(
		    stderr, "doorwardctl: the service answered nonsense\n");
		return CTL_UNREACHABLE;
	}
	*ret = reply;
	if (json_is_true(json_object_get(reply, "ok")))
		return CTL_OK;
	(void)fprintf(stderr, "doorwardctl: ");
	text_put(stderr, text_member(reply, "error"), true);
	(void)fprintf(stderr, "\n");
	return CTL_NO;
}

int
ctl_ask(const struct ctl_args *a, json_t *request, json_t **ret)
{
	struct ctl_conn *c = NULL;
	int r = ctl_connect(a, &c);

	if (r == CTL_OK)
		r = ctl_send(c, request);
	if (r == CTL_OK)
		r = read_reply(c, ret);
	ctl_disconnect(&c);
	return r;
}

int
ctl_ask_verb(const struct ctl_args *a, const char *verb, json_t **ret)
{
	json_t *request = json_pack("{s:s}", "do", verb);
	int r = ctl_ask(a, request, ret);

	json_decref(request);
	if (a->json && *ret != NULL) {
		(void)json_dumpf(
		    *ret, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
		(void)printf("\n");
	}
	return r;
}
