/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hostile/hostile.h"

#include "store/confine_store.h"

const struct hostile_subject subject = {
    .name = "sealer",
    .table = &confine_sealer,
    .group = -1,
};
