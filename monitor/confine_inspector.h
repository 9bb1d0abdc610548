/* SPDX-License-Identifier: Apache-2.0 */
/* The inspector's sandbox: its channel and nothing else. */
#ifndef DOORWARD_MONITOR_CONFINE_INSPECTOR_H
#define DOORWARD_MONITOR_CONFINE_INSPECTOR_H

#include "ipc/proc/confine.h"

extern const struct confine confine_inspector;

#endif
