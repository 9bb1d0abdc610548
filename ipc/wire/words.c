/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/wire/words.h"

#include <stddef.h>

/* The name at index i of a table, or NULL: holes and beyond have no name. */
#define NAME_AT(table, i)                                                      \
	((i) < sizeof(table) / sizeof((table)[0]) ? (table)[i] : NULL)

const char *
process_name(unsigned int process)
{
	static const char *const names[PROCESS_MAX] = {
	    [PROCESS_LOADER] = "loader",
	    [PROCESS_MONITOR] = "monitor",
	    [PROCESS_DECIDER] = "decider",
	    [PROCESS_STORE] = "store",
	    [PROCESS_SEALER] = "sealer",
	    [PROCESS_QUERY] = "query",
	    [PROCESS_INSPECTOR] = "inspector",
	    [PROCESS_POLICY] = "policy",
	};

	return NAME_AT(names, process);
}

const char *
op_name(uint32_t one_bit)
{
	static const char *const names[OP_COUNT] = {
	    "read",
	    "write",
	    "exec",
	    "create",
	    "delete",
	    "rename",
	    "link",
	    "attrib",
	    "truncate",
	    "map",
	    "mount",
	};

	for (unsigned int i = 0; i < OP_COUNT; i++) {
		if (one_bit == 1u << i)
			return names[i];
	}
	return NULL;
}

const char *
verdict_name(unsigned int verdict)
{
	static const char *const names[] = {"allow", "deny"};

	return NAME_AT(names, verdict);
}

const char *
mode_name(unsigned int mode)
{
	static const char *const names[] = {"audit", "enforce"};

	return NAME_AT(names, mode);
}

const char *
reason_name(unsigned int reason)
{
	static const char *const names[REASON_MAX] = {
	    "rule",
	    "default",
	    "timeout",
	    "kernel",
	    "unmediated",
	};

	return NAME_AT(names, reason);
}

const char *
tier_name(unsigned int tier)
{
	static const char *const names[TIER_MAX] = {
	    "kernel",
	    "cache",
	    "decider",
	    "watchdog",
	};

	return NAME_AT(names, tier);
}

const char *
context_name(unsigned int rung)
{
	static const char *const names[CONTEXT_MAX] = {
	    "none",
	    "raw_tp",
	    "fentry",
	    "lsm",
	};

	return NAME_AT(names, rung);
}

const char *
kind_name(unsigned int kind)
{
	static const char *const names[KIND_MAX] = {
	    [KIND_EVENT] = "event",
	    [KIND_SEAL] = "seal",
	    [KIND_OPEN] = "open",
	    [KIND_CLOSE] = "close",
	    [KIND_GAP] = "gap",
	    [KIND_CLOCK] = "clock",
	    [KIND_POLICY] = "policy",
	    [KIND_ACTOR] = "actor",
	    [KIND_ANCHOR] = "anchor",
	    [KIND_BASELINE] = "baseline",
	    [KIND_TAMPER] = "tamper",
	    [KIND_ACCESS] = "access",
	    [KIND_PRUNE] = "prune",
	    [KIND_ADMIN] = "admin",
	};

	return NAME_AT(names, kind);
}

const char *
admin_name(unsigned int what)
{
	static const char *const names[ADMIN_MAX] = {
	    [ADMIN_STARTED] = "started",
	    [ADMIN_STOPPING] = "stopping",
	    [ADMIN_RELOADED] = "reloaded",
	    [ADMIN_RELOAD_FAILED] = "reload-failed",
	    [ADMIN_CHILD_DIED] = "child-died",
	    [ADMIN_CHILD_STUCK] = "child-stuck",
	    [ADMIN_CHILD_STARTED] = "child-started",
	    [ADMIN_RESCUED] = "rescued",
	    [ADMIN_COVERAGE] = "coverage",
	    [ADMIN_EXE_CHANGED] = "exe-changed",
	    [ADMIN_UNMEDIATED] = "unmediated",
	    [ADMIN_NOTIFY_OVERFLOW] = "notify-overflow",
	};

	return NAME_AT(names, what);
}

const char *
gap_name(unsigned int source)
{
	static const char *const names[GAP_MAX] = {
	    [GAP_RECORD_QUEUE] = "record-queue",
	    [GAP_STORE_QUEUE] = "store-queue",
	    [GAP_RING_BUFFER] = "ring-buffer",
	    [GAP_NOTIFY_QUEUE] = "notify-queue",
	    [GAP_STORE_DOWN] = "store-down",
	};

	return NAME_AT(names, source);
}

const char *
coverage_name(unsigned int state)
{
	static const char *const names[COVERAGE_MAX] = {
	    "off",
	    "guarded",
	    "observed",
	    "BLIND",
	};

	return NAME_AT(names, state);
}
