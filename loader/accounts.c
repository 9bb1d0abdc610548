/* SPDX-License-Identifier: Apache-2.0 */
#include "loader/loader.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>

#include "ipc/proc/log.h"

static const char *const names[PROCESS_MAX] = {
    [PROCESS_MONITOR] = "doorward-monitor",
    [PROCESS_DECIDER] = "doorward-decider",
    [PROCESS_STORE] = "doorward-store",
    [PROCESS_SEALER] = "doorward-sealer",
    [PROCESS_QUERY] = "doorward-query",
    [PROCESS_INSPECTOR] = "doorward-inspector",
    [PROCESS_POLICY] = "doorward-policy",
};

void
accounts_resolve(struct accounts *ret)
{
	for (unsigned int i = 0; i < PROCESS_MAX; i++) {
		const struct passwd *pw;

		if (names[i] == NULL)
			continue;
		errno = 0;
		pw = getpwnam(names[i]);
		if (pw == NULL && errno != 0)
			fatal("asking for the account %s", names[i]);
		if (pw == NULL)
			fatalx("the account %s does not exist; create it with: "
			       "useradd --system --user-group --no-create-home "
			       "--shell /usr/sbin/nologin %s",
			    names[i], names[i]);
		if (pw->pw_uid == 0 || pw->pw_gid == 0)
			fatalx("the account %s is root: it must be one of its "
			       "own",
			    names[i]);
		ret->of[i].name = names[i];
		ret->of[i].uid = pw->pw_uid;
		ret->of[i].gid = pw->pw_gid;
	}
	for (unsigned int i = 0; i < PROCESS_MAX; i++) {
		for (unsigned int j = 0; names[i] != NULL && j < i; j++) {
			if (names[j] != NULL &&
			    ret->of[i].uid == ret->of[j].uid)
				fatalx("the accounts %s and %s have the same "
				       "uid %u; each process needs its own",
				    names[i], names[j],
				    (unsigned int)ret->of[i].uid);
		}
	}
}

gid_t
accounts_group(const char *name)
{
	const struct group *gr;

	errno = 0;
	gr = getgrnam(name);
	if (gr == NULL && errno != 0)
		fatal("asking for the group %s", name);
	if (gr == NULL)
		fatalx("the group %s does not exist; create it with: "
		       "groupadd --system %s",
		    name, name);
	return gr->gr_gid;
}
