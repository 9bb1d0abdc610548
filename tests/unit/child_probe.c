/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that does what every child does first, says that it is done, and
 * waits to be looked at: child_test reads its /proc entries.
 */
#include "ipc/proc/child.h"

#include <unistd.h>

int
main(int argc, char **argv)
{
	char byte = 'r';

	child_enter(argc, argv, "child_probe");
	if (write(CHILD_FD_LOADER, &byte, 1) != 1)
		return 1;
	/* _exit: the leak checker of a sanitizer build wants /proc. */
	_exit(read(CHILD_FD_LOADER, &byte, 1) == 0 ? 0 : 1);
}
