/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the loader says to the others. Descriptors are borrowed from the caller;
 * the kernel holds copies from chan_send() on. A child that is not there, or
 * was not greeted, is told nothing: its successor is told everything.
 */
#include "loader/to_children.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "ipc/proc/log.h"

#define POLICY_PART_BYTES 32768

void
child_flush(struct loader *l, struct child *c)
{
	if (c->chan == NULL)
		return;
	(void)chan_flush(c->chan);
	loop_want_write(l, &c->source, chan_wants_write(c->chan));
}

void
tell(struct loader *l, enum child_slot slot, uint16_t type, const void *msg,
    const int *fds)
{
	struct child *c = &l->children[slot];
	int r;

	/* A successor is told everything when it is greeted. */
	if (c->chan == NULL || !c->hello)
		return;
	r = chan_send(c->chan, type, msg, fds);
	/* Gone: its death is on its way to us, and its successor asks anew. */
	if (r < 0 && r != -ECONNRESET)
		log_warn_r(
		    r, "message 0x%04x to %s", type, process_name(c->process));
	child_flush(l, c);
}

static void
send_parts(struct loader *l, uint64_t generation, uint8_t which,
    const void *bytes, uint32_t total)
{
	static struct msg_POLICY_PART m;

	m.generation = generation;
	m.which = which;
	m.total = total;
	for (m.offset = 0; m.offset < total; m.offset += m.bytes_len) {
		m.bytes_len = total - m.offset < POLICY_PART_BYTES
				  ? total - m.offset
				  : POLICY_PART_BYTES;
		memcpy(m.bytes, (const uint8_t *)bytes + m.offset, m.bytes_len);
		tell(l, SLOT_MONITOR, MSG_POLICY_PART, &m, NULL);
	}
}

void
handover_policy_monitor(struct loader *l, const struct policy *p)
{
	struct msg_POLICY_MONITOR m = {.generation = p->generation};

	send_parts(
	    l, p->generation, 0, p->view.compiled, p->view.compiled->bytes);
	send_parts(
	    l, p->generation, 1, p->view.resolved, p->view.resolved->bytes);
	tell(l, SLOT_MONITOR, MSG_POLICY_MONITOR, &m, NULL);
}

static void
greeted(struct loader *l, enum child_slot slot)
{
	l->children[slot].hello = true;
	l->children[slot].reads = false;
	l->children[slot].hello_ns = now_ns();
}

void
hello_store(struct loader *l, int monitor, int sealer, int query, bool clean)
{
	static struct msg_HELLO_STORE m;
	int fds[4] = {monitor, sealer, query, l->pages.store_rw};

	memcpy(m.table, msg_table_hash, HASH_BYTES);
	memcpy(m.boot_id, l->boot_id, sizeof(m.boot_id));
	m.clean_stop = clean ? 1 : 0;
	if (gethostname(m.host, sizeof(m.host) - 1) == -1)
		m.host[0] = '\0';
	m.host_len = (uint16_t)strlen(m.host);
	greeted(l, SLOT_STORE);
	tell(l, SLOT_STORE, MSG_HELLO_STORE, &m, fds);
}

void
hello_sealer(struct loader *l, int store)
{
	struct msg_HELLO_SEALER m;

	memcpy(m.table, msg_table_hash, HASH_BYTES);
	greeted(l, SLOT_SEALER);
	tell(l, SLOT_SEALER, MSG_HELLO_SEALER, &m, &store);
}

void
hello_decider(struct loader *l, int monitor)
{
	struct msg_HELLO_DECIDER m;

	memcpy(m.table, msg_table_hash, HASH_BYTES);
	greeted(l, SLOT_DECIDER);
	tell(l, SLOT_DECIDER, MSG_HELLO_DECIDER, &m, &monitor);
}

void
hello_monitor(struct loader *l, int decider, int store)
{
	struct msg_HELLO_MONITOR m = {.max_pending = PENDING_SLOTS};
	int slots = bpf_slots_fd(l->bpf);
	int fds[6] = {l->kernel.group, slots, l->pages.monitor_rw,
	    l->pages.loader_ro, decider, store};

	if (slots < 0)
		fds[1] = l->pages.nothing;
	memcpy(m.table, msg_table_hash, HASH_BYTES);
	m.context = (uint8_t)bpf_rung(l->bpf);
	m.epoch = ++l->epoch;
	greeted(l, SLOT_MONITOR);
	tell(l, SLOT_MONITOR, MSG_HELLO_MONITOR, &m, fds);
}

void
hello_query(struct loader *l, int store)
{
	struct msg_HELLO_QUERY m;
	int fds[6] = {store, l->state.control, l->state.events,
	    l->pages.loader_ro, l->pages.monitor_ro, l->pages.store_ro};

	if (fds[2] < 0)
		fds[2] = l->pages.nothing;
	memcpy(m.table, msg_table_hash, HASH_BYTES);
	m.admin_gid = (uint32_t)l->admin_gid;
	m.events_format =
	    (uint8_t)l->policy.view.compiled->settings.events_format;
	greeted(l, SLOT_QUERY);
	tell(l, SLOT_QUERY, MSG_HELLO_QUERY, &m, fds);
}

void
hello_inspector(struct loader *l)
{
	struct msg_HELLO_INSPECTOR m;

	memcpy(m.table, msg_table_hash, HASH_BYTES);
	greeted(l, SLOT_INSPECTOR);
	tell(l, SLOT_INSPECTOR, MSG_HELLO_INSPECTOR, &m, NULL);
}
