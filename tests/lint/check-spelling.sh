#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
set -eu

srcdir=${srcdir:-.}
. "$srcdir/tests/lint/sources.sh"
codespell=$(need codespell)
cd "$srcdir"
srcdir=.
text_files | grep -v '^COPYING$' | tr '\n' '\0' |
	xargs -0 "$codespell" -I tests/lint/spelling-known
