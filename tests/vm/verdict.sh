#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# verdict.sh [BUILDDIR [KERNEL...]]: tests/bench/verdict on the matrix's kernels,
# where the lsm rung works, counted in instructions on one processor (a
# nanosecond of the guest's clock is one instruction). Prints; decides nothing.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${1:-.}" && pwd)
shift || true
[ $# -gt 0 ] || set -- 6.1 6.12

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
make -s -C "$build" tests/bench/verdict >/dev/null
"$here/service.sh" "$build" "$tmp/payload"
"$here/payload.sh" "$tmp/payload" "$build/tests/bench/verdict=/verdict"
cat >"$tmp/payload/doorward.conf" <<'CONF'
set mode      enforce
set deadline  10s
set state-dir "/var/doorward"
set run-dir   "/run/doorward"
watch bench {
    path "/srv/watched/**"
    allow read quiet
    deny change
}
CONF
cat >"$tmp/payload/run.sh" <<'RUN'
#!/bin/sh
ctl() { /doorward/store/doorwardctl --socket /run/doorward/control.sock "$@"; }
chmod 600 /doorward.conf
mkdir -p /srv/watched /var
for f in unwatched bare watched/cached watched/decider; do
	echo x >/srv/$f
	chmod 666 /srv/$f
done
chmod 755 /srv /srv/watched
/doorward/loader/doorward-loader -f -c /doorward.conf 2>/service.log &
loader=$!
n=0
until ctl status 2>/dev/null | grep -q '^doorward *guarding'; do
	n=$((n + 1))
	if [ $n -gt 600 ] || ! kill -0 $loader; then
		sed 's/^/# /' /service.log
		exit 1
	fi
	usleep 100000
done
ctl status | sed -n 's/^context */# context /p'
/verdict /srv/unwatched /srv/bare /srv/watched/cached /srv/watched/decider 5 400 |
	sed 's/^/# /'
kill $loader
wait $loader
RUN
chmod 755 "$tmp/payload/run.sh"
for kernel in "$@"; do
	echo "# kernel $kernel, instructions instead of nanoseconds"
	"$here/run.sh" "$kernel" "$tmp/payload" --icount --mem 1024 --limit 600 |
		grep -a '^#'
done
