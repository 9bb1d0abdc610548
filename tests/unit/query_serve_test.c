/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doorward-query's loop with made-up records behind it and hostile clients
 * before it. The process under test is a child without its sandbox; the test
 * plays loader, store, clients and collectors.
 */
#include <errno.h>
#include <grp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "ipc/proc/fd.h"
#include "ipc/proc/log.h"
#include "ipc/wire/chan.h"

#include "store/query.h"
#include "tests/unit/fake_log.h"

#define WAIT_MS 20000 /* a test that waits longer has failed */
#define OTHER_GID 4242

struct line_reader {
	int fd;
	char *buf;
	size_t cap, len, used;
};

struct server {
	char dir[32];
	pid_t pid;
	struct chan *loader, *store;
	struct vitals_loader *loader_page;
	struct vitals_monitor *monitor_page;
	struct vitals_store *store_page;
	/* what came over the channels */
	unsigned int accessed, reloads;
	struct msg_ACCESSED last_access;
	struct msg_RELOAD last_reload;
};

/* ---- the other ends ---- */

static int
on_accessed(struct chan *c, const void *msg, int *fds, void *ctx)
{
	struct server *s = ctx;

	(void)c;
	(void)fds;
	memcpy(&s->last_access, msg, sizeof(s->last_access));
	s->accessed++;
	return 0;
}

static int
on_reload(struct chan *c, const void *msg, int *fds, void *ctx)
{
	struct server *s = ctx;

	(void)c;
	(void)fds;
	memcpy(&s->last_reload, msg, sizeof(s->last_reload));
	s->reloads++;
	return 0;
}

static const struct chan_row store_rows[] = {
    {MSG_ACCESSED, false, 0, on_accessed},
};
static const struct chan_row loader_rows[] = {
    {MSG_RELOAD, false, 0, on_reload},
};

static void *
make_page(size_t bytes, int *ret_fd)
{
	void *page;

	*ret_fd = memfd_create("page", MFD_CLOEXEC);
	assert_true(*ret_fd >= 0);
	assert_int_equal(ftruncate(*ret_fd, (off_t)bytes), 0);
	page =
	    mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, *ret_fd, 0);
	assert_true(page != MAP_FAILED);
	return page;
}

static void
address(const struct server *s, const char *name, struct sockaddr_un *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->sun_family = AF_UNIX;
	(void)snprintf(
	    ret->sun_path, sizeof(ret->sun_path), "%s/%s", s->dir, name);
}

static int
make_listener(const struct server *s, const char *name)
{
	struct sockaddr_un at;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address(s, name, &at);
	assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 128), 0);
	return fd;
}

static void __attribute__((noreturn)) serve(const struct query_start *start)
{
	struct query *q = NULL;
	int r;

	log_start("query", LOG_LEVEL_WARN);
	(void)signal(SIGPIPE, SIG_IGN);
	r = query_open(start, &q);
	if (r == 0)
		r = query_run(q);
	query_close(&q);
	exit(r == 0 ? 0 : 1);
}

static int
start(void **state)
{
	static struct server one;
	struct server *s = &one;
	struct query_start q = {.admin_gid = OTHER_GID, .log_dir = "/"};
	int to_loader[2], to_store[2];

	memset(s, 0, sizeof(*s));
	(void)snprintf(s->dir, sizeof(s->dir), "/tmp/doorward-query-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	assert_int_equal(chmod(s->dir, 0755), 0);
	assert_int_equal(chan_pair(to_loader), 0);
	assert_int_equal(chan_pair(to_store), 0);
	s->loader_page = make_page(sizeof(*s->loader_page), &q.loader_page);
	s->monitor_page = make_page(sizeof(*s->monitor_page), &q.monitor_page);
	s->store_page = make_page(sizeof(*s->store_page), &q.store_page);
	fake_log_size = mmap(NULL, sizeof(*fake_log_size),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	q.control_fd = make_listener(s, "control");
	q.events_fd = make_listener(s, "events");
	q.loader_fd = to_loader[1];
	q.store_fd = to_store[1];
	(void)fflush(stdout);
	s->pid = fork();
	if (s->pid == 0) {
		(void)close(to_loader[0]);
		(void)close(to_store[0]);
		serve(&q);
	}
	(void)close(to_loader[1]);
	(void)close(to_store[1]);
	(void)close(q.control_fd);
	(void)close(q.events_fd);
	assert_int_equal(chan_open(to_loader[0], PROCESS_LOADER, PROCESS_QUERY,
			     loader_rows, 1, s, 16, &s->loader),
	    0);
	assert_int_equal(chan_open(to_store[0], PROCESS_STORE, PROCESS_QUERY,
			     store_rows, 1, s, 16, &s->store),
	    0);
	*state = s;
	return 0;
}

/* The loader goes: the service ends by itself, in order, leaking nothing. */
static int
stop(void **state)
{
	struct server *s = *state;
	struct sockaddr_un at;
	int status;

	chan_close(&s->loader);
	assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
	chan_close(&s->store);
	address(s, "control", &at);
	(void)unlink(at.sun_path);
	address(s, "events", &at);
	(void)unlink(at.sun_path);
	(void)rmdir(s->dir);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	return 0;
}

/* ---- clients ---- */

static int
dial(const struct server *s, const char *name)
{
	struct timeval limit = {.tv_sec = WAIT_MS / 1000};
	struct sockaddr_un to;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address(s, name, &to);
	assert_int_equal(
	    connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	return fd;
}

static void
say(int fd, const char *text)
{
	assert_int_equal(
	    send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* The next line as JSON (new reference); NULL when the service closed. */
static json_t *
hear(struct line_reader *r)
{
	char *end;
	json_t *o;

	memmove(r->buf, r->buf + r->used, r->len - r->used);
	r->len -= r->used;
	r->used = 0;
	while (
	    (end = r->len == 0 ? NULL : memchr(r->buf, '\n', r->len)) == NULL) {
		ssize_t n;

		if (r->cap - r->len < 65536) {
			r->cap = r->cap * 2 + 131072;
			r->buf = realloc(r->buf, r->cap);
			assert_non_null(r->buf);
		}
		n = recv(r->fd, r->buf + r->len, 65536, 0);
		if (n == -1 && errno == EAGAIN)
			fail_msg("no answer in %d ms", WAIT_MS);
		if (n <= 0)
			return NULL;
		r->len += (size_t)n;
	}
	r->used = (size_t)(end - r->buf) + 1;
	o = json_loadb(r->buf, r->used, 0, NULL);
	if (o == NULL)
		fail_msg("not JSON: %.200s", r->buf);
	return o;
}

static void
reader_start(struct line_reader *r, int fd)
{
	*r = (struct line_reader){.fd = fd, .cap = 131072};
	r->buf = malloc(r->cap);
	assert_non_null(r->buf);
}

static void
reader_end(struct line_reader *r)
{
	(void)close(r->fd);
	free(r->buf);
}

static bool
is_ok(json_t *o)
{
	return json_is_true(json_object_get(o, "ok"));
}

static bool
is_end(json_t *o)
{
	return json_is_true(json_object_get(o, "end"));
}

static void
assert_refused(struct line_reader *r, const char *because)
{
	json_t *o = hear(r);
	const char *error = json_string_value(json_object_get(o, "error"));

	assert_non_null(o);
	assert_false(is_ok(o));
	assert_non_null(error);
	if (strstr(error, because) == NULL)
		fail_msg("said \"%s\", not \"%s\"", error, because);
	json_decref(o);
}

static void
assert_closed(struct line_reader *r)
{
	assert_null(hear(r));
}

/* The service answers somebody else: whatever was done before cost nobody. */
static void
assert_serves(const struct server *s)
{
	struct line_reader r;
	json_t *o;

	reader_start(&r, dial(s, "control"));
	say(r.fd, "{\"do\":\"status\"}\n");
	o = hear(&r);
	assert_true(is_ok(o));
	json_decref(o);
	reader_end(&r);
}

/* ok, records, end: how many records, and that each names its index. */
static unsigned int
count_records(struct line_reader *r, uint64_t *ret_first)
{
	json_t *o = hear(r);
	unsigned int n = 0;

	assert_true(is_ok(o));
	json_decref(o);
	for (;;) {
		o = hear(r);
		assert_non_null(o);
		if (is_end(o))
			break;
		assert_non_null(json_object_get(o, "index"));
		if (n++ == 0 && ret_first != NULL)
			*ret_first = (uint64_t)json_integer_value(
			    json_object_get(o, "index"));
		json_decref(o);
	}
	assert_null(json_object_get(o, "error"));
	json_decref(o);
	return n;
}

static void
seal_to(struct server *s, uint64_t size)
{
	struct msg_SEALED_TO m = {.n = size / 100, .size = size};

	*fake_log_size = size;
	vital_set(s->store_page->sealed_size, size);
	assert_int_equal(chan_send(s->store, MSG_SEALED_TO, &m, NULL), 0);
}

/* ---- what is answered ---- */

static void
a_query_gives_the_records_that_match(void **state)
{
	struct server *s = *state;
	struct line_reader r;
	uint64_t first = 0;

	*fake_log_size = 3000;
	reader_start(&r, dial(s, "control"));
	say(r.fd, "{\"do\":\"query\"}\n");
	assert_int_equal(count_records(&r, &first), 3000);
	assert_int_equal(first, 0);
	say(r.fd, "{\"do\":\"query\",\"path\":\"/w/12?\",\"verdict\":"
		  "\"deny\"}\n");
	assert_int_equal(count_records(&r, &first), 5);
	assert_int_equal(first, 121);
	say(r.fd, "{\"do\":\"query\",\"reverse\":true,\"limit\":3,\"exe\":"
		  "\"tee\"}\n");
	assert_int_equal(count_records(&r, &first), 3);
	assert_int_equal(first, 2998);
	say(r.fd, "{\"do\":\"query\",\"kind\":\"seal\"}\n");
	assert_int_equal(count_records(&r, NULL), 30);
	say(r.fd, "{\"do\":\"query\",\"since\":\"1970-01-01T00:10:00Z\","
		  "\"until\":\"1970-01-01T00:10:02Z\"}\n");
	assert_int_equal(count_records(&r, &first), 1 + 1);
	say(r.fd, "{\"do\":\"query\",\"uid\":0}\n");
	assert_int_equal(count_records(&r, NULL), 0);
	reader_end(&r);
}

static void
a_log_not_begun_is_empty(void **state)
{
	struct server *s = *state;
	struct line_reader r;

	*fake_log_size = 0;
	reader_start(&r, dial(s, "control"));
	say(r.fd, "{\"do\":\"query\"}\n");
	assert_int_equal(count_records(&r, NULL), 0);
	*fake_log_size = 300;
	say(r.fd, "{\"do\":\"query\"}\n");
	assert_int_equal(count_records(&r, NULL), 300);
	reader_end(&r);
}

static void
a_filter_by_container_finds_nothing_and_says_so(void **state)
{
	struct server *s = *state;
	struct line_reader r;
	json_t *o;

	*fake_log_size = 300;
	reader_start(&r, dial(s, "control"));
	say(r.fd, "{\"do\":\"query\",\"container\":\"web1\"}\n");
	o = hear(&r);
	assert_true(is_ok(o));
	assert_non_null(
	    strstr(json_string_value(json_object_get(o, "note")), "container"));
	json_decref(o);
	o = hear(&r);
	assert_true(is_end(o));
	json_decref(o);
	reader_end(&r);
}

static void
records_name_their_seal_forwards_and_backwards(void **state)
{
	struct server *s = *state;
	struct line_reader r;
	json_t *o;

	*fake_log_size = 1050;
	for (int reverse = 0; reverse < 2; reverse++) {
		reader_start(&r, dial(s, "control"));
		say(r.fd, reverse ? "{\"do\":\"query\",\"reverse\":true}\n"
				  : "{\"do\":\"query\"}\n");
		json_decref(hear(&r));
		while (!is_end(o = hear(&r))) {
			json_int_t index =
			    json_integer_value(json_object_get(o, "index"));
			json_t *seal = json_object_get(o, "seal");

			if (index >= 1000)
				assert_null(seal);
			else
				assert_int_equal(
				    json_integer_value(seal), index / 100);
			json_decref(o);
		}
		json_decref(o);
		reader_end(&r);
	}
}

static void
an_answer_is_given_to_who_stops_sending(void **state)
{
	struct server *s = *state;
	struct line_reader r;

	*fake_log_size = 2000;
	reader_start(&r, dial(s, "control"));
	say(r.fd, "{\"do\":\"query\"}\n");
	assert_int_equal(shutdown(r.fd, SHUT_WR), 0);
	assert_int_equal(count_records(&r, NULL), 2000);
	assert_closed(&r);
	reader_end(&r);
}

/* Seals size (hundreds) records, and waits until a tail has shown the last. */
static void
wait_sealed(struct server *s, uint64_t size)
{
	struct line_reader r;
	json_t *o;

	reader_start(&r, dial(s, "control"));
	say(r.fd, "{\"do\":\"tail\",\"kind\":\"seal\",\"limit\":99}\n");
	o = hear(&r);
	assert_true(is_ok(o));
	json_decref(o);
	seal_to(s, size);
	for (uint64_t seen = 0; seen < size; seen += 100)
		json_decref(hear(&r));
	reader_end(&r);
}

static void
a_tail_shows_what_is_sealed_from_now_on(void **state)
{
	struct server *s = *state;
	struct line_reader r;
	json_t *o;

	wait_sealed(s, 500);
	reader_start(&r, dial(s, "control"));
	say(r.fd, "{\"do\":\"tail\",\"verdict\":\"deny\",\"limit\":50}\n");
	o = hear(&r);
	assert_true(is_ok(o));
	json_decref(o);
	seal_to(s, 700);
	for (json_int_t want = 501; want < 599; want += 2) {
		o = hear(&r);
		assert_int_equal(
		    json_integer_value(json_object_get(o, "index")), want);
		json_decref(o);
	}
	json_decref(hear(&r));
	o = hear(&r);
	assert_true(is_end(o));
	json_decref(o);
	/* The tail is over, the client may go on. */
	say(r.fd, "{\"do\":\"key\"}\n");
	o = hear(&r);
	assert_string_equal(json_string_value(json_object_get(o, "key")),
	    "host/doorward/0+1+AAAA");
	json_decref(o);
	reader_end(&r);
}

static void
every_reading_is_told_to_the_store(void **state)
{
	struct server *s = *state;
	struct line_reader r;

	reader_start(&r, dial(s, "control"));
	say(r.fd, "{\"do\":\"status\"}\n{\"do\":\"checkpoint\"}\n");
	json_decref(hear(&r));
	json_decref(hear(&r));
	while (s->accessed == 0) {
		assert_int_equal(chan_wait(s->store, WAIT_MS), 1);
		assert_true(chan_dispatch_all(s->store, 16) >= 0);
	}
	assert_int_equal(s->accessed, 1);
	assert_int_equal(s->last_access.what, REQUEST_CHECKPOINT);
	assert_int_equal(s->last_access.uid, getuid());
	assert_int_equal(s->last_access.pid, getpid());
	reader_end(&r);
}

static void
finish_reload(struct server *s, bool ok, const char *text)
{
	struct msg_RELOAD_DONE m = {
	    .ok = ok, .generation = 7, .errors = ok ? 0 : 2};
	int fd fd_cleanup = memfd_create("text", MFD_CLOEXEC);

	while (s->reloads == 0) {
		assert_int_equal(chan_wait(s->loader, WAIT_MS), 1);
		assert_true(chan_dispatch_all(s->loader, 16) >= 0);
	}
	s->reloads = 0;
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(chan_send(s->loader, MSG_RELOAD_DONE, &m, &fd), 0);
}

static void
a_reload_says_what_the_compiler_said(void **state)
{
	struct server *s = *state;
	struct line_reader r;
	json_t *o;

	if (getuid() != 0) {
		print_message("skipped: only root reloads\n");
		skip();
	}
	reader_start(&r, dial(s, "control"));
	say(r.fd, "{\"do\":\"reload\"}\n");
	finish_reload(s, true, "");
	o = hear(&r);
	assert_true(is_ok(o));
	assert_int_equal(
	    json_integer_value(json_object_get(o, "generation")), 7);
	json_decref(o);
	assert_int_equal(s->last_reload.pid, getpid());
	say(r.fd, "{\"do\":\"reload\"}\n");
	finish_reload(s, false, "doorward.conf:3:5: what is this?\n");
	assert_refused(&r, "doorward.conf:3:5: what is this?");
	reader_end(&r);
	/* Also the loader's own news, which nobody here asked for. */
	s->reloads = 1;
	finish_reload(s, true, "");
	assert_serves(s);
}

static void
status_is_honest(void **state)
{
	struct server *s = *state;
	struct line_reader r;
	json_t *o;

	reader_start(&r, dial(s, "control"));
	say(r.fd, "{\"do\":\"status\"}\n");
	o = hear(&r);
	assert_true(is_ok(o));
	assert_true(json_is_false(json_object_get(o, "guarding")));
	json_decref(o);
	vital_set(s->loader_page->policy_state, POLICY_OK);
	vital_set(s->loader_page->context, CONTEXT_RAW_TP);
	vital_set(s->loader_page->context_err[CONTEXT_LSM], -EPERM);
	vital_set(s->loader_page->context_err[CONTEXT_FENTRY], 1);
	vital_set(s->loader_page->marks, 3);
	vital_set(s->loader_page->missing_paths, 2);
	vital_set(s->loader_page->magic, VITALS_MAGIC);
	vital_set(s->monitor_page->magic, VITALS_MAGIC);
	vital_set(s->monitor_page->heartbeat_ns, 1);
	vital_set(s->monitor_page->generation, 1);
	vital_set(s->monitor_page->latency[8], 99);
	vital_set(s->monitor_page->latency[20], 1);
	vital_set(s->monitor_page->defaulted[DEFAULT_TABLE_FULL], 4);
	say(r.fd, "{\"do\":\"status\"}\n");
	o = hear(&r);
	assert_true(json_is_true(json_object_get(o, "guarding")));
	assert_int_equal(json_array_size(json_object_get(o, "blind")), 1);
	vital_set(s->loader_page->marks, 0);
	json_t *context = json_object_get(o, "context");
	json_t *refused = json_object_get(context, "refused");

	assert_string_equal(
	    json_string_value(json_object_get(context, "rung")), "raw_tp");
	assert_int_equal(json_array_size(refused), 2);
	assert_string_equal(json_string_value(json_object_get(
				json_array_get(refused, 0), "why")),
	    strerror(EPERM));
	assert_non_null(strstr(json_string_value(json_object_get(
				   json_array_get(refused, 1), "why")),
	    "never fired"));
	json_t *latency = json_object_get(o, "latency_us");

	assert_true(json_real_value(json_object_get(latency, "p50")) == 16);
	assert_true(json_real_value(json_object_get(latency, "p99")) == 16);
	assert_int_equal(json_integer_value(json_object_get(
			     json_object_get(o, "defaulted"), "table_full")),
	    4);
	json_decref(o);
	/* The last mark is gone: whatever else is well, nothing is guarded. */
	say(r.fd, "{\"do\":\"status\"}\n");
	o = hear(&r);
	assert_true(json_is_false(json_object_get(o, "guarding")));
	json_decref(o);
	reader_end(&r);
}

/* ---- who does harm ---- */

static void
garbage_is_answered_and_costs_nobody(void **state)
{
	static const char binary[] = "\x00\xff\xfe\n{\"do\":\"status\"}\n";
	struct server *s = *state;
	struct line_reader r;
	json_t *o;

	reader_start(&r, dial(s, "control"));
	assert_int_equal(send(r.fd, binary, sizeof(binary) - 1, MSG_NOSIGNAL),
	    sizeof(binary) - 1);
	assert_refused(&r, "not JSON");
	o = hear(&r);
	assert_true(is_ok(o));
	json_decref(o);
	say(r.fd, "\n");
	assert_refused(&r, "not JSON");
	reader_end(&r);
	assert_serves(s);
}

static void
a_request_too_long_ends_the_client(void **state)
{
	struct server *s = *state;
	struct line_reader r;
	char *big = malloc(200000);

	assert_non_null(big);
	memset(big, 'a', 200000);
	reader_start(&r, dial(s, "control"));
	(void)send(r.fd, big, 200000, MSG_NOSIGNAL);
	assert_refused(&r, "at most 65536 bytes");
	assert_closed(&r);
	reader_end(&r);
	/* With its line feed it is refused, just inside the bound it is read.
	 */
	big[65537] = '\n';
	reader_start(&r, dial(s, "control"));
	(void)send(r.fd, big, 65538, MSG_NOSIGNAL);
	assert_refused(&r, "at most 65536 bytes");
	reader_end(&r);
	big[65536] = '\n';
	reader_start(&r, dial(s, "control"));
	(void)send(r.fd, big, 65537, MSG_NOSIGNAL);
	assert_refused(&r, "not JSON");
	say(r.fd, "{\"do\":\"status\"}\n");
	json_decref(hear(&r));
	reader_end(&r);
	free(big);
	assert_serves(s);
}

static void
too_many_clients_are_turned_away(void **state)
{
	struct server *s = *state;
	struct line_reader extra;
	json_t *o;
	int fds[64];
	int limit = getuid() == 0 ? CLIENTS_MAX : CLIENTS_PER_UID_MAX;

	for (int i = 0; i < limit; i++) {
		fds[i] = dial(s, "control");
		say(fds[i], "{\"do\":");
	}
	reader_start(&extra, dial(s, "control"));
	assert_refused(&extra, "too many clients");
	assert_closed(&extra);
	reader_end(&extra);
	/* Those inside are served, and one that leaves makes room. */
	reader_start(&extra, fds[3]);
	say(fds[3], "\"status\"}\n");
	o = hear(&extra);
	assert_true(is_ok(o));
	json_decref(o);
	say(fds[3], "{\"do\":\"status\"}\n");
	(void)close(fds[5]);
	o = hear(&extra);
	assert_true(is_ok(o));
	json_decref(o);
	assert_serves(s);
	for (int i = 0; i < limit; i++)
		if (i != 5)
			(void)close(fds[i]);
	free(extra.buf);
}

static void
a_client_that_does_not_read_is_waited_for_by_nobody(void **state)
{
	struct server *s = *state;
	struct line_reader r;
	int deaf[8];

	*fake_log_size = 100000;
	for (int i = 0; i < 8; i++) {
		deaf[i] = dial(s, "control");
		say(deaf[i], "{\"do\":\"query\"}\n{\"do\":\"query\"}\n");
	}
	reader_start(&r, dial(s, "control"));
	for (int i = 0; i < 20; i++) {
		say(r.fd, "{\"do\":\"query\",\"limit\":10}\n");
		assert_int_equal(count_records(&r, NULL), 10);
	}
	reader_end(&r);
	/* One of them wakes up: nothing of its answer is missing. */
	reader_start(&r, deaf[0]);
	assert_int_equal(count_records(&r, NULL), 100000);
	assert_int_equal(count_records(&r, NULL), 100000);
	reader_end(&r);
	for (int i = 1; i < 8; i++)
		(void)close(deaf[i]);
	assert_serves(s);
}

static void
a_slow_collector_is_told_what_it_lost(void **state)
{
	struct server *s = *state;
	struct line_reader quick, slow;
	uint64_t got = 0, lost = 0;
	json_t *o;

	reader_start(&slow, dial(s, "events"));
	reader_start(&quick, dial(s, "events"));
	/* Both are in once their ACCESS records are. */
	while (s->accessed < 2) {
		assert_int_equal(chan_wait(s->store, WAIT_MS), 1);
		assert_true(chan_dispatch_all(s->store, 16) >= 0);
	}
	assert_int_equal(s->last_access.what, REQUEST_EVENTS);
	seal_to(s, 60000);
	for (json_int_t want = 0; want < 60000; want++) {
		o = hear(&quick);
		assert_int_equal(
		    json_integer_value(json_object_get(o, "index")), want);
		json_decref(o);
	}
	while (got + lost < 60000) {
		o = hear(&slow);
		assert_non_null(o);
		if (json_object_get(o, "lost") != NULL)
			lost += (uint64_t)json_integer_value(
			    json_object_get(o, "lost"));
		else
			got++;
		json_decref(o);
	}
	assert_int_equal(got + lost, 60000);
	assert_true(lost > 0);
	/* From here on it reads, and misses nothing. */
	seal_to(s, 60010);
	for (int i = 0; i < 10; i++) {
		o = hear(&slow);
		assert_non_null(json_object_get(o, "index"));
		json_decref(o);
	}
	reader_end(&quick);
	reader_end(&slow);
}

static void
a_dead_store_is_replaced(void **state)
{
	struct server *s = *state;
	struct msg_NEW_STORE_QUERY m = {.pid = 1};
	struct line_reader r;
	json_t *o;
	int pair[2];

	chan_close(&s->store);
	assert_serves(s);
	assert_int_equal(chan_pair(pair), 0);
	assert_int_equal(chan_open(pair[0], PROCESS_STORE, PROCESS_QUERY,
			     store_rows, 1, s, 16, &s->store),
	    0);
	assert_int_equal(
	    chan_send(s->loader, MSG_NEW_STORE_QUERY, &m, &pair[1]), 0);
	(void)close(pair[1]);
	reader_start(&r, dial(s, "control"));
	say(r.fd, "{\"do\":\"tail\"}\n");
	json_decref(hear(&r));
	/* The log has no row of this seal yet: the store's word is enough. */
	seal_to(s, 1);
	o = hear(&r);
	assert_int_equal(json_integer_value(json_object_get(o, "index")), 0);
	assert_non_null(json_object_get(o, "seal"));
	json_decref(o);
	reader_end(&r);
}

static void
strangers_are_refused(void **state)
{
	struct server *s = *state;
	struct line_reader r;
	struct sockaddr_un at;
	int status;
	pid_t pid;

	if (getuid() != 0) {
		print_message("skipped: needs root to be somebody else\n");
		skip();
	}
	address(s, "control", &at);
	assert_int_equal(chmod(at.sun_path, 0666), 0);
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (setgid(65534) != 0 || setuid(65534) != 0)
			_exit(9);
		reader_start(&r, dial(s, "control"));
		json_t *o = hear(&r);
		_exit(o != NULL && !is_ok(o) && hear(&r) == NULL ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
members_of_the_group_read_but_do_not_change(void **state)
{
	static const gid_t groups[] = {OTHER_GID};
	struct server *s = *state;
	struct line_reader r;
	struct sockaddr_un at;
	int status;
	pid_t pid;

	if (getuid() != 0) {
		print_message("skipped: needs root to be somebody else\n");
		skip();
	}
	address(s, "control", &at);
	assert_int_equal(chmod(at.sun_path, 0666), 0);
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (setgroups(1, groups) != 0 || setgid(65534) != 0 ||
		    setuid(65534) != 0)
			_exit(9);
		reader_start(&r, dial(s, "control"));
		say(r.fd, "{\"do\":\"status\"}\n{\"do\":\"reload\"}\n");
		json_t *read = hear(&r);
		json_t *change = hear(&r);
		_exit(is_ok(read) && change != NULL && !is_ok(change) ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

#define SERVED(test) cmocka_unit_test_setup_teardown(test, start, stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    SERVED(a_query_gives_the_records_that_match),
	    SERVED(a_log_not_begun_is_empty),
	    SERVED(a_filter_by_container_finds_nothing_and_says_so),
	    SERVED(records_name_their_seal_forwards_and_backwards),
	    SERVED(an_answer_is_given_to_who_stops_sending),
	    SERVED(a_tail_shows_what_is_sealed_from_now_on),
	    SERVED(every_reading_is_told_to_the_store),
	    SERVED(a_reload_says_what_the_compiler_said),
	    SERVED(status_is_honest),
	    SERVED(garbage_is_answered_and_costs_nobody),
	    SERVED(a_request_too_long_ends_the_client),
	    SERVED(too_many_clients_are_turned_away),
	    SERVED(a_client_that_does_not_read_is_waited_for_by_nobody),
	    SERVED(a_slow_collector_is_told_what_it_lost),
	    SERVED(a_dead_store_is_replaced),
	    SERVED(strangers_are_refused),
	    SERVED(members_of_the_group_read_but_do_not_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
