/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the reader share. Private to log_*.c. */
#ifndef DOORWARD_STORE_LOG_STATE_H
#define DOORWARD_STORE_LOG_STATE_H

#include <sqlite3.h>

#include "store/log_read.h"

struct segment {
	char *path;
	sqlite3 *db;
	uint64_t first, end; /* indexes it holds, as of log_begin */
	bool has_seal;
};

struct log_reader {
	char *dir;
	bool live;
	bool begun;
	size_t count;
	struct segment *segments;
};

/* SQLite's result as -errno; rows and ends are 0. */
int log_errno(int rc);
/* The newest segment that holds a seal; NULL. */
struct segment *log_last_sealed(struct log_reader *r);

#endif
