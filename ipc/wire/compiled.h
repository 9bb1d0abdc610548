/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The compiled policy and the resolved table: two sealed memfds, mapped
 * read-only by whoever needs them (loader, monitor, decider, query).
 *
 * compiled: made by doorward-policy from text. Settings, watches, path
 * patterns, rules, conditions, exe patterns, the source text, one string area.
 *
 * resolved: made by the loader, which alone may look at the file system: which
 * program inodes each exe pattern names, and on which device and mount each
 * watch has its places.
 *
 * Both are position-independent, native-endian (they never leave the machine),
 * and are believed only after compiled_check()/resolved_check(), which bound
 * every offset, count, enum and string. The loader runs the check on the
 * compiler's output before it acts on a single entry.
 *
 * Not for: decisions (decider/decide.h).
 */
#ifndef DOORWARD_IPC_WIRE_COMPILED_H
#define DOORWARD_IPC_WIRE_COMPILED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/wire/words.h"

#define COMPILED_MAGIC 0x4457504cu /* "DWPL" */
#define RESOLVED_MAGIC 0x44575253u /* "DWRS" */
#define COMPILED_BYTES_MAX (16u << 20)
#define RESOLVED_BYTES_MAX (16u << 20)
#define WATCHES_MAX 4096
#define PATTERNS_MAX 65536
#define RULES_MAX 65536
#define CONDITIONS_MAX 262144
#define EXES_MAX 16384
#define FILES_MAX 256
#define SOURCE_BYTES_MAX (1u << 20) /* of one source file */
#define RULE_TEXT_MAX 4095

/* A string in the string area: off bytes in, len bytes, then a NUL. len 0:
 * none. */
struct compiled_str {
	uint32_t off;
	uint32_t len;
};

enum settled {
	SETTLED_NO = 0,
	SETTLED_YES = 1
}; /* was it written in the text? */

/* The global settings, defaults filled in. Paths are absolute, no "..", ≤
 * PATH_BYTES_MAX. */
struct compiled_settings {
	uint32_t mode;		/* enum mode */
	uint32_t deadline_ms;	/* 10 .. 10000 */
	uint32_t on_timeout;	/* enum verdict */
	uint32_t events_format; /* 0 native, 1 ecs, 2 ocsf */
	struct compiled_str state_dir;
	struct compiled_str run_dir;
	struct compiled_str control;
	struct compiled_str events;	 /* len 0: no events socket */
	struct compiled_str libexec_dir; /* len 0: default */
	struct compiled_str pin_dir;
	struct compiled_str group; /* may talk to the control socket */
	uint32_t heartbeat_s;	   /* 1 .. 3600 */
	uint32_t reserved;
};

enum decide_where { DECIDE_AUTO = 0, DECIDE_KERNEL = 1, DECIDE_USER = 2 };

struct compiled_watch {
	struct compiled_str name;
	uint32_t mode, on_timeout, deadline_ms,
	    decide;			   /* global ones folded in */
	uint32_t first_pattern, npatterns; /* path and except, source order */
	uint32_t first_rule, nrules;
	uint32_t line; /* of the watch's name */
	uint32_t file; /* index into files */
};

/*
 * literal: the longest prefix that is a plain path, no trailing slash ("/" for
 * the root). rest: what follows it, without its leading slash: empty for a
 * literal path; "**" for everything below; else components with '*' and '?'
 * within a name and "**" for any number of whole names.
 * "**" after a directory covers everything below it, not the directory itself.
 */
struct compiled_pattern {
	struct compiled_str text; /* as written, unescaped */
	struct compiled_str literal;
	struct compiled_str rest;
	uint32_t except;	  /* 1: carved out of the watch */
	uint32_t container_field; /* 0: a host path; else enum condition_kind of
				     the container condition */
	struct compiled_str container_glob;
	uint32_t line, file;
	uint32_t watch; /* whose pattern this is */
};

struct compiled_rule {
	uint32_t verdict; /* enum verdict */
	uint32_t ops;	  /* OP_* mask, not empty */
	uint32_t quiet, seal;
	uint32_t first_condition, nconditions; /* all must hold */
	struct compiled_str message;	       /* len 0: none */
	struct compiled_str text;	       /* the rule as written */
	uint32_t line, column, file;
};

enum condition_kind {
	COND_EXE = 1,	       /* value: index into exes */
	COND_EXE_SHA256 = 2,   /* not evaluated yet: unknown */
	COND_ANCESTOR_EXE = 3, /* value: index into exes */
	COND_UID = 4,
	COND_GID = 5,
	COND_AUID = 6,
	COND_CONTAINER_NAME = 7, /* 7..12: not evaluated yet: unknown */
	COND_CONTAINER_IMAGE = 8,
	COND_CONTAINER_ID = 9,
	COND_CONTAINER_LABEL = 10,
	COND_CONTAINER_ANY = 11,
	COND_POD = 12,
	COND_MAX
};

/*
 * Alternatives ("{a, b}" or a list) are consecutive conditions with the same
 * group number: one of a group suffices. negated applies to the whole group
 * and is the same in all of its members.
 */
struct compiled_condition {
	uint32_t kind;
	uint32_t group;
	uint32_t negated;
	uint32_t value; /* uid, gid, auid, or index into exes */
	struct compiled_str text;
};

/* One exe pattern, each distinct text once. */
struct compiled_exe {
	struct compiled_str pattern; /* absolute; may hold '*', '?', "**" */
	uint32_t literal;	     /* 1: no wildcard */
	uint32_t line, file;
};

/* One source file: its name as rules cite it, and its whole text. */
struct compiled_file {
	struct compiled_str name; /* "doorward.conf" */
	struct compiled_str text;
};

struct compiled_header {
	uint32_t magic;
	uint32_t bytes;		  /* of the whole object */
	uint8_t hash[HASH_BYTES]; /* BLAKE2b-256 of all source texts with their
				     names */
	struct compiled_settings settings;
	uint32_t watches,
	    nwatches; /* offset of the array from the start; count */
	uint32_t patterns, npatterns;
	uint32_t rules, nrules;
	uint32_t conditions, nconditions;
	uint32_t exes, nexes;
	uint32_t files, nfiles;
	/*
	 * Indexes (u32) of the host path patterns that are not excepts, sorted
	 * by (literal, index): compiled_find_watch searches here.
	 */
	uint32_t by_literal, nby_literal;
	uint32_t strings, nstrings; /* string area: offset, bytes */
	uint32_t uses_ancestors;    /* some rule asks for an ancestor */
	uint32_t reserved;
};

/* A program inode that exe pattern `exe` names now. Sorted by (exe, dev, ino).
 */
struct resolved_exe {
	uint64_t dev, ino; /* wire_dev() */
	uint32_t exe;
	uint32_t reserved;
};

/*
 * A place where a watch has marks: paths read through mount mnt_id on dev may
 * be believed as labels for this watch. Sorted by (dev, mnt_id, watch).
 */
struct resolved_place {
	uint64_t dev;
	uint64_t mnt_id;
	uint32_t watch;
	uint32_t reserved;
};

struct resolved_header {
	uint32_t magic;
	uint32_t bytes;
	uint64_t generation;
	uint32_t exes, nexes;
	uint32_t places, nplaces;
};

/* Both mappings, checked. Read-only; owned by whoever mapped them. */
struct policy_view {
	const struct compiled_header *compiled;
	const struct resolved_header
	    *resolved; /* may be NULL (policy test, query) */
};

/* 0, or -EBADMSG: some offset, count, enum, bound or string is wrong. Pure. */
int compiled_check(const void *bytes, size_t len);
int resolved_check(
    const void *bytes, size_t len, const struct compiled_header *compiled);

/*
 * Maps sealed memfds (seals: shrink, grow, write; else -EPERM) read-only and
 * checks them. resolved_fd may be -1. fds stay the caller's. 0 or -errno.
 */
int policy_view_map(int compiled_fd, int resolved_fd, struct policy_view *ret);
void policy_view_unmap(struct policy_view *v);

/* Entry i of each array, or NULL past its end. */
const struct compiled_watch *
compiled_watch(const struct compiled_header *c, uint32_t i);
const struct compiled_pattern *
compiled_pattern(const struct compiled_header *c, uint32_t i);
const struct compiled_rule *
compiled_rule(const struct compiled_header *c, uint32_t i);
const struct compiled_condition *
compiled_condition(const struct compiled_header *c, uint32_t i);
const struct compiled_exe *
compiled_exe(const struct compiled_header *c, uint32_t i);
const struct compiled_file *
compiled_file(const struct compiled_header *c, uint32_t i);
/* NUL-terminated; "" for an absent string. */
const char *
compiled_string(const struct compiled_header *c, struct compiled_str s);

/* Does a path (absolute, bytes) match literal + rest? '*' and '?' never match
 * '/'. Linear space, bounded time. */
bool pattern_match(const struct compiled_header *c,
    const struct compiled_pattern *p, const char *path, size_t len);

/* Does an absolute path match an absolute glob? The same language and bounds.
 */
bool path_glob_match(
    const char *glob, size_t glob_len, const char *path, size_t len);

/*
 * Is it an absolute path without empty, "." and ".." names, no slash at its
 * end (but "/" itself), no NUL, at most PATH_BYTES_MAX bytes? Wildcards are
 * bytes like others here. Pure.
 */
bool path_is_plain(const char *path, size_t len);

/*
 * Which watch does a trusted path belong to? The one with the longest literal
 * prefix among those whose path patterns match and whose excepts do not;
 * WATCH_NONE if none.
 */
uint32_t compiled_find_watch(
    const struct compiled_header *c, const char *path, size_t len);

/* May a path read through this mount be believed? */
bool resolved_mount_known(
    const struct resolved_header *r, uint64_t dev, uint64_t mnt_id);
/* Does exe pattern i name this program now? */
bool resolved_exe_is(
    const struct resolved_header *r, uint32_t exe, uint64_t dev, uint64_t ino);
/* The watches with a place on dev: calls back once per watch. */
void resolved_watches_on(const struct resolved_header *r, uint64_t dev,
    void (*each)(uint32_t watch, void *ctx), void *ctx);

#endif
