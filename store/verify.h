/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Offline verification of a log: no service, no network, no trust in anything
 * but one public key. Every file is taken to be hostile. FORMAT.md,
 * "Verifying".
 *
 * Not for: showing records (log_read.h).
 */
#ifndef DOORWARD_STORE_VERIFY_H
#define DOORWARD_STORE_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/log_read.h"

/* Worse ones are larger; a report's verdict is the worst finding's. */
enum verify_verdict {
	VERIFY_INTACT = 0,
	VERIFY_UNSEALED_TAIL, /* rows after the last seal; exit 0 within 1 s */
	VERIFY_STALE,
	VERIFY_UNPINNED,
	VERIFY_HOLE,
	VERIFY_DATA_MISSING,
	VERIFY_MISSING_SEGMENT,
	VERIFY_TAMPERED,
	VERIFY_FORK,
	VERIFY_KEY_MISMATCH,
	VERIFY_VERDICTS
};

#define VERIFY_EXIT_ERROR                                                      \
	5 /* nothing could be said: no such file, no memory                    \
	   */

enum verify_place {
	VERIFY_PLACE_NONE, /* the log as a whole */
	VERIFY_PLACE_FILE,
	VERIFY_PLACE_ROWS,  /* first .. last: record indexes */
	VERIFY_PLACE_SEALS, /* first .. last: seal numbers */
	VERIFY_PLACE_KEYS,  /* first: key block */
};

struct verify_finding {
	enum verify_verdict verdict;
	enum verify_place place;
	uint64_t first, last;
	char file[64];	/* segment's name; "" when not about one */
	char text[400]; /* one line, printable ASCII, for people */
};

#define VERIFY_FINDINGS_MAX 64

struct verify_report {
	enum verify_verdict verdict;
	int exit;		       /* 0..4 as in FORMAT.md */
	uint64_t first_index, records; /* rows read */
	uint64_t seals;		       /* valid ones */
	uint64_t last_seal, sealed_size;
	int64_t first_ns, last_seal_ns; /* realtime */
	uint64_t gaps, lost;		/* GAP records, and their sum */
	uint64_t unsealed;		/* rows after the last seal */
	bool quick;
	char origin[ORIGIN_BYTES_MAX + 1];
	char checkpoint[CHECKPOINT_BYTES_MAX]; /* of the last valid seal, text
						  only */
	uint64_t total; /* findings, also those not kept */
	size_t nfindings;
	struct verify_finding findings[VERIFY_FINDINGS_MAX];
	size_t nnotes; /* not faults: gaps, late seals, clock steps */
	char notes[VERIFY_FINDINGS_MAX][200];
};

struct verify_options {
	const char *const *paths; /* one folder, or segment files */
	size_t npaths;
	const char *key;	 /* vkey line (log.pub); NULL: unpinned */
	const char *const *have; /* texts of checkpoints held from earlier */
	size_t nhave;
	int64_t collected_at_ns; /* 0: not given, STALE is not judged */
	bool quick; /* signatures: only the last seal of each key block */
	/* Called now and then with rows done; may be NULL. */
	void (*progress)(uint64_t rows, void *ctx);
	void *ctx;
};

/*
 * 0 and a filled report (verdict and exit code); or -errno, when not even a
 * verdict is possible (VERIFY_EXIT_ERROR): -ENOENT, -EACCES, -ENOMEM, -EINVAL
 * (key or checkpoint text malformed: *ret->text of the first finding says).
 */
int verify_log(const struct verify_options *o, struct verify_report *ret);

/* "INTACT", "HOLE", "MISSING-SEGMENT" ... */
const char *verify_word(enum verify_verdict v);

#endif
