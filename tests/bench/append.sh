#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# append.sh BUILD [RECORDS]: how many records a second store and sealer make
# durable and signed, and how many bytes each takes. Prints; judges nothing.
set -eu
build=$1
records=${2:-300000}
test "$(id -u)" = 0 || { echo "needs root"; exit 77; }
work=$(mktemp -d "${TMPDIR:-/tmp}/doorward-append-XXXXXX")
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
"$build/tests/log/make_log" "$work" "$build/store" "$records" 2>"$work/stderr" || { cat "$work/stderr"; exit 1; }
bytes=$(stat -c %s "$work"/log/seg-*.db)
echo "$((bytes / records)) bytes a record, keys and seals included"
