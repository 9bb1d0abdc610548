/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A record in the Open Cybersecurity Schema Framework 1.1 (schema.ocsf.io):
 * events as File System Activity (1001), everything else as a base event. A
 * mapping of the promised object (json.h), which stands whole under "unmapped".
 * Pure.
 */
#ifndef DOORWARD_STORE_JSON_OCSF_H
#define DOORWARD_STORE_JSON_OCSF_H

#include <jansson.h>

/* record: from json_from_record, not changed. New reference; NULL: no memory.
 */
json_t *json_ocsf(json_t *record);

#endif
