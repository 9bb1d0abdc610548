/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's side of permission events, played: it implements monitor/
 * kernel.h. It gives the lowest free descriptor number as the kernel does,
 * knows an event by that number alone, and ends the test (fake_fail) when the
 * monitor closes a descriptor before its answer, answers one twice, or uses one
 * that is not open. Its clock moves only when the test moves it.
 */
#ifndef DOORWARD_TESTS_REPLAY_FAKE_KERNEL_H
#define DOORWARD_TESTS_REPLAY_FAKE_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/proc/look.h"
#include "ipc/wire/words.h"

#define FAKE_LABEL_BYTES 256
#define FAKE_FD_FIRST 16 /* lower numbers are the monitor's own */
#define FAKE_START_NS 1000000000000u
#define FAKE_REALTIME_NS 1790000000000000000u /* ahead of the monotonic one */

enum fake_state {
	FAKE_QUEUED,
	FAKE_READ,     /* the opener sleeps, the monitor has the descriptor */
	FAKE_ANSWERED, /* the opener goes on */
	FAKE_CLOSED
};

struct fake_event {
	char name[32];
	int tid;
	int err; /* < 0: what the kernel's own open of the file said */
	struct look look;
	char label[FAKE_LABEL_BYTES];
	/* What the file is called once its opener goes on; "" for the same. */
	char label_after[FAKE_LABEL_BYTES];
	enum fake_state state;
	int fd;
	uint8_t answer;	      /* enum verdict */
	bool by_watchdog;     /* answered behind the monitor's back */
	uint64_t answered_ns; /* and when */
};

/* Queues an event; its number. The name may be "". */
size_t fake_queue(const struct fake_event *e);
struct fake_event *fake_event(size_t i);
size_t fake_nevents(void);
/* The last event of that name, or NULL. */
struct fake_event *fake_find(const char *name);

/* Answers as the loader's watchdog would. */
void fake_watchdog(struct fake_event *e, uint8_t answer);
/* The next read says -err, and reads no event. */
void fake_read_fails(int err);
size_t fake_queued(void); /* events nobody has read */

uint64_t fake_now(void);
void fake_set_now(uint64_t ns);

/* Fails unless everything was read, answered and closed. */
void fake_check_end(void);

/* The script's place and the reason on stderr; exits 1. */
void fake_fail(const char *format, ...)
    __attribute__((format(printf, 1, 2), noreturn));
void fake_place(const char *file, unsigned int line);

#endif
