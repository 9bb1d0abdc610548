/* SPDX-License-Identifier: Apache-2.0 */
#include "loader/loader.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *folder, *name;
} files[PROCESS_MAX] = {
    [PROCESS_MONITOR] = {"monitor", "doorward-monitor"},
    [PROCESS_DECIDER] = {"decider", "doorward-decider"},
    [PROCESS_STORE] = {"store", "doorward-store"},
    [PROCESS_SEALER] = {"store", "doorward-sealer"},
    [PROCESS_QUERY] = {"store", "doorward-query"},
    [PROCESS_INSPECTOR] = {"monitor", "doorward-inspector"},
    [PROCESS_POLICY] = {"decider", "doorward-policy"},
};

/* The folder above the one our own program lies in, or -errno. */
static int
own_tree(char *buf, size_t cap)
{
	ssize_t n = readlink("/proc/self/exe", buf, cap - 1);

	if (n <= 0)
		return n == 0 ? -ENOENT : -errno;
	buf[n] = '\0';
	for (int up = 0; up < 2; up++) {
		char *slash = strrchr(buf, '/');

		if (slash == NULL)
			return -ENOENT;
		*slash = '\0';
	}
	return 0;
}

static int
place(struct programs *p, unsigned int process, const char *dir, bool tree)
{
	char *path = p->path[process];
	int n;

	if (tree)
		n = snprintf(path, PATH_BYTES_MAX + 1, "%s/%s/%s", dir,
		    files[process].folder, files[process].name);
	else
		n = snprintf(path, PATH_BYTES_MAX + 1, "%s/%s", dir,
		    files[process].name);
	if (n < 0 || n > PATH_BYTES_MAX)
		return -ENAMETOOLONG;
	return access(path, X_OK) == 0 ? 0 : -errno;
}

/* From a build tree its own programs; installed ones must not be mixed in. */
static int
place_default(struct programs *p, unsigned int process)
{
	char tree[PATH_BYTES_MAX + 1];

	if (own_tree(tree, sizeof(tree)) == 0 &&
	    place(p, PROCESS_POLICY, tree, true) == 0)
		return place(p, process, tree, true);
	return place(p, process, DOORWARD_LIBEXECDIR, false);
}

int
programs_locate_policy(struct programs *p)
{
	return place_default(p, PROCESS_POLICY);
}

int
programs_locate(
    struct programs *p, const char *libexec_dir, unsigned int *ret_missing)
{
	for (unsigned int i = 0; i < PROCESS_MAX; i++) {
		int r;

		if (files[i].name == NULL)
			continue;
		if (*libexec_dir == '\0') {
			r = place_default(p, i);
		} else {
			/* Flat as installed, or a build tree. */
			r = place(p, i, libexec_dir, false);
			if (r == -ENOENT)
				r = place(p, i, libexec_dir, true);
		}
		if (r < 0) {
			*ret_missing = i;
			return r;
		}
	}
	return 0;
}
