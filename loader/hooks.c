/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where we sit in the kernel, and how often each place was passed without us:
 * the permission group, the notification group, the context recorder.
 */
#include "loader/loader.h"

#include <errno.h>
#include <stdio.h>

static void
publish(struct vitals_hook *h, enum coverage state, uint64_t lost)
{
	vital_set(h->state, state);
	vital_set(h->lost, lost);
}

static void
name(struct vitals_loader *page, enum hook which, const char *text)
{
	struct vitals_hook *h = &page->hooks[which];

	(void)snprintf(h->name, sizeof(h->name), "%s", text);
}

void
hooks_open(struct loader *l)
{
	struct vitals_loader *page = l->pages.loader;
	char context[32];

	(void)snprintf(context, sizeof(context), "context %s",
	    context_name(bpf_rung(l->bpf)));
	name(page, HOOK_OPEN, "fanotify open");
	name(page, HOOK_NAMES, "fanotify names");
	name(page, HOOK_CONTEXT, context);
	if (l->kernel.notify < 0)
		page->hooks[HOOK_NAMES].err = -EOPNOTSUPP;
	if (bpf_rung(l->bpf) == CONTEXT_NONE)
		page->hooks[HOOK_CONTEXT].err =
		    page->context_err[CONTEXT_RAW_TP];
	hooks_publish(l);
	vital_set(page->nhooks, HOOKS);
}

/*
 * Opens anywhere, watched or not, that the kernel programs did not see whole;
 * the monitor counts those that mattered (context_unknown).
 */
static uint64_t
without_context(const struct loader *l)
{
	static const enum object_counter counters[] = {
	    COUNTER_TOO_DEEP, COUNTER_OPAQUE};
	uint64_t lost = 0, n;

	if (bpf_lost(l->bpf, &lost) < 0)
		lost = 0;
	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		if (bpf_counter(l->bpf, counters[i], &n) == 0)
			lost += n;
	}
	return lost;
}

void
hooks_publish(struct loader *l)
{
	struct vitals_loader *page = l->pages.loader;

	publish(&page->hooks[HOOK_OPEN], COVERAGE_GUARDED, 0);
	publish(&page->hooks[HOOK_NAMES],
	    l->kernel.notify < 0 ? COVERAGE_BLIND : COVERAGE_OBSERVED,
	    vital_get(page->notify_overflows));
	publish(&page->hooks[HOOK_CONTEXT],
	    bpf_rung(l->bpf) == CONTEXT_NONE ? COVERAGE_BLIND
					     : COVERAGE_OBSERVED,
	    without_context(l));
}
