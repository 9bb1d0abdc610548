/* SPDX-License-Identifier: Apache-2.0 */
#include "loader/loader.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ipc/proc/log.h"

/* Newer than some headers (Linux 5.8). */
#define OUR_CAP_BPF 39

/*
 * What root keeps while the service runs. Gone, among others: CAP_SYS_ADMIN (no
 * new fanotify group, no mount), CAP_SYS_MODULE, CAP_NET_*, CAP_DAC_OVERRIDE
 * (it can read anything but write only what root owns), CAP_CHOWN, CAP_FOWNER,
 * CAP_MAC_*, CAP_SYS_BOOT, CAP_SYS_RAWIO, CAP_PERFMON (no new kernel program).
 */
static const unsigned int kept[] = {
    CAP_DAC_READ_SEARCH, /* marks in any directory; handles back to inodes */
    CAP_KILL,		 /* stuck children have other uids */
    CAP_SETUID,		 /* a child becomes its account */
    CAP_SETGID, CAP_SETPCAP, /* ... and empties its bounding set */
    CAP_SYS_CHROOT,	     /* ... and enters its empty root */
    CAP_SYS_PTRACE,   /* the name of an opener's program: /proc/PID/exe */
    CAP_SYS_RESOURCE, /* children's limits above our own */
    OUR_CAP_BPF,      /* the table of watched inodes, on a held descriptor */
};

void
caps_reduce(void)
{
	struct __user_cap_header_struct head = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0, 0, 0}, {0, 0, 0}};
	uint64_t mask = 0;

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		mask |= 1ULL << kept[i];
	for (unsigned int cap = 0; cap < 64; cap++) {
		int has = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);

		if (has == -1)
			break; /* the last one this kernel knows */
		if (has == 0)
			mask &= ~(1ULL << cap);
		else if ((mask & (1ULL << cap)) == 0 &&
			 prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == -1)
			fatal("dropping capability %u", cap);
	}
	if (syscall(SYS_capget, &head, data) == -1)
		fatal("reading our capabilities");
	data[0].permitted &= (uint32_t)mask;
	data[1].permitted &= (uint32_t)(mask >> 32);
	data[0].effective = data[0].permitted;
	data[1].effective = data[1].permitted;
	data[0].inheritable = data[1].inheritable = 0;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == -1 ||
	    syscall(SYS_capset, &head, data) == -1)
		fatal("giving up capabilities");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		fatal("no_new_privs");
}
