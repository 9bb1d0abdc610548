/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that play loader, decider and store. */
#include <stdio.h>
#include <string.h>

#include "decider/decide.h"
#include "tests/replay/script.h"

static uint8_t
verdict_of(struct words *w, const char *key, uint8_t otherwise)
{
	const char *s = words_get(w, key);

	if (s == NULL)
		return otherwise;
	for (uint8_t v = 0; v <= VERDICT_DENY; v++) {
		if (strcmp(s, verdict_name(v)) == 0)
			return v;
	}
	return (uint8_t)number_of(s); /* something no verdict is */
}

static uint16_t
op_of(struct words *w, uint16_t otherwise)
{
	const char *s = words_get(w, "op");

	if (s == NULL)
		return (uint16_t)(otherwise & -otherwise);
	for (unsigned int i = 0; i < OP_COUNT; i++) {
		if (strcmp(s, op_name(1u << i)) == 0)
			return (uint16_t)(1u << i);
	}
	return (uint16_t)number_of(s);
}

/* Says what the script says, which the real decider might not. */
static void
say_verdict(struct words *w)
{
	static struct msg_VERDICTS v;
	const struct arrival *a =
	    question_about(event_of(words_at(w, 1)), words_number(w, "nth", 0));
	struct rec_VERDICT_ONE *one = &v.verdicts[0];
	const char *watch = words_get(w, "watch");

	memset(one, 0, sizeof(*one));
	v.generation = words_number(w, "gen", a->generation);
	v.verdicts_count = 1;
	one->id = words_number(w, "id", a->ask.id);
	one->verdict = verdict_of(w, "verdict", VERDICT_ALLOW);
	one->answer = verdict_of(w, "answer", one->verdict);
	one->record = (uint8_t)words_number(w, "record", 0);
	one->cacheable = (uint8_t)words_number(w, "cacheable", 0);
	one->reason = (uint8_t)words_number(w, "reason", REASON_RULE);
	one->op = op_of(w, a->ask.ops);
	one->watch = watch == NULL ? a->ask.watch : watch_of(watch);
	one->rule = (uint32_t)words_number(w, "rule", 0);
	world_from_decider(MSG_VERDICTS, &v);
}

/* As decider/from_monitor.c: by the policy the question was asked under. */
static void
decide_one(const struct arrival *a)
{
	static struct msg_VERDICTS v;
	const struct world_policy *p =
	    a->generation == world.before.generation &&
		    world.before.view.compiled != NULL
		? &world.before
		: &world.now;

	v.generation = p->generation;
	v.verdicts_count = 1;
	decide(&p->view, &a->ask, &v.verdicts[0]);
	world_from_decider(MSG_VERDICTS, &v);
}

static void
decide_by_policy(struct words *w)
{
	const struct arrival *a;

	if (strcmp(words_at(w, 1), "all") != 0) {
		decide_one(question_about(
		    event_of(words_at(w, 1)), words_number(w, "nth", 0)));
		return;
	}
	while ((a = arrivals_take(&world.to_decider)) != NULL) {
		struct arrival one = *a; /* more may arrive meanwhile */

		decide_one(&one);
	}
}

/* The token of the newest record about the event, of all ("all"), or a number.
 */
static uint64_t
token_of(const char *s)
{
	const struct fake_event *e = fake_find(s);
	uint64_t token = 0;

	if (e == NULL && strcmp(s, "all") != 0)
		return number_of(s);
	for (size_t i = 0; i < world.to_store.n; i++) {
		const struct arrival *a = &world.to_store.all[i];

		if (a->type == MSG_RECORDS &&
		    (e == NULL || a->record->subject.tid == (uint32_t)e->tid))
			token = a->record->token;
	}
	if (token == 0)
		fake_fail("the store has no record of '%s'", s);
	return token;
}

static void
say_sealed(struct words *w)
{
	struct msg_SEALED msg;
	size_t n;

	/* "all" is also what comes because of it. */
	do {
		n = world.to_store.n;
		msg.token = token_of(words_at(w, 1));
		world_from_store(MSG_SEALED, &msg);
	} while (world.to_store.n != n);
}

static void
say_label(struct words *w)
{
	static struct msg_LABEL msg;
	const char *path = words_get(w, "path");

	msg.pid = (uint32_t)words_number(w, "pid", 0);
	file_of(words_at(w, 1), &msg.dev, &msg.ino);
	msg.path_len = path == NULL ? 0 : (uint16_t)strlen(path);
	memcpy(msg.path, path == NULL ? "" : path, msg.path_len + 1u);
	world_from_loader(MSG_LABEL, &msg);
}

/* n programs of dev get names: inode 1 is /bin/n1. */
static void
say_labels(struct words *w)
{
	static struct msg_LABEL msg;
	uint64_t n = number_of(words_at(w, 1));
	const char *end;

	msg.dev = dev_of(words_at(w, 2), &end);
	for (msg.ino = 1; msg.ino <= n; msg.ino++) {
		msg.path_len = (uint16_t)snprintf(msg.path, sizeof(msg.path),
		    "/bin/n%u", (unsigned int)msg.ino);
		world_from_loader(MSG_LABEL, &msg);
	}
}

static void
forget(struct words *w)
{
	const char *what = words_at(w, 1);
	struct arrivals *a = strcmp(what, "questions") == 0 ? &world.to_decider
			     : strcmp(what, "records") == 0 ? &world.to_store
			     : strcmp(what, "names") == 0   ? &world.to_loader
							    : NULL;

	if (a == NULL)
		fake_fail("forget what?");
	a->next = a->n;
}

static bool
about_decider(struct words *w)
{
	const char *cmd = w->all[0];

	if (strcmp(cmd, "VERDICT") == 0)
		say_verdict(w);
	else if (strcmp(cmd, "DECIDE") == 0)
		decide_by_policy(w);
	else if (strcmp(cmd, "DECIDER_DIES") == 0)
		world_decider_dies();
	else if (strcmp(cmd, "NEW_DECIDER") == 0)
		world_new_decider();
	else if (strcmp(cmd, "DECIDER_HANGS") == 0)
		world.decider_hangs = true;
	else
		return false;
	return true;
}

static bool
about_store(struct words *w)
{
	const char *cmd = w->all[0];

	if (strcmp(cmd, "SEALED") == 0) {
		say_sealed(w);
	} else if (strcmp(cmd, "STORE_DIES") == 0) {
		world_store_dies();
	} else if (strcmp(cmd, "NEW_STORE") == 0) {
		world_new_store(token_of(words_at(w, 1)));
	} else if (strcmp(cmd, "STORE_HANGS") == 0) {
		world.store_hangs = true;
	} else if (strcmp(cmd, "STORE_GOES_ON") == 0) {
		world.store_hangs = false;
		world_pump();
	} else {
		return false;
	}
	return true;
}

bool
do_peers(struct words *w)
{
	const char *cmd = w->all[0];

	if (about_decider(w) || about_store(w))
		return true;
	if (strcmp(cmd, "LOAD") == 0)
		world_load();
	else if (strcmp(cmd, "LABEL") == 0)
		say_label(w);
	else if (strcmp(cmd, "LABELS") == 0)
		say_labels(w);
	else if (strcmp(cmd, "FORGET") == 0)
		forget(w);
	else
		return false;
	return true;
}
