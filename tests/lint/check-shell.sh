#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
set -eu

srcdir=${srcdir:-.}
. "$srcdir/tests/lint/sources.sh"
shellcheck=$(need shellcheck)
cd "$srcdir"
srcdir=.
shell_files | tr '\n' '\0' | xargs -0 "$shellcheck" -x --source-path=.
