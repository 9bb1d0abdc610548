/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the loader's files share. One process, one thread, one struct loader;
 * every file has one concern and says which of these fields it writes.
 *
 * The loader parses no text, takes no string or path from another process, and
 * once marks stand opens no regular file itself: what must be opened then is
 * opened by a forked child whose pid is already known to the monitor.
 */
#ifndef DOORWARD_LOADER_LOADER_H
#define DOORWARD_LOADER_LOADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "ipc/proc/look.h"
#include "ipc/wire/chan.h"
#include "ipc/wire/compiled.h"
#include "ipc/wire/vitals.h"
#include "loader/bpf.h"
#include "loader/mark_table.h"
#include "loader/overdue.h"

/* ADMIN records kept while no store is ready; those beyond are counted. */
#define ADMIN_WAITING_MAX 64

/* Files recorded one by one when a directory appears; all are counted. */
#define UNMEDIATED_EACH_MAX 256

#define NS_PER_MS 1000000ull
#define NS_PER_S 1000000000ull

struct loader;

/* ---- loop.c: waits, and calls who is ready ---- */

/* Lives as long as it is registered; fd is borrowed. */
struct loop_source {
	int fd;
	void (*ready)(struct loader *l, void *arg);
	void *arg;
	bool writing; /* also called when it can be written to */
};

int loop_open(struct loader *l);
int loop_add(struct loader *l, struct loop_source *s);
void loop_want_write(struct loader *l, struct loop_source *s, bool want);
void loop_remove(struct loader *l, struct loop_source *s);
/* At most one source is served. 0, or -errno. timeout_ms < 0: for ever. */
int loop_turn(struct loader *l, int timeout_ms);
uint64_t now_ns(void);	    /* CLOCK_MONOTONIC */
uint64_t realtime_ns(void); /* CLOCK_REALTIME */

/* ---- options.c ---- */

struct options {
	const char *config;
	bool foreground;
	bool debug;
};

/* Exits 0 after --help and --version, 2 on anything it does not know. */
void options_parse(int argc, char **argv, struct options *ret);

/* ---- accounts.c ---- */

struct account {
	const char *name;
	uid_t uid;
	gid_t gid;
};

struct accounts {
	struct account of[PROCESS_MAX]; /* unset for PROCESS_LOADER */
};

/* Asks the name service, once. Fatal with what to do when one is missing. */
void accounts_resolve(struct accounts *ret);
/* The group that may talk to the control socket. Fatal when there is none. */
gid_t accounts_group(const char *name);

/* ---- locate.c: where the other programs are ---- */

struct programs {
	char path[PROCESS_MAX][PATH_BYTES_MAX + 1];
};

/*
 * libexec_dir: the setting, or "". Without it: the build tree the loader was
 * started from, else the installed place. 0, or -errno with *ret_missing the
 * process whose program cannot be executed.
 */
int programs_locate(
    struct programs *p, const char *libexec_dir, unsigned int *ret_missing);
/* The compiler alone: it runs before any setting is known. */
int programs_locate_policy(struct programs *p);

/* ---- spawn.c ---- */

#define SPAWN_FDS_MAX 136

/*
 * A child to be. fds[i] becomes descriptor i; -1 leaves it closed. argv is
 * NULL-terminated, argv[0] the program's path. prepare, if given, runs in the
 * child just before the exec, as root and with its pid already known to the
 * monitor: it may open files into s->fds, and returns 0 or an exit status.
 */
struct spawn {
	char *argv[SPAWN_FDS_MAX + 8];
	int fds[SPAWN_FDS_MAX];
	size_t nfds;
	rlim_t file_bytes; /* 0: no limit */
	bool urgent;	   /* openers wait for it: it keeps our priority */
	int (*prepare)(struct spawn *s, void *ctx);
	void *ctx;
};

int spawn_run(struct loader *l, struct spawn *s, pid_t *ret_pid);
/* The page's list of pids whose opens are allowed unasked. */
int own_pid_add(struct vitals_loader *page, pid_t pid);
void own_pid_remove(struct vitals_loader *page, pid_t pid);
bool own_pid_is(const struct vitals_loader *page, pid_t pid);

/* ---- compile.c ---- */

enum { COMPILE_OK = 0, COMPILE_REFUSED = 1, COMPILE_FAILED = 2 };

/* A run of doorward-policy. pid 0: none. */
struct compile {
	pid_t pid;
	uint64_t deadline_ns;
	int output;	 /* memfd */
	int text;	 /* memfd: what it said */
	uint32_t errors; /* of the policy, after COMPILE_REFUSED; at least 1 */
};

int compile_begin(struct loader *l, struct compile *c);
/*
 * Its end: COMPILE_*; on COMPILE_OK *ret_fd is the sealed, checked policy. The
 * text stays in c->text, sealed, until compile_end().
 */
int compile_judge(struct compile *c, int wait_status, int *ret_fd);
void compile_end(struct compile *c);
/* Copies what the compiler said to descriptor 2. */
void compile_show(const struct compile *c);

/* ---- state.c ---- */

struct state {
	int empty_root; /* O_PATH: the root directory of most children */
	int log_dir, key_dir;
	int lock;
	int control, events; /* listening sockets; events -1: none */
	bool clean_stop;     /* the last run ended in order */
};

/* A directory nothing is in and nothing can be put in. 0 or -errno. */
int state_empty_root(int *ret_fd);
/* Fatal with a clear message. Before the first mark. */
void state_open(
    struct state *s, const struct compiled_header *c, const struct accounts *a);
void
state_listen(struct state *s, const struct compiled_header *c, gid_t admin);
/* Orderly end: sockets unlinked and, if the log was closed, the marker. */
void state_close(struct state *s, const struct compiled_header *c, bool closed);

/* ---- kernel.c ---- */

struct kernel {
	int spare;  /* keeps a number below EVENT_FDS_FROM for our own reads */
	int group;  /* permission group */
	int notify; /* notification group; -1: this kernel has none */
	unsigned int flags, refused;
};

/* Takes the spare number; first of all, while low numbers are free. Fatal. */
void kernel_spare(struct kernel *k);

/* Fatal with a clear message. */
void kernel_open(struct kernel *k, int empty_root);

/* ---- hooks.c ---- */

/* Indexes of vitals_loader.hooks. */
enum hook { HOOK_OPEN, HOOK_NAMES, HOOK_CONTEXT, HOOKS };

/* Fills the page's hooks when all of them stand. */
void hooks_open(struct loader *l);
/* Copies what changes; the kernel is asked, so not at every tick. */
void hooks_publish(struct loader *l);

/* ---- pages.c: the vitals ---- */

struct pages {
	struct vitals_loader *loader;
	struct vitals_monitor *monitor;
	struct vitals_store *store;
	int loader_ro, monitor_ro, store_ro;
	int monitor_rw, store_rw;
	int nothing; /* sealed empty memfd: stands for a descriptor there is
			none of */
};

int pages_open(struct pages *p);

/* ---- marks.c, mark_pattern.c, mark_place.c, mark_system.c ---- */

struct file_system {
	uint64_t dev;
	int fsid[2];
	uint32_t type;	/* f_type of statfs(2) */
	uint32_t state; /* enum coverage */
	int32_t err;
	uint64_t marks;
	uint64_t mnt_id;
	char *path; /* seen on it first: mark_system_open() */
};

struct marks {
	struct mark_table table;
	struct resolved_place *places;
	size_t nplaces, cap_places;
	struct file_system systems[SUPERBLOCKS_MAX];
	uint32_t nsystems;
	uint64_t sweep; /* number of the last complete walk */
	uint64_t touch; /* number of the last name that appeared or vanished */
	uint64_t missing, failed, vanished;
	bool overlay, plain; /* which of the two kinds is in the group */
	bool places_grew;    /* since the resolved table was made */
	bool full_said;
};

/* What is asked of one inode. fd is open on a directory, or O_PATH on a file.
 */
struct mark_request {
	int fd;
	const char *path;
	const struct look *look;
	unsigned int bits; /* MARK_* */
	uint32_t watch;
	uint32_t kind; /* enum object_kind; 0: not for the kernel programs */
};

/*
 * Walks every pattern and exe directory of a policy, adds what is missing in
 * the groups and in the kernel programs' table. What no longer is wanted stays
 * until marks_drop_stale(). 0 or -errno.
 */
int marks_sweep(
    struct loader *l, const struct compiled_header *c, uint64_t generation);
void marks_drop_stale(struct loader *l);
/*
 * Something appeared or vanished at this path. True if it concerned the plain
 * part of a pattern: what the kernel programs were told is then out of date.
 */
bool marks_touch(struct loader *l, const struct compiled_header *c,
    const char *path, size_t len, bool appeared, bool is_dir);

/* Puts one inode under marks. 0, or -errno (counted and said once). */
int mark_place(struct loader *l, const struct mark_request *r);
/* Takes these bits of an entry out of the kernel; forgets it when none is left.
 */
void mark_drop(struct loader *l, struct mark *m, unsigned int bits);
/* All marks out of both groups; what waits in the queue is not answered. */
void marks_flush(struct loader *l);
/* A file system fit for marks, or NULL (said once). */
struct file_system *
mark_system(struct loader *l, int fd, const char *path, uint64_t dev);
/* The known file system with this id, or NULL. */
const struct file_system *
mark_system_by_fsid(const struct marks *m, const int fsid[2]);
/*
 * A directory of it, through the mount it was seen through if that is still
 * there: what handles are opened by. *ret_fd is the caller's. 0, or -ENODEV.
 */
int mark_system_open(const struct file_system *fs, int *ret_fd);
/* A watch has a place here. 0 or -errno. */
int
mark_note_place(struct marks *m, uint64_t dev, uint64_t mnt_id, uint32_t watch);
/* Copies the counters into the page. */
void marks_publish(struct loader *l);

/* ---- exes.c, resolved.c ---- */

/*
 * Makes the resolved table: program inodes and places. *ret_fd is a sealed
 * memfd. 0 or -errno.
 */
int resolved_make(struct loader *l, const struct compiled_header *c,
    uint64_t generation, int *ret_fd);
/* Inodes exe pattern i names now, appended to *list (malloced). 0 or -errno. */
struct exe_list {
	struct resolved_exe *at;
	size_t n, cap;
};
int exes_resolve(const struct compiled_header *c, struct exe_list *list);
/* Could a change at this path change what an exe pattern names? */
bool
exes_touched_by(const struct compiled_header *c, const char *path, size_t len);

/* ---- from_notify.c ---- */

void notify_ready(struct loader *l, void *arg);

/* ---- reload.c: one policy after the other ---- */

struct policy {
	uint64_t generation; /* 0: none */
	int compiled, resolved;
	struct policy_view view;
};

enum reload_state {
	RELOAD_IDLE,
	RELOAD_COMPILING,
	RELOAD_DECIDER, /* waiting for POLICY_TAKEN */
};

struct reload {
	enum reload_state state;
	struct compile job;
	bool again;	  /* asked for while one was running */
	bool from_query;  /* somebody waits for RELOAD_DONE */
	bool refresh_due; /* programs or places changed */
	bool exes_changed;
	uint64_t refresh_ns;
	struct policy next; /* being handed out */
};

/* The policy in force, or the one that is being handed out. */
const struct policy *policy_latest(const struct loader *l);
void reload_ask(struct loader *l, bool from_query);
void reload_refresh_soon(struct loader *l, bool exes);
void reload_compiled(struct loader *l, int wait_status);
void reload_policy_taken(struct loader *l, uint64_t generation);
void reload_tick(struct loader *l, uint64_t now);
/*
 * The first setting that differs and cannot change while we run, as a line to
 * tell, or NULL (fixed_settings.c).
 */
const char *settings_fixed_changed(
    const struct compiled_header *a, const struct compiled_header *b);
/*
 * The first policy, before anything runs (first_policy.c). Exits 2 with the
 * compiler's text when it refuses.
 */
void first_policy_make(struct loader *l);
/* Marks, and hands the first generation out. The children have been greeted. */
void reload_first_hand_out(struct loader *l);

/* ---- child.c, supervise.c, handover.c, to_children.c, to_store.c ---- */

enum child_slot {
	SLOT_STORE,
	SLOT_SEALER,
	SLOT_DECIDER,
	SLOT_MONITOR,
	SLOT_QUERY,
	SLOT_INSPECTOR,
	SLOT_STANDBY_MONITOR,
	SLOT_STANDBY_DECIDER,
	SLOT_MAX
};

struct child {
	unsigned int process; /* enum wire_process */
	pid_t pid;	      /* 0: not running */
	struct chan *chan;
	struct loop_source source;
	bool hello, ready;
	bool reads; /* the monitor: it took what HELLO brought, and reads events
		     */
	bool replacement;
	uint64_t started_ns, hello_ns;
	uint64_t lost_ns; /* its channel closed then; 0: it is open */
	unsigned int quick_deaths;
	uint64_t retry_ns;  /* not before; 0: now */
	struct stuck stuck; /* watchdog.c */
};

/* enum wire_process of each slot. */
extern const unsigned int child_processes[SLOT_MAX];
/* Runs it, with a channel and nothing else. 0 or -errno. */
int child_start(struct loader *l, enum child_slot slot);
/* SIGKILL; its end is seen by whoever waits for it. */
void child_kill(struct loader *l, enum child_slot slot);
/* Closes what we hold of it; the pid is free again. */
void child_clear(struct loader *l, struct child *c);
/*
 * The standby in `from` takes the place, with all it is; the next standby is
 * started at retry_ns. False: there is none.
 */
bool child_promote(struct loader *l, enum child_slot slot, enum child_slot from,
    uint64_t retry_ns);
void child_died(struct loader *l, pid_t pid, int status);
void supervise_tick(struct loader *l, uint64_t now);
void supervise_signals(struct loader *l, void *arg);
/* Everything up, policy handed out, READY from all. Fatal otherwise. */
void supervise_start_all(struct loader *l);
/* For the log; waits for a store if there is none now. */
void admin(struct loader *l, unsigned int what, uint64_t a, uint64_t b);
void admin_flush(struct loader *l);
/*
 * This file of watch index, in the latest policy, was there before its mark.
 * False: the store does not take it now, and nothing waits for it.
 */
bool unmediated_file(struct loader *l, uint32_t watch, const char *path,
    const struct look *look);
/* The monitor is gone: answer for it, and put its successor in its place. */
void replace_monitor(struct loader *l);

/* Greets all of them, each with exactly its descriptors. 0 or -errno. */
int handover_all(struct loader *l);
/* Gives the monitor a generation, in parts. */
void handover_policy_monitor(struct loader *l, const struct policy *p);
/* Greets a successor, gives it the policy, and tells its peers. 0 or -errno. */
int handover_child(struct loader *l, enum child_slot slot);
/* After the decider's first POLICY_TAKEN: the monitor may ask it. */
int handover_decider_to_monitor(struct loader *l);
/* Sends and logs a failure; the caller goes on. */
void tell(struct loader *l, enum child_slot slot, uint16_t type,
    const void *msg, const int *fds);
/* Sends what is queued for a child, as far as it goes. */
void child_flush(struct loader *l, struct child *c);
/* What each child may say (from_children.c). */
extern const struct chan_row *const child_rows[PROCESS_MAX];
extern const size_t child_nrows[PROCESS_MAX];

/* ---- from_children.c, label.c ---- */

void label_answer(struct loader *l, uint32_t pid, uint64_t dev, uint64_t ino);

/* ---- watchdog.c, rescue.c ---- */

/* Answers given in the monitor's place and not yet reported. */
struct rescued {
	uint64_t allowed, denied;
};

void watchdog_tick(struct loader *l);
/* How long events may wait for a monitor that was greeted: most of the shortest
 * deadline, ns. */
uint64_t watchdog_patience_ns(const struct loader *l);
/* Answers everything a dead monitor left, by number. */
void rescue_drain(struct loader *l);
/* Answers what is overdue in a living monitor's page. */
unsigned int rescue_overdue(struct loader *l, uint64_t now);
/* Says what was answered since the last time, if anything. */
void rescue_report(struct loader *l);
/* No monitor is there that reads, or will read in a moment. */
bool rescue_nobody_reads(struct loader *l);
/* Reads the group while nobody else does: own pids, else the default. */
void rescue_serve(struct loader *l);
/* From now on, whenever there is something to read, until somebody else does.
 */
void serve_meanwhile(struct loader *l);
/* The strictest default among the watches with a place on dev (0: any). */
unsigned int rescue_default(const struct loader *l, uint64_t dev);

/* ---- the rest ---- */

int log_out_start(struct loader *l); /* log_out.c */
void log_out_died(struct loader *l);
void log_out_end(struct loader *l);
void caps_reduce(void);		     /* caps.c; fatal */
void loader_confine(void);	     /* confine_loader.c; fatal */
void manager_tell(const char *text); /* to_manager.c */
void manager_tick(uint64_t now);
void stop_run(struct loader *l, int signal); /* stop.c */
/* The status is the exit status of who started us. */
void daemonize(void); /* daemonize.c */
void daemonize_done(char status);

struct loader {
	struct options options;
	struct accounts accounts;
	gid_t admin_gid;
	struct programs programs;
	struct state state;
	struct kernel kernel;
	struct pages pages;
	struct bpf_state *bpf;
	struct policy policy;
	struct reload reload;
	struct marks marks;
	struct child children[SLOT_MAX];
	int decider_waiting; /* monitor's end for a decider without policy yet
			      */
	int epoll;
	int signals, timer;
	struct loop_source signal_source, timer_source, notify_source;
	struct loop_source group_source; /* registered while nobody reads */
	pid_t log_out;
	int log_read, log_to; /* what log_out copies, and where to */
	bool log_syslog;
	unsigned int log_deaths;
	struct msg_ADMIN admin_waiting[ADMIN_WAITING_MAX]; /* for a store */
	size_t nadmin_waiting;
	uint64_t epoch; /* of the monitor */
	struct rescued rescued;
	bool marking, stopping;
	uint8_t boot_id[16];
};

#endif
