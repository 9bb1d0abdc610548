/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hostile/hostile.h"

#include "monitor/confine_inspector.h"

const struct hostile_subject subject = {
    .name = "inspector",
    .table = &confine_inspector,
    .group = -1,
};
