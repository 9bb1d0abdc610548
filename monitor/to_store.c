/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records on their way to the store. They stay here, in a ring of fixed size,
 * until the store says they are sealed; a store that dies is sent again what
 * its successor does not hold. At the bound a record is dropped and counted,
 * and LOST, with the exact count, goes out before the next record does; it is
 * kept, too, until a record that went out after it is sealed.
 *
 * Owned here: the ring. Not owned: the channel (loop.c).
 */
#include "monitor/monitor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RING_BYTES (64u << 20) /* about 170,000 records with ordinary paths */
#define TOKEN_EPOCH_SHIFT 40
#define BATCH_MAX                                                              \
	(sizeof(((struct msg_RECORDS *)0)->records) / sizeof(struct rec_EVENT))

/*
 * One record in the ring, followed by its event up to the end of its path. A
 * node never straddles the ring's end; bytes 0 there means "go to the start".
 */
struct node {
	uint32_t bytes; /* of the node with its event, aligned to 8 */
	uint32_t event_bytes;
	uint64_t token;
};

/* Records dropped at the bound. */
struct loss {
	uint64_t count, from, to; /* realtime, of the first and the last */
};

/* Positions grow while the ring is not empty; position modulo RING_BYTES is the
 * place. */
struct to_store {
	struct vitals_monitor *vitals;
	struct chan *chan;
	bool ready;   /* the store has said what it holds */
	bool blocked; /* its socket was full the last time */
	uint64_t next_token;
	struct loss lost;	   /* to be sent */
	struct loss told;	   /* sent, but not known to be sealed */
	uint64_t told_before;	   /* token of the record that went out next */
	uint64_t head, next, tail; /* oldest kept, next to send, free space */
	size_t waiting;		   /* records from next to tail */
	struct msg_RECORDS batch;
	_Alignas(8) uint8_t ring[RING_BYTES];
};

int
to_store_new(
    struct vitals_monitor *vitals, uint64_t epoch, struct to_store **ret)
{
	struct to_store *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return -ENOMEM;
	s->vitals = vitals;
	s->next_token = epoch << TOKEN_EPOCH_SHIFT | 1;
	*ret = s;
	return 0;
}

static struct node *
node_at(struct to_store *s, uint64_t pos)
{
	return (struct node *)(void *)(s->ring + pos % RING_BYTES);
}

/* Where the node at pos really is; pos must be before tail. */
static uint64_t
settle(struct to_store *s, uint64_t pos)
{
	if (node_at(s, pos)->bytes == 0)
		pos += RING_BYTES - pos % RING_BYTES;
	return pos;
}

/* Space for bytes, contiguous; there must be room. */
static struct node *
reserve(struct to_store *s, size_t bytes)
{
	uint64_t to_end = RING_BYTES - s->tail % RING_BYTES;
	struct node *n;

	if (to_end < bytes) {
		node_at(s, s->tail)->bytes = 0;
		s->tail += to_end;
	}
	n = node_at(s, s->tail);
	n->bytes = (uint32_t)bytes;
	s->tail += bytes;
	return n;
}

static void
fill_event(struct rec_EVENT *e, const struct opening *o, uint32_t latency_us)
{
	const struct judgement *j = &o->judged;

	e->ts = o->ts;
	e->op = j->op;
	e->verdict = j->verdict;
	e->mode = j->mode;
	e->reason = j->reason;
	e->tier = j->tier;
	e->answer = j->answer;
	e->seal = j->record == 2;
	e->watch = j->watch;
	e->rule = j->rule;
	e->generation = o->generation;
	e->latency_us = latency_us;
	e->oflags = o->oflags;
	e->err = j->answer == VERDICT_DENY ? EPERM : 0;
	e->dev = o->look.dev;
	e->ino = o->look.ino;
	e->st_mode = o->look.mode;
	e->size = o->look.size;
	e->subject = o->subject;
	e->path_len = o->path_len;
	memcpy(e->path, o->path, (size_t)o->path_len + 1);
}

static void
add_loss(struct loss *to, const struct loss *more)
{
	if (more->count == 0)
		return;
	if (to->count == 0 || more->from < to->from)
		to->from = more->from;
	if (to->count == 0 || more->to > to->to)
		to->to = more->to;
	to->count += more->count;
}

static size_t
bytes_for(const struct opening *o)
{
	size_t event = offsetof(struct rec_EVENT, path) + o->path_len + 1u;

	return (sizeof(struct node) + event + 7) & ~(size_t)7;
}

bool
to_store_has_room(const struct to_store *s, const struct opening *o)
{
	size_t bytes = bytes_for(o);
	uint64_t to_end = RING_BYTES - s->tail % RING_BYTES;
	uint64_t skip = to_end < bytes ? to_end : 0;

	return s->tail + skip + bytes - s->head <= RING_BYTES;
}

uint64_t
to_store_record(
    struct to_store *s, const struct opening *o, uint32_t latency_us)
{
	struct loss one = {1, o->ts, o->ts};
	struct node *n;
	struct rec_EVENT *e;

	if (!to_store_has_room(s, o)) {
		add_loss(&s->lost, &one);
		vital_add(s->vitals->records_lost, 1);
		return 0;
	}
	n = reserve(s, bytes_for(o));
	n->event_bytes =
	    (uint32_t)offsetof(struct rec_EVENT, path) + o->path_len + 1u;
	n->token = s->next_token++;
	e = (struct rec_EVENT *)(void *)(n + 1);
	fill_event(e, o, latency_us);
	e->token = n->token;
	s->waiting++;
	vital_set(s->vitals->records_queued, s->waiting);
	return n->token;
}

static int
send_to_store(struct to_store *s, uint16_t type, const void *msg)
{
	int r = chan_send(s->chan, type, msg, NULL);

	s->blocked = r == -ENOBUFS;
	return r;
}

bool
to_store_blocked(const struct to_store *s)
{
	return s->blocked;
}

static int
send_lost(struct to_store *s)
{
	struct msg_LOST lost = {
	    GAP_RECORD_QUEUE, s->lost.count, s->lost.from, s->lost.to};
	int r;

	if (s->lost.count == 0)
		return 0;
	r = send_to_store(s, MSG_LOST, &lost);
	if (r < 0)
		return r;
	add_loss(&s->told, &s->lost);
	s->lost.count = 0;
	s->told_before = s->waiting > 0 ? node_at(s, settle(s, s->next))->token
					: s->next_token;
	return 0;
}

/* Fills a batch from next on. Where the batch ends is *ret_next. */
static size_t
fill_batch(struct to_store *s, uint64_t *ret_next)
{
	size_t bytes = MSG_HEADER_BYTES + 2, count = 0;
	uint64_t pos = s->next;

	while (count < BATCH_MAX && count < s->waiting) {
		struct rec_EVENT *e = &s->batch.records[count];
		struct node *n;

		pos = settle(s, pos);
		n = node_at(s, pos);
		memcpy(e, n + 1, n->event_bytes);
		bytes += rec_EVENT_size(e);
		if (bytes > MSG_BYTES_MAX)
			break;
		count++;
		pos += n->bytes;
	}
	*ret_next = pos;
	return count;
}

void
to_store_flush(struct to_store *s)
{
	if (s->chan == NULL || !s->ready)
		return;
	while (s->waiting > 0 || s->lost.count > 0) {
		uint64_t next = s->next;

		/* A full socket: monitor_await_store(). */
		if (send_lost(s) < 0)
			return;
		if (s->waiting == 0)
			return;
		s->batch.records_count = (uint16_t)fill_batch(s, &next);
		if (send_to_store(s, MSG_RECORDS, &s->batch) < 0)
			return;
		s->next = next;
		s->waiting -= s->batch.records_count;
		vital_add(s->vitals->records_sent, s->batch.records_count);
		vital_set(s->vitals->records_queued, s->waiting);
	}
}

int
to_store_label(struct to_store *s, const struct msg_LABEL *label)
{
	static struct msg_LABEL_STORE out;

	if (s->chan == NULL || !s->ready)
		return -ENOTCONN;
	out.dev = label->dev;
	out.ino = label->ino;
	out.path_len = label->path_len;
	memcpy(out.path, label->path, (size_t)label->path_len + 1);
	return send_to_store(s, MSG_LABEL_STORE, &out);
}

/* Everything kept is to be sent (again): to a new store. */
static void
rewind_to_head(struct to_store *s)
{
	uint64_t pos = s->head;

	add_loss(&s->lost, &s->told);
	s->told.count = 0;
	s->next = s->head;
	s->waiting = 0;
	while (pos < s->tail) {
		pos = settle(s, pos);
		pos += node_at(s, pos)->bytes;
		s->waiting++;
	}
}

void
to_store_channel(struct to_store *s, struct chan *c)
{
	s->chan = c;
	s->ready = false;
	s->blocked = false;
}

uint64_t
to_store_sealed(struct to_store *s, uint64_t token)
{
	if (token >> TOKEN_EPOCH_SHIFT != s->next_token >> TOKEN_EPOCH_SHIFT ||
	    token >= s->next_token)
		token = 0;
	if (s->told.count > 0 && token >= s->told_before)
		s->told.count = 0;
	if (!s->ready)
		rewind_to_head(s);
	while (s->head < s->tail) {
		uint64_t pos = settle(s, s->head);
		struct node *n = node_at(s, pos);

		if (n->token > token)
			break;
		s->head = pos + n->bytes;
		if (s->next < s->head) {
			s->next = s->head;
			s->waiting--;
		}
	}
	/* The memory used lately is used again, not all of the ring in turn. */
	if (s->head == s->tail)
		s->head = s->next = s->tail = 0;
	s->ready = true;
	vital_set(s->vitals->records_queued, s->waiting);
	return token;
}
