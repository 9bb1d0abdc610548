/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only place that answers the kernel. to_kernel_answer() takes over the
 * event descriptor; it is closed after its answer was written, never before,
 * because its number is the event's name and would be reused at once. Between
 * the two the record is made, which costs the opener nothing.
 */
#include "monitor/monitor.h"

#include <errno.h>
#include <sys/fanotify.h>

#include "ipc/proc/log.h"

void
to_kernel_answer(struct monitor *m, int fd, uint8_t answer, struct opening *o)
{
	struct to_kernel *k = &m->to_kernel;

	if (k->n == KERNEL_EVENTS_MAX)
		to_kernel_flush(m);
	k->answers[k->n].fd = fd;
	k->answers[k->n].response =
	    answer == VERDICT_DENY ? FAN_DENY : FAN_ALLOW;
	k->openings[k->n] = o;
	k->n++;
	if (answer == VERDICT_DENY)
		vital_add(m->vitals->answered_deny, 1);
	else
		vital_add(m->vitals->answered_allow, 1);
}

static void
write_all(struct monitor *m)
{
	struct to_kernel *k = &m->to_kernel;
	size_t done = 0;

	while (done < k->n) {
		int err = 0;

		done += kernel_answer(
		    m->group, k->answers + done, k->n - done, &err);
		if (err == 0)
			continue;
		/*
		 * The one at done was refused; the kernel stops there. ENOENT:
		 * the watchdog or the opener's death was faster. Any other
		 * refusal would leave an opener hanging: dying hands every
		 * unanswered event to the loader, who answers by number.
		 */
		if (err != ENOENT) {
			errno = err;
			fatal("answering descriptor %d", k->answers[done].fd);
		}
		vital_add(m->vitals->already_answered, 1);
		done++;
	}
}

void
to_kernel_flush(struct monitor *m)
{
	struct to_kernel *k = &m->to_kernel;
	size_t n = k->n;

	if (n == 0)
		return;
	write_all(m);
	for (size_t i = 0; i < n; i++) {
		int fd = k->answers[i].fd;

		if (k->openings[i] != NULL)
			finish_answered(m, k->openings[i]);
		if (fd < PENDING_SLOTS)
			__atomic_store_n(&m->vitals->pending[fd].state,
			    PENDING_FREE, __ATOMIC_RELEASE);
		kernel_close(fd);
	}
	k->n = 0;
	k->woke = true;
}
