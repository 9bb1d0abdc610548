/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doorward-sealer: signs the log. Started by doorward-loader, rooted in the key
 * directory; ends when the loader does. Losing its store is no reason to end:
 * the loader brings another.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <linux/magic.h>
#include <sodium.h>

#include "ipc/proc/child.h"
#include "ipc/proc/fd.h"
#include "ipc/proc/log.h"
#include "ipc/wire/msg.h"
#include "store/confine_store.h"
#include "store/sealer.h"

#define QUEUE_MAX 16
#define TURN_MESSAGES 64

enum phase { PHASE_HELLO = 0, PHASE_SERVE = 1 };

static struct sealer sealer = {.files = {-1, -1, -1}};

/* On these, writing in place does not overwrite what was there. */
static void
warn_about_file_system(void)
{
	static const struct {
		uint32_t magic;
		const char *name;
	} keeping[] = {
	    {BTRFS_SUPER_MAGIC, "btrfs"},
	    {0x2fc12fc1, "zfs"},
	    {OVERLAYFS_SUPER_MAGIC, "overlayfs"},
	    {0xca451a4e, "bcachefs"},
	    {F2FS_SUPER_MAGIC, "f2fs"},
	};
	struct statfs fs;

	if (statfs(".", &fs) < 0) {
		log_warn("cannot tell the key directory's file system");
		return;
	}
	for (size_t i = 0; i < sizeof(keeping) / sizeof(keeping[0]); i++)
		if ((uint32_t)fs.f_type == keeping[i].magic)
			log_warnx("the key directory is on %s, which may keep "
				  "erased keys: put it on ext4 or xfs",
			    keeping[i].name);
}

static int
on_hello(struct chan *c, const void *msg, int *fds, void *ctx)
{
	const struct msg_HELLO_SEALER *m = msg;
	struct sealer *s = ctx;
	struct msg_READY_SEALER ready = {.pid = (uint32_t)getpid()};
	int r;

	if (memcmp(m->table, msg_table_hash, HASH_BYTES) != 0)
		fatalx("built from other messages than doorward-loader");
	r = key_files_open(&s->files);
	if (r < 0)
		fatal_r(r, "cannot open the key files");
	warn_about_file_system();
	r = sealer_load(s);
	if (r < 0)
		fatal_r(r, "cannot read the key slots");
	r = from_store_open(s, fds[0]);
	if (r < 0)
		fatal_r(r, "cannot use the channel to the store");
	(void)take_fd(&fds[0]);
	r = confine_apply(&confine_sealer);
	if (r < 0)
		fatal_r(r, "cannot apply the sandbox");
	chan_set_phase(c, PHASE_SERVE);
	return chan_send(c, MSG_READY_SEALER, &ready, NULL);
}

static int
on_new_store(struct chan *c, const void *msg, int *fds, void *ctx)
{
	struct sealer *s = ctx;
	int r = from_store_open(s, fds[0]);

	(void)c;
	(void)msg;
	if (r == 0)
		(void)take_fd(&fds[0]);
	return r;
}

static const struct chan_row rows[] = {
    {MSG_HELLO_SEALER, true, 1u << PHASE_HELLO, on_hello},
    {MSG_NEW_STORE_SEALER, false, 1u << PHASE_SERVE, on_new_store},
};

static struct pollfd
interest(const struct chan *c)
{
	struct pollfd p = {.fd = -1, .events = POLLIN};

	if (c != NULL) {
		p.fd = chan_fd(c);
		if (chan_wants_write(c))
			p.events |= POLLOUT;
	}
	return p;
}

static int
serve(struct chan *c, const struct pollfd *p)
{
	int r = 0;

	if (c == NULL || p->revents == 0)
		return 0;
	if (p->revents & POLLOUT)
		r = chan_flush(c);
	if (r >= 0 && p->revents & (POLLIN | POLLHUP | POLLERR))
		r = chan_dispatch_all(c, TURN_MESSAGES);
	return r < 0 ? r : 0;
}

static void
turn(struct sealer *s)
{
	struct pollfd p[2] = {interest(s->loader), interest(s->store)};
	struct chan *store = s->store;
	int r;

	if (poll(p, 2, -1) < 0) {
		if (errno != EINTR)
			fatal("poll");
		return;
	}
	r = serve(s->loader, &p[0]);
	if (r == -ECONNRESET)
		exit(0);
	if (r < 0)
		fatal_r(r, "message from doorward-loader");
	/* A NEW_STORE_SEALER of this turn has replaced the channel. */
	if (s->store != store)
		return;
	r = serve(s->store, &p[1]);
	if (r == -ECONNRESET) {
		log_warnx("doorward-store is gone; waiting for another");
		chan_close(&s->store);
	} else if (r < 0) {
		fatal_r(r, "message from doorward-store");
	}
}

int
main(int argc, char **argv)
{
	int r;

	child_enter(argc, argv, "doorward-sealer");
	if (sodium_init() < 0)
		fatalx("libsodium cannot start");
	sealer.state = sodium_malloc(sizeof(*sealer.state));
	if (sealer.state == NULL)
		fatalx("no memory for the keys");
	memset(sealer.state, 0, sizeof(*sealer.state));
	r = chan_open(CHILD_FD_LOADER, PROCESS_SEALER, PROCESS_LOADER, rows,
	    sizeof(rows) / sizeof(rows[0]), &sealer, QUEUE_MAX, &sealer.loader);
	if (r < 0)
		fatal_r(r, "cannot use the channel to doorward-loader");
	for (;;)
		turn(&sealer);
}
