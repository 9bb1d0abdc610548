// SPDX-License-Identifier: Apache-2.0
#include "tests/vm/context_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "ipc/proc/fd.h"

#define SLOTS_BYTES (SLOT_COUNT * sizeof(struct slot))

static struct watch *
failed(struct watch *w, const char *what)
{
	printf("# cannot watch: %s: %s\n", what, strerror(errno));
	watch_stop(w);
	return NULL;
}

int
watch_record_tree(struct watch *w)
{
	const struct bpf_watched dir = {
	    .dev = w->st.st_dev,
	    .ino = w->st.st_ino,
	    .watch = WATCH_INDEX,
	    .kind = OBJECT_TREE,
	};
	int r = bpf_objects_begin(w->bpf, WATCH_GENERATION, 1);

	if (r == 0)
		r = bpf_objects_add(w->bpf, &dir);
	if (r == 0)
		r = bpf_objects_commit(w->bpf);
	errno = -r;
	return r;
}

struct watch *
watch_start(enum context_rung best, bool uses_ancestors)
{
	static const char template[] = "/tmp/doorward-test-XXXXXX";
	const struct bpf_options options = {best, uses_ancestors};
	struct watch *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->group = -1;
	memcpy(w->dir, template, sizeof(template));
	if (mkdtemp(w->dir) == NULL) {
		w->dir[0] = '\0';
		return failed(w, "mkdtemp");
	}
	if (chmod(w->dir, 0777) < 0 || stat(w->dir, &w->st) < 0)
		return failed(w, w->dir);
	if (bpf_start(&options, &w->bpf) < 0)
		return failed(w, "bpf_start");
	if (bpf_slots_fd(w->bpf) < 0) {
		errno = ENOSYS;
		return failed(w, "no rung");
	}
	w->slots = mmap(
	    NULL, SLOTS_BYTES, PROT_READ, MAP_SHARED, bpf_slots_fd(w->bpf), 0);
	if (w->slots == MAP_FAILED) {
		w->slots = NULL;
		return failed(w, "mmap of the slots");
	}
	if (watch_record_tree(w) < 0)
		return failed(w, "objects");
	w->group =
	    fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC | FAN_NONBLOCK |
			      FAN_REPORT_TID | FAN_UNLIMITED_QUEUE,
		O_RDONLY | O_CLOEXEC | O_LARGEFILE | O_NONBLOCK);
	if (w->group < 0)
		return failed(w, "fanotify_init");
	if (fanotify_mark(w->group, FAN_MARK_ADD,
		FAN_OPEN_PERM | FAN_OPEN_EXEC_PERM | FAN_EVENT_ON_CHILD,
		AT_FDCWD, w->dir) < 0)
		return failed(w, "fanotify_mark");
	return w;
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
watch_stop(struct watch *w)
{
	if (w == NULL)
		return;
	fd_close(&w->group);
	if (w->slots != NULL)
		(void)munmap((void *)(uintptr_t)w->slots, SLOTS_BYTES);
	bpf_stop(&w->bpf);
	if (w->dir[0] != '\0')
		(void)nftw(w->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(w);
}

const char *
watch_path(const struct watch *w, const char *name)
{
	static _Thread_local char path[4096];

	(void)snprintf(path, sizeof(path), "%s/%s", w->dir, name);
	return path;
}

bool
watch_knows_files(const struct watch *w)
{
	return bpf_rung(w->bpf) >= CONTEXT_FENTRY;
}

struct slot
watch_slot(const struct watch *w, pid_t tid)
{
	struct slot copy;

	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	memcpy(&copy, &w->slots[(unsigned int)tid & SLOT_MASK], sizeof(copy));
	return copy;
}

static void
join(struct watch *w, struct seen *seen)
{
	unsigned int *consumed =
	    &w->consumed[(unsigned int)seen->tid & SLOT_MASK];
	const struct slot *slot = &seen->slot;
	unsigned int dev =
	    major(seen->st.st_dev) << 20 | minor(seen->st.st_dev);

	seen->slot = watch_slot(w, seen->tid);
	seen->known = slot->tid == (unsigned int)seen->tid &&
		      slot->counter != *consumed && slot->sum == slot_sum(slot);
	if (watch_knows_files(w) &&
	    (slot->ino != seen->st.st_ino || slot->dev != dev))
		seen->known = false;
	if (seen->known && seen->mask & FAN_OPEN_PERM)
		*consumed = slot->counter;
}

bool
watch_next(struct watch *w, int timeout_ms, struct seen *ret_seen)
{
	struct pollfd ready = {.fd = w->group, .events = POLLIN};
	struct fanotify_event_metadata event;

	if (poll(&ready, 1, timeout_ms) <= 0 ||
	    read(w->group, &event, sizeof(event)) != sizeof(event))
		return false;
	memset(ret_seen, 0, sizeof(*ret_seen));
	ret_seen->fd = event.fd;
	ret_seen->mask = event.mask;
	ret_seen->tid = event.pid;
	if (fstat(event.fd, &ret_seen->st) == 0)
		join(w, ret_seen);
	return true;
}

void
watch_allow(struct watch *w, struct seen *seen)
{
	struct fanotify_response answer = {seen->fd, FAN_ALLOW};

	if (write(w->group, &answer, sizeof(answer)) != sizeof(answer))
		abort();
	fd_close(&seen->fd);
}

struct opener {
	struct watch *w;
	int (*open_it)(struct watch *w);
	int done;
	int ret;
	pid_t tid;
};

static void *
run_opener(void *arg)
{
	const uint64_t one = 1;
	struct opener *o = arg;

	o->tid = gettid();
	o->ret = o->open_it(o->w);
	if (write(o->done, &one, sizeof(one)) != sizeof(one))
		abort();
	return NULL;
}

size_t
watch_during(struct watch *w, int (*open_it)(struct watch *w),
    struct seen *seen, size_t max, pid_t *ret_tid, int *ret)
{
	struct opener o = {.w = w, .open_it = open_it};
	struct pollfd ready[2] = {{.fd = w->group, .events = POLLIN}};
	struct seen one;
	pthread_t thread;
	size_t n = 0;

	o.done = ready[1].fd = eventfd(0, EFD_CLOEXEC);
	ready[1].events = POLLIN;
	if (o.done < 0 || pthread_create(&thread, NULL, run_opener, &o) != 0)
		abort();
	for (;;) {
		if (poll(ready, 2, -1) < 0)
			continue;
		if (ready[0].revents & POLLIN && watch_next(w, 0, &one)) {
			watch_allow(w, &one);
			if (n < max)
				seen[n] = one;
			n++;
		} else if (ready[1].revents & POLLIN) {
			break;
		}
	}
	(void)pthread_join(thread, NULL);
	(void)close(o.done);
	*ret_tid = o.tid;
	*ret = o.ret;
	return n;
}
