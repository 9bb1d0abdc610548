// SPDX-License-Identifier: Apache-2.0
/*
 * open_cost: what the recorder adds to open and close of one file nine
 * directories deep, for each rung this kernel has. Prints ratios against the
 * same open without it; run with --icount the times are instruction counts.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "ipc/proc/log.h"
#include "loader/bpf.h"

#define BATCHES 30
#define BATCH 100

static char top[] = "/tmp/doorward-cost-XXXXXX";
static char file[80];
static struct stat inner, aside;

static uint64_t
now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void
open_once(void)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		fatal("%s", file);
	(void)close(fd);
}

static void
getppid_once(void)
{
	(void)syscall(SYS_getppid);
}

/* The cheapest batch: interrupts and cold caches only ever add. */
static double
cost(void (*once)(void))
{
	uint64_t start, took, best = UINT64_MAX;

	for (int batch = 0; batch < BATCHES; batch++) {
		start = now_ns();
		for (int i = 0; i < BATCH; i++)
			once();
		took = now_ns() - start;
		if (took < best)
			best = took;
	}
	return (double)best / BATCH;
}

static void
make_files(void)
{
	char path[64];
	int fd, at;

	if (mkdtemp(top) == NULL)
		fatal("mkdtemp");
	(void)snprintf(path, sizeof(path), "%s/aside", top);
	if (mkdir(path, 0700) < 0 || stat(path, &aside) < 0)
		fatal("%s", path);
	at = snprintf(path, sizeof(path), "%s", top);
	for (int depth = 3; depth <= 9; depth++) {
		at += snprintf(path + at, sizeof(path) - (size_t)at, "/d");
		if (mkdir(path, 0700) < 0)
			fatal("%s", path);
	}
	if (stat(path, &inner) < 0)
		fatal("%s", path);
	(void)snprintf(file, sizeof(file), "%s/f", path);
	fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		fatal("%s", file);
	(void)close(fd);
}

static void
remove_files(void)
{
	char *end;

	(void)unlink(file);
	while (
	    (end = strrchr(file, '/')) != NULL && end > file + strlen("/tmp")) {
		*end = '\0';
		if (strcmp(file, top) == 0)
			break;
		(void)rmdir(file);
	}
	(void)snprintf(file, sizeof(file), "%s/aside", top);
	(void)rmdir(file);
	(void)rmdir(top);
}

static void
watch_dir(struct bpf_state *state, const struct stat *st)
{
	const struct bpf_watched dir = {
	    .dev = st->st_dev, .ino = st->st_ino, .kind = OBJECT_CHILDREN};
	int r = bpf_objects_add(state, &dir);

	if (r < 0)
		fatal_r(r, "cannot watch a directory");
}

static void
show(const char *what, double with, double without)
{
	printf(
	    "# %-34s +%5.0f  %.3f x\n", what, with - without, with / without);
}

static void
measure(enum context_rung rung, double bare, double bare_call)
{
	const struct bpf_options options = {rung, false};
	struct bpf_state *state;
	char what[64];
	int r = bpf_start(&options, &state);

	if (r < 0)
		fatal_r(r, "cannot start the recorder");
	if (bpf_rung(state) == rung) {
		(void)snprintf(what, sizeof(what), "%s, unwatched file system",
		    context_name(rung));
		show(what, cost(open_once), bare);
		watch_dir(state, &aside);
		(void)snprintf(what, sizeof(what), "%s, unwatched file",
		    context_name(rung));
		show(what, cost(open_once), bare);
		watch_dir(state, &inner);
		(void)snprintf(
		    what, sizeof(what), "%s, recorded", context_name(rung));
		show(what, cost(open_once), bare);
		(void)snprintf(what, sizeof(what), "%s, another system call",
		    context_name(rung));
		show(what, cost(getppid_once), bare_call);
	}
	bpf_stop(&state);
}

int
main(void)
{
	double bare, bare_call;

	log_start("open_cost", LOG_LEVEL_INFO);
	make_files();
	bare = cost(open_once);
	bare_call = cost(getppid_once);
	printf("# %-34s %6.0f\n", "open and close", bare);
	for (int rung = CONTEXT_LSM; rung > CONTEXT_NONE; rung--)
		measure((enum context_rung)rung, bare, bare_call);
	remove_files();
	return 0;
}
