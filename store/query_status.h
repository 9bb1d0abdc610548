/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the service is, worked out from what it shows: the judgements shared by
 * status and metrics. Private to query.
 */
#ifndef DOORWARD_STORE_QUERY_STATUS_H
#define DOORWARD_STORE_QUERY_STATUS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "store/query.h"

/* All of it as one object, without "ok"; new reference. */
json_t *status_object(const struct query *q);

/*
 * Why openers are not guarded at all, one sentence each; an empty list when
 * they are. New reference.
 */
json_t *status_not_guarding(const struct query *q);
/* What is not guarded though the rest is; new reference, may be empty. */
json_t *status_blind(const struct query *q);

/*
 * The latency below which `percent` of the answers were given, in microseconds
 * (a histogram's upper bound); 0 when there were none.
 */
double status_latency_us(const struct vitals_monitor *m, unsigned int percent);
/* Upper bound of a bucket in microseconds; the last has none: 0. */
double status_bucket_us(unsigned int bucket);

/* "audit", "enforce" or "mixed"; NULL without a policy. */
const char *status_mode(const struct query *q);

/* Names of enum default_cause. */
const char *status_cause(unsigned int cause);

#endif
