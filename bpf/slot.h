/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * The context slot: what the kernel program knew about an open at the moment it
 * happened, left at slots[tid & SLOT_MASK] for the monitor. Shared between
 * bpf/ (writes, in place) and monitor/ (reads, through a frozen mapping).
 *
 * Writing order: tid = 0, everything else, counter, tid. A reader takes a copy
 * and believes it only if tid is the event's, dev and ino are the file's
 * (except on the raw_tp rung, which does not know them: both are 0 there), and
 * the counter is not the one it consumed last for this tid.
 *
 * 256 bytes, 65536 of them: 16 MiB of kernel memory. Two live threads whose
 * tids differ by a multiple of 65536 share a slot; the loser is "unknown".
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
	unsigned long long start_ns; /* task start, boot time */
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
	unsigned long long reserved[2];
};

_Static_assert(sizeof(struct slot) == 256, "slot is shared memory");

#endif
