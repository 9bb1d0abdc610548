#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# mkird.sh KERNELDIR OUT PAYLOAD: makes an initramfs of busybox, the kernel's
# modules a test may need, and PAYLOAD, a tree laid over its root. The guest
# runs /run.sh of the payload and tells its exit status on the console.
# KERNELDIR is what fetch.sh printed; the part without payload is kept there.
set -euo pipefail

modules='overlay virtio_pci virtio_blk virtio_rng ext4 loop'
busybox=$(command -v busybox) || {
	echo "mkird.sh: busybox is not installed" >&2
	exit 77
}

# Module files in the order they have to be inserted.
module_files() {
	local base=$1 release=$2 module
	for module in $modules; do
		modprobe -d "$base" -S "$release" --show-depends "$module" \
		    2>/dev/null | awk '$1 == "insmod" { print $2 }'
	done | awk '!seen[$0]++'
}

unpack_module() {
	case $1 in
	*.xz) xz -dc "$1" ;;
	*.zst) zstd -qdc "$1" ;;
	*) cat "$1" ;;
	esac
}

write_init() {
	cat <<'EOF'
#!/bin/sh
export PATH=/bin:/sbin:/usr/bin:/usr/sbin HOME=/root
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/shm /dev/pts
mount -t tmpfs shm /dev/shm
mount -t devpts pts /dev/pts
mount -t tmpfs tmp /tmp
mount -t tmpfs run /run
chmod 1777 /tmp /dev/shm
for m in $(cat /modules.list); do
	insmod "/modules/$m" 2>/dev/null || echo "no module $m"
done
mount -t cgroup2 cgroup /sys/fs/cgroup
mount -t securityfs securityfs /sys/kernel/security
mount -t tracefs tracefs /sys/kernel/tracing
mount -t bpf bpf /sys/fs/bpf
ip link set lo up
echo "VM-UP $(uname -r)"
/run.sh </dev/null
echo "VM-RC=$?"
poweroff -f
EOF
}

make_base() {
	local kernel=$1 out=$2 tmp release name file
	release=$(cat "$kernel/release")
	tmp=$(mktemp -d)
	mkdir -p "$tmp"/{bin,sbin,usr/bin,usr/sbin,proc,sys,dev,tmp,run,etc,root,mnt,modules}
	cp "$busybox" "$tmp/bin/busybox"
	for name in $(busybox --list); do
		[ "$name" = busybox ] || ln -s busybox "$tmp/bin/$name"
	done
	[ -e "$kernel/lib/modules/$release/modules.dep.bin" ] ||
	    depmod -b "$kernel" "$release" 2>/dev/null
	: >"$tmp/modules.list"
	while read -r file; do
		name=$(basename "$file")
		name=${name%.xz}
		name=${name%.zst}
		unpack_module "$file" >"$tmp/modules/$name"
		echo "$name" >>"$tmp/modules.list"
	done < <(module_files "$kernel" "$release")
	printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n' \
	    >"$tmp/etc/passwd"
	printf 'root:x:0:\nnogroup:x:65534:\n' >"$tmp/etc/group"
	chmod 755 "$tmp"
	write_init >"$tmp/init"
	chmod 755 "$tmp/init"
	(cd "$tmp" && find . | cpio -o -H newc --quiet -R 0:0) | gzip -1 >"$out.new"
	mv "$out.new" "$out"
	rm -rf "$tmp"
}

[ $# -eq 3 ] || {
	echo "usage: mkird.sh KERNELDIR OUT PAYLOAD" >&2
	exit 2
}
for tool in cpio depmod modprobe gzip xz; do
	command -v "$tool" >/dev/null || {
		echo "mkird.sh: $tool is not installed" >&2
		exit 77
	}
done
base=$1/base-$(sha256sum "$0" | cut -c 1-16).cpio.gz
[ -e "$base" ] || {
	rm -f "$1"/base-*.cpio.gz
	make_base "$1" "$base"
}
[ -x "$3/run.sh" ] || {
	echo "mkird.sh: no executable run.sh in $3" >&2
	exit 2
}
# The kernel unpacks one archive after the other.
cp "$base" "$2"
(cd "$3" && find . -mindepth 1 | cpio -o -H newc --quiet -R 0:0) | gzip -1 >>"$2"
