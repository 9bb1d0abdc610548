/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the loader itself tells the log. The store may be away for a while: a
 * few records wait for its successor, those beyond are counted.
 */
#include "loader/loader.h"

#include <string.h>

void
admin(struct loader *l, unsigned int what, uint64_t a, uint64_t b)
{
	struct msg_ADMIN m = {.what = (uint16_t)what, .a = a, .b = b};
	struct child *c = &l->children[SLOT_STORE];

	if (c->ready && chan_send(c->chan, MSG_ADMIN, &m, NULL) == 0)
		child_flush(l, c);
	else if (l->nadmin_waiting < ADMIN_WAITING_MAX)
		l->admin_waiting[l->nadmin_waiting++] = m;
	else
		vital_add(l->pages.loader->admin_lost, 1);
}

void
admin_flush(struct loader *l)
{
	size_t n = l->nadmin_waiting;

	l->nadmin_waiting = 0;
	for (size_t i = 0; i < n; i++) {
		struct msg_ADMIN m = l->admin_waiting[i];

		admin(l, m.what, m.a, m.b);
	}
}

/*
 * Only what the socket takes at once: a full queue would keep a policy from the
 * store. The ADMIN record that follows says how many there were.
 */
bool
unmediated_file(
    struct loader *l, uint32_t watch, const char *path, const struct look *look)
{
	static struct msg_UNMEDIATED m;
	const struct policy *p = policy_latest(l);
	struct child *c = &l->children[SLOT_STORE];
	size_t len = strlen(path);

	if (!c->ready || chan_wants_write(c->chan) || len > PATH_BYTES_MAX)
		return false;
	m.generation = p->generation;
	m.watch = watch;
	m.mode = (uint8_t)compiled_watch(p->view.compiled, watch)->mode;
	m.dev = look->dev;
	m.ino = look->ino;
	m.st_mode = look->mode;
	m.size = look->size;
	m.path_len = (uint16_t)len;
	memcpy(m.path, path, len + 1);
	if (chan_send(c->chan, MSG_UNMEDIATED, &m, NULL) < 0)
		return false;
	child_flush(l, c);
	return true;
}
