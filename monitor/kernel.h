/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The monitor's only contact with the kernel's side of an event: reading the
 * group, looking at an event descriptor, answering, closing, and the clocks.
 * tests/replay links a fake with the same symbols and plays scripts against
 * everything above this line.
 *
 * Not for: anything that opens or reads a watched file. Nothing here does.
 */
#ifndef DOORWARD_MONITOR_KERNEL_H
#define DOORWARD_MONITOR_KERNEL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "ipc/proc/look.h"

/* Events taken by one read: 170 of 24 bytes fill a page. */
#define KERNEL_EVENTS_MAX 170

/* One permission event. fd is ours until kernel_close; < 0: -errno of the
 * kernel's own open, the opener was refused. */
struct kernel_event {
	int fd;
	pid_t tid; /* of the opener (FAN_REPORT_TID) */
};

struct kernel_answer {
	int fd;
	uint32_t response; /* FAN_ALLOW or FAN_DENY */
};

/* Up to KERNEL_EVENTS_MAX events. Count, 0 when there is none, or -errno. */
int kernel_read(int group, struct kernel_event *events);

/* 0 or -errno. */
int kernel_look(int fd, struct look *ret);

/* The path as a label, without NUL, at most cap bytes. Length or -errno. */
ssize_t kernel_label(int fd, char *buf, size_t cap);

/*
 * Answers in order; the number the kernel took. If that is less than n, the
 * one after them failed with *ret_err (ENOENT: answered already).
 */
size_t kernel_answer(
    int group, const struct kernel_answer *answers, size_t n, int *ret_err);

void kernel_close(int fd);

uint64_t kernel_monotonic_ns(void);
uint64_t kernel_realtime_ns(void);

#endif
