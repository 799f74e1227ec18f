# SPDX-License-Identifier: MIT
"""Live ISOs as their distributions lay them out, made from packages, small
and quick to boot: a Debian with live-boot, a Fedora-style one with dracut and
a file system within the squashfs, and the installer of Debian as an ISO that
is all in its initrd. archiso.py has an Arch-style one.

None of their initrds has a driver for memory that is kept, as in the real
ones; the squashfs has it, for the kernel that it goes with. Each boots from a
drive, too, by isolinux. root's password is that of images.
"""

import re
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

from . import images
from .cache import CACHE, cached
from .console import LabError
from .vm import ROOT

_FETCH = ROOT / "tools" / "fetch-packages"

# A kernel has modules for more than virtual machines; these are for those.
_MODULES = {
    "drivers": ["ata/ahci", "ata/ata_piix", "ata/libahci", "ata/libata",
                "block/loop", "block/virtio_blk", "cdrom/cdrom",
                "md/dm-bufio", "md/dm-mod", "md/dm-snapshot",
                "net/net_failover", "net/virtio_net", "nvdimm/*",
                "scsi/scsi_common", "scsi/scsi_mod", "scsi/sd_mod",
                "scsi/sr_mod", "scsi/virtio_scsi", "virtio/*"],
    "fs": ["ext4/*", "isofs/*", "jbd2/*", "mbcache", "overlayfs/*",
           "squashfs/*"],
    "net": ["core/failover", "packet/*"],
    "crypto": ["crc*"],
    "arch": [], "block": ["t10-pi"], "sound": [],
}
_KERNEL = "*/lib/modules/*/kernel"
_LEFT_OUT = [f"path-exclude={_KERNEL}/{part}/*" for part in _MODULES]
_LEFT_OUT += [f"path-exclude={_KERNEL}/lib/test*",
              "path-exclude=/usr/lib/udev/hwdb.d/*"]
_LEFT_OUT += [f"path-include={_KERNEL}/{part}/{name}.ko"
              for part, names in _MODULES.items() for name in names]

_SYSTEM = images.COMMON + ["systemd-sysv", "dbus", "zstd", "linux-image-amd64"]

# Under emulation each unit and each generator takes a few tenths of a second,
# and so does each device that udev is told of again. The terminals are what
# systemd waits for; the initrd has seen the others.
_MASKED = [
    "apt-daily-upgrade.timer", "apt-daily.timer", "dev-hugepages.mount",
    "dev-mqueue.mount", "dpkg-db-backup.timer", "e2scrub_all.timer",
    "e2scrub_reap.service", "fstrim.timer", "getty@tty1.service",
    "kmod-static-nodes.service", "modprobe@configfs.service",
    "modprobe@dm_mod.service", "modprobe@drm.service",
    "modprobe@efi_pstore.service", "modprobe@fuse.service",
    "modprobe@loop.service", "proc-sys-fs-binfmt_misc.automount",
    "sys-fs-fuse-connections.mount", "sys-kernel-config.mount",
    "sys-kernel-debug.mount", "sys-kernel-tracing.mount",
    "systemd-ask-password-console.path", "systemd-ask-password-wall.path",
    "systemd-binfmt.service", "systemd-firstboot.service",
    "systemd-hwdb-update.service", "systemd-journal-flush.service",
    "systemd-machine-id-commit.service", "systemd-modules-load.service",
    "systemd-networkd.service", "systemd-pcrphase-sysinit.service",
    "systemd-pcrphase.service", "systemd-pstore.service",
    "systemd-random-seed.service", "systemd-repart.service",
    "systemd-sysctl.service", "systemd-sysusers.service",
    "systemd-tmpfiles-clean.timer", "systemd-update-utmp-runlevel.service",
    "systemd-update-utmp.service",
]
_ONLY_GENERATOR = "systemd-getty-generator"
_SYSTEM_FILES = {
    "etc/systemd/system/systemd-udev-trigger.service.d/lab.conf": """\
[Service]
ExecStart=
ExecStart=udevadm trigger --action=add --subsystem-match=tty
""",
}
# Of the root alone: what makes initrds has run.
_NOT_NEEDED = ["usr/lib/udev/hwdb.bin", "usr/lib/x86_64-linux-gnu/gconv",
               "usr/lib/x86_64-linux-gnu/perl", "usr/share/perl",
               "usr/lib/apt", "var/lib/dpkg/info", "var/cache/debconf"]


# -- what all are made of -----------------------------------------------------

def fetched(name, suite, *packages):
    """A directory with packages unpacked in it."""
    return cached(name, [suite, packages], lambda path: subprocess.run(
        [_FETCH, path, suite, *packages], check=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL))


def _syslinux():
    """{name: path} of what of syslinux ISOs have."""
    tree = fetched("syslinux", "bookworm", "isolinux:amd64",
                   "syslinux-common:amd64")
    found = {path.name: path for path in tree.glob(
        "usr/lib/syslinux/modules/bios/*.c32")}
    for name in ("isolinux.bin", "isohdpfx.bin"):
        found[name] = tree / "usr/lib/ISOLINUX" / name
    return found


@contextmanager
def unpacked(tar):
    """A tar as a directory, for a while."""
    with tempfile.TemporaryDirectory(dir=CACHE) as where:
        tree = Path(where, "tree")
        tree.mkdir()
        images.extract(tar, tree)
        yield tree


def slim(root):
    """Makes a Debian with systemd small and quick to boot; see trim()."""
    units = root / "etc/systemd/system"
    for name in _MASKED:
        (units / name).unlink(missing_ok=True)
        (units / name).symlink_to("/dev/null")
    generators = root / "usr/lib/systemd/system-generators"
    for path in generators.iterdir():
        if path.name != _ONLY_GENERATOR:
            path.unlink()
    write(root, _SYSTEM_FILES)
    trim(root)


def trim(root):
    """Takes out of a Debian what no live system of the lab uses, and makes
    root's login quick: the hash that Debian makes of a password takes over a
    second under emulation."""
    for name in _NOT_NEEDED:
        path = root / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    (root / "root/.hushlogin").touch()
    hashed = subprocess.run(
        ["openssl", "passwd", "-5", "-salt", "lab", images.PASSWORD],
        check=True, text=True, capture_output=True).stdout.strip()
    shadow = root / "etc/shadow"
    shadow.write_text(re.sub(r"^root:[^:]*", lambda _: f"root:{hashed}",
                             shadow.read_text(), flags=re.MULTILINE))


# What of the above decides an ISO.
TRIM = [_NOT_NEEDED]
_SLIM = [_MASKED, _ONLY_GENERATOR, _SYSTEM_FILES, *TRIM]


def squash(tree, path, *options):
    """tree as the squashfs path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mksquashfs", tree, path, "-quiet", "-no-progress",
                    *options], check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL)


def write(tree, files):
    """Writes texts: {path: content}."""
    for name, content in files.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def master(tree, path, label, *options, isolinux=None):
    """The directory tree as the ISO path. isolinux: where that is in it, for
    an ISO that boots from a drive and a stick; None: it does not."""
    command = ["xorriso", "-as", "mkisofs", "-quiet", "-r", "-J",
               "-joliet-long", "-V", label, "-o", path, *options]
    if isolinux:
        syslinux = _syslinux()
        for name in ("isolinux.bin", "ldlinux.c32", "libcom32.c32",
                     "libutil.c32", "vesamenu.c32", "whichsys.c32"):
            shutil.copy(syslinux[name], tree / isolinux / name)
        command += ["-isohybrid-mbr", syslinux["isohdpfx.bin"],
                    "-b", f"{isolinux}/isolinux.bin",
                    "-c", f"{isolinux}/boot.cat", "-no-emul-boot",
                    "-boot-load-size", "4", "-boot-info-table"]
    # Its name and version come even when it is to be quiet.
    subprocess.run([*command, tree], check=True, stdin=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def _take_boot(tree, where):
    """Moves kernel and initrd of a system to where; their release."""
    kernel, = (tree / "boot").glob("vmlinuz-*")
    release = kernel.name.partition("-")[2]
    where.mkdir(parents=True, exist_ok=True)
    shutil.move(kernel, where / kernel.name)
    shutil.move(tree / f"boot/initrd.img-{release}",
                where / f"initrd.img-{release}")
    for link in ("vmlinuz", "vmlinuz.old", "initrd.img", "initrd.img.old"):
        (tree / link).unlink(missing_ok=True)
    return release


def iso(name, recipe, fill, label, isolinux, *options):
    """The ISO NAME.iso; fill(tree) makes what it contains."""
    def make(path):
        with tempfile.TemporaryDirectory(dir=CACHE) as where:
            tree = Path(where, "iso")
            tree.mkdir()
            fill(tree)
            master(tree, path, label, *options, isolinux=isolinux)
    return cached(f"{name}.iso", [recipe, label, isolinux, options], make)


# -- Debian -------------------------------------------------------------------

_DEBIAN_FILES = {
    "boot/grub/grub.cfg": """\
source /boot/grub/config.cfg

# Live boot
menuentry "Live system (amd64)" --hotkey=l {
	linux	/live/vmlinuz-@RELEASE@ boot=live components quiet \
findiso=${iso_path}
	initrd	/live/initrd.img-@RELEASE@
}
menuentry "Live system (amd64 serial console)" --hotkey=s {
	linux	/live/vmlinuz-@RELEASE@ boot=live components \
console=ttyS0,115200n8 findiso=${iso_path}
	initrd	/live/initrd.img-@RELEASE@
}
submenu 'Utilities...' --hotkey=u {
	source /boot/grub/theme.cfg
	if [ "${grub_platform}" = "efi" ]; then
		menuentry "UEFI Firmware Settings" {
			fwsetup
		}
	fi
}
""",
    "boot/grub/config.cfg": """\
set default=0
if [ x$feature_default_font_path = xy ] ; then
	font=unicode
else
	font=$prefix/unicode.pf2
fi
if loadfont $font ; then
	set gfxmode=800x600
	set gfxpayload=keep
	insmod efi_gop
	insmod video_bochs
else
	set gfxmode=auto
	insmod all_video
fi
insmod gfxterm
insmod png
source /boot/grub/theme.cfg
terminal_output gfxterm
insmod play
play 960 440 1 0 4 440 1
""",
    "boot/grub/theme.cfg": "set color_normal=light-gray/black\n",
    "isolinux/isolinux.cfg": """\
include menu.cfg
default vesamenu.c32
prompt 0
timeout 100
""",
    "isolinux/menu.cfg": """\
menu hshift 0
menu width 82
menu title Boot menu
include live.cfg
menu clear
""",
    "isolinux/live.cfg": """\
label live-amd64
	menu label ^Live system (amd64)
	menu default
	linux /live/vmlinuz-@RELEASE@
	initrd /live/initrd.img-@RELEASE@
	append boot=live components quiet

label live-amd64-serial
	menu label Live system (amd64 ^serial console)
	linux /live/vmlinuz-@RELEASE@
	initrd /live/initrd.img-@RELEASE@
	append boot=live components console=ttyS0,115200n8
""",
    ".disk/info": "Debian GNU/Linux of the lab, amd64\n",
}


def _with_release(files, release):
    return {name: content.replace("@RELEASE@", release)
            for name, content in files.items()}


def debian():
    """Debian 12 with live-boot and systemd, host name deblive."""
    tar = images.debian_tar("deblive", [*_SYSTEM, "live-boot", "busybox"],
                            left_out=_LEFT_OUT)

    def fill(tree):
        with unpacked(tar) as root:
            release = _take_boot(root, tree / "live")
            slim(root)
            squash(root, tree / "live/filesystem.squashfs", "-comp", "lz4",
                   "-Xhc")
        write(tree, _with_release(_DEBIAN_FILES, release))
    return iso("deblive", [tar.name, _DEBIAN_FILES, _SLIM], fill,
                "d-live 12 lab amd64", "isolinux")


# -- Fedora -------------------------------------------------------------------

_FEDORA = "FEDLIVE"
_FEDORA_GRUB = """\
set default="0"

function load_video {
  insmod all_video
}

load_video
set gfxpayload=keep
insmod gzio
insmod part_gpt
insmod ext2
insmod chain

set timeout=10

search --no-floppy --set=root -l 'FEDLIVE'

menuentry 'Start Fedora-Style Live 40' --class fedora --class gnu-linux {
	linux /images/pxeboot/vmlinuz root=live:CDLABEL=FEDLIVE \
rd.live.image quiet
	initrd /images/pxeboot/initrd.img
}
menuentry 'Test this media & start Fedora-Style Live 40' --class fedora {
	linux /images/pxeboot/vmlinuz root=live:CDLABEL=FEDLIVE \
rd.live.image rd.live.check quiet
	initrd /images/pxeboot/initrd.img
}
submenu 'Troubleshooting -->' {
	menuentry 'Start Fedora-Style Live 40 in basic graphics mode' {
		linux /images/pxeboot/vmlinuz \
root=live:CDLABEL=FEDLIVE rd.live.image nomodeset quiet
		initrd /images/pxeboot/initrd.img
	}
	menuentry 'Boot first drive' {
		chainloader (hd0)+1
	}
}
"""
_FEDORA_FILES = {
    "EFI/BOOT/grub.cfg": _FEDORA_GRUB,
    "boot/grub2/grub.cfg": _FEDORA_GRUB,
    "isolinux/isolinux.cfg": """\
default vesamenu.c32
timeout 100
menu title Fedora-Style Live 40
label linux
  menu label ^Start Fedora-Style Live 40
  kernel /images/pxeboot/vmlinuz
  append initrd=/images/pxeboot/initrd.img root=live:CDLABEL=FEDLIVE \
rd.live.image quiet
  menu default
menu separator
menu begin ^Troubleshooting
  menu title Troubleshooting
label basic
  menu indent count 5
  menu label Start Fedora-Style Live 40 in ^basic graphics mode
  kernel /images/pxeboot/vmlinuz
  append initrd=/images/pxeboot/initrd.img root=live:CDLABEL=FEDLIVE \
rd.live.image nomodeset quiet
menu end
""",
}
_DRACUT = 'chroot "$1" sh -c "dracut --quiet --force --no-hostonly ' \
          '--add dmsquash-live --omit \\"crypt kernel-modules-extra lunmask ' \
          'nvdimm overlay-root qemu resume virtiofs\\" --compress zstd ' \
          '/boot/initrd.img-\\$(ls /lib/modules) \\$(ls /lib/modules)"'
_FEDORA_MIB = 256


def _rootfs(tree, path):
    path.parent.mkdir(parents=True)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", tree, "-E",
                    "root_owner=0:0", "-L", "Anaconda", path,
                    f"{_FEDORA_MIB}M"], check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL)


def fedora():
    """dracut's dmsquash-live, host name fedlive: the root is an ext4 in a
    squashfs, below a snapshot of the device mapper."""
    tar = images.debian_tar("fedlive", [*_SYSTEM, "dracut", "dracut-live"],
                            [_DRACUT], left_out=_LEFT_OUT)

    def fill(tree):
        with unpacked(tar) as root:
            boot = tree / "images/pxeboot"
            release = _take_boot(root, boot)
            (boot / f"vmlinuz-{release}").rename(boot / "vmlinuz")
            (boot / f"initrd.img-{release}").rename(boot / "initrd.img")
            slim(root)
            outer = root.parent / "outer"
            _rootfs(root, outer / "LiveOS/rootfs.img")
            squash(outer, tree / "LiveOS/squashfs.img", "-comp", "lz4",
                   "-Xhc")
        write(tree, _FEDORA_FILES)
    return iso("fedlive", [tar.name, _FEDORA_FILES, _FEDORA_MIB, _SLIM], fill,
                _FEDORA, "isolinux")


# -- the installer ------------------------------------------------------------

_INSTALLER_FILES = {
    "boot/grub/grub.cfg": """\
if loadfont $prefix/font.pf2 ; then
  set gfxmode=800x600
  set gfxpayload=keep
  insmod efi_gop
  insmod gfxterm
  terminal_output gfxterm
fi

set menu_color_normal=cyan/blue
set menu_color_highlight=white/blue

menuentry --hotkey=i 'Install' {
    set background_color=black
    linux    /linux vga=788 --- quiet
    initrd   /initrd.gz
}
submenu --hotkey=a 'Advanced options ...' {
    set menu_color_normal=cyan/blue
    menuentry --hotkey=x '... Expert install' {
        set background_color=black
        linux    /linux priority=low vga=788 ---
        initrd   /initrd.gz
    }
    menuentry --hotkey=r '... Rescue mode' {
        set background_color=black
        linux    /linux vga=788 rescue/enable=true --- quiet
        initrd   /initrd.gz
    }
}
""",
    ".disk/mini-info": "Debian GNU/Linux 12 of the lab - amd64 mini.iso\n",
    "isolinux/isolinux.cfg": """\
default install
prompt 0
timeout 100
label install
	menu label ^Install
	menu default
	kernel /linux
	append vga=788 initrd=/initrd.gz --- quiet
""",
}


def installer_files():
    """(kernel, initrd) of Debian's installer for the network."""
    tree = fetched("installer", "bookworm",
                   "debian-installer-12-netboot-amd64:amd64")
    kernel, = tree.glob("**/text/debian-installer/amd64/linux")
    if not kernel.is_file():
        raise LabError(f"{kernel} is no file")
    return kernel, kernel.parent / "initrd.gz"


def installer():
    """The installer of Debian 12 as its mini.iso is: it needs no medium."""
    def fill(tree):
        for path in installer_files():
            shutil.copy(path, tree / path.name)
        write(tree, _INSTALLER_FILES)
    return iso("installer", _INSTALLER_FILES, fill, "ISOIMAGE", "isolinux")
