/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hostile/hostile.h"

#include "store/confine_query.h"

const struct hostile_subject subject = {
    .name = "query",
    .table = &confine_query,
    .group = -1,
};
