#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The sources are as clang-format 14 writes them: make format.
set -eu

srcdir=${srcdir:-.}
. "$srcdir/tests/lint/sources.sh"
format=$(need clang-format-14 clang-format)
case $($format --version) in
*"version 14."*) ;;
*)
	echo "skipped: other versions of clang-format write otherwise" >&2
	exit 77
	;;
esac
cd "$srcdir"
srcdir=.
c_files | tr '\n' '\0' | xargs -0 "$format" --dry-run -Werror
