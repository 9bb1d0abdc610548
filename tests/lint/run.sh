#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# run.sh BUILD: every check of the tree, one TAP line each; a check that exits
# 77 was skipped and says why.
set -uo pipefail

build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
n=0
room=$(mktemp)
trap 'rm -f "$room"' EXIT

# check NAME COMMAND...
check() {
	local name=$1 rc=0
	shift
	n=$((n + 1))
	(cd "$build" && srcdir=$top "$@") >"$room" 2>&1 || rc=$?
	case $rc in
	0) echo "ok $n - $name" ;;
	77) echo "ok $n - $name # SKIP $(tail -n 1 "$room")" ;;
	*)
		tail -n 60 "$room" | sed 's/^/# /'
		echo "not ok $n - $name"
		;;
	esac
}

# Both compilers, every warning an error, from nothing.
compile_with() {
	local dir=$build/lint-$1
	rm -rf "$dir"
	mkdir -p "$dir" && cd "$dir" && shift
	"$top/configure" -q --enable-werror "$@" && make -s -j"$(nproc)" V=0
}

for script in "$here"/check-*.sh; do
	name=${script##*/check-}
	check "${name%.sh}" "$script"
done
check "tidy" make -s check-tidy
check "cppcheck" make -s check-cppcheck
check "analyzer" make -s check-analyzer
check "gcc without a warning" compile_with gcc CC=gcc
check "clang without a warning" compile_with clang CC=clang-14
check "without kernel programs" compile_with nobpf --disable-bpf
check "distcheck" make -s distcheck
echo "1..$n"
