/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's own machinery: nobody's after start-up. */
#include "tests/hostile/hostile.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <stddef.h>
#include <sys/fanotify.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DO(name, ...)                                                          \
	static long try_##name(void)                                           \
	{                                                                      \
		return syscall(__VA_ARGS__);                                   \
	}
#define ROW(name)                                                              \
	{                                                                      \
#name, try_##name                                              \
	}

/* Zeroes: a request every one of these refuses as invalid. */
static char zeroes[256];

DO(bpf_map_create, SYS_bpf, BPF_MAP_CREATE, zeroes, sizeof(zeroes))
DO(bpf_prog_load, SYS_bpf, BPF_PROG_LOAD, zeroes, sizeof(zeroes))
DO(bpf_obj_get, SYS_bpf, BPF_OBJ_GET, zeroes, sizeof(zeroes))
DO(bpf_map_get_fd, SYS_bpf, BPF_MAP_GET_FD_BY_ID, zeroes, sizeof(zeroes))
DO(perf_event_open, SYS_perf_event_open, zeroes, 0, -1, -1, 0)
DO(fanotify_init, SYS_fanotify_init, FAN_CLASS_NOTIF, 0)
DO(fanotify_mark, SYS_fanotify_mark, HOSTILE_FD_EVENT, FAN_MARK_ADD, FAN_OPEN,
    AT_FDCWD, "/file")
DO(mount, SYS_mount, "x", "/dir", "no-such-type", 0, NULL)
DO(umount2, SYS_umount2, "/dir", 0)
DO(move_mount, SYS_move_mount, -1, "", -1, "", 0)
DO(open_tree, SYS_open_tree, AT_FDCWD, "/dir", 0)
DO(fsopen, SYS_fsopen, "no-such-type", 0)
DO(mount_setattr, SYS_mount_setattr, -1, "", 0, NULL, 0)
DO(pivot_root, SYS_pivot_root, "/dir", "/dir")
DO(keyctl, SYS_keyctl, 0, -3, 0, 0, 0)
DO(add_key, SYS_add_key, "user", "x", "x", 1, -3)
DO(request_key, SYS_request_key, "user", "x", NULL, 0)
DO(io_uring_setup, SYS_io_uring_setup, 0, zeroes)
DO(io_uring_enter, SYS_io_uring_enter, -1, 0, 0, 0, NULL, 0)
DO(io_uring_register, SYS_io_uring_register, -1, 0, NULL, 0)
DO(io_setup, SYS_io_setup, 0, zeroes)
DO(userfaultfd, SYS_userfaultfd, 1)
DO(init_module, SYS_init_module, zeroes, 0, "")
DO(finit_module, SYS_finit_module, HOSTILE_FD_EVENT, "", 0)
DO(delete_module, SYS_delete_module, "no-such-module", O_NONBLOCK)
DO(kexec_load, SYS_kexec_load, 0, 1UL << 40, NULL, 0)
DO(reboot, SYS_reboot, 0, 0, 0, NULL)
DO(swapon, SYS_swapon, "/dir", 0)
DO(swapoff, SYS_swapoff, "/dir")
DO(acct, SYS_acct, "/dir")
DO(quotactl, SYS_quotactl, 0, NULL, 0, NULL)
DO(settimeofday, SYS_settimeofday, (void *)1, NULL)
DO(clock_settime, SYS_clock_settime, -1, NULL)
DO(adjtimex, SYS_adjtimex, (void *)1)
DO(sethostname, SYS_sethostname, zeroes, -1)
DO(setdomainname, SYS_setdomainname, zeroes, -1)
DO(syslog, SYS_syslog, 9, NULL, 0)
DO(lookup_dcookie, SYS_lookup_dcookie, 0UL, NULL, 0)
DO(landlock_create, SYS_landlock_create_ruleset, zeroes, 8, 0)
DO(memfd_secret, SYS_memfd_secret, 0)
DO(vhangup, SYS_vhangup)
DO(timer_create, SYS_timer_create, 0, NULL, zeroes)
DO(move_pages, SYS_move_pages, getppid(), 0, NULL, NULL, NULL, 0)

#ifdef __x86_64__
DO(iopl, SYS_iopl, 0)
DO(ioperm, SYS_ioperm, 0UL, 0UL, 0)
DO(modify_ldt, SYS_modify_ldt, 0, zeroes, 0)
DO(arch_prctl, SYS_arch_prctl, 0x1003 /* ARCH_GET_FS */, zeroes)
DO(uselib, SYS_uselib, "/file")
#endif

const struct action actions_kernel[] = {
    ROW(bpf_map_create),
    ROW(bpf_prog_load),
    ROW(bpf_obj_get),
    ROW(bpf_map_get_fd),
    ROW(perf_event_open),
    ROW(fanotify_init),
    ROW(fanotify_mark),
    ROW(mount),
    ROW(umount2),
    ROW(move_mount),
    ROW(open_tree),
    ROW(fsopen),
    ROW(mount_setattr),
    ROW(pivot_root),
    ROW(keyctl),
    ROW(add_key),
    ROW(request_key),
    ROW(io_uring_setup),
    ROW(io_uring_enter),
    ROW(io_uring_register),
    ROW(io_setup),
    ROW(userfaultfd),
    ROW(init_module),
    ROW(finit_module),
    ROW(delete_module),
    ROW(kexec_load),
    ROW(reboot),
    ROW(swapon),
    ROW(swapoff),
    ROW(acct),
    ROW(quotactl),
    ROW(settimeofday),
    ROW(clock_settime),
    ROW(adjtimex),
    ROW(sethostname),
    ROW(setdomainname),
    ROW(syslog),
    ROW(lookup_dcookie),
    ROW(landlock_create),
    ROW(memfd_secret),
    ROW(vhangup),
    ROW(timer_create),
    ROW(move_pages),
#ifdef __x86_64__
    ROW(iopl),
    ROW(ioperm),
    ROW(modify_ldt),
    ROW(arch_prctl),
    ROW(uselib),
#endif
    {NULL, NULL},
};
