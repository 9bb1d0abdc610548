#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every process's sandbox against every action: killed, unless NAME.allowed says
# otherwise and why. Runs in the build tree; $srcdir names the source tree.
# Arguments: the processes to try (default: all that are built).
set -u

here=$(cd "${srcdir:-.}/tests/hostile" && pwd)
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
ran=0
bad=0

if [ "$(id -u)" -ne 0 ]; then
	echo "1..0 # SKIP needs root: descriptors, accounts and root directories"
	exit 77
fi
if ! grep -qs kill_process /proc/sys/kernel/seccomp/actions_avail; then
	echo "1..0 # SKIP this kernel has no seccomp filters"
	exit 77
fi

# try PROCESS ACTION: says allowed, refused, killed or what else happened
try() {
	local dir=$room/$1.$2 status

	mkdir "$dir"
	"tests/hostile/hostile-$1" "$2" "$dir" > "$room/said" 2>&1 < /dev/null
	status=$?
	rm -rf "$dir"
	case $status in
	0) echo allowed ;;
	3) echo refused ;;
	159) echo killed ;; # 128 + SIGSYS
	*) echo "status $status: $(tr '\n' ' ' < "$room/said")" ;;
	esac
}

# report NAME EXPECTED GOT
report() {
	ran=$((ran + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $ran - $1: $3"
	else
		echo "not ok $ran - $1: $3, expected $2"
		bad=$((bad + 1))
	fi
}

# The line of NAME.allowed for an action: "ACTION OUTCOME REASON...".
expected() {
	local outcome

	outcome=$(awk -v a="$2" '$1 == a { print $2 }' "$here/$1.allowed")
	echo "${outcome:-killed}"
}

# Everything NAME.allowed speaks of exists, and every line gives a reason.
check_allowed() {
	local line

	awk '!/^#/ && NF > 0 && (NF < 4 || $2 !~ /^(allowed|refused)$/)' \
		"$here/$1.allowed" > "$room/wrong"
	while read -r line; do
		report "$1.allowed: $line" "ACTION OUTCOME REASON" "not that"
	done < "$room/wrong"
	awk '!/^#/ && NF > 0 { print $1 }' "$here/$1.allowed" | sort \
		> "$room/named"
	"tests/hostile/hostile-$1" --list | sort > "$room/known"
	while read -r line; do
		report "$1.allowed: $line" "an action" "none of that name"
	done < <(comm -23 "$room/named" "$room/known" |
		grep -vxf "$here/only-without-sanitizers" || true)
}

# Without a sandbox the same attempts must be seen to live.
for action in openat socket fork mmap_exec_file kill prctl_dumpable; do
	if tests/hostile/hostile-nothing --list | grep -qx "$action"; then
		report "no sandbox: $action" allowed "$(try nothing "$action")"
	fi
done

if [ $# -eq 0 ]; then
	for program in tests/hostile/hostile-*; do
		case $program in
		*-nothing | *.o | *.log | *.trs) ;;
		*) set -- "$@" "${program#tests/hostile/hostile-}" ;;
		esac
	done
fi
for process in "$@"; do
	check_allowed "$process"
	for action in $("tests/hostile/hostile-$process" --list); do
		report "$process: $action" \
			"$(expected "$process" "$action")" \
			"$(try "$process" "$action")"
	done
done
echo "1..$ran"
[ "$bad" -eq 0 ] && [ "$ran" -gt 0 ]
