#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# run-all.sh [BUILDDIR [KERNEL...]]: every case of cases/ on the kernels named,
# else those of $RUNTESTS_KERNELS, else the default ones of kernels.list. Prints
# TAP; the guest's console
# is shown when a case fails, else only its lines beginning with "#". Exits 1
# when one failed.
#
# A case is a script called as CASE BUILDDIR PAYLOAD RUNG: it fills the empty
# directory PAYLOAD for run.sh, or exits 77 and says why not. It may leave
# options for run.sh in PAYLOAD.options, one word a line.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${1:-.}" && pwd)
shift || true
kernels=("$@")
[ ${#kernels[@]} -gt 0 ] || read -ra kernels <<<"${RUNTESTS_KERNELS:-}"
[ ${#kernels[@]} -gt 0 ] ||
    mapfile -t kernels < <(awk '$6 == "default" { print $1 }' \
        "$here/kernels.list")

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
n=0
failures=0

result() {
	n=$((n + 1))
	echo "$1 $n - $2"
}

# The guest's own TAP, each line a result here; without any, one for the case.
guest_results() {
	local what
	grep -aq '^ok [0-9]* - ' "$tmp/out" || {
		result ok "$1"
		return
	}
	while IFS= read -r what; do
		result ok "$1: $what"
	done < <(sed -n 's/^ok [0-9]* - //p' "$tmp/out")
}

run_case() {
	local case=$1 kernel=$2 name rung status=0
	local payload=$tmp/payload options=()
	name="$(basename "$case" .sh) on $kernel"
	rung=$(awk -v n="$kernel" '$1 == n { print $5 }' "$here/kernels.list")
	rm -rf "$payload" "$payload.options"
	mkdir "$payload"
	"$case" "$build" "$payload" "$rung" >"$tmp/out" 2>&1 || status=$?
	if [ "$status" = 0 ]; then
		[ ! -e "$payload.options" ] ||
		    mapfile -t options <"$payload.options"
		"$here/run.sh" "$kernel" "$payload" "${options[@]}" \
		    >"$tmp/out" 2>&1 || status=$?
	fi
	case $status in
	0)
		guest_results "$name"
		grep -a '^#' "$tmp/out" || true
		;;
	77) result ok "$name # SKIP $(tail -n 1 "$tmp/out")" ;;
	*)
		result 'not ok' "$name (status $status)"
		sed 's/^/# /' "$tmp/out"
		failures=$((failures + 1))
		;;
	esac
}

for kernel in "${kernels[@]}"; do
	for case in "$here"/cases/*.sh; do
		run_case "$case" "$kernel"
	done
done
echo "1..$n"
[ "$failures" = 0 ]
