/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/proc/log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *self = "doorward";
static enum log_level level = LOG_LEVEL_INFO;
static uint64_t dropped, dropped_said;

void
log_start(const char *name, enum log_level up_to)
{
	self = name;
	level = up_to;
}

uint64_t
log_dropped(void)
{
	return dropped;
}

/*
 * One write, so that lines of several processes do not mix in the pipe (a pipe
 * write of up to PIPE_BUF bytes is atomic, pipe(7)). poll first: descriptor 2
 * may be a terminal that we must not switch to non-blocking for others.
 */
static bool
emit(const char *line, size_t len)
{
	struct pollfd p = {.fd = STDERR_FILENO, .events = POLLOUT};

	/* POLLERR: nobody reads the pipe any more, and a write is a SIGPIPE. */
	return poll(&p, 1, 0) == 1 && p.revents == POLLOUT &&
	       write(STDERR_FILENO, line, len) != -1;
}

/* Copies text so that one message is one line of printable ASCII. */
static size_t
escape(char *out, size_t cap, const char *text)
{
	static const char hex[] = "0123456789abcdef";
	size_t len = 0;

	for (; *text != '\0' && len + 5 < cap; text++) {
		unsigned char c = (unsigned char)*text;

		if (c >= 0x20 && c < 0x7f) {
			out[len++] = (char)c;
			continue;
		}
		out[len++] = '\\';
		out[len++] = 'x';
		out[len++] = hex[c >> 4];
		out[len++] = hex[c & 15];
	}
	out[len++] = '\n';
	return len;
}

static void __attribute__((format(printf, 2, 0)))
say(int err, const char *format, va_list ap)
{
	char text[LOG_LINE_BYTES], line[LOG_LINE_BYTES];
	int n, saved = errno;
	size_t at;

	if (dropped > dropped_said) {
		uint64_t missing = dropped - dropped_said;

		n = snprintf(line, sizeof(line),
		    "%s: %llu log lines were dropped\n", self,
		    (unsigned long long)missing);
		if (emit(line, (size_t)n))
			dropped_said += missing;
	}
	n = snprintf(text, sizeof(text), "%s: ", self);
	at = (size_t)n;
	n = vsnprintf(text + at, sizeof(text) - at, format, ap);
	at += n < 0 ? 0 : (size_t)n;
	if (err != 0 && at < sizeof(text))
		(void)snprintf(
		    text + at, sizeof(text) - at, ": %s", strerrordesc_np(err));
	if (!emit(line, escape(line, sizeof(line), text)))
		dropped++;
	errno = saved;
}

void
log_debug(const char *format, ...)
{
	va_list ap;

	if (level < LOG_LEVEL_DEBUG)
		return;
	va_start(ap, format);
	say(0, format, ap);
	va_end(ap);
}

void
log_info(const char *format, ...)
{
	va_list ap;

	if (level < LOG_LEVEL_INFO)
		return;
	va_start(ap, format);
	say(0, format, ap);
	va_end(ap);
}

void
log_warn(const char *format, ...)
{
	int err = errno;
	va_list ap;

	va_start(ap, format);
	say(err, format, ap);
	va_end(ap);
}

void
log_warnx(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say(0, format, ap);
	va_end(ap);
}

void
log_warn_r(int r, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say(-r, format, ap);
	va_end(ap);
}

void
fatal(const char *format, ...)
{
	int err = errno;
	va_list ap;

	va_start(ap, format);
	say(err, format, ap);
	va_end(ap);
	_exit(1);
}

void
fatalx(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say(0, format, ap);
	va_end(ap);
	_exit(1);
}

void
fatal_r(int r, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say(-r, format, ap);
	va_end(ap);
	_exit(1);
}
