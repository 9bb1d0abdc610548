/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One event of the notification group, taken out of what read(2) returned:
 * fanotify(7), struct fanotify_event_metadata with one
 * FAN_EVENT_INFO_TYPE_DFID_NAME record. Pure; every length is checked against
 * the buffer. Not for: the permission group.
 */
#ifndef DOORWARD_LOADER_NOTIFY_EVENT_H
#define DOORWARD_LOADER_NOTIFY_EVENT_H

#include <stddef.h>
#include <stdint.h>

#include "ipc/wire/words.h"

#define NOTIFY_HANDLE_BYTES 128 /* MAX_HANDLE_SZ */

struct notify_event {
	uint64_t mask;
	int fsid[2];
	uint32_t handle_bytes; /* 0: no directory (overflow) */
	int32_t handle_type;
	uint8_t handle[NOTIFY_HANDLE_BYTES];
	char name[NAME_BYTES_MAX + 1]; /* "" or a name in that directory */
};

/*
 * The event at *at; *at moves behind it. 1 event, 0 end of the buffer,
 * -EBADMSG: not what the kernel documents.
 */
int notify_next(
    const uint8_t *buf, size_t len, size_t *at, struct notify_event *ret);

#endif
