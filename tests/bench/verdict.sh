#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# verdict.sh BUILDDIR [CPU]: what a verdict costs, as ratios to a bare
# one-process responder in the same run. The service, the openers and the bare
# responder share one processor (0 unless told; "-" for no pinning): across
# processors the wake-ups of the machine are measured, not the service. Needs
# root; makes and removes a private folder.
set -euo pipefail

if [ $# -lt 1 ] || [ $# -gt 2 ]; then
	sed -n '4,8s/^# //p' "$0" >&2
	exit 2
fi
build=$(cd "$1" && pwd)
cpu=${2:-0}
pin=()
[ "$cpu" = - ] || pin=(taskset -c "$cpu")
D=$(mktemp -d /var/tmp/doorward-bench.XXXXXX)
loader=

cleanup() {
	if [ -n "$loader" ]; then
		kill -TERM "$loader" 2>/dev/null || true
		wait "$loader" 2>/dev/null || true
	fi
	rm -rf "$D"
}
trap cleanup EXIT

chmod 755 "$D"
mkdir "$D/watched"
for f in unwatched bare watched/cached watched/decider; do
	echo x >"$D/$f"
	chmod 666 "$D/$f"
done
cat >"$D/doorward.conf" <<CONF
set mode enforce
set state-dir "$D/state"
set run-dir "$D/run"
watch bench {
    path "$D/watched/**"
    allow read quiet
    deny change
}
CONF
chmod 600 "$D/doorward.conf"
"${pin[@]}" timeout -k 5 300 "$build/loader/doorward-loader" -f \
	-c "$D/doorward.conf" 2>"$D/service.log" </dev/null &
loader=$!
ctl() { "$build/store/doorwardctl" --socket "$D/run/control.sock" "$@"; }
end=$((SECONDS + 30))
until ctl status --json 2>/dev/null | grep -q '"guarding": *true'; do
	if [ $SECONDS -ge $end ] || ! kill -0 "$loader" 2>/dev/null; then
		cat "$D/service.log" >&2
		exit 1
	fi
	read -rt 0.05 <> <(:) || true
done
echo "kernel $(uname -r), $(nproc --all) processors, all on processor $cpu," \
	"$(ctl status | sed -n 's/^context  *\([a-z_]*\).*/context \1/p')"
"${pin[@]}" timeout 200 "$build/tests/bench/verdict" "$D/unwatched" "$D/bare" \
	"$D/watched/cached" "$D/watched/decider" "${BENCH_ROUNDS:-10}" "${BENCH_OPENS:-2000}"
ctl status --json | grep -o '"from_cache": *[0-9]*\|"from_decider": *[0-9]*'
