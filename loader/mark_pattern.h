/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to loader/mark*.c: what one pattern, and one program, need in the
 * groups. What cannot be marked is counted and said; a result other than 0 ends
 * the sweep.
 */
#ifndef DOORWARD_LOADER_MARK_PATTERN_H
#define DOORWARD_LOADER_MARK_PATTERN_H

#include "loader/loader.h"

/* Container paths and excepts have no place of their own on the host. */
bool pattern_is_place(const struct compiled_pattern *p);
/*
 * All of a pattern of watch index. appeared: for a name that has just come, so
 * that files which were there before their marks are recorded. 0 or -errno.
 */
int pattern_place(struct loader *l, const struct compiled_header *c,
    uint32_t index, const struct compiled_pattern *p, bool appeared);
/* A directory below the pattern's plain part that has just appeared. */
void pattern_touch_below(struct loader *l, const struct compiled_header *c,
    uint32_t index, const struct compiled_pattern *p, const char *path);

/*
 * The directories above a path; *ret is the nearest one's look. 0, or -errno
 * when none could be marked.
 */
int mark_names_above(struct loader *l, const char *path, struct look *ret);
/* The directories in which a program may be replaced. */
void mark_names_exe(struct loader *l, const struct compiled_header *c,
    const struct compiled_exe *e);

#endif
