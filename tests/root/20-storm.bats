#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Many opens at once: every verdict right, every record right.
# DOORWARD_STORM_OPENS (100000) of them, from 8 threads.

# shellcheck source=tests/root/service.bash
source "$BATS_TEST_DIRNAME/service.bash"

setup() { private_folder; }

@test "100,000 opens from 8 threads: every verdict and every record is right" {
	local opens=${DOORWARD_STORM_OPENS:-100000} done_
	configure <<-CONF
		watch storm {
		    path "$D/guarded/*"
		    allow read
		    allow write by uid { 20000, 20002, 20004, 20006 } and not exe "/usr/bin/tee"
		    deny change
		}
	CONF
	sed -i 's/^    allow write.*/    deny truncate\n&/' "$conf"
	"$tools/storm" --make "$D/guarded"
	start_service
	timeout 150 "$tools/storm" "$D/guarded" 8 "$opens" 42 >"$D/storm.out"
	done_=$(wc -l <"$D/storm.out")
	[ "$done_" -ge $((opens - 8)) ]
	until_true 60 status_says '.queues.records == 0 and .queues.store == 0 and
		.log.sealed_size == .log.size'
	query --kind event >"$D/records"
	run "$top/tests/root/storm_check.py" "$D/storm.out" "$D/records" "$(realpath "$tools/storm")"
	echo "$output"
	is "$status" 0
	# Half or so were denials, and nothing was answered by default or lost.
	[ "$(grep -c deny "$D/storm.out")" -gt $((done_ * 2 / 5)) ]
	status_says '[.defaulted[]] | add == 0'
	status_says '[.drops.records, .drops.store, .drops.admin_records, .log.gaps] | add == 0'
	keep_key
	stop_service
	verify_intact
	echo "# $output" >&3
}
