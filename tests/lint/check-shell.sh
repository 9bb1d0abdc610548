#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
set -eu

srcdir=${srcdir:-.}
. "$srcdir/tests/lint/sources.sh"
shellcheck=$(need shellcheck)
cd "$srcdir"
srcdir=.
shell_files | tr '\n' '\0' | xargs -0 "$shellcheck" -x --source-path=.
# Each test of bats is a subshell and starts from the same variables, and what
# is in single quotes is jq's: its notes there are none, its warnings count.
tree \( -name '*.bats' -o -name '*.bash' \) | tr '\n' '\0' |
	xargs -0 "$shellcheck" -x --source-path=. --severity=warning
