/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A record of the log as the JSON object promised to users: the field names are
 * a contract (doorward-socket(7)); a field is absent when it is not known.
 * Pure. Not for: text (json_text.h), other vocabularies (json_ecs.h).
 */
#ifndef DOORWARD_STORE_JSON_H
#define DOORWARD_STORE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "store/leaf.h"
#include "store/policy_body.h"

/* A leaf and what explains it. Everything is borrowed. */
struct json_record {
	const struct leaf *leaf;
	const struct leaf *actor;	  /* NULL: not known */
	const struct policy_body *policy; /* in force then; NULL: not known */
	const uint8_t *policy_hash;	  /* HASH_BYTES; NULL with policy */
	uint64_t policy_generation;
	bool sealed;
	uint64_t seal; /* number of the seal that first covers it */
};

/* A new reference; NULL when out of memory. */
json_t *json_from_record(const struct json_record *r);

/* The "process" object of an event or of an ACTOR leaf; new reference. */
json_t *json_process(const struct json_record *r);

/* The watch and the rule of an event, or NULL. Borrowed from r->policy. */
const struct body_watch *json_watch(const struct json_record *r);
const struct body_rule *json_rule(const struct json_record *r);

/* "8:1" from wire_dev(); new reference. */
json_t *json_dev(int64_t dev);
/* A time as RFC 3339; new reference. */
json_t *json_time(int64_t ns);
/* A 64-bit number as people mean it, without sign; new reference. */
json_t *json_unsigned(uint64_t n);

#endif
