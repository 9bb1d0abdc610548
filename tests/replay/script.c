/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/replay/script.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void
words_split(char *line, struct words *w)
{
	char *saved = NULL, *s;

	memset(w, 0, sizeof(*w));
	s = strchr(line, ';');
	if (s != NULL)
		*s = '\0';
	for (s = strtok_r(line, " \t\n", &saved); s != NULL;
	     s = strtok_r(NULL, " \t\n", &saved)) {
		if (w->n == WORDS_MAX)
			fake_fail("too many words");
		w->all[w->n++] = s;
	}
}

void
words_all_used(const struct words *w)
{
	for (size_t i = 1; i < w->n; i++) {
		if (!w->used[i])
			fake_fail("nobody understands '%s'", w->all[i]);
	}
}

static char *
plain(struct words *w, size_t i)
{
	for (size_t k = 1; k < w->n; k++) {
		if (strchr(w->all[k], '=') != NULL || --i > 0)
			continue;
		w->used[k] = true;
		return w->all[k];
	}
	return NULL;
}

bool
words_has(struct words *w, size_t i)
{
	return plain(w, i) != NULL;
}

const char *
words_at(struct words *w, size_t i)
{
	const char *s = plain(w, i);

	if (s == NULL)
		fake_fail("%s: word %zu is missing", w->all[0], i);
	return s;
}

const char *
words_get(struct words *w, const char *key)
{
	size_t n = strlen(key);

	for (size_t k = 1; k < w->n; k++) {
		if (strncmp(w->all[k], key, n) != 0 || w->all[k][n] != '=')
			continue;
		w->used[k] = true;
		return w->all[k] + n + 1;
	}
	return NULL;
}

uint64_t
words_number(struct words *w, const char *key, uint64_t otherwise)
{
	const char *s = words_get(w, key);

	return s == NULL ? otherwise : number_of(s);
}

static uint64_t
number_up_to(const char *s, const char **ret_end)
{
	char *end;
	uint64_t v;

	errno = 0;
	v = strtoull(s, &end, 0);
	if (errno != 0 || end == s)
		fake_fail("'%s' is no number", s);
	*ret_end = end;
	return v;
}

uint64_t
number_of(const char *s)
{
	const char *end;
	uint64_t v = number_up_to(s, &end);

	if (*end != '\0')
		fake_fail("'%s' is no number", s);
	return v;
}

uint64_t
dev_of(const char *s, const char **ret_end)
{
	const char *end;
	uint64_t major = number_up_to(s, &end);

	if (*end != ':')
		fake_fail("'%s' is no device", s);
	return major << 32 | number_up_to(end + 1, ret_end);
}

void
file_of(const char *s, uint64_t *ret_dev, uint64_t *ret_ino)
{
	const char *end;

	*ret_dev = dev_of(s, &end);
	if (*end != '/')
		fake_fail("'%s' is no file", s);
	*ret_ino = number_up_to(end + 1, &end);
}

uint32_t
watch_of(const char *name)
{
	const struct compiled_header *c = world.now.view.compiled;

	if (strcmp(name, "unknown") == 0)
		return WATCH_UNKNOWN;
	if (strcmp(name, "none") == 0)
		return WATCH_NONE;
	for (uint32_t i = 0; c != NULL && i < c->nwatches; i++) {
		if (strcmp(compiled_string(c, compiled_watch(c, i)->name),
			name) == 0)
			return i;
	}
	fake_fail("there is no watch '%s'", name);
}

uint64_t
ns_of(const char *s)
{
	const char *end;
	uint64_t v = number_up_to(s, &end);

	if (strcmp(end, "us") == 0)
		return v * 1000;
	if (strcmp(end, "ms") == 0)
		return v * 1000000;
	if (strcmp(end, "s") == 0)
		return v * 1000000000;
	fake_fail("'%s' is no time", s);
}

struct fake_event *
event_of(const char *name)
{
	struct fake_event *e = fake_find(name);

	if (e == NULL)
		fake_fail("there is no event '%s'", name);
	return e;
}

const struct arrival *
question_about(const struct fake_event *e, uint64_t nth)
{
	struct arrivals *a = &world.to_decider;
	size_t found = a->n;

	for (size_t i = 0; i < a->n; i++) {
		if (a->all[i].ask.subject.tid != (uint32_t)e->tid)
			continue;
		found = i;
		if (nth > 0 && --nth == 0)
			break;
	}
	if (found == a->n || nth > 0)
		fake_fail("nobody asked about %s", e->name);
	/* Taken: it moves in front of what was not, which keeps its order. */
	if (found >= a->next) {
		struct arrival one = a->all[found];

		memmove(&a->all[a->next + 1], &a->all[a->next],
		    (found - a->next) * sizeof(one));
		found = a->next++;
		a->all[found] = one;
	}
	return &a->all[found];
}
