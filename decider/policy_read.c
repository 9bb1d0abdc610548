/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipc/proc/fd.h"
#include "ipc/proc/log.h"

#include "decider/policy_main.h"

/*
 * How rules cite a file: its name; with its directory if that is one of
 * fragments ("doorward.conf.d/web.conf"), which may repeat names.
 */
static const char *
cite_name(const char *path)
{
	const char *slash = strrchr(path, '/'), *p = slash;

	if (slash == NULL)
		return path;
	while (p > path && p[-1] != '/')
		p--;
	return slash - p > 2 && memcmp(slash - 2, ".d", 2) == 0 ? p : slash + 1;
}

int
inputs_add(struct policy_inputs *in, int fd, const char *path)
{
	if (in->n == FILES_MAX)
		return -ENFILE;
	in->fds[in->n] = fd;
	in->sources[in->n] =
	    (struct policy_source){path, cite_name(path), "", 0};
	in->n++;
	return 0;
}

int
inputs_open(struct policy_inputs *in, const char *path)
{
	int fd fd_cleanup = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int r;

	if (fd == -1)
		return -errno;
	r = inputs_add(in, fd, path);
	if (r == 0)
		(void)take_fd(&fd);
	return r;
}

int
inputs_open_directory(struct policy_inputs *in, const char *path)
{
	char pattern[PATH_BYTES_MAX + 16];
	glob_t found;
	int r = 0;

	(void)snprintf(pattern, sizeof(pattern), "%s/*.conf", path);
	if (glob(pattern, 0, NULL, &found) != 0)
		return 0;
	/* The names stay: sources point at them until the process ends. */
	for (size_t i = 0; i < found.gl_pathc && r == 0; i++)
		r = inputs_open(in, found.gl_pathv[i]);
	return r;
}

/* Up to max bytes of fd. *ret is allocated and NUL-terminated. 0 or -errno. */
static int
read_all(int fd, size_t max, char **ret, size_t *ret_len)
{
	size_t len = 0, room = 65536;
	char *text = malloc(room + 1), *more;
	ssize_t n = 0;
	int r = 0;

	while (text != NULL) {
		if (len == room) {
			more = realloc(text, room * 2 + 1);
			if (more == NULL)
				break;
			text = more;
			room *= 2;
		}
		n = read(fd, text + len, room - len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
		if (len > max) {
			r = -EFBIG;
			break;
		}
	}
	if (text == NULL || n != 0) {
		r = r != 0 ? r : text == NULL || n > 0 ? -ENOMEM : -errno;
		free(text);
		return r;
	}
	text[len] = '\0';
	*ret = text;
	*ret_len = len;
	return 0;
}

static void
read_accounts(int fd, const char **ret, size_t *ret_len)
{
	char *text = NULL;
	size_t len = 0;
	int r;

	*ret = "";
	*ret_len = 0;
	if (fd < 0)
		return;
	r = read_all(fd, (size_t)16 * SOURCE_BYTES_MAX, &text, &len);
	if (r < 0) {
		log_warn_r(r, "reading the names of users and groups");
		return;
	}
	*ret = text;
	*ret_len = len;
}

void
inputs_read(struct policy_inputs *in, struct policy_diags *diags)
{
	struct policy_at at = {0, 0, 0};
	char *text = NULL;
	size_t len = 0;
	int r;

	read_accounts(
	    in->passwd_fd, &in->accounts.passwd, &in->accounts.passwd_len);
	read_accounts(
	    in->group_fd, &in->accounts.group, &in->accounts.group_len);
	for (uint32_t i = 0; i < in->n; i++) {
		at.file = i;
		r = read_all(in->fds[i], SOURCE_BYTES_MAX, &text, &len);
		if (r == -EFBIG) {
			diag_error(diags, at,
			    "the file is too large, expected at most %u bytes",
			    SOURCE_BYTES_MAX);
		} else if (r < 0) {
			diag_error(diags, at, "cannot be read: %s",
			    strerrordesc_np(-r));
		} else {
			in->sources[i].text = text;
			in->sources[i].len = (uint32_t)len;
		}
	}
}
