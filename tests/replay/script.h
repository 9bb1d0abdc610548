/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scripts: one command a line, words and key=value pairs, ';' begins a comment.
 * tests/replay/README.md lists the commands. Whatever is wrong with a script
 * ends the test (fake_fail).
 */
#ifndef DOORWARD_TESTS_REPLAY_SCRIPT_H
#define DOORWARD_TESTS_REPLAY_SCRIPT_H

#include "tests/replay/world.h"

#define WORDS_MAX 32

struct words {
	size_t n;
	char *all[WORDS_MAX]; /* all[0] is the command */
	bool used[WORDS_MAX];
};

/* Splits line in place. */
void words_split(char *line, struct words *w);
/* Fails if a word was used by nobody: misspelt keys must not pass. */
void words_all_used(const struct words *w);
/* The i-th word without '=', the command being the 0th. Must be there. */
const char *words_at(struct words *w, size_t i);
bool words_has(struct words *w, size_t i);
/* The value of key, or NULL. */
const char *words_get(struct words *w, const char *key);
uint64_t words_number(struct words *w, const char *key, uint64_t otherwise);

uint64_t number_of(const char *s);
/* "8:1/77": device and inode. */
void file_of(const char *s, uint64_t *ret_dev, uint64_t *ret_ino);
/* "8:1" */
uint64_t dev_of(const char *s, const char **ret_end);
/* Index of a watch of the newest policy; "unknown", "none". */
uint32_t watch_of(const char *name);
/* "250ms", "3s", "10us" */
uint64_t ns_of(const char *s);
struct fake_event *event_of(const char *name);

/* do_*.c: true if the command was theirs. */
bool do_open(struct words *w);	 /* SLOT EVENT OPEN FLOOD TURN ... */
bool do_peers(struct words *w);	 /* VERDICT DECIDE SEALED LABEL ... */
bool do_expect(struct words *w); /* EXPECT ... */

/* The question asked last (nth = 0), or the nth (1...), about e. Takes it. */
const struct arrival *question_about(const struct fake_event *e, uint64_t nth);

#endif
