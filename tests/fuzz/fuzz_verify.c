/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole segment file before the verifier and the reader: a verdict or an
 * error. No input can be INTACT: the key that would sign it does not exist.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/verify.h"

#define KEY "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct verify_report report;
	char path[] = "/tmp/doorward-fuzz-XXXXXX";
	const char *paths[] = {path};
	struct verify_options o = {.paths = paths, .npaths = 1};
	int fd = mkstemp(path);

	if (fd < 0)
		abort();
	if (write(fd, data, len) != (ssize_t)len)
		abort();
	(void)close(fd);
	/* Without a key all of the file is read; with one it is another log's.
	 */
	if (verify_log(&o, &report) == 0 && report.exit == 0)
		abort();
	o.key = KEY;
	if (verify_log(&o, &report) == 0 && report.exit == 0)
		abort();
	(void)unlink(path);
	return 0;
}
