#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# service.sh BUILDDIR PAYLOAD: puts the built service into a payload, as a build
# tree below /doorward, with the accounts it runs as, the libraries it needs and
# enough python3 to check JSON lines (json, os, sys and what they import).
# Exits 77 when a program is not built.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
build=$1
payload=$2
programs='loader/doorward-loader monitor/doorward-monitor
	monitor/doorward-inspector decider/doorward-decider
	decider/doorward-policy store/doorward-store store/doorward-sealer
	store/doorward-query store/doorwardctl'
accounts='monitor decider store sealer query inspector policy'

items=()
for program in $programs; do
	[ -x "$build/$program" ] || {
		echo "$program is not built" >&2
		exit 77
	}
	items+=("$build/$program=/doorward/$program")
done
"$here/payload.sh" "$payload" "${items[@]}"

mkdir -p "$payload/etc"
{
	echo 'root:x:0:0:root:/root:/bin/sh'
	echo 'nobody:x:65534:65534:nobody:/nonexistent:/bin/false'
	id=900
	for account in $accounts; do
		echo "doorward-$account:x:$id:$id::/nonexistent:/bin/false"
		id=$((id + 1))
	done
} >"$payload/etc/passwd"
{
	printf 'root:x:0:\nnogroup:x:65534:\ndoorward:x:899:\n'
	id=900
	for account in $accounts; do
		echo "doorward-$account:x:$id:"
		id=$((id + 1))
	done
} >"$payload/etc/group"

python=/usr/bin/python3
[ -x "$python" ] || exit 0
"$here/payload.sh" "$payload" "$python=/usr/bin/python3"
"$python" -I -c '
import json, os, sys, encodings.ascii, encodings.utf_8
for m in list(sys.modules.values()):
    f = getattr(m, "__file__", None)
    if f:
        print(f)
' | while read -r file; do
	mkdir -p "$payload$(dirname "$file")"
	cp -L "$file" "$payload$file"
done
