/* SPDX-License-Identifier: Apache-2.0 */
/* The sandboxes of doorward-store and doorward-sealer (ipc/proc/confine.h). */
#ifndef DOORWARD_STORE_CONFINE_STORE_H
#define DOORWARD_STORE_CONFINE_STORE_H

#include "ipc/proc/confine.h"

extern const struct confine confine_store;
extern const struct confine confine_sealer;

#endif
