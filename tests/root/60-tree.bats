#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What is watched stays watched: new directories, replaced files, other names,
# other mount namespaces, names nobody would choose.

# shellcheck source=tests/root/service.bash
source "$BATS_TEST_DIRNAME/service.bash"

setup() { private_folder; }

denied() { [ "$(opens "$1" O_WRONLY)" = EPERM ]; }

@test "a new directory under ** is guarded, and what is in it" {
	configure_tee
	start_service
	mkdir -p "$D/guarded/a/b/c"
	echo one | tee "$D/guarded/a/b/c/file" >/dev/null
	until_true 10 denied "$D/guarded/a/b/c/file"
	# A directory that comes with its content.
	mkdir -p "$D/outside/x/y"
	echo one >"$D/outside/x/y/file"
	is "$(opens "$D/outside/x/y/file" O_WRONLY)" ok
	mv "$D/outside/x" "$D/guarded/x"
	until_true 10 denied "$D/guarded/x/y/file"
	wait_record event ".path == \"$D/guarded/x/y/file\" and .watch == \"test\""
}

@test "a file replaced by rename is guarded again" {
	configure <<-CONF
		watch test {
		    path "$D/guarded/file"
		    deny change
		}
	CONF
	echo one >"$file"
	start_service
	is "$(opens "$file" O_WRONLY)" EPERM
	echo two >"$D/guarded/new"
	mv "$D/guarded/new" "$file"
	until_true 10 denied "$file"
	is "$(cat "$file")" two
	rm "$file"
	echo three >"$D/guarded/again"
	mv "$D/guarded/again" "$file"
	until_true 10 denied "$file"
}

@test "patterns: a name, a star, a tree, and what is excepted" {
	configure <<-CONF
		watch test {
		    path "$D/guarded/*.conf"
		    path "$D/guarded/tree/**"
		    path "$D/guarded/x?/file"
		    except "$D/guarded/tree/tmp/**"
		    deny change
		}
	CONF
	mkdir -p "$D"/guarded/{tree/tmp/deep,tree/sub,x1,x22,sub}
	for f in a.conf b.txt sub/a.conf tree/f tree/sub/f tree/tmp/f tree/tmp/deep/f x1/file x22/file; do
		echo one >"$D/guarded/$f"
	done
	start_service
	for f in a.conf tree/f tree/sub/f x1/file; do
		is "$f $(opens "$D/guarded/$f" O_WRONLY)" "$f EPERM"
	done
	for f in b.txt sub/a.conf tree/tmp/f tree/tmp/deep/f x22/file; do
		is "$f $(opens "$D/guarded/$f" O_WRONLY)" "$f ok"
	done
}

@test "the watch with the longer literal prefix has the file" {
	configure <<-CONF
		watch wide {
		    path "$D/guarded/**"
		    deny change
		}
		watch narrow {
		    path "$D/guarded/mine/**"
		    allow change
		}
	CONF
	mkdir "$D/guarded/mine"
	echo one >"$D/guarded/mine/f"
	echo one >"$file"
	start_service
	is "$(opens "$D/guarded/mine/f" O_WRONLY)" ok
	is "$(opens "$file" O_WRONLY)" EPERM
	wait_record event '.watch == "narrow" and .verdict == "allow"'
}

@test "a marked file under another name is judged strictly" {
	configure <<-CONF
		watch test {
		    path "$D/guarded/file"
		    allow write by exe "/usr/bin/tee"
		    deny change
		}
	CONF
	echo one >"$file"
	ln "$file" "$D/other-name"
	start_service
	# The inode carries the mark, whatever it is called.
	is "$(opens "$D/other-name" O_WRONLY)" EPERM
	mv "$file" "$D/guarded/renamed"
	is "$(opens "$D/guarded/renamed" O_WRONLY)" EPERM
}

@test "a bind mount in another mount namespace cannot choose a laxer watch" {
	configure <<-CONF
		watch strict {
		    path "$D/guarded/strict/**"
		    deny change
		}
		watch lax {
		    path "$D/guarded/lax/**"
		    allow change
		}
	CONF
	mkdir "$D/guarded/strict" "$D/guarded/lax"
	echo one >"$D/guarded/strict/f"
	echo one >"$D/guarded/lax/f"
	start_service
	is "$(opens "$D/guarded/lax/f" O_WRONLY)" ok
	run unshare -m sh -c "mount --bind '$D/guarded/strict' '$D/guarded/lax' &&
		'$tools/opens' '$D/guarded/lax/f' O_WRONLY"
	is "$output" EPERM
	run unshare -m sh -c "mkdir '$D/elsewhere' && mount --bind '$D/guarded/strict' '$D/elsewhere' &&
		'$tools/opens' '$D/elsewhere/f' O_WRONLY"
	is "$output" EPERM
	is "$(cat "$D/guarded/strict/f")" one
}

@test "names of any bytes are guarded and recorded as they are" {
	local n long
	configure_tee
	long=$(printf 'x%.0s' $(seq 255))
	names=($'new\nline' $'tab\tand \e[31mescape' $'not utf-8 \xff\xfe' '"quotes\\"' "$long" ' ' '日本語')
	for n in "${names[@]}"; do
		mkdir -p "$D/guarded/$n"
		echo one >"$D/guarded/$n/$n"
	done
	start_service
	for n in "${names[@]}"; do
		is "$(opens "$D/guarded/$n/$n" O_WRONLY)" EPERM
	done
	wait_record event '.verdict == "deny"' ${#names[@]}
	query --kind event >"$D/records"
	# One record a line, each of them JSON.
	is "$(wc -l <"$D/records")" ${#names[@]}
	jq . "$D/records" >/dev/null
	/usr/bin/python3 - "$D" "$D/records" "${names[@]}" <<-'PY'
		import base64, json, os, sys
		d = os.fsencode(sys.argv[1])
		want = {d + b"/guarded/" + os.fsencode(n) + b"/" + os.fsencode(n) for n in sys.argv[3:]}
		have = set()
		for line in open(sys.argv[2], encoding="utf-8"):
		    r = json.loads(line)
		    have.add(base64.b64decode(r["path_bytes"]) if "path_bytes" in r else r["path"].encode())
		assert want == have, (want - have, have - want)
	PY
	# The terminal gets none of it raw.
	run ctl query --kind event
	is "$status" 0
	is "$(grep -c $'\e' <<<"$output")" 0
}

@test "names made while the service runs: new directories with hostile names" {
	local n=$'evil\n{"kind":"event"}\xff'
	configure_tee
	start_service
	mkdir -p "$D/guarded/$n/$n"
	echo one | tee "$D/guarded/$n/$n/f" >/dev/null
	until_true 10 denied "$D/guarded/$n/$n/f"
	wait_record event '.verdict == "deny" and has("path_bytes")'
	query | jq . >/dev/null
}

@test "what was in a directory before it could be watched is recorded unmediated" {
	configure_tee
	mkdir -p "$D/come/below"
	echo one >"$D/come/f"
	echo two >"$D/come/below/g"
	start_service
	mv "$D/come" "$D/guarded/come"
	until_true 10 denied "$D/guarded/come/below/g"
	for f in f below/g; do
		wait_record event ".reason == \"unmediated\" and .verdict == \"allow\" and
			.op == \"create\" and .path == \"$D/guarded/come/$f\"" 1
	done
	wait_record admin '.what == "unmediated" and .files == 2 and .recorded == 2'
	ctl status --json | holds '.answers.unmediated == 2'
	mkdir "$D/guarded/empty"
	echo three | tee "$D/guarded/come/new" >/dev/null
	wait_record event '.path == "'"$D"'/guarded/come/new"'
	is "$(query --kind event | jq -s '[.[] | select(.reason == "unmediated")] | length')" 2
}

@test "a directory taken out of the tree is let go by the next reload; one put back is guarded" {
	configure_tee
	mkdir "$D/guarded/sub"
	echo one >"$D/guarded/sub/f"
	start_service
	is "$(opens "$D/guarded/sub/f" O_WRONLY)" EPERM
	mv "$D/guarded/sub" "$D/out"
	ctl reload
	is "$(opens "$D/out/f" O_WRONLY)" ok
	mv "$D/out" "$D/guarded/sub"
	until_true 10 denied "$D/guarded/sub/f"
}

@test "programs are known by their inode: a copy under the right name is not the program" {
	configure <<-CONF
		watch test {
		    path "$D/guarded/**"
		    allow write by exe "$D/bin/writer"
		    deny change
		}
	CONF
	mkdir "$D/bin" "$D/fake"
	cp "$tools/opens" "$D/bin/writer"
	echo one >"$file"
	start_service
	is "$("$D/bin/writer" "$file" O_WRONLY)" ok
	cp "$D/bin/writer" "$D/fake/writer"
	is "$("$D/fake/writer" "$file" O_WRONLY || true)" EPERM
	# A new version in the right place is the program; the old one no more.
	ln "$D/bin/writer" "$D/old"
	cp "$tools/opens" "$D/bin/next"
	mv "$D/bin/next" "$D/bin/writer"
	allowed() { [ "$("$D/bin/writer" "$file" O_WRONLY)" = ok ]; }
	until_true 10 allowed
	old_refused() { [ "$("$D/old" "$file" O_WRONLY)" = EPERM ]; }
	until_true 10 old_refused
}

@test "executing a watched program: exec rules decide" {
	configure <<-CONF
		watch test {
		    path "$D/guarded/**"
		    deny exec by uid 65534
		    allow read, exec
		    deny change
		}
	CONF
	cp /bin/true "$D/guarded/prog"
	chmod 755 "$D/guarded/prog"
	start_service
	"$D/guarded/prog"
	run setpriv --reuid 65534 --regid 65534 --clear-groups "$D/guarded/prog"
	[ "$status" != 0 ]
	run cat "$D/guarded/prog"
	[ "$status" = 0 ]
}
