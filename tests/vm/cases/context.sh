#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The context recorder itself: context_test, which has to find the kernel's
# rung, and then the rungs below it, each asked for by name.
set -euo pipefail

build=$1
payload=$2
rung=$3

# It is one of make check's programs, which a mere make does not build.
make -s -C "$build" tests/vm/context_test >/dev/null 2>&1 || true
[ -x "$build/tests/vm/context_test" ] || {
	echo "context_test is not built (it needs cmocka and the kernel programs)" >&2
	exit 77
}
"$(dirname "$0")/../payload.sh" "$payload" \
    "$build/tests/vm/context_test=/context_test"
case $rung in
lsm) below='fentry raw_tp' ;;
*) below= ;;
esac
cat >"$payload/run.sh" <<EOF
#!/bin/sh
# A cgroup of its own, so that its id says something.
mkdir /sys/fs/cgroup/test
echo \$\$ >/sys/fs/cgroup/test/cgroup.procs
failed=0
for rung in $rung $below; do
	best=\$rung
	[ \$rung != $rung ] || best=lsm
	/context_test \$rung \$best >/tmp/out 2>&1 || failed=1
	sed -e 's/^rung/# &/' -e 's/^[0-9]* opens/# &/' /tmp/out
done
exit \$failed
EOF
chmod 755 "$payload/run.sh"
