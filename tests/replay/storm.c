/* SPDX-License-Identifier: Apache-2.0 */
/*
 * storm [SEED [SECONDS]]: see storm.h. The seed is printed; a run with it does
 * the same steps again, as many as the time allows.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "decider/decide.h"
#include "ipc/proc/log.h"
#include "tests/replay/storm.h"

#define OPENERS_MAX 400000
#define QUESTIONS_MAX 8192

static struct opener *openers;
static struct arrival questions[QUESTIONS_MAX]; /* not answered yet */
static size_t nquestions;
static uint64_t state;
static uint64_t newest_token;

/* xorshift64* (Vigna 2016). */
static uint32_t
below(uint32_t n)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t)((state * 0x2545f4914f6cdd1du) >> 33) % n;
}

struct opener *
storm_opener(size_t event)
{
	return &openers[event];
}

#define WATCH(name, settings, rules)                                           \
	"watch " name " { path \"/srv/" name "/**\" " settings "\n" rules      \
	"\n}\n"
#define STRICT "mode enforce\n on-timeout deny\n deadline 50ms\n"
#define LOOSE "mode enforce\n on-timeout allow\n deadline 120ms\n"
#define AUDIT "mode audit\n on-timeout deny\n deadline 80ms\n"

const char *
storm_policy(uint64_t generation)
{
	/* The same watches under other numbers, saying other things. */
	return generation % 2 == 1
		   ? WATCH("w0", STRICT,
			 "deny write by uid 1\n allow any quiet") WATCH("w1",
			 LOOSE, "deny any by uid 2\n allow read by uid 3 seal")
			 WATCH("w2", AUDIT, "deny any") WATCH(
			     "w3", STRICT, "deny exec seal\n allow any quiet")
		   : WATCH("w3", LOOSE, "allow any quiet") WATCH(
			 "w2", STRICT, "deny write\n deny read by uid 1 seal")
			 WATCH("w1", AUDIT, "allow any quiet")
			     WATCH("w0", LOOSE,
				 "deny read by uid 1\n deny write by uid 2\n"
				 "allow any");
}

static void
open_one(void)
{
	static const uint32_t flags[] = {
	    O_RDONLY, O_WRONLY, O_RDWR, O_WRONLY | O_TRUNC, SLOT_EXEC};
	size_t i = fake_nevents();
	uint32_t tid = STORM_TID + (uint32_t)i;
	struct fake_event e = {.tid = (int)tid};
	struct opener *o = &openers[i];
	struct slot s = {.tid = tid, .pid = tid, .ppid = 1};

	if (i == OPENERS_MAX)
		return;
	(void)snprintf(e.name, sizeof(e.name), "%zu", i);
	(void)snprintf(e.label, sizeof(e.label), "/srv/w%u/f%u",
	    below(STORM_WATCHES), below(3));
	e.look.dev = STORM_DEV;
	e.look.ino = 1 + below(1000);
	e.look.mnt_id = STORM_MOUNT;
	e.look.nlink = 1;
	o->queued_ns = fake_now();
	o->ask.dev = STORM_DEV;
	o->ask.subject.tid = tid;
	o->ask.ops = OPS_UNKNOWN;
	if (below(50) == 0) {
		o->own = true;
		world.loader_page->own_pids[below(4)] = tid;
	}
	if (below(8) != 0) {
		s.flags = flags[below(5)];
		s.uid = s.euid = below(5);
		s.ino = e.look.ino;
		s.dev = 8u << 20 | 1;
		s.exe_dev = s.dev;
		s.exe_ino = below(3) == 0 ? 500 + below(40) : 0;
		s.counter = world.slots[tid & SLOT_MASK].counter + 1;
		s.sum = slot_sum(&s);
		world.slots[tid & SLOT_MASK] = s;
		o->ask.subject.known = 1;
		o->ask.subject.uid = o->ask.subject.euid = s.uid;
		o->ask.subject.pid = tid;
		o->ask.ops = slots_ops(s.flags);
	}
	fake_queue(&e);
}

/* The page holds few own pids: those events are read before others come. */
static void
opens(void)
{
	uint32_t n = below(30) == 0 ? 600 : below(40);

	memset(world.loader_page->own_pids, 0,
	    sizeof(world.loader_page->own_pids));
	for (uint32_t i = 0; i < n; i++)
		open_one();
	for (size_t i = fake_nevents() - fake_queued(); i < fake_nevents();
	     i++) {
		bool own = false;

		for (size_t k = 0; k < OWN_PIDS_MAX; k++)
			own = own || world.loader_page->own_pids[k] ==
					 STORM_TID + (uint32_t)i;
		openers[i].own = own;
	}
	while (fake_queued() > 0)
		world_turn();
}

static void
collect_questions(void)
{
	const struct arrival *a;

	while ((a = arrivals_take(&world.to_decider)) != NULL) {
		/* Full: it forgets one, as a decider may. */
		size_t at = nquestions < QUESTIONS_MAX ? nquestions++
						       : below(QUESTIONS_MAX);

		questions[at] = *a;
	}
	world.to_decider.n = world.to_decider.next = 0;
}

/*
 * Any of the questions, in any order; by the policy they were asked under, or,
 * as a successor would that does not have it, by the newest.
 */
static void
decider_answers(void)
{
	static struct msg_VERDICTS v;
	uint32_t n = below(100);

	collect_questions();
	if (world.decider == NULL)
		return;
	while (n-- > 0 && nquestions > 0) {
		size_t i = below((uint32_t)nquestions);
		struct arrival a = questions[i];
		const struct world_policy *p =
		    a.generation == world.before.generation && below(10) != 0
			? &world.before
			: &world.now;

		if (below(20) != 0) /* else it says it twice */
			questions[i] = questions[--nquestions];
		if (below(30) == 0)
			continue;
		v.generation = p->generation;
		v.verdicts_count = 1;
		decide(&p->view, &a.ask, &v.verdicts[0]);
		world_from_decider(MSG_VERDICTS, &v);
	}
}

static void
names_come(void)
{
	static struct msg_LABEL l;
	const struct arrival *a;

	while ((a = arrivals_take(&world.to_loader)) != NULL) {
		if (a->type != MSG_WHO || below(4) == 0)
			continue;
		l.pid = a->who.pid;
		l.dev = a->who.dev;
		l.ino = a->who.ino;
		l.path_len = below(5) == 0 ? 0 : 8;
		memcpy(l.path, "/bin/cat", l.path_len);
		l.path[l.path_len] = '\0';
		world_from_loader(MSG_LABEL, &l);
	}
	world.to_loader.n = world.to_loader.next = 0;
}

static void
note_tokens(void)
{
	const struct arrival *a;

	while ((a = arrivals_take(&world.to_store)) != NULL) {
		if (a->type == MSG_RECORDS && a->record->token > newest_token)
			newest_token = a->record->token;
	}
}

/* What the store has sealed: anything up to the newest it has. */
static uint64_t
some_token(void)
{
	note_tokens();
	return newest_token == 0 ? 0 : newest_token - below(4) % newest_token;
}

static void
store_acts(void)
{
	struct msg_SEALED s = {some_token()};

	if (world.store != NULL && below(12) == 0) {
		world_store_dies();
		return;
	}
	if (world.store == NULL && below(2) == 0)
		s.token = 0;
	storm_sealed(s.token);
	if (world.store == NULL)
		world_new_store(s.token);
	else
		world_from_store(MSG_SEALED, &s);
}

static void
policy_acts(void)
{
	if (world.now.generation == world.m.generation)
		world_compile(storm_policy(world.now.generation + 1),
		    world.now.generation + 1);
	else
		world_load();
}

static void
watchdog_acts(void)
{
	for (size_t i = fake_nevents(); i-- > 0;) {
		struct fake_event *e = fake_event(i);

		if (e->state == FAKE_READ) {
			fake_watchdog(e, (uint8_t)below(2));
			return;
		}
		if (fake_nevents() - i > 100)
			return;
	}
}

static void
step(void)
{
	uint32_t what = below(100);

	if (what < 30)
		opens();
	else if (what < 60)
		decider_answers();
	else if (what < 75)
		world_time(below(20000) * 1000u);
	else if (what < 83)
		names_come();
	else if (what < 93)
		store_acts();
	else if (what < 95)
		watchdog_acts();
	else if (what < 97)
		policy_acts();
	else if (world.decider == NULL)
		world_new_decider();
	else if (what == 99)
		world_decider_dies();
	storm_watch();
}

static void
end(void)
{
	if (world.decider == NULL)
		world_new_decider();
	if (world.store == NULL)
		world_new_store(0);
	world_time(1000000000u);
	storm_watch();
	for (uint64_t token = 0; token != newest_token;) {
		struct msg_SEALED s;

		token = newest_token;
		note_tokens();
		s.token = newest_token;
		storm_sealed(s.token);
		world_from_store(MSG_SEALED, &s);
	}
	fake_check_end();
	if (world.m.pending->nactive != 0)
		fake_fail("openings are left");
	storm_check_records();
}

int
main(int argc, char **argv)
{
	uint64_t seed =
	    argc > 1 ? strtoull(argv[1], NULL, 0) : (uint64_t)time(NULL);
	unsigned long seconds = argc > 2 ? strtoul(argv[2], NULL, 10) : 3;
	clock_t stop = clock() + (clock_t)seconds * CLOCKS_PER_SEC;
	unsigned int steps = 0;

	(void)printf("# storm seed %llu\n", (unsigned long long)seed);
	log_start("monitor", LOG_LEVEL_WARN);
	state = seed * 2 + 1;
	openers = calloc(OPENERS_MAX + 1, sizeof(*openers));
	if (openers == NULL)
		fake_fail("out of memory");
	world_new(CONTEXT_LSM);
	for (unsigned int i = 0; i < STORM_WATCHES; i++) {
		char name[8];

		(void)snprintf(name, sizeof(name), "w%u", i);
		world_place(name, STORM_DEV, STORM_MOUNT);
	}
	world_compile(storm_policy(1), 1);
	world_load();
	while (clock() < stop && fake_nevents() < OPENERS_MAX - 1000) {
		fake_place("storm, step", ++steps);
		step();
	}
	fake_place("storm, the end after step", steps);
	end();
	(void)printf("# %u steps, %zu openers, %llu records\n", steps,
	    fake_nevents(),
	    (unsigned long long)(newest_token & (((uint64_t)1 << 40) - 1)));
	return 0;
}
