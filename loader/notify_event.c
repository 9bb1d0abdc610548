/* SPDX-License-Identifier: Apache-2.0 */
#include "loader/notify_event.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/fanotify.h>

_Static_assert(sizeof(int[2]) == sizeof(__kernel_fsid_t), "f_fsid");

static int
parse_name(const uint8_t *at, size_t len, struct notify_event *ret)
{
	struct file_handle h;
	size_t fixed = sizeof(struct fanotify_event_info_fid);
	const uint8_t *name;
	size_t room;

	if (len < fixed + sizeof(h))
		return -EBADMSG;
	memcpy(ret->fsid, at + offsetof(struct fanotify_event_info_fid, fsid),
	    sizeof(ret->fsid));
	memcpy(&h, at + fixed, sizeof(h));
	if (h.handle_bytes > NOTIFY_HANDLE_BYTES ||
	    h.handle_bytes > len - fixed - sizeof(h))
		return -EBADMSG;
	ret->handle_bytes = h.handle_bytes;
	ret->handle_type = h.handle_type;
	memcpy(ret->handle, at + fixed + sizeof(h), h.handle_bytes);
	name = at + fixed + sizeof(h) + h.handle_bytes;
	room = len - fixed - sizeof(h) - h.handle_bytes;
	if (memchr(name, '\0', room) == NULL ||
	    strlen((const char *)name) > NAME_BYTES_MAX)
		return -EBADMSG;
	memcpy(ret->name, name, strlen((const char *)name) + 1);
	return 0;
}

static int
parse_infos(const uint8_t *at, size_t len, struct notify_event *ret)
{
	while (len > 0) {
		struct fanotify_event_info_header info;

		if (len < sizeof(info))
			return -EBADMSG;
		memcpy(&info, at, sizeof(info));
		if (info.len < sizeof(info) || info.len > len)
			return -EBADMSG;
		if (info.info_type == FAN_EVENT_INFO_TYPE_DFID_NAME) {
			int r = parse_name(at, info.len, ret);

			if (r < 0)
				return r;
		}
		at += info.len;
		len -= info.len;
	}
	return 0;
}

int
notify_next(
    const uint8_t *buf, size_t len, size_t *at, struct notify_event *ret)
{
	struct fanotify_event_metadata meta;
	int r;

	if (*at == len)
		return 0;
	if (len - *at < sizeof(meta))
		return -EBADMSG;
	memcpy(&meta, buf + *at, sizeof(meta));
	if (meta.vers != FANOTIFY_METADATA_VERSION ||
	    meta.metadata_len < sizeof(meta) ||
	    meta.event_len < meta.metadata_len || meta.event_len > len - *at)
		return -EBADMSG;
	memset(ret, 0, sizeof(*ret));
	ret->mask = meta.mask;
	r = parse_infos(buf + *at + meta.metadata_len,
	    meta.event_len - meta.metadata_len, ret);
	if (r < 0)
		return r;
	*at += meta.event_len;
	return 1;
}
