/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * The maps the loader fills and the kernel program reads, beside the slots:
 * which superblocks hold anything watched, which inodes are watched, and the
 * few switches and counters. Shared between bpf/ and loader/.
 */
#ifndef DOORWARD_BPF_OBJECTS_H
#define DOORWARD_BPF_OBJECTS_H

/* How far up a file's parents are looked at; deeper files are counted. */
#define WALK_LEVELS 64

/* Superblocks with something watched on them; the map refuses more. */
#define SUPERS_MAX 1024

/* What a watched inode stands for; bits, one inode may be several. */
enum object_kind {
	OBJECT_FILE = 1u << 0,	   /* the file itself */
	OBJECT_CHILDREN = 1u << 1, /* the files directly in this directory */
	OBJECT_TREE = 1u << 2,	   /* every file below this directory */
};

struct object_key {
	unsigned long long ino;
	unsigned int super; /* s_dev, kernel encoding: major << 20 | minor */
	unsigned int zero;
};

struct object_value {
	unsigned int watch; /* index; all ones: several watches claim it */
	unsigned int kind;  /* enum object_kind */
	unsigned int generation;
	unsigned int dev; /* what stat says of files here; as slot.dev */
};

struct object_settings {
	unsigned int uses_ancestors; /* fill slot.ancestors */
};

/* Indexes of the counters map, 64 bits each; they only grow. */
enum object_counter {
	COUNTER_RECORDED = 0, /* slots written */
	COUNTER_TOO_DEEP = 1, /* not matched within WALK_LEVELS parents */
	COUNTER_OPAQUE = 2,   /* raw_tp: openat2 calls, not recorded */
	COUNTER_MAX
};

_Static_assert(sizeof(struct object_key) == 16, "no padding in a map key");
_Static_assert(
    sizeof(struct object_value) == 16, "shared with the kernel side");

#endif
