/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a pattern to marks: its file, or the directories its names can be in.
 */
#include "loader/mark_pattern.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bpf/objects.h"
#include "ipc/proc/fd.h"
#include "ipc/proc/log.h"
#include "loader/walk.h"

#define WALK_BUDGET (1ull << 40)
#define DIRS_PER_WATCHDOG 64

struct place_walk {
	struct loader *l;
	const struct compiled_header *c;
	const struct compiled_watch *watch;
	uint32_t index;
	const struct glob *glob;
	bool entered;
	unsigned int since_watchdog;
	bool appeared;		  /* look for files there already, too */
	uint64_t files, recorded; /* there already: nobody was asked */
};

/* An except of a whole tree leaves out its directories. */
static bool
carved_out(const struct place_walk *w, const char *path, size_t len)
{
	for (uint32_t i = 0; i < w->watch->npatterns; i++) {
		const struct compiled_pattern *p =
		    compiled_pattern(w->c, w->watch->first_pattern + i);

		if (p->except != 0 &&
		    strcmp(compiled_string(w->c, p->rest), "**") == 0 &&
		    path_is_within(compiled_string(w->c, p->literal),
			p->literal.len, path, len))
			return true;
	}
	return false;
}

/*
 * Whose are the files of this directory? A name nobody would think of stands
 * for all of them; a watch with name patterns here is looked up by the monitor.
 */
static uint32_t
watch_of_dir(const struct place_walk *w, const struct walk_dir *d)
{
	char path[PATH_BYTES_MAX + 8];
	int n =
	    snprintf(path, sizeof(path), "%s/\001", d->len > 1 ? d->path : "");
	uint32_t found = compiled_find_watch(w->c, path, (size_t)n);

	return found == WATCH_NONE ? w->index : found;
}

/*
 * The monitor sees the path the kernel shows. A pattern written through a
 * symbolic link would never match it, and would guard nothing; and who puts a
 * link in place of a directory while we look must not choose what we mark.
 */
static int
check_real_path(int fd, const char *path, bool plain)
{
	char link[32], real[PATH_BYTES_MAX + 1];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, real, sizeof(real) - 1);
	if (n < 0)
		return -errno;
	real[n] = '\0';
	if (strcmp(real, path) == 0)
		return 0;
	if (plain)
		log_warnx("%s: not watched: it is reached through a symbolic "
			  "link; name %s instead",
		    path, real);
	return -ELOOP;
}

static int
enter(const struct walk_dir *d, void *ctx)
{
	struct place_walk *w = ctx;
	bool plain = d->len == w->glob->literal_len;
	struct mark_request r = {.fd = d->fd,
	    .path = d->path,
	    .look = &d->look,
	    .watch = watch_of_dir(w, d),
	    .kind = OBJECT_CHILDREN};

	/* Long walks must not keep the openers' last resort waiting. */
	if (w->l->marking && ++w->since_watchdog == DIRS_PER_WATCHDOG) {
		w->since_watchdog = 0;
		watchdog_tick(w->l);
	}
	if (!w->entered && check_real_path(d->fd, d->path, plain) < 0) {
		if (plain)
			w->l->marks.failed++;
		return 1;
	}
	w->entered = true;
	if (carved_out(w, d->path, d->len))
		return 1;
	if (glob_has_files(w->glob, d->state))
		r.bits |= MARK_CHILDREN;
	else
		r.kind = 0;
	if (glob_goes_deeper(w->glob, d->state))
		r.bits |= MARK_NAMES;
	if (r.bits == 0)
		return 0;
	if (mark_place(w->l, &r) < 0)
		return 1;
	return mark_note_place(
	    &w->l->marks, d->look.dev, d->look.mnt_id, w->index);
}

/* Was this inode's mark set for the name that has just appeared? */
static bool
has_appeared(struct marks *m, const struct look *look)
{
	const struct mark *e = mark_find(&m->table, look->dev, look->ino);

	return e != NULL && e->appeared == m->touch;
}

/* A file that was there before its mark: whoever opened it was not asked. */
static void
note_unmediated(struct place_walk *w, const char *path, const struct look *look)
{
	if (compiled_find_watch(w->c, path, strlen(path)) != w->index)
		return;
	w->files++;
	if (w->recorded < UNMEDIATED_EACH_MAX &&
	    unmediated_file(w->l, w->index, path, look))
		w->recorded++;
}

static int
note_file(
    const struct walk_dir *d, const char *name, const char *path, void *ctx)
{
	struct place_walk *w = ctx;
	struct look look;

	if (has_appeared(&w->l->marks, &d->look) &&
	    look_at(d->fd, name, AT_SYMLINK_NOFOLLOW, &look) == 0 &&
	    S_ISREG(look.mode))
		note_unmediated(w, path, &look);
	return 0;
}

static void
report_unmediated(const struct place_walk *w, const char *path)
{
	if (w->files == 0)
		return;
	log_info("%s: %llu files were there before they could be watched", path,
	    (unsigned long long)w->files);
	vital_add(w->l->pages.loader->unmediated, w->files);
	admin(w->l, ADMIN_UNMEDIATED, w->files, w->recorded);
}

static void
missing(struct loader *l, const char *path, uint32_t index,
    const struct look *above)
{
	log_debug("%s: not there yet; looked for when it appears", path);
	/* Where it will be: no new table is needed when it comes. */
	(void)mark_note_place(&l->marks, above->dev, above->mnt_id, index);
}

static void
place_file(struct place_walk *w, const char *path, const struct look *above)
{
	struct loader *l = w->l;

	int fd fd_cleanup = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct look look;
	struct mark_request r = {.fd = fd,
	    .path = path,
	    .look = &look,
	    .bits = MARK_OPENS,
	    .watch = w->index,
	    .kind = OBJECT_FILE};

	if (fd == -1 ||
	    look_at(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, &look) < 0 ||
	    look.nlink == 0) {
		missing(l, path, w->index, above);
		return;
	}
	if (S_ISDIR(look.mode)) {
		log_warnx("%s: is a directory: to watch what is in it write "
			  "%s/**",
		    path, path);
		l->marks.failed++;
	} else if (!S_ISREG(look.mode)) {
		log_warnx("%s: not watched: %s", path,
		    S_ISLNK(look.mode)
			? "it is a symbolic link; name the file it leads to"
			: "it is not a regular file");
		l->marks.failed++;
	} else if (check_real_path(fd, path, true) < 0) {
		l->marks.failed++;
	} else if (mark_place(l, &r) == 0) {
		(void)mark_note_place(
		    &l->marks, look.dev, look.mnt_id, w->index);
		if (w->appeared && has_appeared(&l->marks, &look))
			note_unmediated(w, path, &look);
	}
}

bool
pattern_is_place(const struct compiled_pattern *p)
{
	/* Container paths have no place on the host. */
	return p->except == 0 && p->container_field == 0;
}

int
pattern_place(struct loader *l, const struct compiled_header *c, uint32_t index,
    const struct compiled_pattern *p, bool appeared)
{
	const char *literal = compiled_string(c, p->literal);
	struct glob glob;
	struct place_walk ctx = {.l = l,
	    .c = c,
	    .watch = compiled_watch(c, index),
	    .index = index,
	    .glob = &glob,
	    .appeared = appeared};
	struct walk walk = {.glob = &glob,
	    .enter = enter,
	    .file = appeared ? note_file : NULL,
	    .ctx = &ctx,
	    .budget = WALK_BUDGET};
	struct look above = {.dev = 0};
	int r;

	glob_parse(&glob, literal, p->literal.len, compiled_string(c, p->rest));
	(void)mark_names_above(l, literal, &above);
	if (glob.n == 0) {
		place_file(&ctx, literal, &above);
		report_unmediated(&ctx, literal);
		return 0;
	}
	r = walk_run(&walk, NULL);
	report_unmediated(&ctx, literal);
	if (r == -ENOENT) {
		missing(l, literal, index, &above);
		return 0;
	}
	if (r == -ENOTDIR || r == -ELOOP) {
		log_warnx("%s: not watched: it is not a directory", literal);
		l->marks.failed++;
		return 0;
	}
	return r;
}

/* A directory below a pattern's plain part: marked, then looked through. */
void
pattern_touch_below(struct loader *l, const struct compiled_header *c,
    uint32_t index, const struct compiled_pattern *p, const char *path)
{
	struct glob glob;
	struct place_walk ctx = {.l = l,
	    .c = c,
	    .watch = compiled_watch(c, index),
	    .index = index,
	    .glob = &glob};
	struct walk walk = {.glob = &glob,
	    .enter = enter,
	    .file = note_file,
	    .ctx = &ctx,
	    .budget = WALK_BUDGET};

	glob_parse(&glob, compiled_string(c, p->literal), p->literal.len,
	    compiled_string(c, p->rest));
	(void)walk_run(&walk, path);
	report_unmediated(&ctx, path);
}
