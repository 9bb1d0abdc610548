/* SPDX-License-Identifier: Apache-2.0 */
/* The order in which the service comes up (ARCHITECTURE.md, "Start"). */
#include "config.h"

#include "loader/loader.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "ipc/proc/log.h"

#define WATCHDOG_MS 50

static struct loader loader;

static void
loader_init(struct loader *l)
{
	l->state = (struct state){.empty_root = -1,
	    .log_dir = -1,
	    .key_dir = -1,
	    .lock = -1,
	    .control = -1,
	    .events = -1};
	l->kernel.group = l->kernel.notify = -1;
	l->policy.compiled = l->policy.resolved = -1;
	l->reload.next.compiled = l->reload.next.resolved = -1;
	l->reload.job.output = l->reload.job.text = -1;
	l->decider_waiting = l->log_read = l->log_to = -1;
	l->group_source.fd = l->notify_source.fd = -1;
	for (size_t i = 0; i < SLOT_MAX; i++)
		l->children[i].source.fd = -1;
}

static void
tick(struct loader *l, void *arg)
{
	static uint64_t hooks_ns;
	uint64_t expired, now = now_ns();

	(void)arg;
	if (read(l->timer, &expired, sizeof(expired)) == -1)
		return;
	watchdog_tick(l);
	rescue_report(l);
	supervise_tick(l, now);
	reload_tick(l, now);
	manager_tick(now);
	if (now >= hooks_ns) {
		hooks_ns = now + NS_PER_S;
		hooks_publish(l);
	}
}

static void
open_signals(struct loader *l)
{
	sigset_t set;
	struct itimerspec every = {
	    .it_interval = {0, WATCHDOG_MS * 1000000L},
	    .it_value = {0, WATCHDOG_MS * 1000000L},
	};

	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	l->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	l->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (l->signals == -1 || l->timer == -1 ||
	    timerfd_settime(l->timer, 0, &every, NULL) == -1)
		fatal("signals and timer");
	l->signal_source =
	    (struct loop_source){.fd = l->signals, .ready = supervise_signals};
	l->timer_source = (struct loop_source){.fd = l->timer, .ready = tick};
	if (loop_open(l) < 0 || loop_add(l, &l->signal_source) < 0 ||
	    loop_add(l, &l->timer_source) < 0)
		fatal("the event loop");
}

#define ANSWERING_NICE (-14)

static void
be_sane(void)
{
	struct rlimit nofile = {PENDING_SLOTS, PENDING_SLOTS};
	struct rlimit core = {0, 0};

	if (geteuid() != 0)
		fatalx("needs root: it guards files of all users and starts "
		       "processes under accounts of their own");
	(void)umask(022);
	if (setrlimit(RLIMIT_NOFILE, &nofile) == -1) {
		/* Without CAP_SYS_RESOURCE: what our own limit allows. */
		if (getrlimit(RLIMIT_NOFILE, &nofile) == -1)
			fatal("our limit of descriptors");
		nofile.rlim_cur = nofile.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &nofile);
		log_warnx("at most %llu openers can wait at a time: "
			  "RLIMIT_NOFILE cannot be raised",
		    (unsigned long long)nofile.rlim_cur);
	}
	(void)setrlimit(RLIMIT_CORE, &core);
	/*
	 * Openers wait for monitor and decider, and both for the watchdog: all
	 * three go before what keeps the machine busy. The others do not.
	 */
	if (setpriority(PRIO_PROCESS, 0, ANSWERING_NICE) == -1)
		log_debug("our priority cannot be raised");
}

/* Policy, folders, accounts: everything that can be wrong without us. */
static void
prepare(struct loader *l)
{
	const struct compiled_header *c;
	unsigned int missing = PROCESS_NONE;
	int r;

	accounts_resolve(&l->accounts);
	r = pages_open(&l->pages);
	if (r < 0)
		fatal_r(r, "shared pages");
	if (own_pid_add(l->pages.loader, getpid()) < 0)
		fatalx("no room for our own pid");
	r = state_empty_root(&l->state.empty_root);
	if (r < 0)
		fatal_r(r, "an empty directory");
	r = programs_locate_policy(&l->programs);
	if (r < 0)
		fatal_r(r, "%s", l->programs.path[PROCESS_POLICY]);
	first_policy_make(l);
	c = l->policy.view.compiled;
	r = programs_locate(&l->programs,
	    compiled_string(c, c->settings.libexec_dir), &missing);
	if (r < 0)
		fatal_r(r, "%s", l->programs.path[missing]);
	l->admin_gid = accounts_group(compiled_string(c, c->settings.group));
	state_open(&l->state, c, &l->accounts);
}

static void
open_kernel(struct loader *l)
{
	struct bpf_options best = {.best = CONTEXT_LSM,
	    .uses_ancestors = l->policy.view.compiled->uses_ancestors != 0};
	struct vitals_loader *page = l->pages.loader;
	int r;

	kernel_open(&l->kernel, l->state.empty_root);
	r = bpf_start(&best, &l->bpf);
	if (r < 0)
		fatal_r(r, "the kernel programs");
	bpf_rung_errors(l->bpf, page->context_err);
	page->context = (uint32_t)bpf_rung(l->bpf);
	page->fanotify_flags = l->kernel.flags;
	page->fanotify_refused = l->kernel.refused;
	hooks_open(l);
	log_info("context: %s%s", context_name(page->context),
	    page->context == CONTEXT_LSM ? ""
					 : " (a better rung was refused; "
					   "doorwardctl status says why)");
}

static void
start_guarding(struct loader *l)
{
	int r;

	l->marking = true;
	r = marks_sweep(l, l->policy.view.compiled, l->policy.generation);
	if (r < 0)
		fatal_r(r, "marking");
	l->notify_source =
	    (struct loop_source){.fd = l->kernel.notify, .ready = notify_ready};
	if (l->kernel.notify >= 0 && loop_add(l, &l->notify_source) < 0)
		fatal("watching for new directories");
	admin(l, ADMIN_STARTED, l->pages.loader->context, 0);
	log_info("guarding: %llu marks, %llu paths not there yet",
	    (unsigned long long)vital_get(l->pages.loader->marks),
	    (unsigned long long)vital_get(l->pages.loader->missing_paths));
	manager_tell("READY=1");
	daemonize_done(0);
}

int
main(int argc, char **argv)
{
	struct loader *l = &loader;
	int r;

	log_start("doorward-loader", LOG_LEVEL_INFO);
	loader_init(l);
	options_parse(argc, argv, &l->options);
	if (l->options.debug)
		log_start("doorward-loader", LOG_LEVEL_DEBUG);
	be_sane();
	if (!l->options.foreground)
		daemonize();
	kernel_spare(&l->kernel);
	prepare(l);
	open_kernel(l);
	state_listen(&l->state, l->policy.view.compiled, l->admin_gid);
	open_signals(l);
	r = log_out_start(l);
	if (r < 0)
		fatal_r(r, "the log");
	caps_reduce();
	loader_confine();
	supervise_start_all(l);
	start_guarding(l);
	for (;;) {
		r = loop_turn(l, -1);
		if (r < 0)
			fatal_r(r, "waiting for events");
	}
}
