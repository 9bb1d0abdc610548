/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy as it arrives, in parts, because this process may map no file.
 * Two pairs of buffers: one in force, one being filled.
 */
#include "monitor/monitor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct object {
	uint8_t *bytes; /* mapped, anonymous; NULL when empty */
	uint32_t total, filled;
};

struct policy_parts {
	uint64_t generation; /* of the parts being filled */
	struct object filling[2], in_force[2];
};

static const uint32_t bytes_max[2] = {COMPILED_BYTES_MAX, RESOLVED_BYTES_MAX};

int
policy_parts_new(struct policy_parts **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret == NULL ? -ENOMEM : 0;
}

static void
drop(struct object *o)
{
	if (o->bytes != NULL)
		(void)munmap(o->bytes, o->total);
	memset(o, 0, sizeof(*o));
}

static int
begin(struct policy_parts *p, const struct msg_POLICY_PART *part)
{
	struct object *o = &p->filling[part->which];
	void *bytes;

	if (part->which == 0) {
		drop(&p->filling[0]);
		drop(&p->filling[1]);
		p->generation = part->generation;
	}
	if (o->bytes != NULL || part->total == 0 ||
	    part->total > bytes_max[part->which])
		return -EPROTO;
	bytes = mmap(NULL, part->total, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (bytes == MAP_FAILED)
		return -errno;
	o->bytes = bytes;
	o->total = part->total;
	return 0;
}

int
policy_parts_add(struct policy_parts *p, const struct msg_POLICY_PART *part)
{
	struct object *o;
	int r;

	if (part->which > 1)
		return -EPROTO;
	o = &p->filling[part->which];
	if (part->offset == 0) {
		r = begin(p, part);
		if (r < 0)
			return r;
	}
	if (part->generation != p->generation || o->bytes == NULL ||
	    part->total != o->total || part->offset != o->filled ||
	    part->bytes_len == 0 || part->bytes_len > o->total - o->filled)
		return -EPROTO;
	memcpy(o->bytes + o->filled, part->bytes, part->bytes_len);
	o->filled += part->bytes_len;
	return 0;
}

int
policy_parts_take(
    struct policy_parts *p, uint64_t generation, struct policy_view *view)
{
	struct object *f = p->filling;
	const struct compiled_header *compiled =
	    (const void *)p->filling[0].bytes;
	const struct resolved_header *resolved =
	    (const void *)p->filling[1].bytes;
	int r;

	if (generation != p->generation || f[0].bytes == NULL ||
	    f[1].bytes == NULL || f[0].filled != f[0].total ||
	    f[1].filled != f[1].total)
		return -EPROTO;
	r = compiled_check(f[0].bytes, f[0].total);
	if (r == 0)
		r = resolved_check(f[1].bytes, f[1].total, compiled);
	if (r < 0)
		return r;
	if (resolved->generation != generation)
		return -EBADMSG;
	for (int i = 0; i < 2; i++) {
		drop(&p->in_force[i]);
		p->in_force[i] = f[i];
		memset(&f[i], 0, sizeof(f[i]));
	}
	view->compiled = compiled;
	view->resolved = resolved;
	return 0;
}
