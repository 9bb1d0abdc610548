/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One policy after the other, without a moment in which none is in force:
 * compile, mark what is new, tell the decider, and when it says it has taken
 * the new one tell the monitor and the others; then take away what is no longer
 * wanted. Any error leaves everything as it was.
 *
 * A changed program or mount gives a new generation of the same policy.
 */
#include "loader/loader.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "ipc/proc/fd.h"
#include "ipc/proc/log.h"
#include "loader/memfd.h"

#define REFRESH_NS (300 * NS_PER_MS) /* changes come in bursts */
#define TAKEN_NS (5 * NS_PER_S)

static void
policy_drop(struct policy *p)
{
	policy_view_unmap(&p->view);
	p->view = (struct policy_view){NULL, NULL};
	fd_close(&p->compiled);
	fd_close(&p->resolved);
	p->generation = 0;
}

const struct policy *
policy_latest(const struct loader *l)
{
	return l->reload.state == RELOAD_DECIDER ? &l->reload.next : &l->policy;
}

/* A sealed memfd with one line of ours: what RELOAD_DONE carries. */
static int
text_of(const char *line, int *ret_fd)
{
	int fd fd_cleanup = memfd_new("text");
	size_t len = strlen(line);

	if (fd < 0)
		return fd;
	if (write(fd, line, len) != (ssize_t)len || memfd_seal(fd) < 0)
		return -EIO;
	*ret_fd = take_fd(&fd);
	return 0;
}

static void
answer_query(struct loader *l, bool ok, uint32_t errors, int text)
{
	struct msg_RELOAD_DONE m = {.ok = ok ? 1 : 0,
	    .generation = l->policy.generation,
	    .errors = errors};

	if (!l->reload.from_query)
		return;
	l->reload.from_query = false;
	tell(l, SLOT_QUERY, MSG_RELOAD_DONE, &m, &text);
}

static void
finish(struct loader *l)
{
	l->reload.state = RELOAD_IDLE;
	compile_end(&l->reload.job);
	/* At the start READY=1 is said when the marks stand. */
	if (l->marking)
		manager_tell("READY=1");
	if (l->reload.again) {
		l->reload.again = false;
		reload_ask(l, l->reload.from_query);
	}
}

/* why: what to tell beside the compiler's text; NULL: the text says it all. */
static void
fail(struct loader *l, const char *why)
{
	struct vitals_loader *page = l->pages.loader;
	uint32_t errors = why == NULL ? l->reload.job.errors : 1;
	int text fd_cleanup = -1;

	vital_set(page->policy_state, POLICY_LAST_RELOAD_FAILED);
	vital_set(page->policy_errors, errors);
	log_warnx("reload failed, generation %llu stays in force%s%.*s",
	    (unsigned long long)l->policy.generation, why != NULL ? ": " : "",
	    why != NULL ? (int)strcspn(why, "\n") : 0, why != NULL ? why : "");
	admin(l, ADMIN_RELOAD_FAILED, errors, 0);
	if (why != NULL && text_of(why, &text) == 0)
		answer_query(l, false, errors, text);
	else if (l->reload.job.text >= 0)
		answer_query(l, false, errors, l->reload.job.text);
	else
		answer_query(l, false, errors, l->pages.nothing);
	finish(l);
}

/* Takes compiled. Marks, resolves and maps; on error nothing is left of it. */
static int
prepare(struct loader *l, int compiled, uint64_t generation, struct policy *ret)
{
	struct policy p = {
	    .generation = generation, .compiled = compiled, .resolved = -1};
	struct policy_view first = {NULL, NULL};
	int r = policy_view_map(compiled, -1, &first);

	if (r == 0 && l->bpf != NULL)
		(void)bpf_uses_ancestors(
		    l->bpf, first.compiled->uses_ancestors != 0);
	if (r == 0)
		r = marks_sweep(l, first.compiled, generation);
	if (r == 0)
		r = resolved_make(l, first.compiled, generation, &p.resolved);
	if (first.compiled != NULL)
		policy_view_unmap(&first);
	if (r == 0)
		r = policy_view_map(p.compiled, p.resolved, &p.view);
	if (r < 0) {
		fd_close(&p.compiled);
		fd_close(&p.resolved);
		return r;
	}
	*ret = p;
	return 0;
}

/* The new generation stands in the kernel; now the processes, one by one. */
static void
hand_out(struct loader *l, int compiled)
{
	struct reload *re = &l->reload;
	int r = prepare(l, compiled, l->policy.generation + 1, &re->next);
	struct msg_POLICY_DECIDER m;
	int fds[2];

	if (r < 0) {
		log_warn_r(r, "putting the policy in place");
		fail(l, "the policy could not be put in place; the service's "
			"messages say why\n");
		return;
	}
	re->state = RELOAD_DECIDER;
	re->refresh_ns = now_ns() + TAKEN_NS;
	m.generation = re->next.generation;
	fds[0] = re->next.compiled;
	fds[1] = re->next.resolved;
	tell(l, SLOT_DECIDER, MSG_POLICY_DECIDER, &m, fds);
}

void
reload_ask(struct loader *l, bool from_query)
{
	struct reload *re = &l->reload;
	int r;

	re->from_query |= from_query;
	if (l->stopping)
		return;
	if (re->state != RELOAD_IDLE) {
		re->again = true;
		return;
	}
	manager_tell("RELOADING=1");
	r = compile_begin(l, &re->job);
	if (r < 0) {
		log_warn_r(r, "starting the policy compiler");
		fail(l, "the policy compiler could not be started\n");
		return;
	}
	re->state = RELOAD_COMPILING;
}

void
reload_refresh_soon(struct loader *l, bool exes)
{
	struct reload *re = &l->reload;

	re->exes_changed |= exes;
	if (re->refresh_due)
		return;
	re->refresh_due = true;
	if (re->state == RELOAD_IDLE)
		re->refresh_ns = now_ns() + REFRESH_NS;
}

void
reload_compiled(struct loader *l, int wait_status)
{
	struct reload *re = &l->reload;
	struct policy_view v = {NULL, NULL};
	const char *why;
	int compiled = -1;

	switch (compile_judge(&re->job, wait_status, &compiled)) {
	case COMPILE_REFUSED:
		compile_show(&re->job);
		fail(l, NULL);
		return;
	case COMPILE_OK:
		break;
	default:
		fail(l, "the policy compiler failed; the service's messages "
			"say how\n");
		return;
	}
	compile_show(&re->job); /* warnings */
	if (policy_view_map(compiled, -1, &v) < 0) {
		fd_close(&compiled);
		fail(l, "the compiled policy cannot be mapped\n");
		return;
	}
	why = settings_fixed_changed(l->policy.view.compiled, v.compiled);
	policy_view_unmap(&v);
	if (why != NULL) {
		fd_close(&compiled);
		fail(l, why);
		return;
	}
	hand_out(l, compiled);
}

static void
tell_generation(struct loader *l, const struct policy *p)
{
	struct msg_POLICY_QUERY query = {.generation = p->generation};
	struct msg_POLICY_STORE store = {.generation = p->generation};
	int fds[2] = {p->compiled, p->resolved};

	handover_policy_monitor(l, p);
	tell(l, SLOT_QUERY, MSG_POLICY_QUERY, &query, fds);
	tell(l, SLOT_STORE, MSG_POLICY_STORE, &store, fds);
}

static void
take_over(struct loader *l)
{
	struct reload *re = &l->reload;
	bool reloaded = re->job.text >= 0;

	policy_drop(&l->policy);
	l->policy = re->next;
	re->next = (struct policy){.compiled = -1, .resolved = -1};
	vital_set(l->pages.loader->generation, l->policy.generation);
	if (l->marking)
		marks_drop_stale(l);
	if (reloaded) {
		vital_set(l->pages.loader->policy_state, POLICY_OK);
		vital_set(l->pages.loader->policy_errors, 0);
		log_info("policy generation %llu in force",
		    (unsigned long long)l->policy.generation);
		admin(l, ADMIN_RELOADED, l->policy.generation, 0);
		answer_query(l, true, 0, re->job.text);
	} else if (re->exes_changed) {
		admin(l, ADMIN_EXE_CHANGED, l->policy.generation, 0);
	}
	re->exes_changed = false;
	finish(l);
}

void
reload_policy_taken(struct loader *l, uint64_t generation)
{
	struct reload *re = &l->reload;

	if (re->state == RELOAD_DECIDER && generation == re->next.generation) {
		tell_generation(l, &re->next);
		take_over(l);
	}
}

void
reload_tick(struct loader *l, uint64_t now)
{
	struct reload *re = &l->reload;
	int compiled;

	if (re->state == RELOAD_COMPILING && now > re->job.deadline_ns) {
		re->job.deadline_ns = now + NS_PER_S;
		log_warnx("the policy compiler takes too long: killed");
		(void)kill(re->job.pid, SIGKILL);
	}
	if (re->state == RELOAD_DECIDER && now > re->refresh_ns) {
		re->refresh_ns = now + TAKEN_NS;
		log_warnx("the decider does not take the new policy");
		child_kill(l, SLOT_DECIDER);
	}
	if (re->state != RELOAD_IDLE || !re->refresh_due ||
	    now < re->refresh_ns || l->stopping || !l->marking)
		return;
	re->refresh_due = false;
	compiled = fcntl(l->policy.compiled, F_DUPFD_CLOEXEC, 0);
	if (compiled == -1) {
		log_warn("a descriptor for the policy");
		return;
	}
	hand_out(l, compiled);
}

/* The children are up but nothing is marked yet. */
void
reload_first_hand_out(struct loader *l)
{
	int compiled = fcntl(l->policy.compiled, F_DUPFD_CLOEXEC, 0);

	if (compiled == -1)
		fatal("a descriptor for the policy");
	hand_out(l, compiled);
}
