/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader of store/log_read.h over records made up as they are asked for:
 * 0 is an ACTOR (/usr/bin/tee), every 100th a SEAL, all others writes to
 * /w/INDEX by uid 1000, odd ones denied. For tests that are about who reads,
 * not about what is in the log.
 */
#ifndef DOORWARD_TESTS_UNIT_FAKE_LOG_H
#define DOORWARD_TESTS_UNIT_FAKE_LOG_H

#include <stdint.h>

/* How many records there are: memory shared with the process that serves. */
extern uint64_t *fake_log_size;

#endif
