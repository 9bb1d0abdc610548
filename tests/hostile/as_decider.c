/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hostile/hostile.h"

#include "decider/decider.h"

const struct hostile_subject subject = {
    .name = "decider",
    .table = &confine_decider,
    .group = -1,
};
