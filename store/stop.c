/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include <stdlib.h>

#include "ipc/proc/log.h"

#define STOP_PATIENCE (3 * SECOND) /* for a sealer that does not answer */

void
store_stop(struct store *s, uint32_t signal)
{
	struct item *i;

	if (s->stopping)
		return;
	i = item_make(KIND_CLOSE, now_real(), now_mono());
	if (i != NULL) {
		i->close.signal = signal;
		queue_put(&s->queue, i);
	}
	s->stopping = true;
	s->stop_deadline = now_mono() + STOP_PATIENCE;
	batch_run(s);
}

void
store_stop_turn(struct store *s)
{
	bool late = now_mono() >= s->stop_deadline;
	bool written = s->in_step && s->queue.count == 0;

	/* What came in before CLOSE is written batch by batch, then sealed. */
	if (!late && !(written && !s->seal.waiting))
		return;
	if (late && s->in_step && s->queue.count > 0)
		(void)batch_write(s, s->queue.count, false);
	if (s->seal.have)
		(void)batch_write(s, 0, false);
	if (s->queue.count > 0 || s->seal.waiting)
		log_warnx("stopping with %zu records unwritten%s",
		    s->queue.count,
		    s->seal.waiting ? ", the last ones not sealed" : "");
	if (s->db != NULL)
		(void)db_checkpoint(s->db, true);
	db_close(&s->db);
	exit(0);
}
