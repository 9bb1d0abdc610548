#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The whole service (../story.sh) on the kernel's rung: what the demonstration
# shows, what each process holds, each of them killed and stopped under load.
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
build=$1
payload=$2
rung=$3

for tool in jq mke2fs; do
	command -v $tool >/dev/null || {
		echo "$tool is not installed"
		exit 77
	}
done
for tool in opens openers; do
	[ -x "$build/tests/root/$tool" ] || {
		echo "tests/root/$tool is not built"
		exit 77
	}
done
"$here/service.sh" "$build" "$payload"
"$here/payload.sh" "$payload" "$build/tests/root/opens=/usr/bin/opens" \
    "$build/tests/root/openers=/usr/bin/openers" "$(command -v jq)=/bin/jq" \
    "$(command -v mke2fs)=/sbin/mke2fs" "$here/story.sh=/story.sh"
cat >"$payload/run.sh" <<EOF
#!/bin/sh
exec sh /story.sh $rung
EOF
chmod 755 "$payload/run.sh"
# vdso=0: as on machines whose clock user space cannot read, every look at the
# time is a system call, which the sandboxes must know.
printf '%s\n' --limit 1500 --mem 1024 --append vdso=0 >"$payload.options"
