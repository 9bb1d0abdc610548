#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# payload.sh DIR FILE[=DEST]...: copies programs into a payload for run.sh, each
# to the path it has here or to DEST, with the shared libraries and the loader
# it needs, at the paths they have here. DIR is made when it is missing.
set -euo pipefail

[ $# -ge 1 ] || {
	echo "usage: payload.sh DIR FILE[=DEST]..." >&2
	exit 2
}
root=$1
shift

install_file() {
	mkdir -p "$root$(dirname "$2")"
	cp -L --preserve=mode "$1" "$root$2"
}

mkdir -p "$root"
for item in "$@"; do
	file=$(realpath "${item%%=*}")
	dest=$file
	case $item in
	*=*) dest=${item#*=} ;;
	esac
	install_file "$file" "$dest"
	# ldd fails on scripts and static programs, which need no library.
	{ ldd "$file" 2>/dev/null || true; } |
	    awk '$2 == "=>" && $3 ~ /^\// { print $3 } $1 ~ /^\// { print $1 }' |
	    while read -r library; do
		[ -e "$root$library" ] || install_file "$library" "$library"
	done
done
