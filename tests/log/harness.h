/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The real doorward-store and doorward-sealer without the rest of the service:
 * this plays loader, monitor and query towards them. Needs root, as they change
 * root directory and user. For tests; every wait has a limit, after which the
 * program ends with a message and status 1.
 */
#ifndef DOORWARD_TESTS_LOG_HARNESS_H
#define DOORWARD_TESTS_LOG_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "ipc/wire/chan.h"
#include "ipc/wire/vitals.h"

#define HARNESS_STORE_ID 61001 /* uid and gid; no account needs to exist */
#define HARNESS_SEALER_ID 61002

struct harness {
	char dir[256];	 /* holds log/ and keys/ */
	const char *bin; /* where the programs lie */
	pid_t store, sealer;
	struct chan *to_store;	/* as the loader */
	struct chan *to_sealer; /* as the loader */
	struct chan *monitor;	/* as the monitor */
	struct chan *query;	/* as the query process */
	struct vitals_store *vitals;
	uint64_t token;	       /* of the newest event sent */
	uint64_t sealed_token; /* heard back */
	uint64_t seal, sealed_size;
	uint64_t wanted_size; /* what a wait is for */
	unsigned int ready;
};

/* Makes dir/log and dir/keys if need be and starts both. */
void harness_start(
    struct harness *h, const char *dir, const char *bin, bool clean_stop);
/* One event; deny makes it critical. path may be NULL for a default name. */
void harness_event(struct harness *h, bool deny, const char *path);
/* Many, as fast as the store takes them without losing any. */
void harness_events(struct harness *h, uint64_t count, unsigned int deny_every);
void
harness_label(struct harness *h, uint64_t dev, uint64_t ino, const char *path);
void harness_lost(struct harness *h, unsigned int source, uint64_t count);
/* A compiled policy, borrowed. */
void harness_policy(
    struct harness *h, uint64_t generation, const void *bytes, size_t len);
/* Until every event sent is sealed. */
void harness_wait_sealed(struct harness *h);
/* Until the next seal comes. */
void harness_wait_seal(struct harness *h);
/* Orderly: both end by themselves. The store's wait status. */
int harness_stop(struct harness *h);
/* SIGKILL for both, nothing is told to anybody. */
void harness_kill(struct harness *h);
/* Kills one and brings another, as the loader would. */
void harness_replace_sealer(struct harness *h);
void harness_replace_store(struct harness *h);
/* A fresh folder below TMPDIR; harness_remove removes it. */
void harness_folder(char *ret, size_t cap);
void harness_remove(const char *dir);

#endif
