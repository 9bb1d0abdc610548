/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "tests/log/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ipc/proc/child.h"
#include "ipc/wire/msg.h"

#define PATIENCE_NS 20000000000ll
#define MESSAGES_QUEUED 4096
#define QUEUED_AT_MOST 32768 /* half the store's bound */

static void __attribute__((format(printf, 1, 2), noreturn))
die(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vfprintf(stderr, format, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
	exit(1);
}

static int64_t
realtime(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* ---- what they tell us ---- */

static int
on_ready(struct chan *c, const void *msg, int *fds, void *ctx)
{
	struct harness *h = ctx;

	(void)c;
	(void)msg;
	(void)fds;
	h->ready++;
	return 0;
}

static int
on_sealed(struct chan *c, const void *msg, int *fds, void *ctx)
{
	const struct msg_SEALED *m = msg;
	struct harness *h = ctx;

	(void)c;
	(void)fds;
	h->sealed_token = m->token;
	return 0;
}

static int
on_sealed_to(struct chan *c, const void *msg, int *fds, void *ctx)
{
	const struct msg_SEALED_TO *m = msg;
	struct harness *h = ctx;

	(void)c;
	(void)fds;
	h->seal = m->n;
	h->sealed_size = m->size;
	return 0;
}

static const struct chan_row store_row = {MSG_READY_STORE, false, 0, on_ready};
static const struct chan_row sealer_row = {
    MSG_READY_SEALER, false, 0, on_ready};
static const struct chan_row monitor_row = {MSG_SEALED, false, 0, on_sealed};
static const struct chan_row query_row = {
    MSG_SEALED_TO, false, 0, on_sealed_to};

/* One turn over all channels; waits at most a moment. */
static void
turn(struct harness *h, int timeout_ms)
{
	struct chan *all[] = {h->to_store, h->to_sealer, h->monitor, h->query};
	struct pollfd p[4];

	for (size_t i = 0; i < 4; i++) {
		p[i] = (struct pollfd){.fd = -1, .events = POLLIN};
		if (all[i] == NULL)
			continue;
		p[i].fd = chan_fd(all[i]);
		if (chan_wants_write(all[i]))
			p[i].events |= POLLOUT;
	}
	if (poll(p, 4, timeout_ms) < 0 && errno != EINTR)
		die("poll: %s", strerror(errno));
	for (size_t i = 0; i < 4; i++) {
		int r = 0;

		if (p[i].revents & POLLOUT)
			r = chan_flush(all[i]);
		if (r >= 0 && p[i].revents & (POLLIN | POLLHUP))
			r = chan_dispatch_all(all[i], 64);
		if (r < 0)
			die("channel %zu: %s", i, strerror(-r));
	}
}

static void
wait_until(
    struct harness *h, bool (*done)(const struct harness *h), const char *what)
{
	int64_t end = realtime() + PATIENCE_NS;

	while (!done(h)) {
		if (realtime() > end)
			die("timeout waiting for %s", what);
		turn(h, 100);
	}
}

/* ---- starting ---- */

static struct chan *
open_end(struct harness *h, int fd, enum wire_process self,
    enum wire_process peer, const struct chan_row *row)
{
	struct chan *c;
	int r = chan_open(fd, self, peer, row, 1, h, MESSAGES_QUEUED, &c);

	if (r < 0)
		die("chan_open: %s", strerror(-r));
	return c;
}

static void
pair(int ret[2])
{
	int r = chan_pair(ret);

	if (r < 0)
		die("chan_pair: %s", strerror(-r));
}

static pid_t
spawn(const struct harness *h, const char *name, unsigned int id,
    const char *root, int channel)
{
	char path[512], number[16];
	pid_t pid;
	int dir;

	(void)snprintf(path, sizeof(path), "%s/%s", h->bin, name);
	(void)snprintf(number, sizeof(number), "%u", id);
	dir = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		die("%s: %s", root, strerror(errno));
	pid = fork();
	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (pid == 0) {
		int a = fcntl(channel, F_DUPFD, 100);
		int b = fcntl(dir, F_DUPFD, 100);

		if (a < 0 || b < 0 || dup2(a, CHILD_FD_LOADER) < 0 ||
		    dup2(b, CHILD_FD_ROOT) < 0)
			_exit(126);
		(void)execl(path, name, number, number, (char *)NULL);
		_exit(127);
	}
	(void)close(dir);
	(void)close(channel);
	return pid;
}

static void
folder(const struct harness *h, const char *name, unsigned int id, char *ret,
    size_t cap)
{
	(void)snprintf(ret, cap, "%s/%s", h->dir, name);
	if (mkdir(ret, 0750) < 0 && errno != EEXIST)
		die("%s: %s", ret, strerror(errno));
	if (chown(ret, id, id) < 0)
		die("chown %s: %s", ret, strerror(errno));
}

static void
start_sealer(struct harness *h, int store_end)
{
	struct msg_HELLO_SEALER m;
	char root[300];
	int loader[2];

	folder(h, "keys", HARNESS_SEALER_ID, root, sizeof(root));
	pair(loader);
	h->sealer =
	    spawn(h, "doorward-sealer", HARNESS_SEALER_ID, root, loader[1]);
	h->to_sealer =
	    open_end(h, loader[0], PROCESS_LOADER, PROCESS_SEALER, &sealer_row);
	memcpy(m.table, msg_table_hash, HASH_BYTES);
	if (chan_send(h->to_sealer, MSG_HELLO_SEALER, &m, &store_end) < 0)
		die("HELLO_SEALER");
	(void)close(store_end);
}

static int
vitals_page(struct harness *h)
{
	int page = memfd_create("vitals", MFD_CLOEXEC);
	void *at;

	if (page < 0 || ftruncate(page, sizeof(*h->vitals)) < 0)
		die("vitals page: %s", strerror(errno));
	at = mmap(NULL, sizeof(*h->vitals), PROT_READ, MAP_SHARED, page, 0);
	if (at == MAP_FAILED)
		die("vitals page: %s", strerror(errno));
	h->vitals = at;
	return page;
}

static void
start_store(struct harness *h, int sealer_end, bool clean_stop)
{
	static struct msg_HELLO_STORE m = {
	    .host_len = 9, .host = "test.host", .boot_id = "0123456789abcde"};
	char root[300];
	int loader[2], monitor[2], query[2], fds[4];

	folder(h, "log", HARNESS_STORE_ID, root, sizeof(root));
	pair(loader);
	pair(monitor);
	pair(query);
	fds[0] = monitor[1];
	fds[1] = sealer_end;
	fds[2] = query[1];
	fds[3] = vitals_page(h);
	h->store =
	    spawn(h, "doorward-store", HARNESS_STORE_ID, root, loader[1]);
	h->to_store =
	    open_end(h, loader[0], PROCESS_LOADER, PROCESS_STORE, &store_row);
	h->monitor = open_end(
	    h, monitor[0], PROCESS_MONITOR, PROCESS_STORE, &monitor_row);
	h->query =
	    open_end(h, query[0], PROCESS_QUERY, PROCESS_STORE, &query_row);
	memcpy(m.table, msg_table_hash, HASH_BYTES);
	m.clean_stop = clean_stop;
	if (chan_send(h->to_store, MSG_HELLO_STORE, &m, fds) < 0)
		die("HELLO_STORE");
	for (size_t i = 0; i < 4; i++)
		(void)close(fds[i]);
}

static bool
both_ready(const struct harness *h)
{
	return h->ready >= 2;
}

void
harness_start(
    struct harness *h, const char *dir, const char *bin, bool clean_stop)
{
	int between[2];

	memset(h, 0, sizeof(*h));
	(void)snprintf(h->dir, sizeof(h->dir), "%s", dir);
	h->bin = bin;
	h->token = (uint64_t)1 << 40;
	pair(between);
	start_sealer(h, between[0]);
	start_store(h, between[1], clean_stop);
	wait_until(h, both_ready, "READY from both");
}

/* ---- feeding ---- */

static void
send_patiently(struct harness *h, struct chan *c, uint16_t type,
    const void *msg, const int *fds)
{
	int64_t end = realtime() + PATIENCE_NS;
	int r;

	while ((r = chan_send(c, type, msg, fds)) == -ENOBUFS) {
		if (realtime() > end)
			die("the store takes no messages");
		turn(h, 100);
	}
	if (r < 0)
		die("chan_send: %s", strerror(-r));
}

static void
fill_subject(struct rec_SUBJECT *s, uint64_t token)
{
	s->known = 1;
	s->pid = 4000 + (uint32_t)(token % 40);
	s->tid = s->pid;
	s->ppid = 1;
	s->start_ns = 1000000000ull * s->pid;
	s->uid = s->euid = 1000;
	s->gid = s->egid = 1000;
	s->auid = 1000;
	s->exe_dev = (uint64_t)8 << 32 | 1;
	s->exe_ino = 77;
	s->cgroup = 4711;
	s->mntns = 4026531840u;
	memcpy(s->comm, "tester", 7);
	s->ancestors_count = 1;
	s->ancestors[0] =
	    (struct rec_ANCESTOR){.dev = s->exe_dev, .ino = 78, .pid = 1};
}

static void
fill_event(struct rec_EVENT *e, uint64_t token, bool deny, const char *path)
{
	memset(e, 0, offsetof(struct rec_EVENT, path));
	e->ts = (uint64_t)realtime();
	e->token = token;
	e->op = deny ? OP_WRITE : OP_READ;
	e->verdict = deny ? VERDICT_DENY : VERDICT_ALLOW;
	e->answer = e->verdict;
	e->mode = MODE_ENFORCE;
	e->tier = TIER_CACHE;
	e->watch = 0;
	e->rule = 0;
	e->generation = 1;
	e->latency_us = 31;
	e->oflags = deny ? 0x8001 : 0x8000;
	e->dev = (uint64_t)8 << 32 | 1;
	e->ino = 131072 + token % 4096;
	e->st_mode = 0100644;
	e->size = 4096;
	fill_subject(&e->subject, token);
	/* By default 67 bytes, the length the figures in FORMAT.md are for. */
	if (path == NULL)
		e->path_len = (uint16_t)snprintf(e->path, sizeof(e->path),
		    "/srv/example/application/configuration/section-%05u/"
		    "file-%010u",
		    (unsigned int)(token % 100000),
		    (unsigned int)(token % 1000000));
	else
		e->path_len =
		    (uint16_t)snprintf(e->path, sizeof(e->path), "%s", path);
}

void
harness_event(struct harness *h, bool deny, const char *path)
{
	static struct msg_RECORDS m;

	m.records_count = 1;
	fill_event(&m.records[0], ++h->token, deny, path);
	send_patiently(h, h->monitor, MSG_RECORDS, &m, NULL);
}

void
harness_events(struct harness *h, uint64_t count, unsigned int deny_every)
{
	static struct msg_RECORDS m;

	while (count > 0) {
		uint16_t n = count < 64 ? (uint16_t)count : 64;

		m.records_count = n;
		for (uint16_t i = 0; i < n; i++) {
			h->token++;
			fill_event(&m.records[i], h->token,
			    deny_every != 0 && h->token % deny_every == 0,
			    NULL);
		}
		count -= n;
		send_patiently(h, h->monitor, MSG_RECORDS, &m, NULL);
		while (vital_get(h->vitals->queued) > QUEUED_AT_MOST ||
		       chan_queued(h->monitor) > 64)
			turn(h, 1);
	}
}

void
harness_label(struct harness *h, uint64_t dev, uint64_t ino, const char *path)
{
	static struct msg_LABEL_STORE m;

	m.dev = dev;
	m.ino = ino;
	m.path_len = (uint16_t)snprintf(m.path, sizeof(m.path), "%s", path);
	send_patiently(h, h->monitor, MSG_LABEL_STORE, &m, NULL);
}

void
harness_lost(struct harness *h, unsigned int source, uint64_t count)
{
	struct msg_LOST m = {.source = (uint8_t)source,
	    .count = count,
	    .from_ts = (uint64_t)realtime(),
	    .to_ts = (uint64_t)realtime()};

	send_patiently(h, h->monitor, MSG_LOST, &m, NULL);
}

void
harness_policy(
    struct harness *h, uint64_t generation, const void *bytes, size_t len)
{
	struct msg_POLICY_STORE m = {.generation = generation};
	int fd = memfd_create("policy", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len ||
	    fcntl(fd, F_ADD_SEALS,
		F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		die("policy memfd: %s", strerror(errno));
	send_patiently(h, h->to_store, MSG_POLICY_STORE, &m, &fd);
	(void)close(fd);
}

static bool
all_sealed(const struct harness *h)
{
	return h->sealed_token >= h->token;
}

void
harness_wait_sealed(struct harness *h)
{
	wait_until(h, all_sealed, "the seal of all events");
}

static bool
wanted_sealed(const struct harness *h)
{
	return h->sealed_size >= h->wanted_size;
}

void
harness_wait_seal(struct harness *h)
{
	h->wanted_size = h->sealed_size + 1;
	wait_until(h, wanted_sealed, "the next seal");
}

/* ---- ending ---- */

static int
reap(pid_t pid, const char *what)
{
	int64_t end = realtime() + PATIENCE_NS;
	int status;
	pid_t r;

	while ((r = waitpid(pid, &status, WNOHANG)) == 0) {
		struct timespec moment = {.tv_nsec = 2000000};

		if (realtime() > end)
			die("%s does not end", what);
		(void)nanosleep(&moment, NULL);
	}
	if (r < 0)
		die("waitpid %s: %s", what, strerror(errno));
	return status;
}

static void
drop_store(struct harness *h)
{
	chan_close(&h->to_store);
	chan_close(&h->monitor);
	chan_close(&h->query);
	if (h->vitals != NULL)
		(void)munmap(h->vitals, sizeof(*h->vitals));
	h->vitals = NULL;
}

int
harness_stop(struct harness *h)
{
	struct msg_STOP_STORE m = {.signal = SIGTERM};
	int status;

	send_patiently(h, h->to_store, MSG_STOP_STORE, &m, NULL);
	status = reap(h->store, "doorward-store");
	drop_store(h);
	chan_close(&h->to_sealer);
	if (reap(h->sealer, "doorward-sealer") != 0)
		die("doorward-sealer did not end with status 0");
	return status;
}

static void
kill_child(pid_t pid, const char *what)
{
	(void)kill(pid, SIGKILL);
	(void)reap(pid, what);
}

void
harness_kill(struct harness *h)
{
	(void)kill(h->sealer, SIGSTOP);
	kill_child(h->store, "doorward-store");
	kill_child(h->sealer, "doorward-sealer");
	drop_store(h);
	chan_close(&h->to_sealer);
}

static bool
one_ready(const struct harness *h)
{
	return h->ready >= 1;
}

void
harness_replace_sealer(struct harness *h)
{
	struct msg_NEW_SEALER_STORE m = {.pid = 1};
	int between[2];

	kill_child(h->sealer, "doorward-sealer");
	chan_close(&h->to_sealer);
	pair(between);
	h->ready = 0;
	start_sealer(h, between[0]);
	send_patiently(h, h->to_store, MSG_NEW_SEALER_STORE, &m, &between[1]);
	(void)close(between[1]);
	wait_until(h, one_ready, "the new sealer");
}

void
harness_replace_store(struct harness *h)
{
	struct msg_NEW_STORE_SEALER m = {.pid = 1};
	int between[2];

	kill_child(h->store, "doorward-store");
	drop_store(h);
	pair(between);
	h->ready = 0;
	send_patiently(h, h->to_sealer, MSG_NEW_STORE_SEALER, &m, &between[0]);
	(void)close(between[0]);
	start_store(h, between[1], false);
	wait_until(h, one_ready, "the new store");
}

void
harness_folder(char *ret, size_t cap)
{
	const char *tmp = getenv("TMPDIR");

	(void)snprintf(
	    ret, cap, "%s/doorward-log-XXXXXX", tmp == NULL ? "/tmp" : tmp);
	if (mkdtemp(ret) == NULL || chmod(ret, 0755) < 0)
		die("%s: %s", ret, strerror(errno));
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void
harness_remove(const char *dir)
{
	(void)nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
