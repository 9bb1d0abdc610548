/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request on the control socket: one JSON object on one line (doorward-socket
 * (7)). Everything a client can say is decided here, before anything is done;
 * what is not understood is refused with words, never ignored.
 * Pure: no clock but the one given, no I/O.
 */
#ifndef DOORWARD_STORE_QUERY_REQUEST_H
#define DOORWARD_STORE_QUERY_REQUEST_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REQUEST_BYTES_MAX 65536 /* of one line, without its line feed */
#define REQUEST_ERROR_BYTES 256
#define FILTER_GLOB_BYTES 1040 /* a glob of 1024 bytes, its prefix, NUL */

/* Numbers travel in ACCESS records: they keep their meaning for ever. */
enum request_verb {
	REQUEST_STATUS = 1,
	REQUEST_QUERY = 2,
	REQUEST_TAIL = 3,
	REQUEST_WHY = 4,
	REQUEST_POLICY_SHOW = 5,
	REQUEST_RELOAD = 6,
	REQUEST_CHECKPOINT = 7,
	REQUEST_KEY = 8,
	REQUEST_METRICS = 9,
	REQUEST_EVENTS = 10, /* not a verb: somebody connected to events.sock */
	REQUEST_MAX
};

/* Which records. */
struct filter {
	int64_t since_ns, until_ns; /* [since, until); INT64_MIN/MAX: open */
	/* Globs of the policy language; "" for any. "*.conf" became "**" + it.
	 */
	char path[FILTER_GLOB_BYTES];
	char exe[FILTER_GLOB_BYTES];
	const char *watch;     /* borrowed from the request; NULL: any */
	const char *container; /* its name; borrowed; NULL: any */
	uint32_t ops;	       /* OP_* bits; 0: any */
	uint32_t kinds;	       /* bits of 1u << enum record_kind; 0: any */
	int verdict;	       /* enum verdict; -1: any */
	int64_t uid;	       /* -1: any */
	uint64_t limit;	       /* 0: none */
	bool reverse;
};

struct request {
	enum request_verb verb;
	struct filter filter; /* QUERY, TAIL */
	uint64_t index;	      /* WHY */
	json_t *root;	      /* owns what filter borrows */
};

/*
 * Parses len bytes (any bytes). 0 and *ret, to be freed with request_free; or
 * -EINVAL with a sentence for the client in error.
 */
int request_parse(const char *line, size_t len, int64_t now_ns,
    struct request *ret, char error[REQUEST_ERROR_BYTES]);
void request_free(struct request *r);

/* "status", "policy show", …; NULL for a number that is none. */
const char *request_name(unsigned int verb);

#endif
