// SPDX-License-Identifier: GPL-2.0-only
/*
 * The context recorder: at the moment a file is opened, write who opens it and
 * how into the opener's slot (bpf/slot.h), where the monitor finds it when the
 * permission event arrives. The same record is made from three places; the
 * loader loads one of them:
 *
 *   lsm/file_open               never skipped by the kernel; needs bpf in lsm=
 *   fentry/security_file_open   skipped when preempted in itself (counted)
 *   tp_btf/sys_enter, sys_exit  flags and subject only, no file (and
 *          sched_process_exec   to forget them)
 *
 * The first two come in two builds: fields are loaded through typed pointers,
 * which also works under lockdown=confidentiality and costs a quarter; the
 * _read ones copy them with a helper, for kernels before 5.11, which have no
 * bpf_get_current_task_btf().
 *
 * Order of tests for an open nobody watches, the common case: superblock, the
 * file's inode, its parent directories. Only a match writes a slot. There is
 * no per-CPU scratch: lsm programs can be preempted, the slot is the task's
 * own.
 */
#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/kernel_types.h"
#include "bpf/objects.h"
#include "bpf/slot.h"

#ifndef __TARGET_ARCH_x86
#error "the system call rung knows the numbers and registers of x86-64 only"
#endif

char LICENSE[] SEC("license") = "GPL";

/* Full never: indexed by tid & SLOT_MASK. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, SLOT_COUNT);
	__type(key, __u32);
	__type(value, struct slot);
} slots SEC(".maps");

/*
 * The watched inodes: one inner map per policy generation, put in its place
 * whole. The loader makes each as large as the policy needs, with room for
 * directories made later; the size here is the template's.
 */
struct watched_inodes {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(struct object_key));
	__uint(value_size, sizeof(struct object_value));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct watched_inodes);
} objects SEC(".maps");

/* Bits of every set in use or being made; written through a mapping. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct object_sieve);
} sieve SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct object_settings);
} settings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, COUNTER_MAX);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

/* How a program reaches kernel memory; a constant in every inlined copy. */
enum access { BY_POINTER, BY_READ };

#define load(how, p, field)                                                    \
	({                                                                     \
		typeof((p)->field) loaded;                                     \
		if ((how) == BY_POINTER)                                       \
			loaded = (p)->field;                                   \
		else                                                           \
			bpf_core_read(&loaded, sizeof(loaded), &(p)->field);   \
		loaded;                                                        \
	})

static __always_inline void
count(__u32 which)
{
	__u64 *n = bpf_map_lookup_elem(&counters, &which);

	if (n)
		__sync_fetch_and_add(n, 1);
}

static __always_inline struct task_struct *
current_task(enum access how)
{
	if (how == BY_POINTER)
		return (struct task_struct *)bpf_get_current_task_btf();
	return (struct task_struct *)bpf_get_current_task();
}

/*
 * The program a task runs. A parent may be exiting while we look: its mm is
 * then somebody else's memory, so what was read counts only if mm stands still.
 */
static __always_inline void
exe_of(
    enum access how, struct task_struct *task, __u64 *ret_ino, __u32 *ret_dev)
{
	struct mm_struct *mm = load(how, task, mm);
	struct super_block *sb;
	struct inode *inode;
	struct file *exe;
	__u64 ino = 0;
	__u32 dev = 0;

	if (mm) {
		exe = load(how, mm, exe_file);
		if (exe) {
			inode = load(how, exe, f_inode);
			sb = load(how, inode, i_sb);
			ino = load(how, inode, i_ino);
			dev = load(how, sb, s_dev);
		}
		barrier();
		if (load(how, task, mm) != mm) {
			ino = 0;
			dev = 0;
		}
	}
	*ret_ino = ino;
	*ret_dev = dev;
}

static __always_inline __u64
cgroup_of(enum access how, struct task_struct *task)
{
	struct css_set *set = load(how, task, cgroups);
	struct cgroup_subsys_state *css, **subsys;
	struct cgroup *cgroup = load(how, set, dfl_cgrp);
	struct kernfs_node *kn = load(how, cgroup, kn);
	__u64 id = load(how, kn, id);

	if (id != 1)
		return id;
	/* The root of v2: the container may live in a v1 hierarchy. */
	if (!bpf_core_enum_value_exists(enum cgroup_subsys_id, pids_cgrp_id))
		return id;
	subsys = set->subsys +
		 bpf_core_enum_value(enum cgroup_subsys_id, pids_cgrp_id);
	if (how == BY_POINTER)
		css = *subsys;
	else
		bpf_probe_read_kernel(&css, sizeof(css), subsys);
	cgroup = load(how, css, cgroup);
	kn = load(how, cgroup, kn);
	return load(how, kn, id);
}

/*
 * Straight into the slot, which the verifier does not follow: eight of these on
 * the stack are more paths than it has patience for. The sum is made of the
 * values, never of what the slot holds.
 */
static __always_inline __u64
ancestors_of(enum access how, struct task_struct *task, struct slot *slot,
    __u64 sum, __u32 *ret_n)
{
	__u32 zero = 0;
	struct object_settings *s = bpf_map_lookup_elem(&settings, &zero);
	struct slot_ancestor a;
	__u32 i;

	if (!s || !s->uses_ancestors)
		return sum;
#pragma clang loop unroll(disable)
	for (i = 0; i < SLOT_ANCESTORS; i++) {
		task = load(how, task, real_parent);
		if (!task || load(how, task, tgid) == 0)
			break;
		a.pid = (__u32)load(how, task, tgid);
		exe_of(how, task, &a.ino, &a.dev);
		sum = slot_mix_ancestor(sum, &a);
		slot->ancestors[i] = a;
		*ret_n = i + 1;
	}
	return sum;
}

static __always_inline void
subject_of(enum access how, struct task_struct *task, struct slot *slot)
{
	struct task_struct *parent = load(how, task, real_parent);
	struct task_struct *leader = load(how, task, group_leader);
	struct cred *cred = load(how, task, cred);
	struct nsproxy *ns = load(how, task, nsproxy);
	struct mnt_namespace *mnt;

	slot->start_ns = load(how, leader, start_boottime);
	slot->pid = (__u32)load(how, task, tgid);
	slot->ppid = (__u32)load(how, parent, tgid);
	slot->uid = load(how, cred, uid.val);
	slot->euid = load(how, cred, euid.val);
	slot->gid = load(how, cred, gid.val);
	slot->egid = load(how, cred, egid.val);
	slot->auid = (__u32)-1;
	if (bpf_core_field_exists(task->loginuid))
		slot->auid = load(how, task, loginuid.val);
	if (ns) {
		mnt = load(how, ns, mnt_ns);
		slot->mntns = load(how, mnt, ns.inum);
	}
	slot->cgroup = cgroup_of(how, task);
	exe_of(how, task, &slot->exe_ino, &slot->exe_dev);
}

/* NULL cannot happen (the index is masked); the verifier wants it asked. */
static __always_inline struct slot *
own_slot(__u32 tid)
{
	__u32 index = tid & SLOT_MASK;

	return bpf_map_lookup_elem(&slots, &index);
}

/* What is known of the file; all zero on the system call rung. */
struct opened {
	__u64 ino;
	__u32 dev, watch, generation;
};

static __always_inline void
record(enum access how, const struct opened *file, __u32 flags)
{
	struct task_struct *task = current_task(how);
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct slot *slot = own_slot(tid);
	struct slot made = {};
	__u64 sum;

	if (!slot)
		return;
	made.tid = tid;
	made.counter = slot->counter + 1;
	made.ino = file->ino;
	made.dev = file->dev;
	made.watch = file->watch;
	made.generation = file->generation;
	made.flags = flags;
	bpf_get_current_comm(made.comm, sizeof(made.comm));
	*(volatile __u32 *)&slot->tid = 0;
	barrier();
	sum = ancestors_of(
	    how, task, slot, slot_sum_comm(&made), &made.nancestors);
	subject_of(how, task, &made);
	slot->sum = slot_sum_head(sum, &made);
	slot->counter = made.counter;
	__builtin_memcpy(&slot->start_ns, &made.start_ns,
	    __builtin_offsetof(struct slot, ancestors) -
		__builtin_offsetof(struct slot, start_ns));
	barrier();
	*(volatile __u32 *)&slot->tid = tid;
	count(COUNTER_RECORDED);
}

static __always_inline int
bit_is_set(const unsigned long long *words, __u32 bits, __u32 bit)
{
	return words[(bit & (bits - 1)) / 64] >> (bit & 63) & 1;
}

/* One set throughout: it may be exchanged while we walk. */
struct lookup {
	const struct object_sieve *sift;
	void *inodes;
	__u32 super;
};

static __always_inline struct object_value *
look_up(const struct lookup *in, __u64 ino, __u32 kinds)
{
	struct object_key key = {.ino = ino, .super = in->super};
	struct object_value *found;

	if (!bit_is_set(
		in->sift->inodes, SIEVE_BITS, sieve_bit(ino, in->super)))
		return 0;
	found = bpf_map_lookup_elem(in->inodes, &key);
	return found && found->kind & kinds ? found : 0;
}

/*
 * The nearest match: the file itself, else its directory, else the closest
 * directory above that stands for its whole tree.
 */
static __always_inline struct object_value *
watched(enum access how, const struct lookup *in, struct file *file, __u64 ino)
{
	struct dentry *parent, *dentry;
	struct object_value *found;
	struct inode *inode;
	__u32 wanted, i;

	found = look_up(in, ino, OBJECT_FILE);
	if (found)
		return found;
	dentry = load(how, file, f_path.dentry);
	wanted = OBJECT_CHILDREN | OBJECT_TREE;
#pragma clang loop unroll(disable)
	for (i = 0; i < WALK_LEVELS; i++) {
		parent = load(how, dentry, d_parent);
		if (parent == dentry)
			return 0;
		dentry = parent;
		inode = load(how, dentry, d_inode);
		found = look_up(in, load(how, inode, i_ino), wanted);
		if (found)
			return found;
		wanted = OBJECT_TREE;
	}
	count(COUNTER_TOO_DEEP);
	return 0;
}

static __always_inline void
file_opened(enum access how, struct file *file)
{
	struct inode *inode = load(how, file, f_inode);
	struct super_block *sb = load(how, inode, i_sb);
	struct lookup in = {.super = load(how, sb, s_dev)};
	struct object_value *found;
	struct opened opened;
	__u32 zero = 0;

	in.sift = bpf_map_lookup_elem(&sieve, &zero);
	if (!in.sift || !bit_is_set(in.sift->supers, SIEVE_SUPER_BITS,
			    sieve_super_bit(in.super)))
		return;
	in.inodes = bpf_map_lookup_elem(&objects, &zero);
	if (!in.inodes)
		return;
	opened.ino = load(how, inode, i_ino);
	found = watched(how, &in, file, opened.ino);
	if (!found)
		return;
	opened.dev = found->dev;
	opened.watch = found->watch + 1;
	opened.generation = found->generation;
	record(how, &opened, load(how, file, f_flags));
}

SEC("lsm/file_open")
int
BPF_PROG(lsm_open, struct file *file)
{
	file_opened(BY_POINTER, file);
	return 0;
}

SEC("lsm/file_open")
int
BPF_PROG(lsm_open_read, struct file *file)
{
	file_opened(BY_READ, file);
	return 0;
}

SEC("fentry/security_file_open")
int
BPF_PROG(fentry_open, struct file *file)
{
	file_opened(BY_POINTER, file);
	return 0;
}

SEC("fentry/security_file_open")
int
BPF_PROG(fentry_open_read, struct file *file)
{
	file_opened(BY_READ, file);
	return 0;
}

/* x86-64 numbers. None of these moves, and a 32-bit task never gets this far.
 */
enum opening {
	NR_OPEN = 2,
	NR_EXECVE = 59,
	NR_CREAT = 85,
	NR_OPENAT = 257,
	NR_OPEN_BY_HANDLE_AT = 304,
	NR_EXECVEAT = 322,
	NR_OPENAT2 = 437,
};

#define O_WRONLY 01
#define O_CREAT 0100
#define O_TRUNC 01000
#define O_CLOEXEC 02000000
#define TS_COMPAT 0x2 /* thread_info.status: in a 32-bit system call */
/* What the kernel drops from a caller's flags, and means something to us. */
#define NOT_OPENS (O_CLOEXEC | SLOT_EXEC)

static __always_inline int
opens(long nr)
{
	return nr == NR_OPENAT || nr == NR_OPEN || nr == NR_EXECVE ||
	       nr == NR_CREAT || nr == NR_OPEN_BY_HANDLE_AT ||
	       nr == NR_EXECVEAT || nr == NR_OPENAT2;
}

static __always_inline void
forget(__u32 tid)
{
	struct slot *slot = own_slot(tid);

	if (slot)
		*(volatile __u32 *)&slot->tid = 0;
}

/*
 * The flags are in registers, which the caller cannot change under us. Those
 * of openat2 are in its memory, which it can: it is not recorded, and neither
 * are 32-bit calls, whose numbers mean something else.
 */
SEC("tp_btf/sys_enter")
int
BPF_PROG(syscall_enter, struct pt_regs *regs, long nr)
{
	struct opened unknown = {};
	struct task_struct *task;
	__u32 flags;

	if (!opens(nr))
		return 0;
	task = bpf_get_current_task_btf();
	if (task->thread_info.status & TS_COMPAT)
		return 0;
	if (nr == NR_OPENAT2) {
		forget((__u32)bpf_get_current_pid_tgid());
		count(COUNTER_OPAQUE);
		return 0;
	}
	if (nr == NR_OPENAT || nr == NR_OPEN_BY_HANDLE_AT)
		flags = (__u32)regs->dx & ~NOT_OPENS;
	else if (nr == NR_OPEN)
		flags = (__u32)regs->si & ~NOT_OPENS;
	else if (nr == NR_CREAT)
		flags = O_WRONLY | O_CREAT | O_TRUNC;
	else
		flags = SLOT_EXEC;
	record(BY_POINTER, &unknown, flags);
	return 0;
}

/* What opens files outside these calls must not meet their slot. */
SEC("tp_btf/sys_exit")
int
BPF_PROG(syscall_exit, struct pt_regs *regs)
{
	if (opens((long)regs->orig_ax))
		forget((__u32)bpf_get_current_pid_tgid());
	return 0;
}

/*
 * An exec that succeeds ends under another tid when a thread made it, and under
 * another number when a 32-bit program came of it or a debugger says so: its
 * end finds no slot to forget. All it opens it has opened by now.
 */
SEC("tp_btf/sched_process_exec")
int
BPF_PROG(syscall_execed, struct task_struct *task, int old_tid)
{
	forget((__u32)old_tid);
	return 0;
}
