#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# fetch.sh NAME: makes the kernel NAME of kernels.list available and prints the
# directory it lies in, with vmlinuz, modules/ and the file "release" in it.
#
# Nothing is installed: the packages come from the mirror this machine's own
# apt is configured for, into a private apt state under the user's cache, are
# checked by apt against the archive's signature and unpacked with dpkg -x.
# The sha256 of each package is kept beside it and checked when the kernel is
# used again. Exits 77 with a reason when the kernel cannot be had.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/doorward/kernels
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

skip() {
	echo "fetch.sh: $*" >&2
	exit 77
}

# The base of the archive this machine uses for "debian", without its name.
mirror() {
	local uri
	# shellcheck disable=SC2016 # the field's name is for apt to expand
	uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
	    2>/dev/null | sed -n 's|/debian-security/*$||p; s|/debian/*$||p' |
	    head -n 1)
	[ -n "$uri" ] || skip "apt knows no Debian archive on this machine"
	echo "$uri"
}

# A private apt for one suite; prints the configuration file's name.
private_apt() {
	local suite=$1 archive=$2 dir=$cache/apt/$1
	mkdir -p "$dir/lists/partial" "$dir/archives/partial"
	: >"$dir/status"
	echo "deb [arch=amd64 signed-by=$keyring] $base/$archive $suite main" \
	    >"$dir/sources.list"
	cat >"$dir/apt.conf" <<EOF
Dir::Etc::sourcelist "$dir/sources.list";
Dir::Etc::sourceparts "-";
Dir::State::lists "$dir/lists";
Dir::State::status "$dir/status";
Dir::Cache "$dir";
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
APT::Architecture "amd64";
APT::Sandbox::User "root";
EOF
	echo "$dir/apt.conf"
}

# The versioned image package behind the meta package, and what it needs to
# boot: the modules are a package of their own in newer builds.
packages_of() {
	local meta=$1 image
	image=$(apt-cache depends --no-recommends --no-suggests "$meta" |
	    awk '$1 == "Depends:" && $2 ~ /^linux-image-[0-9]/ { print $2; exit }')
	[ -n "$image" ] || skip "$meta of $suite names no image package"
	echo "$image"
	apt-cache depends --no-recommends --no-suggests "$image" |
	    awk '$1 == "Depends:" &&
	        $2 ~ /^linux-(binary|modules)-[0-9]/ { print $2 }'
}

fetch() {
	local dir=$1 tmp package
	tmp=$(mktemp -d "$cache/.new.XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
	mkdir "$tmp/debs" "$tmp/root"
	APT_CONFIG=$(private_apt "$suite" "$archive")
	export APT_CONFIG
	apt-get -qq update >&2 || skip "apt-get update for $suite failed"
	mapfile -t packages < <(packages_of "$meta")
	[ ${#packages[@]} -gt 0 ] || skip "no package found in $suite"
	(cd "$tmp/debs" && apt-get -qq download "${packages[@]}" >&2) ||
	    skip "download of ${packages[*]} failed"
	for package in "$tmp"/debs/*.deb; do
		dpkg -x "$package" "$tmp/root"
	done
	(cd "$tmp/debs" && sha256sum ./*.deb >SHA256)
	lay_out "$tmp"
	rm -rf "$dir"
	mv "$tmp" "$dir"
	trap - EXIT
}

# Image and modules move between releases; give them one place.
lay_out() {
	local tmp=$1 modules image
	modules=$(find "$tmp/root" -type d -path '*/lib/modules/*' -prune | head -n 1)
	[ -n "$modules" ] || skip "the packages hold no modules"
	basename "$modules" >"$tmp/release"
	image=$(find "$tmp/root" -type f -name 'vmlinuz*' | head -n 1)
	[ -n "$image" ] || skip "the packages hold no kernel image"
	mv "$image" "$tmp/vmlinuz"
	mkdir -p "$tmp/lib/modules"
	mv "$modules" "$tmp/lib/modules/"
	rm -rf "$tmp/root"
}

[ $# -eq 1 ] || {
	echo "usage: fetch.sh NAME" >&2
	exit 2
}
read -r suite archive meta < <(awk -v n="$1" \
    '$1 == n { print $2, $3, $4 }' "$here/kernels.list") ||
    skip "no kernel called $1 in kernels.list"

dir=$cache/$1
mkdir -p "$cache"
exec 9>"$cache/.lock"
flock 9
if [ ! -e "$dir/release" ]; then
	for tool in apt-get apt-cache dpkg sha256sum; do
		command -v "$tool" >/dev/null || skip "$tool is not installed"
	done
	[ -r "$keyring" ] || skip "$keyring is missing"
	base=$(mirror)
	fetch "$dir"
fi
(cd "$dir/debs" && sha256sum --quiet -c SHA256 >&2) ||
    skip "a package of kernel $1 changed in the cache; remove $dir"
echo "$dir"
