/* SPDX-License-Identifier: Apache-2.0 */
#include "loader/loader.h"

#include <string.h>

static bool
same(const struct compiled_header *a, struct compiled_str x,
    const struct compiled_header *b, struct compiled_str y)
{
	return strcmp(compiled_string(a, x), compiled_string(b, y)) == 0;
}

/* The first setting that differs and cannot change while we run, or NULL. */
const char *
settings_fixed_changed(
    const struct compiled_header *a, const struct compiled_header *b)
{
	const struct compiled_settings *x = &a->settings, *y = &b->settings;

	if (!same(a, x->state_dir, b, y->state_dir))
		return "\"set state-dir\" cannot change while the service "
		       "runs: restart it\n";
	if (!same(a, x->run_dir, b, y->run_dir))
		return "\"set run-dir\" cannot change while the service runs: "
		       "restart it\n";
	if (!same(a, x->control, b, y->control) ||
	    !same(a, x->group, b, y->group))
		return "\"set control\" and its group cannot change while the "
		       "service runs: restart it\n";
	if (!same(a, x->events, b, y->events) ||
	    x->events_format != y->events_format)
		return "\"set events\" cannot change while the service runs: "
		       "restart it\n";
	if (!same(a, x->libexec_dir, b, y->libexec_dir))
		return "\"set libexec-dir\" cannot change while the service "
		       "runs: restart it\n";
	if (!same(a, x->pin_dir, b, y->pin_dir))
		return "\"set pin-dir\" cannot change while the service runs: "
		       "restart it\n";
	return NULL;
}
