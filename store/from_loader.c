/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the loader hands over and asks for. Descriptors that come become the
 * store's. When the loader dies, the store closes the log and ends.
 */
#include "store/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ipc/proc/fd.h"
#include "ipc/proc/log.h"
#include "ipc/wire/compiled.h"
#include "store/confine_store.h"
#include "store/policy_body.h"

#define QUEUE_MESSAGES 16

enum phase { PHASE_HELLO = 0, PHASE_SERVE = 1 };

static int
map_vitals(struct store *s, int fd)
{
	void *page = mmap(NULL, sizeof(*s->vitals), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);

	if (page == MAP_FAILED)
		return -errno;
	s->vitals = page;
	vital_set(s->vitals->bytes, (uint32_t)sizeof(*s->vitals));
	vital_set(s->vitals->degraded, 0);
	vital_set(s->vitals->magic, VITALS_MAGIC);
	return 0;
}

static int
take_peer(struct store *s, int (*open_peer)(struct store *, int), int *fd)
{
	int r = open_peer(s, *fd);

	if (r == 0)
		(void)take_fd(fd);
	return r;
}

static int
on_hello(struct chan *c, const void *msg, int *fds, void *ctx)
{
	const struct msg_HELLO_STORE *m = msg;
	struct msg_READY_STORE ready = {.pid = (uint32_t)getpid()};
	struct store *s = ctx;
	int r;

	if (memcmp(m->table, msg_table_hash, HASH_BYTES) != 0)
		fatalx("built from other messages than doorward-loader");
	memcpy(s->host, m->host, m->host_len + 1u);
	memcpy(s->open.boot_id, m->boot_id, sizeof(s->open.boot_id));
	s->open.clean = m->clean_stop != 0;
	s->open.host = s->host;
	r = map_vitals(s, fds[3]);
	if (r < 0)
		fatal_r(r, "cannot map the vitals page");
	r = segment_open(s);
	if (r < 0)
		fatal_r(r, "cannot open the log");
	r = confine_apply(&confine_store);
	if (r < 0)
		fatal_r(r, "cannot apply the sandbox");
	r = take_peer(s, from_monitor_open, &fds[0]);
	if (r == 0)
		r = take_peer(s, from_sealer_open, &fds[1]);
	if (r == 0)
		r = take_peer(s, from_query_open, &fds[2]);
	if (r < 0)
		fatal_r(r, "cannot use the channels");
	chan_set_phase(c, PHASE_SERVE);
	batch_run(s);
	return chan_send(c, MSG_READY_STORE, &ready, NULL);
}

static int
on_policy(struct chan *c, const void *msg, int *fds, void *ctx)
{
	const struct msg_POLICY_STORE *m = msg;
	struct store *s = ctx;
	struct policy_view view;
	struct item *i;
	int r;

	(void)c;
	r = policy_view_map(fds[0], -1, &view);
	if (r < 0)
		return r;
	i = item_make(KIND_POLICY, now_real(), now_mono());
	r = i == NULL ? -ENOMEM
		      : policy_body_make(view.compiled, &i->policy.body,
			    &i->policy.body_len);
	if (r == 0) {
		i->policy.generation = m->generation;
		memcpy(i->policy.hash, view.compiled->hash, HASH_BYTES);
		s->heartbeat_s = view.compiled->settings.heartbeat_s;
		s->cadence.heartbeat = s->heartbeat_s * SECOND;
		queue_put(&s->queue, i);
	} else {
		item_free(i);
	}
	policy_view_unmap(&view);
	batch_run(s);
	return r;
}

static int
on_admin(struct chan *c, const void *msg, int *fds, void *ctx)
{
	const struct msg_ADMIN *m = msg;
	struct store *s = ctx;
	struct item *i = item_make(KIND_ADMIN, now_real(), now_mono());

	(void)c;
	(void)fds;
	if (i == NULL)
		return -ENOMEM;
	i->admin = (struct item_admin){m->what, m->a, m->b};
	queue_put(&s->queue, i);
	batch_run(s);
	return 0;
}

/*
 * Nobody saw who put it there, and nobody answered: the subject is unknown, the
 * tier is the one that found it.
 */
static int
on_unmediated(struct chan *c, const void *msg, int *fds, void *ctx)
{
	static struct rec_EVENT e;
	const struct msg_UNMEDIATED *m = msg;
	struct store *s = ctx;

	(void)c;
	(void)fds;
	e = (struct rec_EVENT){
	    .ts = (uint64_t)now_real(),
	    .op = OP_CREATE,
	    .verdict = VERDICT_ALLOW,
	    .mode = m->mode,
	    .reason = REASON_UNMEDIATED,
	    .tier = TIER_WATCHDOG,
	    .answer = VERDICT_ALLOW,
	    .watch = m->watch,
	    .rule = RULE_NONE,
	    .generation = m->generation,
	    .dev = m->dev,
	    .ino = m->ino,
	    .st_mode = m->st_mode,
	    .size = m->size,
	    .path_len = m->path_len,
	};
	memcpy(e.path, m->path, m->path_len);
	(void)queue_put_event(&s->queue, &e, now_mono());
	batch_run(s);
	return 0;
}

static int
on_new_monitor(struct chan *c, const void *msg, int *fds, void *ctx)
{
	(void)c;
	(void)msg;
	return take_peer(ctx, from_monitor_open, &fds[0]);
}

static int
on_new_query(struct chan *c, const void *msg, int *fds, void *ctx)
{
	struct store *s = ctx;
	int r = take_peer(s, from_query_open, &fds[0]);
	struct msg_SEALED_TO to = {.size = s->sealed_size};

	(void)c;
	(void)msg;
	if (r == 0 && s->sealed_size > 0) {
		to.n = s->seal.waiting ? s->next_seal - 2 : s->next_seal - 1;
		peer_send(&s->query, MSG_SEALED_TO, &to);
	}
	return r;
}

static int
on_new_sealer(struct chan *c, const void *msg, int *fds, void *ctx)
{
	(void)c;
	(void)msg;
	return take_peer(ctx, from_sealer_open, &fds[0]);
}

static int
on_stop(struct chan *c, const void *msg, int *fds, void *ctx)
{
	const struct msg_STOP_STORE *m = msg;

	(void)c;
	(void)fds;
	store_stop(ctx, m->signal);
	return 0;
}

#define SERVE (1u << PHASE_SERVE)
static const struct chan_row rows[] = {
    {MSG_HELLO_STORE, true, 1u << PHASE_HELLO, on_hello},
    {MSG_POLICY_STORE, false, SERVE, on_policy},
    {MSG_ADMIN, false, SERVE, on_admin},
    {MSG_UNMEDIATED, false, SERVE, on_unmediated},
    {MSG_NEW_MONITOR_STORE, false, SERVE, on_new_monitor},
    {MSG_NEW_QUERY_STORE, false, SERVE, on_new_query},
    {MSG_NEW_SEALER_STORE, false, SERVE, on_new_sealer},
    {MSG_STOP_STORE, true, SERVE, on_stop},
};

static void
ended(struct chan *c, int r, void *ctx)
{
	struct store *s = ctx;

	(void)c;
	if (r != -ECONNRESET)
		fatal_r(r, "message from doorward-loader");
	peer_close(&s->loader);
	if (s->vitals == NULL)
		exit(0);
	log_warnx("doorward-loader is gone: closing the log");
	store_stop(s, 0);
}

int
from_loader_open(struct store *s, int fd)
{
	return peer_open(s, &s->loader, fd, PROCESS_LOADER, rows,
	    sizeof(rows) / sizeof(rows[0]), QUEUE_MESSAGES, ended);
}
