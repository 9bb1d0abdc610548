/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/wire/chan.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "ipc/proc/fd.h"
#include "tests/unit/fd_count.h"

#define QUEUE_MAX 4

/* The loader's end is a; the monitor's end b has the table. */
struct ends {
	struct chan *a, *b;
	int raw_a; /* a's socket, to send what chan_send would not */
	unsigned int fds_before;
	unsigned int handled;
	uint16_t last;
	bool keep; /* the handler takes the first descriptor */
	int kept;
	int answer; /* what the handler returns */
};

static int
on_any(struct chan *c, const void *msg, int *fds, void *ctx, uint16_t type)
{
	struct ends *e = ctx;

	assert_ptr_equal(c, e->b);
	assert_non_null(msg);
	e->handled++;
	e->last = type;
	for (unsigned int i = 0; i < msg_row(type)->nfds; i++)
		assert_true(fcntl(fds[i], F_GETFD) == FD_CLOEXEC);
	if (e->keep && msg_row(type)->nfds > 0)
		e->kept = take_fd(&fds[0]);
	return e->answer;
}

static int
on_hello(struct chan *c, const void *msg, int *fds, void *ctx)
{
	chan_set_phase(c, 1);
	return on_any(c, msg, fds, ctx, MSG_HELLO_MONITOR);
}

static int
on_policy(struct chan *c, const void *msg, int *fds, void *ctx)
{
	return on_any(c, msg, fds, ctx, MSG_POLICY_MONITOR);
}

static int
on_stop(struct chan *c, const void *msg, int *fds, void *ctx)
{
	assert_int_equal(((const struct msg_STOP_MONITOR *)msg)->signal, 15);
	return on_any(c, msg, fds, ctx, MSG_STOP_MONITOR);
}

static int
on_label(struct chan *c, const void *msg, int *fds, void *ctx)
{
	const struct msg_LABEL *m = msg;

	assert_int_equal(strlen(m->path), m->path_len);
	return on_any(c, msg, fds, ctx, MSG_LABEL);
}

static const struct chan_row rows[] = {
    {MSG_HELLO_MONITOR, true, 1u << 0, on_hello},
    {MSG_POLICY_MONITOR, false, 1u << 1, on_policy},
    {MSG_STOP_MONITOR, false, 0, on_stop},
    {MSG_LABEL, false, 0, on_label},
};

static int
setup(void **state)
{
	struct ends *e = calloc(1, sizeof(*e));
	int fds[2];

	if (e == NULL)
		return -1;
	e->kept = -1;
	e->fds_before = fd_count();
	if (chan_pair(fds) != 0 ||
	    chan_open(fds[0], PROCESS_LOADER, PROCESS_MONITOR, NULL, 0, NULL,
		QUEUE_MAX, &e->a) != 0 ||
	    chan_open(fds[1], PROCESS_MONITOR, PROCESS_LOADER, rows,
		sizeof(rows) / sizeof(rows[0]), e, QUEUE_MAX, &e->b) != 0)
		return -1;
	e->raw_a = fds[0];
	*state = e;
	return 0;
}

/* Whatever a test did, every descriptor is gone with the channels. */
static int
teardown(void **state)
{
	struct ends *e = *state;
	unsigned int after;

	chan_close(&e->a);
	chan_close(&e->b);
	fd_close(&e->kept);
	after = fd_count();
	if (after != e->fds_before)
		print_error(
		    "%u descriptors before, %u after\n", e->fds_before, after);
	after -= e->fds_before;
	free(e);
	return after == 0 ? 0 : -1;
}

static int
a_file(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static int
send_stop(struct ends *e)
{
	struct msg_STOP_MONITOR m = {.signal = 15};

	return chan_send(e->a, MSG_STOP_MONITOR, &m, NULL);
}

static int
send_hello(struct ends *e)
{
	struct msg_HELLO_MONITOR m = {.epoch = 1};
	int fd fd_cleanup = a_file();
	int fds[6] = {fd, fd, fd, fd, fd, fd};

	return chan_send(e->a, MSG_HELLO_MONITOR, &m, fds);
}

static int
send_policy(struct ends *e, int fd)
{
	struct msg_POLICY_MONITOR m = {.generation = 1};
	int fds[2] = {fd, fd};

	return chan_send(e->a, MSG_POLICY_MONITOR, &m, fds);
}

/* A datagram of any shape, as a peer that was taken over might send it. */
static void
send_raw(struct ends *e, const void *bytes, size_t len, const int *fds,
    unsigned int nfds)
{
	struct iovec iov = {
	    .iov_base = (void *)(uintptr_t)bytes, .iov_len = len};
	union {
		char bytes[CMSG_SPACE(sizeof(int) * 32)];
		struct cmsghdr align;
	} control;
	struct msghdr mh = {.msg_iov = &iov, .msg_iovlen = 1};

	memset(&control, 0, sizeof(control));
	if (nfds > 0) {
		struct cmsghdr *cm;

		mh.msg_control = control.bytes;
		mh.msg_controllen = CMSG_SPACE(sizeof(int) * nfds);
		cm = CMSG_FIRSTHDR(&mh);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(sizeof(int) * nfds);
		memcpy(CMSG_DATA(cm), fds, sizeof(int) * nfds);
	}
	assert_int_equal(sendmsg(e->raw_a, &mh, MSG_NOSIGNAL), (ssize_t)len);
}

static size_t
raw_stop(uint8_t *bytes, size_t cap)
{
	struct msg_STOP_MONITOR m = {.signal = 15};
	size_t len = 0;

	assert_int_equal(msg_encode(MSG_STOP_MONITOR, &m, bytes, cap, &len), 0);
	return len;
}

static void
a_message_arrives(void **state)
{
	struct ends *e = *state;

	assert_int_equal(chan_dispatch(e->b), 0);
	assert_int_equal(send_stop(e), 0);
	assert_int_equal(chan_dispatch(e->b), 1);
	assert_int_equal(e->handled, 1);
	assert_int_equal(e->last, MSG_STOP_MONITOR);
	assert_int_equal(chan_dispatch(e->b), 0);
}

static void
the_longest_message_arrives(void **state)
{
	static struct msg_LABEL m;
	struct ends *e = *state;

	m.path_len = PATH_BYTES_MAX;
	memset(m.path, 'x', PATH_BYTES_MAX);
	assert_int_equal(chan_send(e->a, MSG_LABEL, &m, NULL), 0);
	assert_int_equal(chan_dispatch(e->b), 1);
	assert_int_equal(e->last, MSG_LABEL);
}

static void
descriptors_travel_and_unclaimed_ones_are_closed(void **state)
{
	struct ends *e = *state;
	unsigned int before = fd_count();

	assert_int_equal(send_hello(e), 0);
	assert_int_equal(chan_dispatch(e->b), 1);
	assert_int_equal(fd_count(), before);
}

static void
a_claimed_descriptor_stays_and_is_the_file_sent(void **state)
{
	struct ends *e = *state;
	unsigned int before = fd_count();
	struct stat sent, kept;

	e->keep = true;
	assert_int_equal(send_hello(e), 0);
	assert_int_equal(chan_dispatch(e->b), 1);
	assert_int_equal(fd_count(), before + 1);
	assert_int_equal(stat("/dev/null", &sent), 0);
	assert_int_equal(fstat(e->kept, &kept), 0);
	assert_true(sent.st_rdev == kept.st_rdev);
}

static void
descriptors_of_a_failed_handler_are_closed(void **state)
{
	struct ends *e = *state;
	unsigned int before = fd_count();

	e->answer = -EDOM;
	assert_int_equal(send_hello(e), 0);
	assert_int_equal(chan_dispatch(e->b), -EDOM);
	assert_int_equal(fd_count(), before);
}

/* Sends a message with another number of descriptors than it declares. */
static void
check_wrong_fds(
    struct ends *e, const uint8_t *bytes, size_t len, unsigned int nfds)
{
	unsigned int before = fd_count();
	int fd fd_cleanup = a_file();
	int fds[32];

	for (unsigned int i = 0; i < nfds; i++)
		fds[i] = fd;
	send_raw(e, bytes, len, fds, nfds);
	assert_int_equal(chan_dispatch(e->b), -EPROTO);
	assert_int_equal(e->handled, 0);
	assert_int_equal(fd_count(), before + 1);
}

static void
descriptors_too_many_are_refused_and_closed(void **state)
{
	uint8_t bytes[64];
	size_t len = raw_stop(bytes, sizeof(bytes));

	check_wrong_fds(*state, bytes, len, 1);
	check_wrong_fds(*state, bytes, len, MSG_FDS_MAX);
}

static size_t
raw_hello(uint8_t *bytes, size_t cap)
{
	struct msg_HELLO_MONITOR m = {.epoch = 1};
	size_t len = 0;

	assert_int_equal(
	    msg_encode(MSG_HELLO_MONITOR, &m, bytes, cap, &len), 0);
	return len;
}

/* The kernel hands over as many as there is room for: just enough. */
static void
more_descriptors_than_any_message_has_are_refused_and_closed(void **state)
{
	uint8_t bytes[64];
	size_t len = raw_hello(bytes, sizeof(bytes));

	check_wrong_fds(*state, bytes, len, MSG_FDS_MAX + 1);
	check_wrong_fds(*state, bytes, len, 32);
}

static void
descriptors_too_few_are_refused_and_closed(void **state)
{
	uint8_t bytes[64];
	size_t len = raw_hello(bytes, sizeof(bytes));

	check_wrong_fds(*state, bytes, len, MSG_FDS_MAX - 1);
	check_wrong_fds(*state, bytes, len, 0);
}

/* Descriptors without a byte are neither a message nor the end. */
static void
an_empty_datagram_with_descriptors_is_refused(void **state)
{
	struct ends *e = *state;
	unsigned int before = fd_count();
	int fd fd_cleanup = a_file();

	send_raw(e, "", 0, &fd, 1);
	assert_int_equal(chan_dispatch(e->b), -EPROTO);
	assert_int_equal(fd_count(), before + 1);
}

static void
control_data_of_another_kind_is_refused(void **state)
{
	struct ends *e = *state;
	unsigned int before = fd_count();
	uint8_t bytes[64];
	size_t len = raw_stop(bytes, sizeof(bytes));
	int on = 1;
	int fd fd_cleanup = a_file();

	/* The kernel then adds SCM_CREDENTIALS to what is received. */
	assert_int_equal(
	    setsockopt(chan_fd(e->b), SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)),
	    0);
	send_raw(e, bytes, len, NULL, 0);
	assert_int_equal(chan_dispatch(e->b), -EPROTO);
	send_raw(e, bytes, len, &fd, 1);
	assert_int_equal(chan_dispatch(e->b), -EPROTO);
	assert_int_equal(e->handled, 0);
	assert_int_equal(fd_count(), before + 1);
}

static int
on_records(struct chan *c, const void *msg, int *fds, void *ctx)
{
	(void)c;
	(void)msg;
	(void)fds;
	++*(unsigned int *)ctx;
	return 0;
}

/* A RECORDS of exactly len bytes. */
static void
raw_records(uint8_t *bytes, size_t len)
{
	static struct msg_RECORDS m;
	size_t have = MSG_HEADER_BYTES + 2, each;

	memset(m.records[0].path, 'x', PATH_BYTES_MAX);
	m.records[0].path_len = 1800;
	each = rec_EVENT_size(&m.records[0]);
	for (m.records_count = 1; have + 2 * each <= len; have += each) {
		m.records[m.records_count] = m.records[m.records_count - 1];
		m.records_count++;
	}
	m.records[0].path_len =
	    (uint16_t)(m.records[0].path_len + len - have - each);
	assert_int_equal(
	    msg_encode(MSG_RECORDS, &m, bytes, MSG_BYTES_MAX, &have), 0);
	assert_int_equal(have, len);
}

/* What is cut off must not leave a message that looks whole. */
static void
a_datagram_longer_than_any_message_is_refused(void **state)
{
	static const struct chan_row store_rows[] = {
	    {MSG_RECORDS, false, 0, on_records}};
	static uint8_t bytes[MSG_BYTES_MAX + 1];
	unsigned int handled = 0;
	struct chan *store = NULL;
	int fds[2];

	(void)state;
	assert_int_equal(chan_pair(fds), 0);
	assert_int_equal(chan_open(fds[1], PROCESS_STORE, PROCESS_MONITOR,
			     store_rows, 1, &handled, 1, &store),
	    0);
	raw_records(bytes, MSG_BYTES_MAX);
	assert_int_equal(send(fds[0], bytes, MSG_BYTES_MAX, 0), MSG_BYTES_MAX);
	assert_int_equal(chan_dispatch(store), 1);
	assert_int_equal(handled, 1);
	assert_int_equal(
	    send(fds[0], bytes, sizeof(bytes), 0), (ssize_t)sizeof(bytes));
	assert_int_equal(chan_dispatch(store), -EPROTO);
	assert_int_equal(handled, 1);
	chan_close(&store);
	fd_close(&fds[0]);
}

static void
malformed_bytes_are_refused(void **state)
{
	struct ends *e = *state;
	struct msg_LABEL m = {.path_len = 2, .path = "ab"};
	uint8_t bytes[64];
	size_t len = 0;

	assert_int_equal(
	    msg_encode(MSG_LABEL, &m, bytes, sizeof(bytes), &len), 0);
	bytes[len - 1] = 0;
	send_raw(e, bytes, len, NULL, 0);
	assert_int_equal(chan_dispatch(e->b), -EPROTO);
	send_raw(e, "\x7f\xff\0\0", 4, NULL, 0);
	assert_int_equal(chan_dispatch(e->b), -EPROTO);
	send_raw(e, "\x01", 1, NULL, 0);
	assert_int_equal(chan_dispatch(e->b), -EPROTO);
	assert_int_equal(e->handled, 0);
}

static void
a_message_of_the_other_direction_is_refused(void **state)
{
	struct ends *e = *state;
	struct msg_READY_MONITOR m = {.pid = 1};
	uint8_t bytes[64];
	size_t len = 0;

	assert_int_equal(
	    msg_encode(MSG_READY_MONITOR, &m, bytes, sizeof(bytes), &len), 0);
	send_raw(e, bytes, len, NULL, 0);
	assert_int_equal(chan_dispatch(e->b), -EPROTO);
}

static void
a_message_the_table_lacks_is_refused(void **state)
{
	struct ends *e = *state;
	struct msg_NEW_DECIDER m = {.pid = 1};
	unsigned int before = fd_count();
	int fd fd_cleanup = a_file();

	assert_int_equal(chan_send(e->a, MSG_NEW_DECIDER, &m, &fd), 0);
	assert_int_equal(chan_dispatch(e->b), -EPROTO);
	assert_int_equal(fd_count(), before + 1);
}

static void
a_message_of_another_phase_is_refused(void **state)
{
	struct ends *e = *state;
	int fd fd_cleanup = a_file();

	assert_int_equal(send_policy(e, fd), 0);
	assert_int_equal(chan_dispatch(e->b), -EPROTO);
	assert_int_equal(send_hello(e), 0);
	assert_int_equal(chan_dispatch(e->b), 1);
	assert_int_equal(send_policy(e, fd), 0);
	assert_int_equal(chan_dispatch(e->b), 1);
	assert_int_equal(send_policy(e, fd), 0);
	assert_int_equal(chan_dispatch(e->b), 1);
	assert_int_equal(e->handled, 3);
}

static void
once_is_once(void **state)
{
	struct ends *e = *state;

	assert_int_equal(send_hello(e), 0);
	assert_int_equal(chan_dispatch(e->b), 1);
	chan_set_phase(e->b, 0);
	assert_int_equal(send_hello(e), 0);
	assert_int_equal(chan_dispatch(e->b), -EPROTO);
	assert_int_equal(e->handled, 1);
}

static void
dispatch_all_stops_at_its_limit(void **state)
{
	struct ends *e = *state;

	for (int i = 0; i < 5; i++)
		assert_int_equal(send_stop(e), 0);
	assert_int_equal(chan_dispatch_all(e->b, 3), 3);
	assert_int_equal(chan_dispatch_all(e->b, 3), 2);
	assert_int_equal(chan_dispatch_all(e->b, 3), 0);
}

static void
what_the_encoder_refuses_is_not_sent(void **state)
{
	struct ends *e = *state;
	struct msg_LABEL m = {.path_len = 2, .path = "a"};

	assert_int_equal(chan_send(e->a, MSG_LABEL, &m, NULL), -EINVAL);
	assert_int_equal(chan_dispatch(e->b), 0);
}

/* Sends until the kernel takes no more; returns how many it took. */
static unsigned int
fill_socket(struct ends *e)
{
	unsigned int n = 0;

	while (!chan_wants_write(e->a)) {
		assert_int_equal(send_stop(e), 0);
		n++;
	}
	assert_int_equal(chan_queued(e->a), 1);
	return n - 1;
}

static void
a_full_queue_refuses_and_counts(void **state)
{
	struct ends *e = *state;
	unsigned int taken = fill_socket(e);

	assert_true(taken > 0);
	for (int i = 1; i < QUEUE_MAX; i++)
		assert_int_equal(send_stop(e), 0);
	assert_int_equal(chan_queued(e->a), QUEUE_MAX);
	assert_true(chan_refused(e->a) == 0);
	assert_int_equal(send_stop(e), -ENOBUFS);
	assert_int_equal(send_stop(e), -ENOBUFS);
	assert_true(chan_refused(e->a) == 2);
	assert_int_equal(chan_queued(e->a), QUEUE_MAX);

	/* Everything that was not refused arrives, and nothing else. */
	assert_int_equal(chan_flush(e->a), 0);
	assert_int_equal(chan_dispatch_all(e->b, taken), (int)taken);
	assert_int_equal(chan_flush(e->a), 1);
	assert_false(chan_wants_write(e->a));
	assert_int_equal(chan_dispatch_all(e->b, 1000), QUEUE_MAX);
	assert_int_equal(e->handled, taken + QUEUE_MAX);
}

/* A later message must not overtake the ones that wait. */
static void
order_is_kept_while_messages_wait(void **state)
{
	struct ends *e = *state;
	struct msg_LABEL m = {.path_len = 0};
	unsigned int taken = fill_socket(e);

	assert_int_equal(chan_dispatch_all(e->b, taken), (int)taken);
	/* There is room again, but one message still waits. */
	assert_int_equal(chan_send(e->a, MSG_LABEL, &m, NULL), 0);
	assert_int_equal(chan_queued(e->a), 2);
	assert_int_equal(chan_flush(e->a), 1);
	assert_int_equal(chan_dispatch(e->b), 1);
	assert_int_equal(e->last, MSG_STOP_MONITOR);
	assert_int_equal(chan_dispatch(e->b), 1);
	assert_int_equal(e->last, MSG_LABEL);
}

static void
waiting_descriptors_are_duplicates(void **state)
{
	struct ends *e = *state;
	unsigned int before, taken = fill_socket(e);

	chan_set_phase(e->b, 0);
	before = fd_count();
	/* send_hello closes its descriptor on return. */
	assert_int_equal(send_hello(e), 0);
	assert_int_equal(chan_queued(e->a), 2);
	assert_int_equal(fd_count(), before + 6);
	assert_int_equal(chan_dispatch_all(e->b, taken), (int)taken);
	assert_int_equal(chan_flush(e->a), 1);
	assert_int_equal(fd_count(), before);
	assert_int_equal(chan_dispatch_all(e->b, 10), 2);
	assert_int_equal(e->last, MSG_HELLO_MONITOR);
	assert_int_equal(fd_count(), before);
}

static void
closing_drops_what_waits(void **state)
{
	struct ends *e = *state;
	unsigned int before;

	(void)fill_socket(e);
	before = fd_count();
	assert_int_equal(send_hello(e), 0);
	assert_int_equal(fd_count(), before + 6);
	chan_close(&e->a);
	assert_null(e->a);
	assert_int_equal(fd_count(), before - 1);
	chan_close(&e->a);
}

/* Out of descriptors: the message is refused whole, nothing leaks. */
static void
no_descriptor_left_to_duplicate(void **state)
{
	struct ends *e = *state;
	struct rlimit old, tight;
	int low fd_cleanup = -1;
	int r;

	(void)fill_socket(e);
	low = a_file();
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	/* Two more than now: the third of six duplicates fails. */
	tight = old;
	tight.rlim_cur = (rlim_t)low + 3;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
	r = send_hello(e);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_int_equal(r, -EMFILE);
	assert_int_equal(chan_queued(e->a), 1);
	assert_int_equal(fcntl(low + 1, F_GETFD), -1);
	assert_int_equal(fcntl(low + 2, F_GETFD), -1);
}

static void
a_peer_that_is_gone_is_noticed(void **state)
{
	struct ends *e = *state;

	chan_close(&e->b);
	assert_int_equal(chan_wait(e->a, -1), 1);
	assert_int_equal(chan_dispatch(e->a), -ECONNRESET);
	assert_int_equal(send_stop(e), -ECONNRESET);
	assert_int_equal(chan_queued(e->a), 0);
}

static void
what_a_dying_peer_said_is_heard_first(void **state)
{
	struct ends *e = *state;

	assert_int_equal(send_stop(e), 0);
	chan_close(&e->a);
	assert_int_equal(chan_dispatch(e->b), 1);
	assert_int_equal(chan_dispatch(e->b), -ECONNRESET);
}

static void
a_peer_gone_while_messages_wait(void **state)
{
	struct ends *e = *state;

	(void)fill_socket(e);
	chan_close(&e->b);
	assert_int_equal(chan_flush(e->a), -ECONNRESET);
	assert_int_equal(chan_dispatch(e->a), -ECONNRESET);
}

static void
waiting_ends_with_a_message_or_with_room(void **state)
{
	struct ends *e = *state;
	unsigned int taken;

	assert_int_equal(chan_wait(e->b, 0), 0);
	assert_int_equal(send_stop(e), 0);
	assert_int_equal(chan_wait(e->b, -1), 1);
	assert_int_equal(chan_wait(e->a, 0), 0);
	taken = fill_socket(e) + 1;
	assert_int_equal(chan_wait(e->a, 0), 0);
	assert_int_equal(chan_dispatch_all(e->b, taken), (int)taken);
	assert_int_equal(chan_wait(e->a, -1), 1);
}

static void
a_pair_is_private_and_never_blocks(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(chan_pair(fds), 0);
	for (int i = 0; i < 2; i++) {
		int type = 0;
		socklen_t len = sizeof(type);

		assert_int_equal(fcntl(fds[i], F_GETFD), FD_CLOEXEC);
		assert_true((fcntl(fds[i], F_GETFL) & O_NONBLOCK) != 0);
		assert_int_equal(
		    getsockopt(fds[i], SOL_SOCKET, SO_TYPE, &type, &len), 0);
		assert_int_equal(type, SOCK_SEQPACKET);
		fd_close(&fds[i]);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_message_arrives),
	    T(the_longest_message_arrives),
	    T(descriptors_travel_and_unclaimed_ones_are_closed),
	    T(a_claimed_descriptor_stays_and_is_the_file_sent),
	    T(descriptors_of_a_failed_handler_are_closed),
	    T(descriptors_too_many_are_refused_and_closed),
	    T(more_descriptors_than_any_message_has_are_refused_and_closed),
	    T(descriptors_too_few_are_refused_and_closed),
	    T(an_empty_datagram_with_descriptors_is_refused),
	    T(control_data_of_another_kind_is_refused),
	    T(a_datagram_longer_than_any_message_is_refused),
	    T(malformed_bytes_are_refused),
	    T(a_message_of_the_other_direction_is_refused),
	    T(a_message_the_table_lacks_is_refused),
	    T(a_message_of_another_phase_is_refused),
	    T(once_is_once),
	    T(dispatch_all_stops_at_its_limit),
	    T(what_the_encoder_refuses_is_not_sent),
	    T(a_full_queue_refuses_and_counts),
	    T(order_is_kept_while_messages_wait),
	    T(waiting_descriptors_are_duplicates),
	    T(closing_drops_what_waits),
	    T(no_descriptor_left_to_duplicate),
	    T(a_peer_that_is_gone_is_noticed),
	    T(what_a_dying_peer_said_is_heard_first),
	    T(a_peer_gone_while_messages_wait),
	    T(waiting_ends_with_a_message_or_with_room),
	    cmocka_unit_test(a_pair_is_private_and_never_blocks),
	};

	return cmocka_run_group_tests_name("chan", tests, NULL, NULL);
}
