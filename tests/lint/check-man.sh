#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Manual pages: clean for mandoc, and every option a program knows is in its
# page. What it knows is asked of the program: --help, and --help of each
# command. Runs in the build tree.
set -eu

srcdir=${srcdir:-.}
. "$srcdir/tests/lint/sources.sh"
mandoc=$(need mandoc)
bad=0

pages=$(tree -name '*.[158]')
if [ -z "$pages" ]; then
	echo "no manual pages"
	exit 1
fi

# Whether a page it refers to exists depends on the machine it is checked on;
# ours are looked for below.
for page in $pages; do
	"$mandoc" -Tlint -Wstyle "$srcdir/$page" 2>&1 | grep -vE \
		'STYLE: referenced manual not found|outdated mandoc\.db' &&
		bad=1
	others=$(sed -nE \
		's/^\.(Xr|It Xr) (doorward[a-z.-]*) ([158]).*/\2.\3/p' \
		"$srcdir/$page" | sort -u)
	for other in $others; do
		case " $(echo "$pages" | tr '\n' ' ')" in
		*"/$other "*) ;;
		*)
			echo "$page refers to $other, which is not there"
			bad=1
			;;
		esac
	done
done

# options PROGRAM [COMMAND...]: what --help names, one a line
options() {
	"$@" --help 2>&1 | grep -oE '(^|[[:space:][|,])--?[a-zA-Z][a-z-]*' |
		sed 's/^[^-]*//' | sort -u
}

# commands PROGRAM: the first words of --help's indented lines
commands() {
	"$1" --help 2>&1 |
		sed -nE 's/^ +([a-z]+( [a-z]+)?)( +[][A-Z|.=a-z-]+)*  .*/\1/p'
}

for page in $pages; do
	program=${page%.[158]}
	[ -x "$program" ] || continue
	"$mandoc" -Tascii "$srcdir/$page" | col -bx > check-man.text
	{
		options "$program"
		commands "$program" | while read -r words; do
			# shellcheck disable=SC2086 # a command may be two words
			options "$program" $words
		done
	} | sort -u | while read -r option; do
		if ! grep -qE -e "(^|[^[:alnum:]-])$option([^[:alnum:]-]|\$)" \
			check-man.text; then
			echo "$page does not mention $option"
		fi
	done > check-man.missing
	if [ -s check-man.missing ]; then
		cat check-man.missing
		bad=1
	fi
done
rm -f check-man.text check-man.missing
exit $bad
