/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to doorward-query's files: what the process holds, and the calls
 * between its files. One event loop, one thread.
 *
 *   control.sock → from_ctl.c → query_answer.c → to_ctl.c
 *                                └ query_scan.c (query, a piece of log a turn)
 *   SEALED_TO → from_store_query.c → query_feed.c → tails, to_events.c
 *   RELOAD → to_loader_query.c … RELOAD_DONE → from_loader_query.c
 *
 * Nothing a client does may cost another client, the store or the loader
 * anything: every buffer has a bound, every turn is short.
 */
#ifndef DOORWARD_STORE_QUERY_H
#define DOORWARD_STORE_QUERY_H

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "ipc/wire/chan.h"
#include "ipc/wire/chan_event.h"
#include "ipc/wire/compiled.h"
#include "ipc/wire/vitals.h"

#include "store/query_log.h"
#include "store/query_request.h"

#define CLIENTS_MAX 64		       /* of the control socket */
#define CLIENTS_PER_UID_MAX 16	       /* root excepted */
#define READERS_MAX 32		       /* of the events socket */
#define CLIENT_BUFFER_BYTES (1u << 20) /* answers waiting for one client */
#define CLIENT_RESUME_BYTES                                                    \
	(1u << 18)		       /* a paused stream goes on below this   \
					*/
#define READER_BUFFER_BYTES (4u << 20) /* records waiting for one reader */
#define FEED_PATIENCE_NS INT64_C(1000000000) /* once, for who is behind */
#define CLIENT_STUCK_S 30 /* half a request, or answers not read */
#define SCAN_LIMIT_NS INT64_C(30000000000) /* of reading, for one request */

enum events_format { EVENTS_NATIVE = 0, EVENTS_ECS = 1, EVENTS_OCSF = 2 };

enum client_state {
	CLIENT_IDLE, /* the next request may be taken */
	CLIENT_SCAN, /* a query is under way */
	CLIENT_TAIL,
	CLIENT_RELOAD, /* waits for RELOAD_DONE */
	CLIENT_LEAVING /* closed when its answers are sent */
};

struct query;

struct client {
	TAILQ_ENTRY(client) entry;
	struct query *q;
	struct bufferevent *bev;
	struct ucred peer;
	enum client_state state;
	bool half_closed;	/* will send nothing more */
	struct request request; /* of SCAN and TAIL */
	struct log_scan *scan;
	struct event *turn; /* the next piece of a scan */
	int64_t scan_spent_ns;
	uint64_t sent; /* records, for the limit */
	uint64_t lost; /* records of a tail not said yet */
	bool given_up; /* the feed waits for it no more (query_feed.c) */
};

struct reader {
	TAILQ_ENTRY(reader) entry;
	struct query *q;
	struct bufferevent *bev;
	struct ucred peer;
	uint64_t lost; /* not said yet */
	bool given_up; /* the feed waits for it no more (query_feed.c) */
};

/* What HELLO brings. Descriptors are taken by query_open on success. */
struct query_start {
	int loader_fd; /* our channel to the loader; -1 in tests without one */
	int store_fd;
	int control_fd, events_fd; /* listening; events may be -1 */
	int loader_page, monitor_page, store_page;
	gid_t admin_gid;
	uint32_t events_format;
	const char *log_dir; /* must outlive query */
};

struct query_counters {
	uint64_t clients_refused, clients_dropped;
	uint64_t readers_refused;
	uint64_t tail_lost;   /* records a tail did not read in time */
	uint64_t events_lost; /* records a reader did not read in time */
	uint64_t access_lost; /* ACCESS records the store could not take */
	uint64_t
	    feed_skipped; /* records not given out: the log was unreadable */
};

struct query {
	struct event_base *base;
	struct chan *loader, *store;
	struct chan_event *loader_event, *store_event;
	int control_fd, events_fd;
	struct event *control_event, *events_event, *housekeeping, *feed;
	gid_t admin_gid;
	uint32_t events_format;
	const struct vitals_loader *loader_page;
	const struct vitals_monitor *monitor_page;
	const struct vitals_store *store_page;
	struct policy_view policy;
	uint64_t generation;
	const char *log_dir;
	struct log_source *log; /* NULL: there was none to open yet */
	uint64_t sealed,
	    fed; /* leaves sealed; leaves given to tails and readers */
	int64_t feed_waits; /* since when, for who is behind; 0: it does not */
	TAILQ_HEAD(, client) clients;
	unsigned int nclients;
	TAILQ_HEAD(, reader) readers;
	unsigned int nreaders;
	bool reload_under_way;
	char *reload_text; /* what the compiler last complained about; NULL:
			      nothing */
	struct query_counters count;
	int failed; /* why the loop ended: 0 or -errno */
};

/* ---- query_serve.c ---- */

/* 0 and *ret, which owns all of start's descriptors; or -errno. */
int query_open(const struct query_start *start, struct query **ret);
/* Serves until the loader goes: 0; or a protocol violation: -errno. */
int query_run(struct query *q);
void query_close(struct query **q);
/* Runs the event in the next turn of the loop, after everybody's input. */
void turn_soon(struct event *ev);
/* Opens the log if it is not open yet. 0 or -errno. */
int query_log(struct query *q);

/* ---- from_ctl.c ---- */

int from_ctl_open(struct query *q);
void from_ctl_close(struct query *q);
/* The client's request is answered: takes the next one, if any. */
void client_next(struct client *c);
void client_drop(struct client *c);
/* Drops who is gone without a word (called by the housekeeping timer). */
void from_ctl_sweep(struct query *q);

/* ---- to_ctl.c ---- */

/* Sends one line; takes the reference to reply (NULL: out of memory, drops). */
void client_send(struct client *c, json_t *reply);
/* {"ok":false,"error":…}. */
void client_refuse(struct client *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A line already made, len bytes with its line feed. */
void client_send_line(struct client *c, const char *line, size_t len);
/* Bytes the client has not read yet. */
size_t client_waiting(const struct client *c);

/* ---- query_answer.c ---- */

/* Acts on a request; takes it over. Ends in client_next unless it goes on. */
void client_answer(struct client *c, struct request *request);

/* ---- query_scan.c ---- */

void client_scan(struct client *c);
/* What begins a stream of records: "ok", and a note when one is due. */
json_t *stream_reply(const struct filter *f);
void client_scan_turn(struct client *c);

/* ---- query_feed.c ---- */

int feed_open(struct query *q);
/* Records below size are sealed now, by seal n. */
void feed_sealed(struct query *q, uint64_t n, uint64_t size);
/* Somebody who was behind has room again. */
void feed_resume(struct query *q);

/* ---- to_events.c ---- */

int to_events_open(struct query *q);
void to_events_close(struct query *q);
/* One record, as a line with its line feed, to every reader. */
void to_events_line(struct query *q, const char *line, size_t len);

/* ---- the channels ---- */

int from_loader_open(struct query *q, int fd);
/* Asks the loader for a reload on behalf of a root client. 0 or -errno. */
int to_loader_reload(struct query *q, const struct ucred *peer);
int from_store_open(struct query *q, int fd);
/* An ACCESS record: who read what. A store that cannot take it is counted. */
void to_store_accessed(struct query *q, const struct ucred *peer,
    enum request_verb what, const char *line, size_t len);

/* ---- query_why.c ---- */

void client_why(struct client *c, uint64_t index);

/* ---- replies: new references, NULL when out of memory ---- */

json_t *status_reply(const struct query *q);
json_t *metrics_reply(const struct query *q);
json_t *policy_reply(const struct query *q);
/* ["write","truncate"] */
json_t *policy_ops(uint32_t ops);
/* ok:false with a reason when the log has none. */
json_t *checkpoint_reply(struct query *q);
json_t *key_reply(struct query *q);

#endif
