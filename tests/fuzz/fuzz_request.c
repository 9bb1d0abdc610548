/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a line on the control socket: it is understood or refused with a
 * sentence; what is understood keeps its bounds.
 */
#include <stdlib.h>
#include <string.h>

#include "ipc/wire/words.h"

#include "store/query_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char error[REQUEST_ERROR_BYTES];
	struct request r;

	memset(error, 'x', sizeof(error));
	if (request_parse((const char *)bytes, len, INT64_C(1800000000) << 30,
		&r, error) < 0) {
		if (memchr(error, '\0', sizeof(error)) == NULL ||
		    error[0] == '\0')
			abort();
		return 0;
	}
	if (r.verb == 0 || r.verb >= REQUEST_MAX ||
	    request_name(r.verb) == NULL || r.filter.verdict > VERDICT_DENY ||
	    memchr(r.filter.path, '\0', sizeof(r.filter.path)) == NULL ||
	    (r.filter.path[0] != '\0' && r.filter.path[0] != '/'))
		abort();
	request_free(&r);
	return 0;
}
