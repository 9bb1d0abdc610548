/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verdicts to the monitor. Owned here: nothing. A monitor that does not read
 * fills the channel's queue; from then on batches are dropped and counted, and
 * its deadlines answer: old verdicts are worth nothing, memory is.
 */
#include <errno.h>

#include "ipc/proc/log.h"

#include "decider/decider.h"

void
to_monitor_verdicts(struct decider *d, const struct msg_VERDICTS *verdicts)
{
	int r = chan_send(d->monitor, MSG_VERDICTS, verdicts, NULL);

	/* A dead monitor is noticed by the reading side. */
	if (r == 0 || r == -ECONNRESET)
		return;
	if (r != -ENOBUFS)
		fatal_r(r, "sending verdicts");
	d->dropped++;
	/* 1, 2, 4, 8, ...: a stuck monitor must not fill the log. */
	if ((d->dropped & (d->dropped - 1)) == 0)
		log_warnx("the monitor does not read: %llu batches of "
			  "verdicts dropped",
		    (unsigned long long)d->dropped);
}
