/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages to the operator. Every line goes to descriptor 2 in one write of at
 * most LOG_LINE_BYTES; a line that would block is dropped and counted, and the
 * count is said with the next line that gets through. Bytes that are not
 * printable ASCII are escaped, so a hostile name cannot forge a line.
 *
 * Four verbs and two deaths. The x forms do not append strerror(errno). A
 * function either logs or returns an error, never both. fatal is for start-up
 * and for protocol violations, never for the answer path.
 * Not for audit records: those go to the store.
 */
#ifndef DOORWARD_IPC_PROC_LOG_H
#define DOORWARD_IPC_PROC_LOG_H

#include <stdint.h>

#define LOG_LINE_BYTES 2048

enum log_level { LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* name prefixes every line; it must outlive the process (a literal). */
void log_start(const char *name, enum log_level level);

void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warnx(const char *format, ...) __attribute__((format(printf, 1, 2)));
void
fatal(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
void
fatalx(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* Like log_warn with an explicit -errno, as functions here return it. */
void log_warn_r(int r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void fatal_r(int r, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));

/* Lines dropped because the reader of descriptor 2 was slow. */
uint64_t log_dropped(void);

#endif
