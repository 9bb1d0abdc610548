/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * The maps the loader fills and the kernel program reads, beside the slots:
 * which inodes are watched, a quick way to see that one is not, and the few
 * switches and counters. Shared between bpf/ and loader/.
 */
#ifndef DOORWARD_BPF_OBJECTS_H
#define DOORWARD_BPF_OBJECTS_H

/* How far up a file's parents are looked at; deeper files are counted. */
#define WALK_LEVELS 64

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

/*
 * Before the table of watched inodes is asked, a bit is: first that of the
 * superblock, then those of the file and of each of its parents. Clear means
 * "surely nothing watched"; a bit costs a tenth of a look into the table. With
 * 100,000 inodes watched one bit in ten is set; with more, opens get slower,
 * not wrong.
 */
#define SIEVE_BITS (1u << 20)
#define SIEVE_SUPER_BITS (1u << 12)

struct object_sieve {
	unsigned long long supers[SIEVE_SUPER_BITS / 64];
	unsigned long long inodes[SIEVE_BITS / 64];
};

/* Fibonacci hashing: the top bits of a product with 2^64 / phi. */
#define SIEVE_PHI 0x9e3779b97f4a7c15ull

static inline unsigned int
sieve_super_bit(unsigned int super)
{
	return (unsigned int)(super * SIEVE_PHI >> (64 - 12));
}

static inline unsigned int
sieve_bit(unsigned long long ino, unsigned int super)
{
	return (unsigned int)((ino + ((unsigned long long)super << 32)) *
				  SIEVE_PHI >>
			      (64 - 20));
}

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
