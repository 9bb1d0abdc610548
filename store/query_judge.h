/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each capability is worth: guarded, observed or BLIND, with the reason.
 * The parts of status that judge; a fallback is named, with why each better
 * rung was refused. Private to query; each returns a new reference.
 */
#ifndef DOORWARD_STORE_QUERY_JUDGE_H
#define DOORWARD_STORE_QUERY_JUDGE_H

#include <jansson.h>

#include "store/query.h"

/* {"rung","state","meaning","refused":[{"rung","why"}]} */
json_t *judge_context(const struct vitals_loader *l);
/* [{"name","state","why"}]: what can be refused, recorded, neither. */
json_t *judge_capabilities(const struct query *q);
json_t *judge_hooks(const struct vitals_loader *l);
json_t *judge_superblocks(const struct vitals_loader *l);

#endif
