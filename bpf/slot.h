/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * The context slot: what the kernel program knew about an open at the moment it
 * happened, left at slots[tid & SLOT_MASK] for the monitor. Shared between
 * bpf/ (writes, in place) and monitor/ (reads, through a frozen mapping).
 *
 * Writing order: tid = 0, everything else, tid. A reader takes a copy and
 * believes it only if tid is the event's, the sum is right, dev and ino are the
 * file's (except on the raw_tp rung, which does not know them: both are 0
 * there), and the counter is not the one it consumed last for this tid.
 *
 * 256 bytes, 65536 of them: 16 MiB of kernel memory. Two live threads whose
 * tids differ by a multiple of 65536 share a slot; the loser is "unknown". Both
 * may write at once, and one could wish to lend itself the other's name: hence
 * the sum, which each makes of what it means to write, not of what lies there.
 */
#ifndef DOORWARD_BPF_SLOT_H
#define DOORWARD_BPF_SLOT_H

#define SLOT_COUNT 65536
#define SLOT_MASK (SLOT_COUNT - 1)
#define SLOT_ANCESTORS 8
#define SLOT_EXEC 0x20u /* __FMODE_EXEC in flags: an exec, not an open */

struct slot_ancestor {
	unsigned long long ino;
	unsigned int dev; /* kernel encoding: major << 20 | minor */
	unsigned int pid;
};

struct slot {
	unsigned int tid;     /* 0: being written or empty; written last */
	unsigned int counter; /* grows with every open recorded here */
	unsigned long long start_ns; /* process start, boot time */
	unsigned long long ino;	     /* of the file; 0 on the raw_tp rung */
	unsigned int dev;	     /* kernel encoding; 0 on the raw_tp rung */
	unsigned int flags;	     /* f_flags, or the system call's flags */
	unsigned int pid, ppid;	     /* thread group ids */
	unsigned int uid, euid, gid, egid, auid;
	unsigned int watch;	 /* 1 + watch index; 0 not known */
	unsigned int generation; /* low 32 bits, of the watch index */
	unsigned int mntns;
	unsigned long long cgroup; /* v2 id, else v1 css id, else 0 */
	unsigned long long exe_ino;
	unsigned int exe_dev;
	unsigned int nancestors;
	char comm[16];
	struct slot_ancestor ancestors[SLOT_ANCESTORS];
	unsigned long long sum; /* slot_sum() */
	unsigned long long reserved;
};

_Static_assert(sizeof(struct slot) == 256, "slot is shared memory");

#define SLOT_COMM_WORD 12 /* comm begins here, in words of 64 bits */

static inline unsigned long long
slot_mix(unsigned long long sum, unsigned long long word)
{
	sum = (sum ^ word) * 0x9e3779b97f4a7c15ull;
	return sum ^ sum >> 32;
}

static inline unsigned long long
slot_mix_ancestor(unsigned long long sum, const struct slot_ancestor *ancestor)
{
	sum = slot_mix(sum, ancestor->ino);
	return slot_mix(
	    sum, ancestor->dev | (unsigned long long)ancestor->pid << 32);
}

static inline unsigned long long
slot_mix_word(unsigned long long sum, const struct slot *slot, unsigned int at)
{
	unsigned long long w;

	__builtin_memcpy(&w, (const char *)slot + at * sizeof(w), sizeof(w));
	return slot_mix(sum, w);
}

/* The two words of comm, where the sum begins. */
static inline unsigned long long
slot_sum_comm(const struct slot *slot)
{
	return slot_mix_word(
	    slot_mix_word(0, slot, SLOT_COMM_WORD), slot, SLOT_COMM_WORD + 1);
}

/* What stands before comm, last word first. */
static inline unsigned long long
slot_sum_head(unsigned long long sum, const struct slot *slot)
{
	unsigned int i;

#ifdef __clang__
#pragma clang loop unroll(full)
#endif
	for (i = SLOT_COMM_WORD; i > 0; i--)
		sum = slot_mix_word(sum, slot, i - 1);
	return sum;
}

/*
 * The sum of a slot. What a task can choose freely goes in first: nothing
 * chosen can make up for who it is afterwards.
 */
static inline unsigned long long
slot_sum(const struct slot *slot)
{
	unsigned long long sum = slot_sum_comm(slot);
	unsigned int i;

	for (i = 0; i < SLOT_ANCESTORS && i < slot->nancestors; i++)
		sum = slot_mix_ancestor(sum, &slot->ancestors[i]);
	return slot_sum_head(sum, slot);
}

_Static_assert(__builtin_offsetof(struct slot, comm) == 8 * SLOT_COMM_WORD,
    "the words before comm are its head");

#endif
