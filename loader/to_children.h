/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first word to each child, with exactly the descriptors it works with
 * (messages.def says which and in what order). The ends of channels given here
 * are the caller's and are closed by it. For handover.c alone.
 */
#ifndef DOORWARD_LOADER_TO_CHILDREN_H
#define DOORWARD_LOADER_TO_CHILDREN_H

#include "loader/loader.h"

void
hello_store(struct loader *l, int monitor, int sealer, int query, bool clean);
void hello_sealer(struct loader *l, int store);
void hello_decider(struct loader *l, int monitor);
/* The monitor's epoch grows by one. */
void hello_monitor(struct loader *l, int decider, int store);
void hello_query(struct loader *l, int store);
void hello_inspector(struct loader *l);

#endif
