#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh NAME PAYLOAD [--append ARGS] [--smp N] [--mem MIB] [--limit SECONDS]
#        [--icount]
#
# Boots kernel NAME of kernels.list in qemu, without hardware virtualisation
# and without a disk or a network, runs PAYLOAD/run.sh in it as root, shows the
# console, and exits with that script's status. Exits 77 when something needed
# is missing here, 124 when the guest did not finish within the limit, 125 when
# it ended without saying how. --append adds to the kernel's command line;
# with --icount every instruction takes one nanosecond of the guest's time.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
usage() {
	sed -n '4,5s/^# //p' "$0" >&2
	exit 2
}

[ $# -ge 2 ] || usage
name=$1
payload=$2
shift 2
append=
smp=2
mem=768
limit=180
accel='tcg,thread=multi'
icount=()
while [ $# -gt 0 ]; do
	case $1 in
	--append) append=${2:?} && shift 2 ;;
	--smp) smp=${2:?} && shift 2 ;;
	--mem) mem=${2:?} && shift 2 ;;
	--limit) limit=${2:?} && shift 2 ;;
	--icount)
		accel='tcg,thread=single'
		icount=(-icount shift=0)
		smp=1
		shift
		;;
	*) usage ;;
	esac
done

command -v qemu-system-x86_64 >/dev/null || {
	echo "run.sh: qemu-system-x86_64 is not installed" >&2
	exit 77
}
kernel=$("$here/fetch.sh" "$name")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
"$here/mkird.sh" "$kernel" "$tmp/initramfs" "$payload"

boot() {
	timeout --kill-after=5 "$limit" qemu-system-x86_64 \
	    -accel "$accel" "${icount[@]}" -cpu max -smp "$smp" -m "$mem" \
	    -nodefaults -no-user-config -display none -serial stdio -no-reboot \
	    -kernel "$kernel/vmlinuz" -initrd "$tmp/initramfs" \
	    -append "console=ttyS0 quiet panic=-1 mitigations=off random.trust_cpu=on $append" \
	    </dev/null | stdbuf -oL tr -d '\r' | tee "$tmp/console"
}

# Several emulated processors sometimes stumble over the kernel patching its
# own code while it boots; that is qemu's, and it is tried once more.
for attempt in 1 2; do
	status=0
	boot || status=$?
	grep -aq '^VM-UP' "$tmp/console" && break
	[ "$attempt" = 2 ] || echo "run.sh: $name did not come up, once more" >&2
done
rc=$(sed -n 's/^VM-RC=\([0-9]*\)$/\1/p' "$tmp/console" | tail -n 1)
[ -z "$rc" ] || exit "$rc"
[ "$status" != 124 ] || {
	echo "run.sh: $name was not done after $limit s" >&2
	exit 124
}
echo "run.sh: $name ended without VM-RC" >&2
exit 125
