/* SPDX-License-Identifier: Apache-2.0 */
/* The ring of records: what comes out is what went in, in order, or counted. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "monitor/monitor.h"

#define EPOCH 2
#define TOKEN(n) ((uint64_t)EPOCH << 40 | (n))

static struct to_store *s;
static struct vitals_monitor *vitals;
static struct chan *near, *far;
static struct opening o;
/* What the far end got. */
static uint64_t got, next_token, lost, lost_messages, lost_from, lost_to;
static struct rec_EVENT last;

static int
on_records(struct chan *c, const void *msg, int *fds, void *ctx)
{
	const struct msg_RECORDS *m = msg;

	(void)c;
	(void)fds;
	(void)ctx;
	for (uint16_t i = 0; i < m->records_count; i++) {
		if (next_token != 0)
			assert_int_equal(m->records[i].token, next_token);
		next_token = m->records[i].token + 1;
		/* Each says in ino which it is, and how long its path is. */
		assert_int_equal(m->records[i].token, TOKEN(m->records[i].ino));
		assert_int_equal(m->records[i].path_len, m->records[i].size);
		assert_int_equal(
		    strspn(m->records[i].path, "p"), m->records[i].path_len);
		got++;
	}
	last = m->records[m->records_count - 1];
	return 0;
}

static int
on_lost(struct chan *c, const void *msg, int *fds, void *ctx)
{
	const struct msg_LOST *m = msg;

	(void)c;
	(void)fds;
	(void)ctx;
	assert_int_equal(m->source, GAP_RECORD_QUEUE);
	lost += m->count;
	lost_messages++;
	lost_from = m->from_ts;
	lost_to = m->to_ts;
	return 0;
}

static const struct chan_row rows[] = {
    {MSG_RECORDS, false, 0, on_records},
    {MSG_LOST, false, 0, on_lost},
};

static void
new_store(uint64_t token)
{
	int fds[2];

	chan_close(&near);
	chan_close(&far);
	assert_int_equal(chan_pair(fds), 0);
	assert_int_equal(chan_open(fds[0], PROCESS_MONITOR, PROCESS_STORE, NULL,
			     0, NULL, 0, &near),
	    0);
	assert_int_equal(chan_open(fds[1], PROCESS_STORE, PROCESS_MONITOR, rows,
			     2, NULL, 0, &far),
	    0);
	got = next_token = lost = lost_messages = 0;
	to_store_channel(s, near);
	to_store_flush(s);
	assert_int_equal(chan_dispatch(far), 0); /* before it spoke: nothing */
	(void)to_store_sealed(s, token);
}

static void
drain(void)
{
	do
		to_store_flush(s);
	while (chan_dispatch_all(far, 1000) > 0);
}

static int
setup(void **state)
{
	(void)state;
	vitals = calloc(1, sizeof(*vitals));
	assert_int_equal(to_store_new(vitals, EPOCH, &s), 0);
	memset(&o, 0, sizeof(o));
	memset(o.path, 'p', PATH_BYTES_MAX);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	chan_close(&near);
	chan_close(&far);
	free(s);
	free(vitals);
	return 0;
}

static uint64_t
record_of(uint64_t n, uint64_t path_len)
{
	uint64_t token;

	o.look.ino = n;
	o.look.size = path_len;
	o.ts = 1000 + n;
	o.path_len = (uint16_t)path_len;
	o.path[path_len] = '\0';
	token = to_store_record(s, &o, (uint32_t)n);
	o.path[path_len] = 'p';
	return token;
}

/* Record number n: paths of all lengths, so that nodes end anywhere. */
static uint64_t
record(uint64_t n)
{
	return record_of(n, n % 4096);
}

static void
fields(void **state)
{
	(void)state;
	o.judged = (struct judgement){.verdict = VERDICT_DENY,
	    .answer = VERDICT_DENY,
	    .record = 2,
	    .reason = REASON_RULE,
	    .tier = TIER_CACHE,
	    .mode = MODE_ENFORCE,
	    .op = OP_EXEC,
	    .watch = 3,
	    .rule = 4};
	o.generation = 5;
	o.oflags = 6;
	o.look.dev = 7;
	o.look.mode = 0100600;
	o.subject.uid = 9;
	new_store(0);
	assert_int_equal(record(1), TOKEN(1));
	drain();
	assert_int_equal(got, 1);
	assert_int_equal(last.ts, 1001);
	assert_int_equal(last.op, OP_EXEC);
	assert_int_equal(last.verdict, VERDICT_DENY);
	assert_int_equal(last.seal, 1);
	assert_int_equal(last.err, EPERM);
	assert_int_equal(last.watch, 3);
	assert_int_equal(last.rule, 4);
	assert_int_equal(last.generation, 5);
	assert_int_equal(last.oflags, 6);
	assert_int_equal(last.dev, 7);
	assert_int_equal(last.size, 1);
	assert_int_equal(last.st_mode, 0100600);
	assert_int_equal(last.subject.uid, 9);
	assert_int_equal(last.latency_us, 1);
	assert_string_equal(last.path, "p");
	assert_int_equal(vitals->records_sent, 1);
	assert_int_equal(vitals->records_queued, 0);
}

/* Five times around the ring, with as much kept as possible or nothing. */
static void
wrap_around(void **state)
{
	(void)state;
	new_store(0);
	for (uint64_t n = 1; n <= 40000; n++) {
		assert_int_equal(record(n), TOKEN(n));
		if (n % 50 == 0)
			drain();
		if (n > 5000)
			(void)to_store_sealed(s, TOKEN(n - 5000));
	}
	drain();
	assert_int_equal(got, 40000);
	(void)to_store_sealed(s, TOKEN(40000));
	new_store(0);
	drain();
	assert_int_equal(got, 0);
	assert_int_equal(vitals->records_lost, 0);
}

/*
 * Filled to the last byte, with the oldest one kept at many places: whatever
 * was taken comes out whole.
 */
static void
full_from_anywhere(void **state)
{
	uint64_t n = 1, sealed = 1;

	(void)state;
	new_store(0);
	/* Room at the start, but for no whole record. */
	assert_int_equal(record_of(1, 100), TOKEN(1));
	(void)to_store_sealed(s, TOKEN(1));
	for (unsigned int round = 0; round < 16; round++) {
		while (record_of(n + 1, 4000 + round % 90) != 0)
			n++;
		for (uint64_t len = 4000; len-- > 0;) {
			if (record_of(n + 1, len) != 0)
				n++;
		}
		new_store(TOKEN(sealed));
		drain();
		assert_int_equal(got, n - sealed);
		/* At times a little room, at times much. */
		sealed += round % 2 == 0 ? 1 : (n - sealed) / 3;
		(void)to_store_sealed(s, TOKEN(sealed));
	}
}

static void
loss_is_exact(void **state)
{
	uint64_t kept = 0, first;

	(void)state;
	while (record(kept + 1) != 0)
		kept++;
	/* One that is smaller may still fit; it has its place in the order. */
	first = kept + 1;
	for (uint64_t n = first + 1; n < first + 100; n++)
		assert_true(o.path_len > 100 && record(first) == 0);
	assert_int_equal(vitals->records_lost, 100);
	assert_int_equal(vitals->records_queued, kept);
	new_store(0);
	drain();
	assert_int_equal(got, kept);
	assert_int_equal(lost_messages, 1);
	assert_int_equal(lost, 100);
	assert_int_equal(lost_from, 1000 + first);
	assert_int_equal(lost_to, 1000 + first);
	/* Room again once something is sealed; the loss is said once. */
	(void)to_store_sealed(s, TOKEN(kept));
	lost = lost_messages = 0;
	assert_int_equal(record(kept + 1), TOKEN(kept + 1));
	drain();
	assert_int_equal(lost_messages, 0);
	assert_int_equal(got, kept + 1);
}

static void
loss_survives_the_store(void **state)
{
	uint64_t kept = 0;

	(void)state;
	while (record(kept + 1) != 0)
		kept++;
	new_store(0);
	drain();
	assert_int_equal(lost, 1);
	for (int i = 0; i < 5; i++)
		assert_int_equal(record(kept + 1), 0);
	drain();
	assert_int_equal(lost, 6);
	new_store(0);
	drain();
	assert_int_equal(lost, 6);
	assert_int_equal(lost_messages, 1);
	assert_int_equal(got, kept);
	/* A record that went out after it is sealed: so is the loss. */
	(void)to_store_sealed(s, TOKEN(1));
	new_store(TOKEN(1));
	drain();
	assert_int_equal(lost, 0);
	assert_int_equal(got, kept - 1);
}

static void
resend_from_the_token(void **state)
{
	(void)state;
	new_store(0);
	for (uint64_t n = 1; n <= 100; n++)
		assert_int_equal(record(n), TOKEN(n));
	drain();
	assert_int_equal(got, 100);
	to_store_channel(s, NULL);
	assert_int_equal(record(101), TOKEN(101));
	to_store_flush(s);
	new_store(TOKEN(60));
	drain();
	assert_int_equal(got, 41);
	assert_int_equal(next_token, TOKEN(102));
}

static void
foreign_tokens(void **state)
{
	(void)state;
	new_store((uint64_t)(EPOCH + 1) << 40);
	assert_int_equal(record(1), TOKEN(1));
	assert_int_equal(to_store_sealed(s, TOKEN(2)), 0);
	assert_int_equal(to_store_sealed(s, UINT64_MAX), 0);
	assert_int_equal(to_store_sealed(s, 1), 0);
	drain();
	assert_int_equal(got, 1);
	assert_int_equal(to_store_sealed(s, TOKEN(1)), TOKEN(1));
}

/* A socket that is full keeps the rest here, in order. */
static void
slow_store(void **state)
{
	(void)state;
	new_store(0);
	for (uint64_t n = 1; n <= 3000; n++)
		assert_int_equal(record(n), TOKEN(n));
	to_store_flush(s);
	assert_true(to_store_blocked(s));
	assert_true(vitals->records_queued > 0);
	assert_int_equal(vitals->records_queued + vitals->records_sent, 3000);
	drain();
	assert_false(to_store_blocked(s));
	assert_int_equal(got, 3000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(fields),
	    TEST(wrap_around),
	    TEST(full_from_anywhere),
	    TEST(loss_is_exact),
	    TEST(loss_survives_the_store),
	    TEST(resend_from_the_token),
	    TEST(foreign_tokens),
	    TEST(slow_store),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
