#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A real log, then each attack on a copy: what our verifier and the independent
# one say, and which place ours names. SQLite's own tool plays the attacker.
set -eu

build=$(pwd)
here=$(cd "$(dirname "$0")" && pwd)
test "$(id -u)" = 0 || { echo "needs root: store and sealer change root directory"; exit 77; }
command -v sqlite3 >/dev/null || { echo "needs sqlite3(1)"; exit 77; }
/usr/bin/python3 -c 'import cryptography' 2>/dev/null || { echo "needs python3-cryptography"; exit 77; }

work=$(mktemp -d "${TMPDIR:-/tmp}/doorward-attacks-XXXXXX")
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
"$build/tests/log/make_log" "$work" "$build/store" 3000 2>"$work/stderr" >/dev/null || { cat "$work/stderr"; exit 1; }
log=$work/log
cp "$log/log.pub" "$work/pin"
failed=0

fail()
{
	echo "FAIL: $*"
	failed=1
}

# expect NAME EXIT PATTERN INDEPENDENT-EXIT: both verifiers on $work/copy
expect()
{
	ours=$("$build/tests/log/verify_log" "$work/copy" "$work/pin") && rc=0 || rc=$?
	theirs=$(/usr/bin/python3 "$here/doorward_verify.py" "$work/copy" "$work/pin") && prc=0 || prc=$?
	[ "$rc" = "$2" ] || fail "$1: exit $rc, not $2: $ours"
	echo "$ours" | grep -Eq "$3" || fail "$1: no /$3/ in: $ours"
	[ "$prc" = "$4" ] || fail "$1: the independent verifier: exit $prc, not $4: $theirs"
	echo "$1: $(echo "$ours" | sed -n '$p')"
}

# attack NAME SQL EXIT PATTERN INDEPENDENT-EXIT
attack()
{
	rm -rf "$work/copy"
	cp -r "$log" "$work/copy"
	sqlite3 "$work/copy/seg-00000000.db" "$2" >/dev/null
	expect "$1" "$3" "$4" "$5"
}

db=$log/seg-00000000.db
third=$(sqlite3 "$db" "SELECT size FROM seal WHERE n=3")
end=$(sqlite3 "$db" "SELECT max(size) FROM seal")
last=$(sqlite3 "$db" "SELECT max(n) FROM seal")

attack intact "SELECT 1" 0 "^INTACT" 0
# The five: each names the rows it is about.
attack "flip a bit" "UPDATE rec SET ino = (ino | 1) - (ino & 1) WHERE idx = 700" 3 "^TAMPERED 2 (5[0-9][0-9]|6[0-9][0-9]) 767 " 3
attack "delete a row" "DELETE FROM rec WHERE idx = 1500" 3 "^TAMPERED 2 1500 1500 " 3
attack "swap two rows" "UPDATE rec SET idx=-1 WHERE idx=100; UPDATE rec SET idx=100 WHERE idx=101; UPDATE rec SET idx=101 WHERE idx=-1" \
    3 "^TAMPERED 2 [0-9]+ 255 " 3
attack "cut the tail's rows" "DELETE FROM rec WHERE idx >= $third" 3 "^TAMPERED 2 $third $((end - 1)) " 3
attack "forge a record and its seal" "
    INSERT INTO rec SELECT $end, ts, kind, act, verdict, rule, actor, uid, auid, pid, path, dev, ino, mode, size, hnew, hold, ext FROM rec WHERE idx=500;
    INSERT INTO rec SELECT $end + 1, ts, 2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
        x'a101$(printf %02x $((last + 1)))' FROM rec WHERE idx=500;
    INSERT INTO seal SELECT $((last + 1)), $((end + 2)), sig FROM seal WHERE n = $last" \
    3 "^TAMPERED 2 $end $((end + 1)) .*seal $((last + 1)) is not signed" 3

# More of the list, where one statement suffices.
for column in ts kind act verdict rule actor uid auid pid dev mode size; do
	attack "change $column" "UPDATE rec SET $column = $column + 1 WHERE idx = 700" 3 "^TAMPERED 2 [0-9]+ 767 " 3
done
attack "change path" "UPDATE rec SET path = CAST('/etc/passwd' AS BLOB) WHERE idx = 700" 3 "^TAMPERED 2 [0-9]+ 767 " 3
attack "null for empty" "UPDATE rec SET hnew = x'' WHERE idx = 700" 3 "^TAMPERED 2 [0-9]+ 767 " 3
attack "a negative index" "UPDATE rec SET idx = -5 WHERE idx = 700" 3 "^TAMPERED 2 " 3
attack "replay a seal" "UPDATE seal SET sig = (SELECT sig FROM seal WHERE n=2) WHERE n = 3" 3 "^TAMPERED 3 3 3 " 3
attack "lose a seal" "DELETE FROM seal WHERE n = 3" 2 "^HOLE 3 3 3 " 2
attack "swap key block" "UPDATE keyblk SET pks = (SELECT pks FROM keyblk WHERE b=1) WHERE b = 0" 3 "^TAMPERED 4 0 0 " 3
attack "short key block" "UPDATE keyblk SET pks = substr(pks, 33) WHERE b = 0" 3 "^TAMPERED 4 0 0 " 3
attack "edit a key note" "UPDATE note SET body = CAST(replace(CAST(body AS TEXT), char(10) || '1' || char(10), char(10) || '01' || char(10)) AS BLOB) WHERE kind=2 AND n=1" \
    3 "^TAMPERED 4 1 1 " 3
attack "a foreign index" "CREATE INDEX i ON rec(uid)" 3 "schema" 0
attack "a trigger" "CREATE TRIGGER t AFTER INSERT ON seal BEGIN DELETE FROM rec; END" 3 "schema" 0
attack "a wrong node" "UPDATE node SET hash = zeroblob(32) WHERE h=8 AND i=3" 3 "^TAMPERED 2 768 1023 .*node" 0
attack "cut tail, seals and nodes" "DELETE FROM rec WHERE idx >= $third; DELETE FROM seal WHERE n > 3;
    DELETE FROM node WHERE (i + 1) << h > $third; DELETE FROM note WHERE kind = 3" 0 "^INTACT" 0
cp "$work/copy/seg-00000000.db" "$work/shorter.db"
sqlite3 "$db" "SELECT CAST(body AS TEXT) FROM note WHERE kind=3 ORDER BY n DESC LIMIT 1" >"$work/have"
out=$("$build/tests/log/verify_log" "$work/copy" "$work/pin" "$work/have") && rc=0 || rc=$?
[ "$rc" = 3 ] || fail "cut tail against a checkpoint held: exit $rc: $out"
rm -rf "$work/copy"
cp -r "$log" "$work/copy"
touch "$work/copy/seg-00000000.db-journal"
expect "a planted journal" 3 "journal" 0
rm -rf "$work/copy"
cp -r "$log" "$work/copy"
printf 'x' | dd of="$work/copy/seg-00000000.db" bs=1 seek=300000 conv=notrunc 2>/dev/null
ours=$("$build/tests/log/verify_log" "$work/copy" "$work/pin") && rc=0 || rc=$?
[ "$rc" = 3 ] || fail "a byte in the middle of the file: exit $rc: $ours"
sed 's/^test/best/' "$work/pin" >"$work/other"
"$build/tests/log/verify_log" "$log" "$work/other" >/dev/null 2>&1 && rc=0 || rc=$?
[ "$rc" != 0 ] || fail "another key: exit 0"
"$build/tests/log/verify_log" "$log" >/dev/null && rc=0 || rc=$?
[ "$rc" = 4 ] || fail "no key: exit $rc, not 4"
exit $failed
