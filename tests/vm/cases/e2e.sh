#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The whole service, end to end (../e2e.sh), on the kernel's rung.
# DOORWARD_VM_OPENS (100000): how many opens the storm has.
set -euo pipefail

build=$1
payload=$2
rung=$3
here=$(cd "$(dirname "$0")/.." && pwd)
programs="loader/doorward-loader monitor/doorward-monitor
	monitor/doorward-inspector decider/doorward-decider
	decider/doorward-policy store/doorward-store store/doorward-sealer
	store/doorward-query store/doorwardctl tests/root/opens
	tests/root/openers tests/root/storm"

for tool in jq mke2fs; do
	command -v $tool >/dev/null || {
		echo "$tool is not installed"
		exit 77
	}
done
[ -x /usr/bin/python3 ] || {
	echo "/usr/bin/python3 is not installed"
	exit 77
}
files=()
for p in $programs; do
	[ -x "$build/$p" ] || {
		echo "$build/$p is not built"
		exit 77
	}
	files+=("$build/$p=/build/$p")
done
"$here/payload.sh" "$payload" "${files[@]}" "$(command -v jq)=/bin/jq" \
    "$(command -v mke2fs)=/sbin/mke2fs" \
    "$(readlink -f /usr/bin/python3)=/usr/bin/python3"

# The part of python's library that reading JSON takes.
/usr/bin/python3 -S -c '
import sys, json, os, encodings.ascii, encodings.utf_8, encodings.latin_1
for m in list(sys.modules.values()):
    f = getattr(m, "__file__", None)
    if f: print(f)' | while read -r f; do
	mkdir -p "$payload$(dirname "$f")"
	cp -L "$f" "$payload$f"
done
cp "$here/../root/storm_check.py" "$payload/build/storm_check.py"
cp "$here/e2e.sh" "$payload/e2e.sh"

mkdir -p "$payload/etc"
{
	printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n'
	id=900
	for a in monitor decider store sealer query inspector policy; do
		printf 'doorward-%s:x:%d:%d::/nonexistent:/bin/false\n' $a $id $id
		id=$((id + 1))
	done
} >"$payload/etc/passwd"
{
	printf 'root:x:0:\nnogroup:x:65534:\ndoorward:x:899:\n'
	id=900
	for a in monitor decider store sealer query inspector policy; do
		printf 'doorward-%s:x:%d:\n' $a $id
		id=$((id + 1))
	done
} >"$payload/etc/group"

cat >"$payload/run.sh" <<EOF
#!/bin/sh
exec sh /e2e.sh $rung ${DOORWARD_VM_OPENS:-100000}
#!/bin/sh
exec sh /e2e.sh $rung ${DOORWARD_VM_OPENS:-100000}
EOF
chmod 755 "$payload/run.sh" "$payload/e2e.sh"
printf '%s\n' --limit 1500 --mem 2048 >"$payload.options"
