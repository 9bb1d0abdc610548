/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the generated half of PROTOCOL.md; make check compares. */
#include <inttypes.h>
#include <stdio.h>

#include "ipc/wire/msg.h"

static const char *const fields_of[] = {
#define REC(NAME, fields)
#define MSG(NAME, NUMBER, FROM, TO, NFDS, fields) #fields,
#include "ipc/wire/messages.def"
#undef REC
#undef MSG
};

int
main(void)
{
	printf("| group | fields |\n|---|---|\n");
#define REC(NAME, fields) printf("| %s | %s |\n", #NAME, #fields);
#define MSG(NAME, NUMBER, FROM, TO, NFDS, fields)
#include "ipc/wire/messages.def"
#undef REC
#undef MSG
	printf("\n| number | message | from | to | fds | bytes | fields |\n"
	       "|---|---|---|---|---|---|---|\n");
	for (size_t i = 0; msg_row_at(i) != NULL; i++) {
		const struct msg_row *row = msg_row_at(i);

		printf("| 0x%04x | %s | %s | %s | %u | %" PRIu32 "..%" PRIu32
		       " | %s |\n",
		    row->type, row->name, process_name(row->from),
		    process_name(row->to), row->nfds, row->min, row->max,
		    fields_of[i]);
	}
	return 0;
}
