/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log as query shows it: a record together with what explains it (its
 * ACTOR, its policy, its seal), and the walk through a range of records, a
 * piece at a time, so that no view of the log is held between two pieces.
 * Not for: believing records (verify.h).
 */
#ifndef DOORWARD_STORE_QUERY_LOG_H
#define DOORWARD_STORE_QUERY_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/json.h"
#include "store/log_read.h"
#include "store/query_request.h"

struct log_source;
struct log_scan;

/* dir: the log folder. 0, or -errno of log_open (-ENOENT: no log
 * yet). */
int log_source_open(const char *dir, struct log_source **ret);
void log_source_close(struct log_source **s);

/*
 * The store says: seal n covers what is below size. Its row comes into the log
 * with the next commit only; until then this is how it is known.
 */
void log_source_sealed(struct log_source *s, uint64_t n, uint64_t size);

/*
 * Called for each record that matches; r is valid during the call. Return
 * false to stop the walk for good (limit reached).
 */
typedef bool log_each(const struct json_record *r, void *ctx);

/*
 * A walk over the records that match, in index order or reversed. filter is
 * borrowed and must outlive the walk. 0 and *ret, or -errno.
 */
int log_scan_open(
    struct log_source *s, const struct filter *filter, struct log_scan **ret);
/* The same over first .. end - 1, ascending, whatever the log holds. */
int log_scan_open_range(struct log_source *s, const struct filter *filter,
    uint64_t first, uint64_t end, struct log_scan **ret);
/* NULL is fine; leaves NULL behind. */
void log_scan_close(struct log_scan **scan);

/*
 * The next piece of the walk: at most rows records are looked at, and no more
 * are begun after the first stop (see *pause). 1: there is more, 0: at the
 * end, -errno. pause may be NULL; it is read after each match.
 */
int log_scan_piece(struct log_scan *scan, unsigned int rows, const bool *pause,
    log_each *each, void *ctx);

/*
 * One record, shown to each. 0; -ENOENT: the log has no such record; -errno.
 */
int log_one(struct log_source *s, uint64_t index, log_each *each, void *ctx);

/* The reader, for checkpoint and key; inside log_begin … log_end only. */
struct log_reader *log_source_reader(struct log_source *s);

/* Does the record match? Pure. */
bool filter_match(const struct filter *f, const struct json_record *r);

#endif
