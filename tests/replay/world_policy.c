/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies for the world: text through the real compiler, the resolved table
 * from lines of the script, both to the monitor in parts as the loader sends
 * them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decider/policy_compile.h"
#include "tests/replay/world.h"

#define LINES_MAX 32

struct line {
	char name[FAKE_LABEL_BYTES]; /* of the exe pattern, or the watch */
	uint64_t dev, number;	     /* inode, or mount */
};

static struct line exes[LINES_MAX], places[LINES_MAX];
static size_t nexes, nplaces;

static void
add_line(struct line *lines, size_t *n, const char *name, uint64_t dev,
    uint64_t number)
{
	if (*n == LINES_MAX)
		fake_fail("too many EXE or PLACE lines");
	(void)snprintf(lines[*n].name, sizeof(lines[*n].name), "%s", name);
	lines[*n].dev = dev;
	lines[*n].number = number;
	(*n)++;
}

void
world_exe(const char *pattern, uint64_t dev, uint64_t ino)
{
	add_line(exes, &nexes, pattern, dev, ino);
}

void
world_place(const char *watch, uint64_t dev, uint64_t mnt_id)
{
	add_line(places, &nplaces, watch, dev, mnt_id);
}

static struct compiled_header *
compile(const char *text)
{
	static struct policy_diags diags;
	struct policy_source source = {
	    "script", "script", text, (uint32_t)strlen(text)};
	struct policy_accounts none = {"", "", 0, 0};
	struct compiled_header *c;

	memset(&diags, 0, sizeof(diags));
	if (policy_compile(&source, 1, &none, &diags, &c) < 0) {
		diag_print(stderr, &diags, &source, 1);
		fake_fail("the policy does not compile");
	}
	return c;
}

static int
compare_exes(const void *x, const void *y)
{
	const struct resolved_exe *a = x, *b = y;

	if (a->exe != b->exe)
		return a->exe < b->exe ? -1 : 1;
	if (a->dev != b->dev)
		return a->dev < b->dev ? -1 : 1;
	return (a->ino > b->ino) - (a->ino < b->ino);
}

static int
compare_places(const void *x, const void *y)
{
	const struct resolved_place *a = x, *b = y;

	if (a->dev != b->dev)
		return a->dev < b->dev ? -1 : 1;
	if (a->mnt_id != b->mnt_id)
		return a->mnt_id < b->mnt_id ? -1 : 1;
	return (a->watch > b->watch) - (a->watch < b->watch);
}

/* Lines whose pattern or watch this policy does not have say nothing. */
static uint32_t
resolve_exes(const struct compiled_header *c, struct resolved_exe *out)
{
	uint32_t n = 0;

	for (size_t i = 0; i < nexes; i++) {
		for (uint32_t e = 0; e < c->nexes; e++) {
			if (strcmp(
				compiled_string(c, compiled_exe(c, e)->pattern),
				exes[i].name) == 0)
				out[n++] = (struct resolved_exe){
				    exes[i].dev, exes[i].number, e, 0};
		}
	}
	qsort(out, n, sizeof(*out), compare_exes);
	return n;
}

static uint32_t
resolve_places(const struct compiled_header *c, struct resolved_place *out)
{
	uint32_t n = 0;

	for (size_t i = 0; i < nplaces; i++) {
		for (uint32_t w = 0; w < c->nwatches; w++) {
			if (strcmp(
				compiled_string(c, compiled_watch(c, w)->name),
				places[i].name) == 0)
				out[n++] = (struct resolved_place){
				    places[i].dev, places[i].number, w, 0};
		}
	}
	qsort(out, n, sizeof(*out), compare_places);
	return n;
}

static struct resolved_header *
resolve(const struct compiled_header *c, uint64_t generation)
{
	struct resolved_header *r =
	    calloc(1, sizeof(*r) + LINES_MAX * sizeof(struct resolved_exe) +
			  LINES_MAX * sizeof(struct resolved_place));

	if (r == NULL)
		fake_fail("out of memory");
	r->magic = RESOLVED_MAGIC;
	r->generation = generation;
	r->exes = sizeof(*r);
	r->nexes = resolve_exes(c, (struct resolved_exe *)(r + 1));
	r->places =
	    (uint32_t)(r->exes + r->nexes * sizeof(struct resolved_exe));
	r->nplaces = resolve_places(
	    c, (struct resolved_place *)(void *)((char *)r + r->places));
	r->bytes =
	    (uint32_t)(r->places + r->nplaces * sizeof(struct resolved_place));
	return r;
}

/* Kept to the end of the test: views of them may be anywhere. */
static void
keep(struct compiled_header *c, struct resolved_header *r)
{
	struct kept {
		struct kept *next;
		struct compiled_header *c;
		struct resolved_header *r;
	};
	static struct kept *all;
	struct kept *k = malloc(sizeof(*k));

	if (k == NULL)
		fake_fail("out of memory");
	*k = (struct kept){all, c, r};
	all = k;
}

void
world_compile(const char *text, uint64_t generation)
{
	struct compiled_header *c = compile(text);
	struct resolved_header *r = resolve(c, generation);

	keep(c, r);
	if (compiled_check(c, c->bytes) < 0 ||
	    resolved_check(r, r->bytes, c) < 0)
		fake_fail("the policy does not pass its check");
	world.before = world.now;
	world.now.generation = generation;
	world.now.view.compiled = c;
	world.now.view.resolved = r;
}

/* In small parts, so that there are several of each. */
#define PART_BYTES 512

static void
send_object(uint8_t which, const void *bytes, uint32_t total)
{
	static struct msg_POLICY_PART part;

	for (uint32_t at = 0; at < total; at += part.bytes_len) {
		uint32_t left = total - at;

		part.generation = world.now.generation;
		part.which = which;
		part.total = total;
		part.offset = at;
		part.bytes_len = left < PART_BYTES ? left : PART_BYTES;
		memcpy(part.bytes, (const char *)bytes + at, part.bytes_len);
		world_from_loader(MSG_POLICY_PART, &part);
	}
}

void
world_load(void)
{
	struct msg_POLICY_MONITOR msg = {world.now.generation};
	const struct policy_view *v = &world.now.view;

	send_object(0, v->compiled, v->compiled->bytes);
	send_object(1, v->resolved, v->resolved->bytes);
	world_from_loader(MSG_POLICY_MONITOR, &msg);
}
