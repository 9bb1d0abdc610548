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
# Notes: what is signed twice is checked twice, and nothing lies there unread.
# text EXPRESSION: an UPDATE of the newest published checkpoint's text t
text()
{
	echo "UPDATE note SET body = CAST((SELECT $1 FROM (SELECT CAST(body AS TEXT) AS t)) AS BLOB)
	    WHERE id = (SELECT max(id) FROM note WHERE kind=3)"
}
nl="char(10)"
attack "the identity's name" "$(text "substr(t, 1, length(t) - 95) || 'X' || substr(t, length(t) - 93)")" 3 "^TAMPERED 3 $last $last .*note [0-9]+" 3
attack "the identity's key id" "$(text "substr(t, 1, length(t) - 93) || 'AAAA' || substr(t, length(t) - 88)")" 3 "^TAMPERED 3 $last $last .*note [0-9]+" 3
attack "the identity signature" "$(text "substr(t, 1, length(t) - 5) || 'AAA=' || $nl")" 3 "^TAMPERED 3 $last $last .*note [0-9]+" 3
attack "base64 with bits to spare" "$(text "substr(t, 1, length(t) - 3) || char(unicode(substr(t, -3)) + 1) || '=' || $nl")" 3 "^TAMPERED 3 $last $last .*note [0-9]+" 3
attack "no identity signature" "$(text "substr(t, 1, instr(t, '/seal/') + length('/seal/$last ') + 92)")" 3 "^TAMPERED 3 $last $last .*note [0-9]+" 3
attack "one signature more" "$(text "t || '— example.org/witness ' || substr(t, -93)")" 3 "^TAMPERED 3 $last $last .*note [0-9]+" 3
attack "bytes after a checkpoint" "$(text "t || 'x'")" 3 "^TAMPERED 3 $last $last .*note [0-9]+" 3
attack "bytes after a key note" "UPDATE note SET body = CAST(body || x'0a' AS BLOB) WHERE kind=2 AND n=1" 3 "^TAMPERED 4 1 1 " 3
attack "a line after a key note" "UPDATE note SET body = CAST(CAST(body AS TEXT) || '— x ' || CAST(substr(body, -93) AS TEXT) AS BLOB) WHERE kind=2 AND n=0" 3 "^TAMPERED 4 0 0 " 3
attack "bytes after the genesis key" "UPDATE note SET body = CAST(body || x'0a' AS BLOB) WHERE kind=1" 3 "^TAMPERED 1 0 0 .*note 1 " 4
attack "a number beside the genesis key" "UPDATE note SET n = 7 WHERE kind=1" 3 "^TAMPERED 1 0 0 .*note 1 " 3
attack "no number beside a key note" "UPDATE note SET n = NULL WHERE kind=2 AND n=0" 3 "^TAMPERED " 3
attack "a second genesis key" "INSERT INTO note(kind, n, body) VALUES(1, NULL, x'78')" 3 "^TAMPERED 1 0 0 .*note [0-9]+ " 3
attack "a checkpoint twice" "INSERT INTO note(kind, n, body) SELECT kind, n, body FROM note WHERE kind=3 AND n=$last" 3 "^TAMPERED 3 $last $last .*note [0-9]+, .*twice" 3
attack "a note of another kind" "INSERT INTO note(kind, n, body) VALUES(9, 1, x'78')" 3 "^TAMPERED 1 0 0 .*note [0-9]+ .*kind" 3
attack "a note of a reserved kind" "INSERT INTO note(kind, n, body) VALUES(6, 1, x'78')" 3 "^TAMPERED 1 0 0 .*note [0-9]+ .*kind" 3
attack "a base without its frontier" "INSERT INTO note(kind, n, body) SELECT 4, n, body FROM note WHERE kind=3 AND n=$last" 3 "^TAMPERED 1 0 0 .*note [0-9]+ " 3
attack "a checkpoint of a seal that is gone" "DELETE FROM rec WHERE idx >= $third; DELETE FROM seal WHERE n > 3;
    DELETE FROM node WHERE (i + 1) << h > $third" 2 "^HOLE 3 $last $last .*note [0-9]+" 2
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
