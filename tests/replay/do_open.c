/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that play openers, and the clock. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "tests/replay/script.h"

static uint32_t
flags_of(const char *s)
{
	static const struct {
		const char *name;
		uint32_t flag;
	} flags[] = {{"rdonly", O_RDONLY}, {"wronly", O_WRONLY},
	    {"rdwr", O_RDWR}, {"both", O_ACCMODE}, {"trunc", O_TRUNC},
	    {"append", O_APPEND}, {"exec", SLOT_EXEC}};
	uint32_t v = 0;

	while (*s != '\0') {
		size_t n = strcspn(s, ","), i;

		for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
			if (strlen(flags[i].name) == n &&
			    strncmp(s, flags[i].name, n) == 0)
				break;
		}
		if (i == sizeof(flags) / sizeof(flags[0]))
			fake_fail("no flag '%s'", s);
		v |= flags[i].flag;
		s += n + (s[n] == ',');
	}
	return v;
}

/* The encoding of kernel programs. */
static unsigned int
kernel_dev(uint64_t dev)
{
	return (unsigned int)(dev >> 32) << 20 | (unsigned int)dev;
}

/* "8:1/70@12,8:1/71@1" */
static void
ancestors_of(const char *s, struct slot *slot)
{
	while (s != NULL && *s != '\0' && slot->nancestors < SLOT_ANCESTORS) {
		struct slot_ancestor *a = &slot->ancestors[slot->nancestors++];
		const char *at = strchr(s, '@');
		uint64_t dev, ino;
		unsigned int pid;

		if (at == NULL || sscanf(at, "@%u", &pid) != 1)
			fake_fail("'%s' is no ancestor", s);
		file_of(s, &dev, &ino);
		a->dev = kernel_dev(dev);
		a->ino = ino;
		a->pid = pid;
		s = strchr(s, ',');
		s = s == NULL ? NULL : s + 1;
	}
}

static void
fill_subject(struct words *w, struct slot *s, uint32_t tid)
{
	const char *exe = words_get(w, "exe");
	uint64_t dev, ino;

	file_of(exe == NULL ? "0:0/0" : exe, &dev, &ino);
	s->exe_dev = kernel_dev(dev);
	s->exe_ino = ino;
	s->pid = (uint32_t)words_number(w, "pid", tid);
	s->ppid = (uint32_t)words_number(w, "ppid", 1);
	s->uid = (uint32_t)words_number(w, "uid", 1000);
	s->euid = (uint32_t)words_number(w, "euid", s->uid);
	s->gid = (uint32_t)words_number(w, "gid", s->uid);
	s->egid = (uint32_t)words_number(w, "egid", s->gid);
	s->auid = (uint32_t)words_number(w, "auid", s->uid);
	s->cgroup = words_number(w, "cgroup", 1);
	s->mntns = (uint32_t)words_number(w, "mntns", 1);
	ancestors_of(words_get(w, "anc"), s);
	(void)snprintf(s->comm, sizeof(s->comm), "opener");
}

/* What the kernel program leaves. counter=same: nothing new was left. */
static void
write_slot(struct words *w, uint32_t tid)
{
	struct slot *place = &world.slots[tid & SLOT_MASK];
	const char *file = words_get(w, "file");
	const char *flags = words_get(w, "flags");
	const char *watch = words_get(w, "watch");
	const char *counter = words_get(w, "counter");
	const char *torn = words_get(w, "torn");
	struct slot s = {.counter = place->counter};
	uint64_t dev = 0, ino = 0;

	if (counter == NULL || strcmp(counter, "same") != 0)
		s.counter++;
	if (world.m.slots->rung != CONTEXT_RAW_TP) {
		file_of(file == NULL ? "8:1/1" : file, &dev, &ino);
		s.dev = kernel_dev(dev);
		s.ino = ino;
		s.watch = watch == NULL ? 0 : 1 + watch_of(watch);
		s.generation =
		    (uint32_t)words_number(w, "gen", world.m.generation);
	}
	s.flags = flags_of(flags == NULL ? "rdonly" : flags);
	fill_subject(w, &s, tid);
	s.tid = torn != NULL && strcmp(torn, "yes") == 0 ? 0 : tid;
	s.sum = slot_sum(&s);
	/* Two threads wrote at once, and this is the other one's. */
	if (torn != NULL && strcmp(torn, "mixed") == 0)
		s.uid++;
	*place = s;
}

static void
queue_event(struct words *w, const char *name, uint32_t tid)
{
	const char *file = words_get(w, "file");
	const char *label = words_get(w, "label");
	const char *after = words_get(w, "after");
	struct fake_event e = {.tid = (int)tid};

	(void)snprintf(e.name, sizeof(e.name), "%s", name);
	(void)snprintf(e.label, sizeof(e.label), "%s", label ? label : "");
	(void)snprintf(
	    e.label_after, sizeof(e.label_after), "%s", after ? after : "");
	file_of(file == NULL ? "8:1/1" : file, &e.look.dev, &e.look.ino);
	e.look.mnt_id = words_number(w, "mnt", 5);
	e.look.nlink = (uint32_t)words_number(w, "nlink", 1);
	e.look.mode = 0100644;
	e.look.size = 12;
	e.err = -(int)words_number(w, "err", 0);
	fake_queue(&e);
}

static void
flood(struct words *w)
{
	uint64_t n = number_of(words_at(w, 1));
	uint32_t tid = (uint32_t)words_number(w, "tid", 10000);
	char name[32];

	for (uint64_t i = 0; i < n; i++) {
		(void)snprintf(name, sizeof(name), "f%u", (unsigned int)i);
		write_slot(w, tid + (uint32_t)i);
		queue_event(w, name, tid + (uint32_t)i);
		/* Threads 65536 apart share a slot: not at the same time. */
		while (fake_queued() > 0 && (i % 1000 == 999 || i + 1 == n))
			world_turn();
	}
}

static void
own(struct words *w)
{
	uint32_t pid = (uint32_t)number_of(words_at(w, 1));

	for (size_t i = 0; i < OWN_PIDS_MAX; i++) {
		if (world.loader_page->own_pids[i] != 0)
			continue;
		world.loader_page->own_pids[i] = pid;
		return;
	}
	fake_fail("too many own pids");
}

bool
do_open(struct words *w)
{
	const char *cmd = w->all[0];
	bool both = strcmp(cmd, "OPEN") == 0;

	if (strcmp(cmd, "SLOT") == 0) {
		write_slot(w, (uint32_t)number_of(words_at(w, 1)));
	} else if (strcmp(cmd, "EVENT") == 0) {
		queue_event(
		    w, words_at(w, 1), (uint32_t)words_number(w, "tid", 100));
	} else if (both) {
		write_slot(w, (uint32_t)words_number(w, "tid", 100));
		queue_event(
		    w, words_at(w, 1), (uint32_t)words_number(w, "tid", 100));
		world_turn();
	} else if (strcmp(cmd, "FLOOD") == 0) {
		flood(w);
	} else if (strcmp(cmd, "TURN") == 0) {
		world_turn();
	} else if (strcmp(cmd, "TIME") == 0) {
		world_time(ns_of(words_at(w, 1)));
	} else if (strcmp(cmd, "OWN") == 0) {
		own(w);
	} else if (strcmp(cmd, "WATCHDOG") == 0) {
		fake_watchdog(event_of(words_at(w, 1)),
		    strcmp(words_at(w, 2), "deny") == 0 ? VERDICT_DENY
							: VERDICT_ALLOW);
	} else if (strcmp(cmd, "READ_FAILS") == 0) {
		fake_read_fails((int)number_of(words_at(w, 1)));
	} else {
		return false;
	}
	return true;
}
