/* SPDX-License-Identifier: Apache-2.0 */
/* No sandbox at all: what run.sh must notice. */
#include "tests/hostile/hostile.h"

const struct hostile_subject subject = {
    .name = "nothing",
    .group = -1,
};
