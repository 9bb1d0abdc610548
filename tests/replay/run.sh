#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh [BUILD]: plays every script of this folder, then the storm; TAP.
# STORM_SEED (the time) and STORM_SECONDS (3) of processor time.
build=${1:-.}
folder=$(cd "$(dirname "$0")" && pwd)
n=0 failed=0

report() {
	n=$((n + 1))
	if [ "$2" -eq 0 ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		failed=$((failed + 1))
	fi
}

for script in "$folder"/*.rpl; do
	out=$("$build/tests/replay/replay" "$script" 2>&1)
	status=$?
	[ $status -eq 0 ] || echo "$out" | sed 's/^/# /'
	report "replay $(basename "$script" .rpl)" $status
done
# Another seed each time; the one that fails is printed.
out=$("$build/tests/replay/storm" "${STORM_SEED:-$(date +%s)}" \
	"${STORM_SECONDS:-3}" 2>&1)
status=$?
echo "$out" | sed 's/^#* */# /'
report "replay storm" $status
echo "1..$n"
[ $failed -eq 0 ]
