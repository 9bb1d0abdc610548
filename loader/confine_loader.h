/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loader's filter. Children inherit it and add their own: it must permit
 * whatever any of them does, from its first instruction to its end, so it is
 * the widest of all. What it is for is what is not in it: no new kernel program
 * or fanotify group, no mount, no module, no ptrace, no namespace, no network.
 */
#ifndef DOORWARD_LOADER_CONFINE_LOADER_H
#define DOORWARD_LOADER_CONFINE_LOADER_H

#include "ipc/proc/confine.h"

extern const struct confine confine_loader;

#endif
