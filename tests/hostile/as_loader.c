/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hostile/hostile.h"

#include "loader/confine_loader.h"

const struct hostile_subject subject = {
    .name = "loader",
    .table = &confine_loader,
    .stays_root = true,
    .group = -1,
};
