#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Calls, names and words that this tree does without.
set -eu

srcdir=${srcdir:-.}
. "$srcdir/tests/lint/sources.sh"
found=$(mktemp)
trap 'rm -f "$found"' EXIT
bad=0

# complain WHAT: if something was found, says so and shows it
complain() {
	if [ -s "$found" ]; then
		echo "$1:"
		sed 's/^/    /' "$found"
		bad=1
	fi
}

# in_tree LIST-OF-FILES GREP-ARGUMENTS...
in_tree() {
	list=$1
	shift
	$list | grep -vxF "tests/lint/check-words.sh" | tr '\n' '\0' |
		(cd "$srcdir" && xargs -0 grep -nE "$@" /dev/null) \
		> "$found" || true
}

in_tree c_files '\b(strcpy|strcat|stpcpy|sprintf|vsprintf|atoi|atol|strtok|alloca|gets)\('
complain 'calls that have no bound or no error'

in_tree c_files '\b(system|popen)\('
grep -v '^tests/' "$found" > "$found.other" || true
mv "$found.other" "$found"
complain 'calls of a shell'

tree | grep -E '(^|/)(utils?|misc|common|helpers?|core|defs)(\.[^/]*)?(/|$)' \
	> "$found" || true
complain 'names that say nothing'

in_tree c_files '#include "(loader|monitor|decider|store|bpf)/'
# FOLDER/...: #include "FOLDER/..." is its own; slot.h is what the kernel program
# writes, objects.h what it is embedded as; tests look into everything.
grep -vE '^tests/|^([a-z]+)/[^:]*:[0-9]+:#include "\1/|"bpf/(slot|objects)\.h"' "$found" \
	> "$found.other" || true
mv "$found.other" "$found"
complain 'headers of another folder'

in_tree text_files '(^|[^[:alnum:]_.])(/work|/workspace|/builds|/Users|/home/[a-z]+)/'
complain 'paths of somebody'\''s machine'

in_tree text_files -o 'https?://[][:alnum:]._~:-]+'
grep -vE '://(www\.apache\.org|www\.gnu\.org|www\.kernel\.org|docs\.kernel\.org|c2sp\.org|(deb|snapshot|cdn-fastly\.deb)\.debian\.org|www\.rfc-editor\.org|example\.(com|org)|json-schema\.org|(www\.)?elastic\.co|schema\.ocsf\.io)$' "$found" \
	> "$found.other" || true
mv "$found.other" "$found"
complain 'hosts nobody has vouched for (add public ones here)'

in_tree text_files -w 'TODO|FIXME|XXX'
complain 'promises instead of work'

c_files | tr '\n' '\0' | (cd "$srcdir" && xargs -0 awk \
	'FNR == 1 && !/SPDX-License-Identifier: / { print FILENAME }') > "$found"
complain 'no SPDX line first'

exit $bad
