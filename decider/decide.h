/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the policy says about one open: a pure function of the policy and the
 * question. No I/O, no clock, no state; doorward-decider answers with it, and
 * doorward-policy --test shows what it would answer.
 *
 * Each operation of the open is judged alone by the first rule of the watch
 * that names it and whose conditions hold; the open is denied if one of its
 * operations is. Conditions are three-valued: an allow needs true, a deny is
 * satisfied by true or unknown, not unknown is unknown. (ARCHITECTURE.md, "How
 * an open is judged".)
 */
#ifndef DOORWARD_DECIDER_DECIDE_H
#define DOORWARD_DECIDER_DECIDE_H

#include "ipc/wire/compiled.h"
#include "ipc/wire/msg.h"

/* Values of VERDICT_ONE's record. */
enum decide_record { RECORD_NO = 0, RECORD_YES = 1, RECORD_SEAL = 2 };

/*
 * v: checked, and so is resolved if it is there (without it every condition on
 * a program is unknown). Any ask is answered: operations none of which is known
 * are judged as a write; a watch index the policy does not have as
 * WATCH_UNKNOWN, the strictest answer of the watches with a place on the
 * device, or of all watches when none has one there. WATCH_NONE is allowed.
 *
 * cacheable: the same question may be answered the same way as long as the
 * policy's generation stands. Never set for an unknown subject or watch.
 */
void decide(const struct policy_view *v, const struct rec_ASK_ONE *ask,
    struct rec_VERDICT_ONE *ret);

#endif
