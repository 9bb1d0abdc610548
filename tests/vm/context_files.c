// SPDX-License-Identifier: Apache-2.0
#include "tests/vm/context_tests.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/vm/context_watch.h"

static int
open_here(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd < 0)
		fail_msg("%s: %s", path, strerror(errno));
	return fd;
}

/* Opens dir/name, below the directory events are asked of: nobody is asked. */
static struct slot
slot_after(struct watch *w, const char *name)
{
	(void)close(open_here(watch_path(w, name), O_RDWR | O_CREAT));
	return watch_slot(w, gettid());
}

void
unwatched_opens_leave_no_slot(void **state)
{
	struct watch *w = *state;
	struct slot before, after;
	uint64_t recorded, now;
	int fd;

	if (!watch_knows_files(w))
		skip();
	assert_int_equal(mkdir(watch_path(w, "sub"), 0700), 0);
	(void)slot_after(w, "sub/watched");
	before = watch_slot(w, gettid());
	assert_int_equal(bpf_counter(w->bpf, COUNTER_RECORDED, &recorded), 0);
	fd = open_here("/tmp", O_TMPFILE | O_RDWR);
	(void)close(fd);
	(void)close(open_here("/proc/self/status", O_RDONLY));
	after = watch_slot(w, gettid());
	assert_int_equal(bpf_counter(w->bpf, COUNTER_RECORDED, &now), 0);
	assert_int_equal(now, recorded);
	assert_memory_equal(&before, &after, sizeof(before));
	assert_int_equal(
	    slot_after(w, "sub/watched").counter, before.counter + 1);
}

static void
watch_inode(struct watch *w, const char *name, uint32_t watch, uint32_t kind)
{
	struct bpf_watched inode = {.watch = watch, .kind = kind};
	struct stat st;

	assert_int_equal(stat(watch_path(w, name), &st), 0);
	inode.dev = st.st_dev;
	inode.ino = st.st_ino;
	assert_int_equal(bpf_objects_add(w->bpf, &inode), 0);
}

void
the_nearest_watch_is_named(void **state)
{
	struct watch *w = *state;

	if (!watch_knows_files(w))
		skip();
	assert_int_equal(mkdir(watch_path(w, "near"), 0700), 0);
	assert_int_equal(mkdir(watch_path(w, "near/deep"), 0700), 0);
	(void)slot_after(w, "near/file");
	watch_inode(w, "near", 20, OBJECT_CHILDREN);
	watch_inode(w, "near/file", 30, OBJECT_FILE);
	assert_int_equal(slot_after(w, "near/other").watch, 1 + 20);
	assert_int_equal(slot_after(w, "near/file").watch, 1 + 30);
	assert_int_equal(
	    slot_after(w, "near/deep/file").watch, 1 + WATCH_INDEX);
	assert_int_equal(
	    link(watch_path(w, "near/file"), "/tmp/doorward-test-link"), 0);
	(void)close(open_here("/tmp/doorward-test-link", O_RDWR));
	(void)unlink("/tmp/doorward-test-link");
	assert_int_equal(watch_slot(w, gettid()).watch, 1 + 30);
	watch_inode(w, "near/file", 31, OBJECT_FILE);
	assert_int_equal(slot_after(w, "near/file").watch, 0);
}

void
what_is_forgotten_is_not_recorded(void **state)
{
	struct watch *w = *state;
	struct bpf_watched dir = {.watch = 40, .kind = OBJECT_CHILDREN};
	struct slot before, after;
	struct stat st;

	if (!watch_knows_files(w))
		skip();
	assert_int_equal(mkdir(watch_path(w, "gone"), 0700), 0);
	watch_inode(w, "gone", 40, OBJECT_CHILDREN);
	assert_int_equal(slot_after(w, "gone/f").watch, 1 + 40);
	assert_int_equal(stat(watch_path(w, "gone"), &st), 0);
	dir.dev = st.st_dev;
	dir.ino = st.st_ino;
	assert_int_equal(bpf_objects_remove(w->bpf, &dir), 0);
	assert_int_equal(slot_after(w, "gone/f").watch, 1 + WATCH_INDEX);
	/* A set given up changes nothing; an empty one put in use, everything.
	 */
	assert_int_equal(bpf_objects_begin(w->bpf, 50, 1), 0);
	assert_int_equal(bpf_objects_begin(w->bpf, 51, 1), -EBUSY);
	bpf_objects_abort(w->bpf);
	before = slot_after(w, "gone/f");
	assert_int_equal(before.watch, 1 + WATCH_INDEX);
	assert_int_equal(bpf_objects_begin(w->bpf, 52, 0), 0);
	assert_int_equal(bpf_objects_commit(w->bpf), 0);
	after = slot_after(w, "gone/f");
	assert_memory_equal(&before, &after, sizeof(before));
	assert_int_equal(watch_record_tree(w), 0);
	assert_int_equal(slot_after(w, "gone/f").watch, 1 + WATCH_INDEX);
}

/* Containers' files: the kernel opens the layer's file as well. */
void
overlay_files_are_known(void **state)
{
	static const char merged[] = "/tmp/doorward-test-merged";
	char options[4096], file[64];
	struct watch *w = *state;
	struct slot slot;
	struct stat st;

	if (!watch_knows_files(w))
		skip();
	(void)snprintf(options, sizeof(options),
	    "lowerdir=%s/ovl/low,upperdir=%s/ovl/up,workdir=%s/ovl/work",
	    w->dir, w->dir, w->dir);
	assert_int_equal(mkdir(watch_path(w, "ovl"), 0700), 0);
	assert_int_equal(mkdir(watch_path(w, "ovl/low"), 0700), 0);
	assert_int_equal(mkdir(watch_path(w, "ovl/up"), 0700), 0);
	assert_int_equal(mkdir(watch_path(w, "ovl/work"), 0700), 0);
	(void)slot_after(w, "ovl/low/file");
	(void)snprintf(file, sizeof(file), "%s/file", merged);
	assert_int_equal(mkdir(merged, 0700), 0);
	if (mount("overlay", merged, "overlay", 0, options) < 0) {
		print_message("no overlay: %s\n", strerror(errno));
		(void)rmdir(merged);
		skip();
	}
	/* Only the merged side is watched, as it is for a container. */
	assert_int_equal(bpf_objects_begin(w->bpf, 60, 1), 0);
	assert_int_equal(stat(merged, &st), 0);
	assert_int_equal(
	    bpf_objects_add(w->bpf, &(struct bpf_watched){.dev = st.st_dev,
					.ino = st.st_ino,
					.watch = 61,
					.kind = OBJECT_TREE}),
	    0);
	assert_int_equal(bpf_objects_commit(w->bpf), 0);
	for (int i = 0; i < 2; i++) {
		(void)close(open_here(file, i == 0 ? O_RDONLY : O_WRONLY));
		slot = watch_slot(w, gettid());
		assert_int_equal(stat(file, &st), 0);
		assert_int_equal(slot.watch, 1 + 61);
		assert_int_equal(slot.flags & O_ACCMODE, i);
		assert_int_equal(slot.ino, st.st_ino);
		assert_int_equal(
		    slot.dev, major(st.st_dev) << 20 | minor(st.st_dev));
	}
	assert_int_equal(umount(merged), 0);
	(void)rmdir(merged);
	assert_int_equal(watch_record_tree(w), 0);
}

void
too_deep_is_counted(void **state)
{
	char name[4 * WALK_LEVELS] = "deep";
	size_t len = strlen(name);
	struct watch *w = *state;
	struct slot before, after;
	uint64_t count, now;

	if (!watch_knows_files(w))
		skip();
	for (int i = 0; i < WALK_LEVELS; i++) {
		assert_int_equal(mkdir(watch_path(w, name), 0700), 0);
		len += (size_t)snprintf(name + len, sizeof(name) - len, "/d");
	}
	before = slot_after(w, "deep/d/d/file");
	assert_int_equal(bpf_counter(w->bpf, COUNTER_TOO_DEEP, &count), 0);
	after = slot_after(w, name);
	assert_int_equal(bpf_counter(w->bpf, COUNTER_TOO_DEEP, &now), 0);
	assert_int_equal(now, count + 1);
	assert_int_equal(after.counter, before.counter);
}
