#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# analyze.sh tidy|cppcheck|analyzer|format COMPILER-FLAGS...
# Runs one tool over the sources that make up the programs. The kernel programs
# and the tests are not among them: the tools know neither BPF nor cmocka.
set -eu

srcdir=${srcdir:-.}
. "$srcdir/tests/lint/sources.sh"
what=$1
shift

program_files() {
	tree -name '*.c' \( -path './ipc/*' -o -path './loader/*' \
		-o -path './monitor/*' -o -path './decider/*' \
		-o -path './store/*' \)
}

# each COMMAND...: with every program file, two at a time
each() {
	program_files | sed "s,^,$srcdir/," | tr '\n' '\0' |
		xargs -0 -n 1 -P 2 "$@"
}

case $what in
tidy)
	tidy=$(need clang-tidy-14 clang-tidy)
	# shellcheck disable=SC2016 # the inner shell expands
	each sh -c 'tidy=$1; config=$2; shift 2
		for file; do :; done
		exec "$tidy" --quiet --config-file="$config" "$file" -- "$@"' \
		sh "$tidy" "$srcdir/.clang-tidy" "$@"
	;;
cppcheck)
	cppcheck=$(need cppcheck)
	# Only what its preprocessor understands of the flags.
	for flag; do
		shift
		case $flag in
		-I* | -D* | -U*) set -- "$@" "$flag" ;;
		esac
	done
	program_files | sed "s,^,$srcdir/," | "$cppcheck" --quiet -j 2 \
		--enable=warning,portability --inline-suppr --error-exitcode=1 \
		--suppress=missingInclude --suppress=preprocessorErrorDirective \
		--library="$srcdir/tests/lint/cppcheck.cfg" \
		--file-list=- "$@"
	;;
analyzer)
	gcc=$(need gcc)
	# malloc-leak: gcc 12 loses sight of what realloc gives back in a
	# structure; the sanitizers' builds look for leaks.
	each "$gcc" -fanalyzer -Wno-analyzer-malloc-leak -Werror -O1 "$@" -c -o /dev/null
	;;
format)
	format=$(need clang-format-14 clang-format)
	cd "$srcdir"
	srcdir=.
	c_files | tr '\n' '\0' | xargs -0 "$format" -i
	;;
*)
	echo "usage: analyze.sh tidy|cppcheck|analyzer|format FLAGS..." >&2
	exit 2
	;;
esac
