#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The process boundary as the linker sees it: which libraries each program
# needs, which calls it imports, and that it is hardened. The rules are in
# tests/lint/links. Runs in the build tree.
set -eu

srcdir=${srcdir:-.}
. "$srcdir/tests/lint/sources.sh"
readelf=$(need readelf)
nm=$(need nm)
rules=$srcdir/tests/lint/links
bad=0

if grep -q '^#define WITH_SANITIZERS 1' config.h; then
	echo "skipped: the sanitizers' runtime needs everything" >&2
	exit 77
fi

say() {
	echo "$1"
	bad=1
}

# rule PROGRAM WORD: what stands behind the two
rule() {
	sed -n "s,^$1 $2 *,,p" "$rules" | tr '\n' ' '
}

hardened() {
	"$readelf" -hW "$1" | grep -q 'Type: *DYN' || say "$1 is not PIE"
	"$readelf" -lW "$1" | grep -q GNU_RELRO || say "$1 has no RELRO"
	"$readelf" -dW "$1" | grep -qE 'BIND_NOW|Flags: .*NOW' ||
		say "$1 binds lazily: RELRO is not full"
	if "$readelf" -lW "$1" | grep GNU_STACK | grep -q E; then
		say "$1 has an executable stack"
	fi
	"$readelf" -lW "$1" | grep -q GNU_STACK || say "$1 says nothing of its stack"
	"$nm" -D --undefined-only "$1" | grep -q __stack_chk_fail ||
		say "$1 has no stack protector"
}

# program PROGRAM: holds it to its rules
program() {
	program=$1
	if [ ! -x "$program" ]; then
		say "$program is not built"
		return
	fi
	hardened "$program"
	allowed=" $(rule "$program" needs) libc.so ld-linux-x86-64.so "
	for lib in $("$readelf" -dW "$program" |
		sed -n 's/.*(NEEDED).*\[\(.*\.so\).*\]/\1/p'); do
		case $allowed in
		*" $lib "*) ;;
		*) say "$program needs $lib" ;;
		esac
	done
	"$nm" -D --undefined-only "$program" | sed 's/.* [Uw] //; s/@.*//' \
		> check-links.imports
	never=$(rule "$program" never)
	for call in $never; do
		if grep -qxE "$call" check-links.imports; then
			say "$program imports $(grep -xE "$call" \
				check-links.imports | tr '\n' ' ')"
		fi
	done
}

ruled=$(sed -n 's,^\([a-z]*/[a-z-]*\) needs .*,\1,p' "$rules")
for name in $ruled; do
	program "$name"
done

# Programs that no rule speaks of.
for name in loader/doorward-* monitor/doorward-* decider/doorward-* \
	store/doorward*; do
	case $name in
	*.o | *\** | *.[0-9]) continue ;;
	esac
	if [ -f "$name" ] && [ -x "$name" ]; then
		grep -q "^$name needs " "$rules" ||
			say "$name has no rule in tests/lint/links"
	fi
done
rm -f check-links.imports
exit $bad
