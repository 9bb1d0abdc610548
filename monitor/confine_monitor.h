/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The monitor's sandbox and the descriptor numbers it stands on. Event
 * descriptors are rights to read any watched file; the filter takes that right
 * away: read() only on the group, close() and look only above the fixed
 * numbers, nothing that reads, maps, duplicates onto the group, or sends
 * descriptors. The numbers below MONITOR_FD_EVENTS are all in use, so that no
 * event descriptor can get one of them.
 */
#ifndef DOORWARD_MONITOR_CONFINE_MONITOR_H
#define DOORWARD_MONITOR_CONFINE_MONITOR_H

#include "ipc/proc/confine.h"
#include "ipc/wire/vitals.h"

enum monitor_fd {
	MONITOR_FD_LOG = 2,
	MONITOR_FD_LOADER = 3,
	MONITOR_FD_SELF = 4, /* /proc/self/fd, for labels */
	MONITOR_FD_GROUP = 5,
	MONITOR_FD_DECIDER = 6,
	MONITOR_FD_STORE = 7,
	MONITOR_FD_FREE = 8, /* from here on libevent's, then fillers */
	MONITOR_FD_EVENTS = EVENT_FDS_FROM,
};

extern const struct confine confine_monitor;

#endif
