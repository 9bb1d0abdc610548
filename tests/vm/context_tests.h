/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of context_test; *state is the struct watch they share. */
#ifndef DOORWARD_TESTS_VM_CONTEXT_TESTS_H
#define DOORWARD_TESTS_VM_CONTEXT_TESTS_H

/* context_ways.c: every system call that opens a file */
void each_call_shows_its_flags(void **state);
void exec_is_told_from_open(void **state);
void openat2_is_known_only_with_its_file(void **state);
void io_uring_is_known_only_with_its_file(void **state);
void nothing_is_left_after_the_call(void **state);

/* context_files.c: which files are recorded, and as which watch's */
void unwatched_opens_leave_no_slot(void **state);
void the_nearest_watch_is_named(void **state);
void what_is_forgotten_is_not_recorded(void **state);
void overlay_files_are_known(void **state);
void too_deep_is_counted(void **state);

/* context_load.c: many openers at once */
void many_openers_are_told_apart(void **state);
void a_swap_leaves_no_gap(void **state);

#endif
