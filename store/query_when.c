/* SPDX-License-Identifier: Apache-2.0 */
#include "store/query_when.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SECOND_NS INT64_C(1000000000)
#define SECONDS_MAX INT64_C(9223372036) /* in 2262 */

struct moment {
	struct tm tm;
	int64_t fraction_ns;
	bool zoned;
	int64_t offset_s; /* east of UTC */
};

/* Exactly n digits; advances *p. */
static bool
digits(const char **p, unsigned int n, int *ret)
{
	int value = 0;

	for (unsigned int i = 0; i < n; i++) {
		if ((*p)[i] < '0' || (*p)[i] > '9')
			return false;
		value = value * 10 + ((*p)[i] - '0');
	}
	*p += n;
	*ret = value;
	return true;
}

static bool
one(const char **p, char c)
{
	if (**p != c)
		return false;
	(*p)++;
	return true;
}

static bool
date_part(const char **p, struct moment *m)
{
	int year, month, day;

	if (!digits(p, 4, &year) || !one(p, '-') || !digits(p, 2, &month) ||
	    !one(p, '-') || !digits(p, 2, &day))
		return false;
	if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31)
		return false;
	m->tm.tm_year = year - 1900;
	m->tm.tm_mon = month - 1;
	m->tm.tm_mday = day;
	return true;
}

static bool
fraction_part(const char **p, struct moment *m)
{
	int64_t unit = SECOND_NS / 10;
	unsigned int n = 0;

	for (; **p >= '0' && **p <= '9'; (*p)++, n++) {
		m->fraction_ns += unit * (**p - '0');
		unit /= 10;
	}
	return n > 0;
}

static bool
clock_part(const char **p, struct moment *m)
{
	int hour, minute, second = 0;

	if (!digits(p, 2, &hour) || !one(p, ':') || !digits(p, 2, &minute))
		return false;
	if (one(p, ':')) {
		if (!digits(p, 2, &second))
			return false;
		if (one(p, '.') && !fraction_part(p, m))
			return false;
	}
	if (hour > 23 || minute > 59 || second > 60)
		return false;
	m->tm.tm_hour = hour;
	m->tm.tm_min = minute;
	m->tm.tm_sec = second;
	return true;
}

static bool
zone_part(const char **p, struct moment *m)
{
	int hour, minute;
	bool west;

	if (**p == '\0')
		return true;
	m->zoned = true;
	if (one(p, 'Z') || one(p, 'z'))
		return true;
	west = **p == '-';
	if (!one(p, '+') && !one(p, '-'))
		return false;
	if (!digits(p, 2, &hour) || !one(p, ':') || !digits(p, 2, &minute) ||
	    hour > 23 || minute > 59)
		return false;
	m->offset_s = (int64_t)hour * 3600 + (int64_t)minute * 60;
	if (west)
		m->offset_s = -m->offset_s;
	return true;
}

/* timegm and mktime repair "31 April"; a typed date like that is a mistake. */
static int
moment_to_ns(const struct moment *m, int64_t *ret_ns)
{
	struct tm tm = m->tm;
	int64_t seconds;

	tm.tm_isdst = -1;
	seconds = m->zoned ? timegm(&tm) : mktime(&tm);
	if (tm.tm_mday != m->tm.tm_mday && m->tm.tm_sec != 60)
		return -EINVAL;
	seconds -= m->offset_s;
	if (seconds < 0 || seconds >= SECONDS_MAX)
		return -ERANGE;
	*ret_ns = seconds * SECOND_NS + m->fraction_ns;
	return 0;
}

static int
parse_moment(const char *text, int64_t *ret_ns)
{
	struct moment m = {0};
	const char *p = text;

	if (!date_part(&p, &m))
		return -EINVAL;
	if (*p != '\0') {
		if (!one(&p, 'T') && !one(&p, 't') && !one(&p, ' '))
			return -EINVAL;
		if (!clock_part(&p, &m) || !zone_part(&p, &m) || *p != '\0')
			return -EINVAL;
	}
	return moment_to_ns(&m, ret_ns);
}

static int64_t
unit_seconds(char unit)
{
	switch (unit) {
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 3600;
	case 'd':
		return 86400;
	case 'w':
		return 7 * 86400;
	default:
		return 0;
	}
}

static int
parse_age(const char *text, int64_t now_ns, int64_t *ret_ns)
{
	const char *p = text;
	int64_t count = 0, unit;

	for (; *p >= '0' && *p <= '9'; p++) {
		count = count * 10 + (*p - '0');
		if (count > SECONDS_MAX)
			return -ERANGE;
	}
	unit = unit_seconds(*p);
	if (p == text || unit == 0 || p[1] != '\0')
		return -EINVAL;
	if (count > now_ns / SECOND_NS / unit)
		return -ERANGE;
	*ret_ns = now_ns - count * unit * SECOND_NS;
	return 0;
}

/* Midnight, days ago, in the local zone. */
static int
midnight(int64_t now_ns, int days_ago, int64_t *ret_ns)
{
	time_t now = (time_t)(now_ns / SECOND_NS);
	struct tm tm;
	time_t then;

	if (localtime_r(&now, &tm) == NULL)
		return -ERANGE;
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_mday -= days_ago;
	tm.tm_isdst = -1;
	then = mktime(&tm);
	if (then < 0)
		return -ERANGE;
	*ret_ns = (int64_t)then * SECOND_NS;
	return 0;
}

int
when_parse(const char *text, int64_t now_ns, int64_t *ret_ns)
{
	if (strcmp(text, "now") == 0) {
		*ret_ns = now_ns;
		return 0;
	}
	if (strcmp(text, "today") == 0)
		return midnight(now_ns, 0, ret_ns);
	if (strcmp(text, "yesterday") == 0)
		return midnight(now_ns, 1, ret_ns);
	if (strchr(text, '-') != NULL)
		return parse_moment(text, ret_ns);
	return parse_age(text, now_ns, ret_ns);
}

const char *
when_format(int64_t ns, char buf[WHEN_BYTES])
{
	int64_t fraction = ns % SECOND_NS;
	time_t seconds = (time_t)(ns / SECOND_NS);
	struct tm tm;
	size_t n;

	if (fraction < 0) {
		fraction += SECOND_NS;
		seconds--;
	}
	if (gmtime_r(&seconds, &tm) == NULL)
		memset(&tm, 0, sizeof(tm));
	n = strftime(buf, WHEN_BYTES, "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(buf + n, WHEN_BYTES - n, ".%09dZ", (int)fraction);
	return buf;
}

int64_t
when_now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * SECOND_NS + ts.tv_nsec;
}
