/* SPDX-License-Identifier: Apache-2.0 */
/* The sandbox of doorward-query; tests/hostile links it too. */
#ifndef DOORWARD_STORE_CONFINE_QUERY_H
#define DOORWARD_STORE_CONFINE_QUERY_H

#include "ipc/proc/confine.h"

extern const struct confine confine_query;

#endif
