/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel structures doorward.bpf.c reads, cut down to the fields it reads.
 * preserve_access_index makes the loader look every field up by name in the
 * running kernel's BTF: order, size and neighbours here mean nothing, names and
 * types do. A field some kernels lack is asked for with bpf_core_field_exists.
 */
#ifndef DOORWARD_BPF_KERNEL_TYPES_H
#define DOORWARD_BPF_KERNEL_TYPES_H

#pragma clang attribute push(                                                  \
    __attribute__((preserve_access_index)), apply_to = record)

struct super_block {
	unsigned int s_dev;
};

struct inode {
	unsigned long i_ino;
	struct super_block *i_sb;
};

struct dentry {
	struct dentry *d_parent;
	struct inode *d_inode;
};

struct path {
	struct dentry *dentry;
};

struct file {
	struct path f_path;
	struct inode *f_inode;
	unsigned int f_flags;
};

struct mm_struct {
	struct file *exe_file;
};

typedef struct {
	unsigned int val;
} kuid_t;

typedef struct {
	unsigned int val;
} kgid_t;

struct cred {
	kuid_t uid, euid;
	kgid_t gid, egid;
};

struct ns_common {
	unsigned int inum;
};

struct mnt_namespace {
	struct ns_common ns;
};

struct nsproxy {
	struct mnt_namespace *mnt_ns;
};

struct kernfs_node {
	unsigned long long id; /* the directory's inode number */
};

struct cgroup {
	struct kernfs_node *kn;
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
};

struct css_set {
	struct cgroup_subsys_state *subsys[1]; /* indexed by cgroup_subsys_id */
	struct cgroup *dfl_cgrp;	       /* in the v2 hierarchy */
};

/* Value looked up at load: it depends on the kernel's configuration. */
enum cgroup_subsys_id {
	pids_cgrp_id = 1,
};

struct thread_info {
	unsigned int status; /* x86: TS_COMPAT */
};

struct task_struct {
	struct thread_info thread_info;
	int pid, tgid;
	struct task_struct *real_parent, *group_leader;
	struct mm_struct *mm;
	struct cred *cred;
	struct nsproxy *nsproxy;
	struct css_set *cgroups;
	unsigned long long start_boottime;
	kuid_t loginuid; /* CONFIG_AUDIT */
};

/* x86-64: system call arguments 2 and 3, and the call's number. */
struct pt_regs {
	unsigned long si, dx, orig_ax;
};

#pragma clang attribute pop

#endif
