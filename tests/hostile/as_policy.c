/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hostile/hostile.h"

#include "decider/policy_main.h"

const struct hostile_subject subject = {
    .name = "policy",
    .table = &confine_policy,
    .group = -1,
};
