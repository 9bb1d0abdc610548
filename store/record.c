/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "store/record.h"

#include <string.h>
#include <sys/statfs.h>
#include <sys/timex.h>
#include <time.h>

static struct ext_writer
ext_of(struct record_buf *b)
{
	struct ext_writer w;

	ext_begin(&w, b->ext, sizeof(b->ext));
	return w;
}

static void
start(struct leaf *l, enum record_kind kind, int64_t ts)
{
	leaf_clear(l);
	leaf_set_number(l, LEAF_TS, ts);
	leaf_set_number(l, LEAF_KIND, kind);
}

static void
unless_same(struct ext_writer *w, unsigned int key, uint32_t v, uint32_t same)
{
	if (v != same)
		ext_number(w, key, v);
}

static void
event_columns(struct leaf *l, const struct rec_EVENT *e, int64_t actor)
{
	leaf_set_number(l, LEAF_ACT, e->op);
	leaf_set_number(l, LEAF_VERDICT, e->verdict);
	if (e->rule != RULE_NONE)
		leaf_set_number(l, LEAF_RULE, e->rule);
	if (actor >= 0)
		leaf_set_number(l, LEAF_ACTOR, actor);
	if (e->subject.known) {
		leaf_set_number(l, LEAF_UID, e->subject.uid);
		leaf_set_number(l, LEAF_AUID, e->subject.auid);
	}
	leaf_set_number(l, LEAF_PID, e->subject.pid);
	if (e->path_len > 0)
		leaf_set_bytes(l, LEAF_PATH, e->path, e->path_len);
	leaf_set_number(l, LEAF_DEV, (int64_t)e->dev);
	leaf_set_number(l, LEAF_INO, (int64_t)e->ino);
	leaf_set_number(l, LEAF_MODE, e->st_mode);
	leaf_set_number(l, LEAF_SIZE, (int64_t)e->size);
}

int
record_event(struct leaf *l, struct record_buf *b, const struct rec_EVENT *e,
    int64_t actor, int64_t policy)
{
	struct ext_writer w = ext_of(b);
	const struct rec_SUBJECT *s = &e->subject;

	start(l, KIND_EVENT, (int64_t)e->ts);
	event_columns(l, e, actor);
	unless_same(&w, EXT_EVENT_TID, s->tid, s->pid);
	if (s->known)
		ext_number(&w, EXT_EVENT_OFLAGS, e->oflags);
	ext_number(&w, EXT_EVENT_REASON, e->reason);
	ext_number(&w, EXT_EVENT_TIER, e->tier);
	ext_number(&w, EXT_EVENT_MODE, e->mode);
	ext_number(&w, EXT_EVENT_ANSWER, e->answer);
	ext_number(&w, EXT_EVENT_LATENCY_US, e->latency_us);
	unless_same(&w, EXT_EVENT_ERRNO, e->err, 0);
	unless_same(&w, EXT_EVENT_WATCH, e->watch, WATCH_NONE);
	ext_number(&w, EXT_EVENT_GENERATION, (int64_t)e->generation);
	if (policy >= 0)
		ext_number(&w, EXT_EVENT_POLICY, policy);
	if (s->known) {
		unless_same(&w, EXT_EVENT_EUID, s->euid, s->uid);
		ext_number(&w, EXT_EVENT_GID, s->gid);
		unless_same(&w, EXT_EVENT_EGID, s->egid, s->gid);
	}
	if (e->seal)
		ext_number(&w, EXT_EVENT_TOKEN, (int64_t)e->token);
	return ext_end(&w, l);
}

static void
put_be(uint8_t *at, unsigned int bytes, uint64_t v)
{
	for (unsigned int i = 0; i < bytes; i++)
		at[i] = (uint8_t)(v >> (8 * (bytes - 1 - i)));
}

/* Labels may be long: what does not fit the leaf is left unnamed. */
static void
actor_ancestors(struct ext_writer *w, struct record_buf *b,
    const struct rec_SUBJECT *s, struct labels *labels)
{
	uint8_t ids[ANCESTORS_MAX * ANCESTOR_ID_BYTES];
	size_t names = 0, room = LEAF_EXT_MAX - 2 * PATH_BYTES_MAX;
	unsigned int n;

	for (n = 0; n < s->ancestors_count && n < ANCESTORS_MAX; n++) {
		const struct rec_ANCESTOR *a = &s->ancestors[n];
		const char *label = labels_get(labels, a->dev, a->ino);
		size_t len = label == NULL ? 0 : strlen(label);

		if (names + len + ANCESTORS_MAX > room)
			len = 0;
		if (len > 0)
			memcpy(b->names + names, label, len);
		names += len;
		b->names[names++] = '\0';
		put_be(ids + n * ANCESTOR_ID_BYTES, 8, a->dev);
		put_be(ids + n * ANCESTOR_ID_BYTES + 8, 8, a->ino);
		put_be(ids + n * ANCESTOR_ID_BYTES + 16, 4, a->pid);
	}
	if (n == 0)
		return;
	ext_bytes(w, EXT_ACTOR_ANCESTORS, b->names, names);
	ext_bytes(w, EXT_ACTOR_ANCESTOR_IDS, ids, n * ANCESTOR_ID_BYTES);
}

int
record_actor(struct leaf *l, struct record_buf *b, const struct rec_EVENT *e,
    struct labels *labels)
{
	struct ext_writer w = ext_of(b);
	const struct rec_SUBJECT *s = &e->subject;
	const char *exe = labels_get(labels, s->exe_dev, s->exe_ino);

	start(l, KIND_ACTOR, (int64_t)e->ts);
	leaf_set_number(l, LEAF_PID, s->pid);
	ext_number(&w, EXT_ACTOR_START_NS, (int64_t)s->start_ns);
	if (exe != NULL)
		ext_bytes(&w, EXT_ACTOR_EXE, exe, strlen(exe));
	ext_number(&w, EXT_ACTOR_EXE_DEV, (int64_t)s->exe_dev);
	ext_number(&w, EXT_ACTOR_EXE_INO, (int64_t)s->exe_ino);
	ext_bytes(&w, EXT_ACTOR_COMM, s->comm,
	    strnlen((const char *)s->comm, sizeof(s->comm)));
	ext_number(&w, EXT_ACTOR_PPID, s->ppid);
	ext_number(&w, EXT_ACTOR_CGROUP, (int64_t)s->cgroup);
	ext_number(&w, EXT_ACTOR_MNTNS, s->mntns);
	actor_ancestors(&w, b, s, labels);
	return ext_end(&w, l);
}

int
record_item(struct leaf *l, struct record_buf *b, const struct item *i)
{
	struct ext_writer w = ext_of(b);
	struct timespec boot;

	start(l, i->kind, i->ts);
	switch ((unsigned int)i->kind) {
	case KIND_GAP:
		leaf_set_number(l, LEAF_ACT, i->gap.source);
		ext_number(&w, EXT_GAP_COUNT, (int64_t)i->gap.count);
		ext_number(&w, EXT_GAP_FROM, i->gap.from);
		ext_number(&w, EXT_GAP_TO, i->gap.to);
		break;
	case KIND_ADMIN:
		leaf_set_number(l, LEAF_ACT, i->admin.what);
		ext_number(&w, EXT_ADMIN_A, (int64_t)i->admin.a);
		ext_number(&w, EXT_ADMIN_B, (int64_t)i->admin.b);
		break;
	case KIND_ACCESS:
		leaf_set_number(l, LEAF_ACT, i->access.what);
		leaf_set_number(l, LEAF_UID, i->access.uid);
		leaf_set_number(l, LEAF_PID, i->access.pid);
		ext_bytes(&w, EXT_ACCESS_DIGEST, i->access.digest, HASH_BYTES);
		break;
	case KIND_CLOCK:
		(void)clock_gettime(CLOCK_BOOTTIME, &boot);
		ext_number(&w, EXT_CLOCK_EXPECTED, i->clock.expected);
		ext_number(&w, EXT_CLOCK_BOOTTIME_NS,
		    (int64_t)boot.tv_sec * 1000000000 + boot.tv_nsec);
		break;
	default:
		ext_number(&w, EXT_CLOSE_SIGNAL, i->close.signal);
		break;
	}
	return ext_end(&w, l);
}

int
record_policy(struct leaf *l, struct record_buf *b, const struct item *i,
    uint32_t part, uint32_t parts)
{
	struct ext_writer w = ext_of(b);
	size_t at = (size_t)part * POLICY_PART_BYTES;
	size_t len = i->policy.body_len - at;

	if (len > POLICY_PART_BYTES)
		len = POLICY_PART_BYTES;
	start(l, KIND_POLICY, i->ts);
	ext_number(&w, EXT_POLICY_GENERATION, (int64_t)i->policy.generation);
	ext_bytes(&w, EXT_POLICY_HASH, i->policy.hash, HASH_BYTES);
	ext_number(&w, EXT_POLICY_PART, part);
	ext_number(&w, EXT_POLICY_PARTS, parts);
	ext_bytes(&w, EXT_POLICY_BODY, i->policy.body + at, len);
	return ext_end(&w, l);
}

int
record_open(struct leaf *l, struct record_buf *b, const struct open_facts *f)
{
	struct ext_writer w = ext_of(b);

	start(l, KIND_OPEN, f->ts);
	if (f->has_previous)
		ext_number(
		    &w, EXT_OPEN_PREVIOUS_SEAL, (int64_t)f->previous_seal);
	ext_bytes(&w, EXT_OPEN_BOOT_ID, f->boot_id, sizeof(f->boot_id));
	ext_number(&w, EXT_OPEN_CLEAN, f->clean);
	ext_bytes(&w, EXT_OPEN_HOST, f->host, strlen(f->host));
	if (f->has_late) {
		ext_number(&w, EXT_OPEN_LATE_FIRST, (int64_t)f->late_first);
		ext_number(&w, EXT_OPEN_LATE_LAST, (int64_t)f->late_last);
	}
	if (f->has_hole) {
		ext_number(&w, EXT_OPEN_HOLE_FIRST, (int64_t)f->hole_first);
		ext_number(&w, EXT_OPEN_HOLE_LAST, (int64_t)f->hole_last);
	}
	ext_bytes(
	    &w, EXT_OPEN_VERSION, PACKAGE_VERSION, sizeof(PACKAGE_VERSION) - 1);
	ext_number(&w, EXT_OPEN_CAUSE, f->cause);
	return ext_end(&w, l);
}

int
record_seal(struct leaf *l, struct record_buf *b, const struct seal_facts *f)
{
	struct ext_writer w = ext_of(b);
	struct timex clock = {.modes = 0};
	struct timespec boot;
	struct statfs fs;
	int state = adjtimex(&clock);

	(void)clock_gettime(CLOCK_BOOTTIME, &boot);
	start(l, KIND_SEAL, f->ts);
	ext_number(&w, EXT_SEAL_N, (int64_t)f->n);
	ext_number(&w, EXT_SEAL_BOOTTIME_NS,
	    (int64_t)boot.tv_sec * 1000000000 + boot.tv_nsec);
	ext_number(&w, EXT_SEAL_RECORDS, (int64_t)f->records);
	ext_number(&w, EXT_SEAL_ACCEPTED, (int64_t)f->accepted);
	for (unsigned int s = GAP_RECORD_QUEUE; s < GAP_MAX; s++)
		if (f->lost[s] > 0)
			ext_number(
			    &w, EXT_SEAL_ACCEPTED + s, (int64_t)f->lost[s]);
	if (f->policy >= 0)
		ext_number(&w, EXT_SEAL_POLICY, f->policy);
	if (state >= 0) {
		ext_number(&w, EXT_SEAL_CLOCK_STATE, state);
		ext_number(&w, EXT_SEAL_CLOCK_ERROR_US, clock.maxerror);
	}
	if (statfs(".", &fs) == 0)
		ext_number(&w, EXT_SEAL_FREE_MB,
		    (int64_t)((uint64_t)fs.f_bavail * (uint64_t)fs.f_bsize >>
			      20));
	ext_number(&w, EXT_SEAL_SENSORS, f->monitor);
	ext_number(&w, EXT_SEAL_HEARTBEAT_S, f->heartbeat_s);
	if (f->token > 0) {
		ext_number(&w, EXT_SEAL_TOKEN, (int64_t)f->token);
		ext_number(&w, EXT_SEAL_EVENT_TS, f->event_ts);
	}
	return ext_end(&w, l);
}
