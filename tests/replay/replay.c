/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay FILE.rpl: plays a script against the monitor. Exits 0, or 1 with the
 * line that failed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/proc/log.h"
#include "tests/replay/script.h"

#define LINE_BYTES 1024
#define POLICY_BYTES 65536

struct script {
	FILE *file;
	const char *name;
	unsigned int line;
	char text[LINE_BYTES];
};

static bool
next_line(struct script *s)
{
	if (fgets(s->text, sizeof(s->text), s->file) == NULL)
		return false;
	fake_place(s->name, ++s->line);
	if (strchr(s->text, '\n') == NULL)
		fake_fail("the line is too long");
	return true;
}

/* POLICY generation, then its text up to END. */
static void
do_policy(struct script *s, struct words *w)
{
	static char text[POLICY_BYTES];
	uint64_t generation = number_of(words_at(w, 1));
	size_t n = 0;

	words_all_used(w);
	while (next_line(s) && strcmp(s->text, "END\n") != 0) {
		size_t len = strlen(s->text);

		if (n + len >= sizeof(text))
			fake_fail("the policy is too long");
		memcpy(text + n, s->text, len);
		n += len;
	}
	text[n] = '\0';
	world_compile(text, generation);
}

static void
do_resolved(struct words *w)
{
	bool place = strcmp(w->all[0], "PLACE") == 0;
	const char *end;
	uint64_t dev, ino;

	if (place) {
		world_place(words_at(w, 1), dev_of(words_at(w, 2), &end),
		    number_of(words_at(w, 3)));
		return;
	}
	file_of(words_at(w, 2), &dev, &ino);
	world_exe(words_at(w, 1), dev, ino);
}

static uint8_t
rung_of(const char *name)
{
	for (uint8_t i = 0; i < CONTEXT_MAX; i++) {
		if (strcmp(name, context_name(i)) == 0)
			return i;
	}
	fake_fail("no rung '%s'", name);
}

static void
play(struct script *s)
{
	struct words w;

	while (next_line(s)) {
		words_split(s->text, &w);
		if (w.n == 0)
			continue;
		if (strcmp(w.all[0], "POLICY") == 0) {
			do_policy(s, &w);
			continue;
		}
		if (strcmp(w.all[0], "RUNG") == 0)
			world.m.slots->rung = rung_of(words_at(&w, 1));
		else if (strcmp(w.all[0], "EXE") == 0 ||
			 strcmp(w.all[0], "PLACE") == 0)
			do_resolved(&w);
		else if (!do_open(&w) && !do_peers(&w) && !do_expect(&w))
			fake_fail("no command '%s'", w.all[0]);
		words_all_used(&w);
	}
}

/* What nobody expected must not have happened. */
static void
at_end(void)
{
	static char nothing[] = "EXPECT NOTHING";
	struct words w;

	fake_check_end();
	if (world.m.pending->nactive != 0)
		fake_fail("at the end: openings are left");
	words_split(nothing, &w);
	(void)do_expect(&w);
}

int
main(int argc, char **argv)
{
	struct script s = {0};

	if (argc != 2) {
		(void)fprintf(stderr, "usage: replay FILE.rpl\n");
		return 2;
	}
	log_start("monitor", LOG_LEVEL_DEBUG);
	s.name = argv[1];
	fake_place(s.name, 0);
	s.file = fopen(s.name, "re");
	if (s.file == NULL)
		fake_fail("%s", strerror(errno));
	world_new(CONTEXT_LSM);
	play(&s);
	at_end();
	(void)fclose(s.file);
	return 0;
}
