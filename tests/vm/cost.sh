#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# cost.sh [BUILDDIR [KERNEL...]]: what the recorder adds to an open, counted in
# instructions. Prints figures; decides nothing.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${1:-.}" && pwd)
shift || true
[ $# -gt 0 ] || set -- 6.1 6.12

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
make -s -C "$build" tests/vm/open_cost >/dev/null
"$here/payload.sh" "$tmp/payload" "$build/tests/vm/open_cost=/open_cost"
printf '#!/bin/sh\n/open_cost\n' >"$tmp/payload/run.sh"
chmod 755 "$tmp/payload/run.sh"
for kernel in "$@"; do
	echo "# kernel $kernel, instructions"
	"$here/run.sh" "$kernel" "$tmp/payload" --icount | grep -a '^#'
done
