/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A record in the vocabulary collectors know: Elastic Common Schema 8.11
 * (elastic.co/guide/en/ecs). A mapping of the promised object (json.h), nothing
 * else; what ECS has no word for stays under "doorward". Pure.
 */
#ifndef DOORWARD_STORE_JSON_ECS_H
#define DOORWARD_STORE_JSON_ECS_H

#include <jansson.h>

/* record: from json_from_record, not changed. New reference; NULL: no memory.
 */
json_t *json_ecs(json_t *record);

#endif
