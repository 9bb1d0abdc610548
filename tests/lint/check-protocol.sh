#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# PROTOCOL.md's table is what messages.def declares, and the hash in HELLO is
# that file's. Runs in the build tree; $srcdir names the source tree.
set -eu

srcdir=${srcdir:-.}
doc=$srcdir/ipc/PROTOCOL.md
want=$(mktemp)
have=$(mktemp)
trap 'rm -f "$want" "$have"' EXIT

ipc/msg_doc > "$want"
sed '1,/^<!-- generated/d' "$doc" > "$have"
if ! diff -u "$have" "$want"; then
	echo "ipc/PROTOCOL.md is not what messages.def says: make protocol"
	exit 1
fi

declared=$(sha256sum < "$srcdir/ipc/wire/messages.def" | cut -c1-64)
built=$(sed -n 's/^#define MSG_TABLE_HASH //p' ipc/wire/msg_hash.h |
	sed 's/0x//g; s/[, ]//g')
if [ "$declared" != "$built" ]; then
	echo "ipc/wire/msg_hash.h is of another messages.def: $built"
	exit 1
fi
