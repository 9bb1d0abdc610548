/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/monitor.h"

#include <fcntl.h>
#include <string.h>

/* The kernel's own device encoding, MKDEV() of include/linux/kdev_t.h. */
static uint64_t
kernel_dev(uint32_t dev)
{
	return (uint64_t)(dev >> 20) << 32 | (dev & 0xfffffu);
}

uint16_t
slots_ops(uint32_t oflags)
{
	uint32_t ops = 0;

	if ((oflags & SLOT_EXEC) != 0)
		return OP_EXEC;
	switch (oflags & O_ACCMODE) {
	case O_RDONLY:
		ops = OP_READ;
		break;
	case O_WRONLY:
		ops = OP_WRITE;
		break;
	default: /* O_RDWR, and 3: ioctl-only opens, which ask for both */
		ops = OP_READ | OP_WRITE;
		break;
	}
	if ((oflags & O_TRUNC) != 0)
		ops |= OP_WRITE | OP_TRUNCATE;
	return (uint16_t)ops;
}

/*
 * A copy that was not torn by the task's next open: the writer sets tid to 0
 * first and to the task last, and moves the counter in between. The sum tells a
 * slot that two tasks wrote at once.
 */
static bool
copy_slot(const struct slot *from, uint32_t tid, struct slot *ret)
{
	const volatile struct slot *v = from;
	uint32_t counter;

	if (__atomic_load_n(&from->tid, __ATOMIC_ACQUIRE) != tid)
		return false;
	counter = v->counter;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	memcpy(ret, from, sizeof(*ret));
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return v->tid == tid && v->counter == counter &&
	       ret->counter == counter && ret->tid == tid &&
	       ret->sum == slot_sum(ret);
}

static bool
is_fresh(struct slots *s, const struct slot *slot, uint32_t index)
{
	/*
	 * At system call entry one slot stands for every file the call opens.
	 * Only exec opens several (script, interpreter, loader), and none of
	 * them to write.
	 */
	if (s->rung == CONTEXT_RAW_TP && (slot->flags & SLOT_EXEC) != 0)
		return true;
	if (s->consumed[index] == slot->counter)
		return false;
	s->consumed[index] = slot->counter;
	return true;
}

static void
fill_subject(const struct slot *slot, struct rec_SUBJECT *subject)
{
	uint32_t n = slot->nancestors;

	subject->known = 1;
	subject->pid = slot->pid;
	subject->ppid = slot->ppid;
	subject->start_ns = slot->start_ns;
	subject->uid = slot->uid;
	subject->euid = slot->euid;
	subject->gid = slot->gid;
	subject->egid = slot->egid;
	subject->auid = slot->auid;
	subject->exe_dev = kernel_dev(slot->exe_dev);
	subject->exe_ino = slot->exe_ino;
	subject->cgroup = slot->cgroup;
	subject->mntns = slot->mntns;
	memcpy(subject->comm, slot->comm, sizeof(subject->comm));
	if (n > ANCESTORS_MAX)
		n = ANCESTORS_MAX;
	for (uint32_t i = 0; i < n; i++) {
		subject->ancestors[i].dev = kernel_dev(slot->ancestors[i].dev);
		subject->ancestors[i].ino = slot->ancestors[i].ino;
		subject->ancestors[i].pid = slot->ancestors[i].pid;
	}
	subject->ancestors_count = (uint16_t)n;
}

bool
slots_join(struct slots *s, pid_t tid, const struct look *look,
    struct rec_SUBJECT *subject, struct joined *ret)
{
	uint32_t index = (uint32_t)tid & SLOT_MASK;
	struct slot slot;

	memset(subject, 0, sizeof(*subject));
	subject->tid = (uint32_t)tid;
	subject->pid = (uint32_t)tid;
	memset(ret, 0, sizeof(*ret));
	/* No task is number 0, which in a slot means "being written". */
	if (tid <= 0 || s->rung == CONTEXT_NONE ||
	    !copy_slot(&s->map[index], (uint32_t)tid, &slot))
		return false;
	if (s->rung != CONTEXT_RAW_TP &&
	    (slot.ino != look->ino || kernel_dev(slot.dev) != look->dev))
		return false;
	if (!is_fresh(s, &slot, index))
		return false;
	fill_subject(&slot, subject);
	ret->oflags = slot.flags;
	ret->watch = slot.watch;
	ret->generation = slot.generation;
	return true;
}
