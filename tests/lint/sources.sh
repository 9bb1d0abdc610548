# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# Read by the checks: what the tree consists of. $srcdir is the source tree; a
# build tree or a version control's folder inside it is not part of it, nor is
# what make writes: the scanner, the parser, the hash of the messages.

srcdir=${srcdir:-.}

# tree FIND-ARGUMENTS...: files of the tree, relative to it
tree() {
	(cd "$srcdir" &&
		find . \( -path ./.git -o -path './build*' -o -path '*/autom4te.cache' \
			-o -path './doorward-*' -o -path './_*' \) -prune -o \
			-type f ! -path ./config.h ! -name msg_hash.h \
			! -name policy_parse.c ! -name policy_parse.h \
			! -name policy_lex.c ! -name '*.log' ! -name '*.trs' \
			"$@" -print |
		sed 's,^\./,,' | sort)
}

c_files() {
	tree \( -name '*.c' -o -name '*.h' \)
}

# Hand-written text: everything but what autotools put there.
text_files() {
	tree ! -name configure ! -name 'configure~' ! -name aclocal.m4 \
		! -name Makefile.in ! -name config.h.in ! -name '*.o' \
		! -path '*/corpus/*' ! -name '*~' ! -name '*.orig'
}

shell_files() {
	tree \( -name '*.sh' -o -path ./quickstart \
		-o -path ./runtests -o -path ./.ci/run \)
}

# need TOOL...: the first that exists, or the check is skipped
need() {
	for tool in "$@"; do
		if command -v "$tool" > /dev/null 2>&1; then
			echo "$tool"
			return
		fi
	done
	echo "skipped: none of $* is installed" >&2
	exit 77
}
