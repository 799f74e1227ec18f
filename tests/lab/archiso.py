# SPDX-License-Identifier: MIT
"""A live ISO in the layout of Arch: archiso's places and words, syslinux with
its files that include one another, loader entries, and modules compressed by
zstd. The initrd is busybox and a script, the system a few programs of
Debian 13 with its kernel, among them kexec(8).
"""

import gzip
import lzma
import shutil
import subprocess
import tempfile
from pathlib import Path

from . import images, isos

_BUSYBOX = Path("/bin/busybox")

_UUID = "2026-01-02-03-04-05-00"
_OPTIONS = f"archisobasedir=arch archisosearchuuid={_UUID}"
_ENTRY = f"""\
TEXT HELP
Boot the Arch-style install medium on BIOS.
ENDTEXT
MENU LABEL Arch-style install medium (x86_64, ^BIOS)
LINUX ../../arch/boot/x86_64/vmlinuz-linux
INITRD ../../arch/boot/x86_64/initramfs-linux.img
APPEND {_OPTIONS}
"""
_FILES = {
    "boot/syslinux/isolinux.cfg": "INCLUDE syslinux.cfg\n",
    "boot/syslinux/syslinux.cfg": """\
DEFAULT select

LABEL select
COM32 whichsys.c32
APPEND -pxe- sys -sys- sys -iso- sys

LABEL sys
CONFIG archiso_sys.cfg
""",
    "boot/syslinux/archiso_sys.cfg": """\
INCLUDE archiso_head.cfg

DEFAULT arch64
TIMEOUT 100

INCLUDE archiso_sys-linux.cfg
""",
    "boot/syslinux/archiso_head.cfg": """\
SERIAL 0 115200
UI vesamenu.c32
MENU TITLE Arch-style
MENU WIDTH 78
""",
    "boot/syslinux/archiso_sys-linux.cfg": f"""\
LABEL arch64
{_ENTRY}
LABEL arch64serial
{_ENTRY.replace("^BIOS", "BIOS, ^serial").rstrip()} console=ttyS0,115200
""",
    "loader/loader.conf": "timeout 15\ndefault 01-archiso-linux.conf\n",
    "loader/entries/01-archiso-linux.conf": f"""\
title    Arch-style install medium (x86_64, UEFI)
sort-key 01
linux    /arch/boot/x86_64/vmlinuz-linux
initrd   /arch/boot/x86_64/initramfs-linux.img
options  {_OPTIONS}
""",
}

# The words that those of archiso take, and how they find the medium.
_INIT = """\
#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /run /new_root
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs run /run
for module in $(cat /modules/order); do
	insmod "/modules/$module"
done
for word in $(cat /proc/cmdline); do
	case $word in
	archiso*=*) eval "${word%%=*}=\\${word#*=}" ;;
	esac
done
field() {
	dd if="/dev/$1" bs=1 skip="$2" count="$3" 2>/dev/null
}
is_medium() {
	[ "$archisodevice" != "/dev/$1" ] || return 0
	[ "$(field "$1" 32769 5)" = CD001 ] || return 1
	uuid=$(field "$1" 33581 16 | sed 's/../&-/g; s/-//; s/-$//')
	label=$(field "$1" 32808 32 | sed 's/ *$//')
	case ${archisodevice:-$archisosearchuuid$archisolabel} in
	"$uuid" | "$label" | "UUID=$uuid" | "LABEL=$label" | \\
	"/dev/disk/by-label/$label" | "/dev/disk/by-uuid/$uuid") ;;
	*) return 1 ;;
	esac
}
find_medium() {
	for path in /sys/class/block/*; do
		device=${path##*/}
		case $device in
		loop*) continue ;;
		esac
		if is_medium "$device"; then
			return 0
		fi
	done
	return 1
}
tries=0
until find_medium; do
	sleep 0.2
	tries=$((tries + 1))
	if [ $tries = 150 ]; then
		echo "archiso: no medium $archisodevice$archisosearchuuid"
		exec sh
	fi
done
cd /run
mkdir -p archiso/bootmnt archiso/airootfs archiso/cowspace
mount -t iso9660 -o ro "/dev/$device" archiso/bootmnt
mount -t squashfs -o ro,loop \\
	"archiso/bootmnt/$archisobasedir/x86_64/airootfs.sfs" archiso/airootfs
mount -t tmpfs cowspace archiso/cowspace
mkdir archiso/cowspace/upperdir archiso/cowspace/workdir
mount -t overlay -o "lowerdir=/run/archiso/airootfs,\\
upperdir=/run/archiso/cowspace/upperdir,\\
workdir=/run/archiso/cowspace/workdir" airootfs /new_root
for mount in proc sys dev run; do
	mount --move /$mount /new_root/$mount
done
cd /
exec switch_root /new_root /sbin/init
"""
_INITRD_MODULES = ["virtio_pci", "virtio_blk", "ata_piix", "sr_mod", "isofs",
                   "loop", "squashfs", "overlay"]
_ROOT_MODULES = [*_INITRD_MODULES, "nd_e820", "nd_pmem", "virtio_net", "ext4"]
_RC = """\
#!/bin/sh
hostname -F /etc/hostname
mkdir -p /dev/pts
mount -t devpts devpts /dev/pts
"""
_INITTAB = """\
::sysinit:/etc/rc
tty1::respawn:/sbin/agetty tty1
ttyS0::respawn:/sbin/agetty -L 115200 ttyS0 vt100
::ctrlaltdel:/bin/busybox reboot
::shutdown:/bin/umount -a -r
"""
_PACKAGES = ["busybox-static", "kexec-tools", "kmod", "login"]


def _modules(kernel, release, names):
    """Paths of modules and of what they need, in loading order."""
    text = subprocess.run(
        ["modprobe", "-d", kernel, "-S", release, "-a", "--show-depends",
         *names], check=True, text=True, capture_output=True).stdout
    # A module that is built in is shown as such, and is no file.
    paths = [line.split()[1] for line in text.splitlines()
             if line.startswith("insmod ")]
    return [Path(path) for path in dict.fromkeys(paths)]


def _plain(path):
    data = path.read_bytes()
    return lzma.decompress(data) if path.suffix == ".xz" else data


def _initrd(path, modules):
    with tempfile.TemporaryDirectory() as where:
        tree = Path(where)
        isos.write(tree, {"init": _INIT})
        (tree / "init").chmod(0o755)
        (tree / "bin").mkdir()
        shutil.copy(_BUSYBOX, tree / "bin/busybox")
        (tree / "modules").mkdir()
        names = [module.name.removesuffix(".xz") for module in modules]
        for name, module in zip(names, modules):
            (tree / "modules" / name).write_bytes(_plain(module))
        isos.write(tree, {"modules/order": "\n".join(names) + "\n"})
        files = sorted(str(p.relative_to(tree)) for p in tree.rglob("*"))
        archive = subprocess.run(
            ["cpio", "--quiet", "-o", "-H", "newc", "-R", "0:0"], check=True,
            input="\n".join(files).encode(), stdout=subprocess.PIPE,
            cwd=tree).stdout
        path.write_bytes(gzip.compress(archive, 6, mtime=0))


def _install_modules(tree, kernel, release):
    """Those that the system needs, compressed as Arch does."""
    source = kernel / "lib/modules" / release
    target = tree / "usr/lib/modules" / release
    for module in _modules(kernel, release, _ROOT_MODULES):
        path = target / module.relative_to(source).with_suffix(".zst")
        path.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["zstd", "-q", "-o", path], check=True,
                       input=_plain(module))
    for name in ("modules.order", "modules.builtin",
                 "modules.builtin.modinfo"):
        shutil.copy(source / name, target / name)
    subprocess.run(["depmod", "-b", tree, release], check=True,
                   stdin=subprocess.DEVNULL, capture_output=True)


def _kernel():
    """(directory for modprobe -d, release) of the kernel of Debian 13."""
    tree = isos.fetched("arch-kernel", "trixie", "linux-image-amd64:amd64")
    if not (tree / "lib").exists():
        (tree / "lib").symlink_to("usr/lib")
    release, = (path.name for path in (tree / "lib/modules").iterdir())
    subprocess.run(["depmod", "-b", tree, release], check=True,
                   stdin=subprocess.DEVNULL, capture_output=True)
    return tree, release


def arch():
    """The ISO; its host name is archlive."""
    tar = images.debian_tar("archlive", _PACKAGES, (
        'ln -sf ../bin/busybox "$1/usr/sbin/init"',), "trixie")

    def fill(tree):
        kernel, release = _kernel()
        boot = tree / "arch/boot/x86_64"
        boot.mkdir(parents=True)
        shutil.copy(kernel / f"boot/vmlinuz-{release}", boot / "vmlinuz-linux")
        _initrd(boot / "initramfs-linux.img",
                     _modules(kernel, release, _INITRD_MODULES))
        with isos.unpacked(tar) as root:
            isos.write(root, {"etc/inittab": _INITTAB, "etc/rc": _RC})
            (root / "etc/rc").chmod(0o755)
            _install_modules(root, kernel, release)
            isos.trim(root)
            isos.squash(root, tree / "arch/x86_64/airootfs.sfs", "-comp",
                        "lz4", "-Xhc")
        isos.write(tree, _FILES)
    return isos.iso(
        "archlive", [tar.name, _FILES, _INIT, _INITRD_MODULES, _ROOT_MODULES,
                     _RC, _INITTAB, isos.TRIM], fill, "ARCH_202601", "boot/syslinux",
        "--modification-date=" + _UUID.replace("-", ""))
