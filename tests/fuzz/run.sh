#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# run.sh BUILD SECONDS: builds the fuzz targets of a --enable-fuzzing tree and
# runs each for SECONDS over its corpus, one a processor. TAP. A finding is kept
# in BUILD.
set -uo pipefail

build=$1 seconds=$2
top=$(cd "$(dirname "$0")/../.." && pwd)
n=0

targets=()
for f in "$top"/tests/fuzz/fuzz_*.c; do
	f=${f##*/}
	targets+=("${f%.c}")
done
# A target named to make does not bring what make writes: that comes first.
# shellcheck disable=SC2016 # for make to expand
if ! make -C "$build" -s V=0 --eval='written: ; $(MAKE) $(BUILT_SOURCES)' written \
	>"$build/fuzz-build.log" 2>&1 ||
	! make -C "$build" -s -j"$(nproc)" V=0 "${targets[@]/#/tests/fuzz/}" \
		>>"$build/fuzz-build.log" 2>&1; then
	echo "1..1"
	tail -n 20 "$build/fuzz-build.log" | sed 's/^/# /'
	echo "not ok 1 - the fuzz targets build"
	exit 1
fi

one() {
	local target=$1 work=$build/tests/fuzz/work-$1
	mkdir -p "$work"
	local seeds=$top/tests/fuzz/corpus/${target#fuzz_}
	[ -d "$seeds" ] || seeds=
	# shellcheck disable=SC2086 # absent or one path without blanks
	"$build/tests/fuzz/$target" -max_total_time="$seconds" -timeout=10 \
		-rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="$build/$target-" "$work" $seeds \
		>"$build/$target.log" 2>&1
}

report() {
	local target=$1
	n=$((n + 1))
	if [ "$2" = 0 ]; then
		runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$build/$target.log")
		echo "ok $n - $target: no finding in $seconds s, ${runs:-no} runs"
	else
		tail -n 30 "$build/$target.log" | sed 's/^/# /'
		echo "not ok $n - $target"
	fi
}

while [ ${#targets[@]} -gt 0 ]; do
	batch=("${targets[@]:0:$(nproc)}")
	targets=("${targets[@]:${#batch[@]}}")
	pids=()
	for target in "${batch[@]}"; do
		one "$target" &
		pids+=($!)
	done
	for i in "${!batch[@]}"; do
		rc=0
		wait "${pids[$i]}" || rc=$?
		report "${batch[$i]}" $rc
	done
done
echo "1..$n"
