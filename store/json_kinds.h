/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fields of records that are about the log and the service, not about a
 * file: seal, open, close, gap, clock, policy, admin, access. Private to
 * json.c. Pure.
 */
#ifndef DOORWARD_STORE_JSON_KINDS_H
#define DOORWARD_STORE_JSON_KINDS_H

#include <jansson.h>
#include <stdint.h>

#include "store/leaf.h"

/* Adds the fields of l's kind to object; a kind with none adds nothing. */
void json_kind_fields(json_t *object, const struct leaf *l);

/* ["O_WRONLY","O_TRUNC"]; unknown bits appear as "0x…". New reference. */
json_t *json_open_flags(uint32_t flags);

#endif
