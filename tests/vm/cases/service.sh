#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The whole service: a storm of opens by many users, half of them refused, each
# held against its record; then the log verified. DOORWARD_STORM_OPENS (100000)
# of them.
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
build=$1
payload=$2
rung=$3

make -s -C "$build" tests/root/storm >/dev/null 2>&1 || true
[ -x "$build/tests/root/storm" ] || {
	echo "tests/root/storm is not built"
	exit 77
}
[ -x /usr/bin/python3 ] || {
	echo "python3 is not installed, and the records are checked by it"
	exit 77
}
"$here/service.sh" "$build" "$payload"
"$here/payload.sh" "$payload" "$build/tests/root/storm=/usr/bin/storm" \
    "$here/../root/storm_check.py=/storm_check.py"
echo "--mem
1024
--limit
1500" >"$payload.options"
cat >"$payload/doorward.conf" <<'EOF'
set mode        enforce
set on-timeout  allow
set deadline    5s
set state-dir   "/var/doorward"
set run-dir     "/run/doorward"
set control     "/run/doorward/control.sock"

watch storm {
    path "/srv/storm/**"
    allow read
    deny truncate
    allow write by uid { 20000, 20002, 20004, 20006 }
    deny change
}
EOF
{
	printf '#!/bin/sh\nrung=%s\nopens=%u\n' "$rung" \
	    "${DOORWARD_STORM_OPENS:-100000}"
	cat <<'EOF'
ctl() { /doorward/store/doorwardctl --socket /run/doorward/control.sock "$@"; }
fail() {
	echo "$*"
	cat /service.log
	exit 1
}

chmod 600 /doorward.conf
mkdir -p /srv/storm /var
storm --make /srv/storm || fail "storm --make"
/doorward/loader/doorward-loader -f -c /doorward.conf 2>/service.log &
loader=$!
tries=0
until ctl status --json >/status.json 2>/dev/null; do
	kill -0 $loader 2>/dev/null || fail "the service ended"
	tries=$((tries + 1))
	[ $tries -lt 600 ] || fail "the service does not answer"
	usleep 100000
done
grep -q "\"$rung\"" /status.json || fail "not on rung $rung: $(cat /status.json)"
echo "# rung $rung"

at() { echo "# $(cut -d' ' -f1 /proc/uptime) s: $*"; }
storm /srv/storm 8 $opens 1 >/storm.out 2>/storm.err || fail "$(cat /storm.err)"
at "$opens opens: $(cat /storm.err)"
ctl log key >/log.pub || fail "log key"
tries=0
until ctl status | grep -q '^queues.* 0 records in the monitor, 0 in the store'; do
	tries=$((tries + 1))
	[ $tries -lt 300 ] || fail "records are missing: $(ctl status)"
	usleep 500000
done
at "all is in the log"
# A query reads for 30 seconds at most, which is little here: page by page.
last=-1
since=2000-01-01T00:00:00Z
: >/records.json
while :; do
	ctl query --json --kind event --since "$since" --limit 20000 \
		>/page.json 2>/query.err
	[ $? -le 1 ] || fail "query: $(cat /query.err)"
	awk -F'[:,]' -v last=$last '$2 + 0 > last' /page.json >/new.json
	[ -s /new.json ] || break
	cat /new.json >>/records.json
	last=$(tail -n 1 /new.json | sed 's/{"index":\([0-9]*\).*/\1/')
	since=$(tail -n 1 /new.json | sed 's/.*"time":"\([^"]*\)".*/\1/')
done
at "$(wc -l </records.json) records read"
kill -TERM $loader
wait $loader || fail "the service did not stop well"
/usr/bin/python3 -I /storm_check.py /storm.out /records.json /usr/bin/storm \
	>/check.out 2>&1 || fail "$(cat /check.out)"
at "$(cat /check.out)"
/doorward/store/doorwardctl log verify /var/doorward/log --key /log.pub \
	>/verify.out 2>&1 || fail "$(cat /verify.out)"
grep -q INTACT /verify.out || fail "$(cat /verify.out)"
at "$(grep -m 1 INTACT /verify.out)"
EOF
} >"$payload/run.sh"
chmod 755 "$payload/run.sh"
