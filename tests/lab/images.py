# SPDX-License-Identifier: MIT
"""Images that work: Debian with systemd, with sysvinit, and busybox.

The Debian ones are what mmdebstrap makes from the distribution's packages,
with a root password and a host name and, to be quick to load, without
documentation. The busybox one is made here, file by file, with scripts
below /lab that a scenario runs to leave traces behind.
"""

import hashlib
import io
import os
import random
import subprocess
import tarfile
import tempfile
from pathlib import Path

from .cache import CACHE, cached
from .console import LabError

PASSWORD = "boomerang"

_HELPERS = Path(__file__).parent / "helpers"
_BUSYBOX = Path("/bin/busybox")

_DEBIAN = "bookworm"
COMMON = ["usr-is-merged", "udev", "kmod", "iproute2", "procps", "login"]
_SYSTEMD = COMMON + ["systemd-sysv", "dbus", "libpam-systemd", "nftables",
                      "dmsetup"]
_SYSVINIT = COMMON + ["sysvinit-core", "sysv-rc"]
_EXCLUDED = ["/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*",
             "/usr/share/i18n/*", "/usr/share/info/*"]

# What a person does to such a system before using it on a serial line.
_HOOKS = [
    'echo root:{password} | chroot "$1" chpasswd',
    'echo {host} > "$1/etc/hostname"',
    'printf "127.0.0.1 localhost {host}\\n" > "$1/etc/hosts"',
]


def debian_tar(host, packages, hooks=(), suite=_DEBIAN, left_out=()):
    """Debian as a tar: host, with root's password, the packages, and what
    hooks (for mmdebstrap) change. left_out: dpkg's path-exclude= and
    path-include= of more files that are not to be there."""
    hooks = [h.format(password=PASSWORD, host=host)
             for h in [*_HOOKS, *hooks]]
    command = ["mmdebstrap", "--quiet", "--variant=minbase",
               "--include=" + ",".join(packages)]
    command += [f"--dpkgopt=path-exclude={path}" for path in _EXCLUDED]
    command += [f"--dpkgopt={option}" for option in left_out]
    command += [f"--customize-hook={hook}" for hook in hooks]

    def make(path):
        subprocess.run(command + [suite, str(path)], check=True,
                       stdin=subprocess.DEVNULL)
    return cached(f"{host}.tar", command + [suite], make)


def extract(tar, tree):
    """Unpacks a tar into the directory tree, with owners."""
    if os.geteuid() != 0:
        raise LabError("a file system is made from a tree with owners: this "
                       "takes root")
    subprocess.run(["tar", "-x", "-p", "--numeric-owner", "-C", str(tree),
                    "-f", str(tar)], check=True, stdin=subprocess.DEVNULL)


def _filter(command):
    def convert(source, path):
        with open(source, "rb") as read, open(path, "wb") as write:
            subprocess.run(command, check=True, stdin=read, stdout=write)
    return convert


def _squashfs(source, path):
    with open(source, "rb") as read:
        subprocess.run(["mksquashfs", "-", str(path), "-tar", "-quiet",
                        "-no-progress", "-comp", "zstd",
                        "-Xcompression-level", "10"],
                       check=True, stdin=read, stdout=subprocess.DEVNULL)


_FORMATS = {
    "tar.gz": _filter(["gzip", "-n"]),
    "tar.xz": _filter(["xz", "-T0", "-1"]),
    "tar.zst": _filter(["zstd", "-q", "-T0"]),
    "tar.lz4": _filter(["lz4", "-q", "-c"]),
    "squashfs": _squashfs,
}
FORMATS = ["tar", *_FORMATS]


def converted(name, tar, kind):
    """tar as NAME.KIND."""
    if kind == "tar":
        return tar
    return cached(f"{name}.{kind}", tar.name,
                  lambda path: _FORMATS[kind](tar, path))


def systemd(kind):
    """Debian with systemd, host name debsys, as kind (one of FORMATS)."""
    return converted("debsys", debian_tar("debsys", _SYSTEMD), kind)


def sysvinit(kind):
    """Debian with sysvinit, host name debsysv."""
    return converted("debsysv", debian_tar("debsysv", _SYSVINIT), kind)


# -- busybox ------------------------------------------------------------------

_INITTAB = """\
::sysinit:/etc/rc
::respawn:-/bin/sh
tty1::respawn:-/bin/sh
::ctrlaltdel:/bin/reboot
::shutdown:/bin/true
"""

_RC = """\
#!/bin/sh
hostname busybox
echo "busybox image: up"
"""

_PROFILE = "export PS1='target# '\n"

_PASSWD = "root::0:0:root:/root:/bin/sh\n"

# Traces that outlive a target unless its host cleans them up.
_SCRIPTS = {
    # A loop device on a file of the image's own root and another on the
    # first: nothing of the image is freed while they stand.
    "leak-loop": """\
#!/bin/sh -e
dd if=/dev/zero of=/leak.img bs=1M count=16 2>/dev/null
outer=$(losetup -f)
losetup "$outer" /leak.img
inner=$(losetup -f)
losetup "$inner" "$outer"
losetup -a
echo "leak-loop: done"
""",
    "leak-network": """\
#!/bin/sh -e
ip link add leak0 type dummy
ip link set leak0 up
ip addr add 192.0.2.7/24 dev leak0
ip addr add 192.0.2.99/32 dev lo
ip route add 198.51.100.0/24 dev leak0
ip rule add from 203.0.113.9 table 77
ip route add default dev leak0 table 77
echo "leak-network: done"
""",
    # The default route gone and the address with it, as a target's own
    # network configuration may do.
    "break-network": """\
#!/bin/sh -e
for link in /sys/class/net/e*; do
	ip addr flush dev "${link##*/}"
	ip link set "${link##*/}" down
done
echo "break-network: done"
""",
    "leak-sysctl": """\
#!/bin/sh -e
echo 12345 > /proc/sys/fs/file-max
echo 17 > /proc/sys/vm/swappiness
echo 1 > /proc/sys/net/ipv4/ip_forward
echo '|/bin/false' > /proc/sys/kernel/core_pattern
echo 0 > /proc/sys/kernel/sysrq
echo "leak-sysctl: done"
""",
    "leak-swap": """\
#!/bin/sh -e
dd if=/dev/zero of=/swap.img bs=1M count=16 2>/dev/null
loop=$(losetup -f)
losetup "$loop" /swap.img
mkswap "$loop" >/dev/null
swapon "$loop"
cat /proc/swaps
echo "leak-swap: done"
""",
    "leak-mounts": """\
#!/bin/sh -e
mkdir -p /m/a /m/b
mount -t tmpfs none /m/a
mount -t proc none /m/b
mount --bind /m/a /mnt
dd if=/dev/zero of=/m/a/fill bs=1M count=32 2>/dev/null
( cd /m/a; setsid sleep 100000 </dev/null >/dev/null 2>&1 & )
echo "leak-mounts: done"
""",
    # A process in a cgroup of its own, deep below.
    "leak-cgroup": """\
#!/bin/sh -e
mkdir -p /sys/fs/cgroup/a/b/c/d
setsid sleep 100000 </dev/null >/dev/null 2>&1 &
echo $! > /sys/fs/cgroup/a/b/c/d/cgroup.procs
cat /sys/fs/cgroup/a/b/c/d/cgroup.procs
echo "leak-cgroup: done"
""",
    "fork-bomb": """\
#!/bin/sh
bomb() { bomb | bomb & }
echo "fork-bomb: starting"
bomb
""",
}


def compile_helper(name):
    """The static program of helpers/NAME.c."""
    source = _HELPERS / f"{name}.c"

    def make(path):
        subprocess.run(["cc", "-static", "-Os", "-s", "-Wall", "-Wextra",
                        "-Werror", "-o", str(path), str(source)], check=True)
    return cached(name, source.read_text(), make)


def add(archive, name, content=b"", mode=0o644, **fields):
    """Appends one member: a file, or what fields make of it."""
    info = tarfile.TarInfo(name)
    data = content.encode() if isinstance(content, str) else content
    info.size = len(data)
    info.mode = mode
    for field, value in fields.items():
        setattr(info, field, value)
    archive.addfile(info, io.BytesIO(data))


def add_busybox(archive, program=None):
    """Appends busybox (program: another one's bytes) and the links to it, but
    for init."""
    add(archive, "bin/busybox", program or _BUSYBOX.read_bytes(), mode=0o755)
    applets = subprocess.run([_BUSYBOX, "--list"], check=True, text=True,
                             capture_output=True).stdout.split()
    for applet in applets:
        if applet not in ("busybox", "init"):
            add(archive, f"bin/{applet}", type=tarfile.SYMTYPE,
                linkname="busybox", mode=0o777)


def busybox_members(archive, init=None, program=None):
    """Appends the files of the busybox image. init: a script in place of
    busybox's own init, program: the busybox of another architecture."""
    for directory in ("bin", "sbin", "etc", "proc", "sys", "dev", "tmp",
                      "root", "mnt", "run", "lab"):
        add(archive, directory, mode=0o755, type=tarfile.DIRTYPE)
    add_busybox(archive, program)
    if init is None:
        add(archive, "sbin/init", type=tarfile.SYMTYPE,
            linkname="../bin/busybox", mode=0o777)
    else:
        add(archive, "sbin/init", init, mode=0o755)
    add(archive, "etc/inittab", _INITTAB)
    add(archive, "etc/rc", _RC, mode=0o755)
    add(archive, "etc/profile", _PROFILE)
    add(archive, "etc/passwd", _PASSWD)
    for name, script in _SCRIPTS.items():
        add(archive, f"lab/{name}", script, mode=0o755)
    for helper in [] if program else sorted(_HELPERS.glob("*.c")):
        add(archive, f"lab/{helper.stem}",
            compile_helper(helper.stem).read_bytes(), mode=0o755)


def recipe():
    """What decides the contents of the busybox image."""
    parts = [_BUSYBOX, *sorted(_HELPERS.glob("*.c")), Path(__file__)]
    return [hashlib.sha256(p.read_bytes()).hexdigest() for p in parts]


def small_tar(name, fill, *more):
    """NAME.tar, filled by fill(archive), remade when this module, its
    helpers or a text in more changes."""
    def make(path):
        with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as archive:
            fill(archive)
    return cached(f"{name}.tar", [recipe(), *more], make)


def busybox(kind="tar.gz", init=None, name="busybox"):
    """The busybox image as kind; another init needs another name."""
    tar = small_tar(name, lambda archive: busybox_members(archive, init),
                    init)
    return converted(name, tar, kind)


def _tree(where):
    """The busybox image as a directory."""
    with tarfile.open(busybox("tar")) as archive:
        archive.extractall(where)


def _erofs(path):
    with tempfile.TemporaryDirectory() as tree:
        _tree(tree)
        subprocess.run(["mkfs.erofs", "--quiet", "--all-root", "-zlz4",
                        str(path), tree], check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def _ext4_disk(path):
    """A GPT with an EFI system partition and a root by its type
    (UAPI discoverable partitions)."""
    start, size = 8 << 20, 40 << 20
    with tempfile.TemporaryDirectory() as where:
        tree, root = Path(where, "tree"), Path(where, "root")
        _tree(tree)
        subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", str(tree),
                        "-E", "root_owner=0:0", str(root),
                        f"{size >> 10}k"], check=True,
                       stdout=subprocess.DEVNULL)
        with open(path, "wb") as disk:
            disk.truncate(start + size + (2 << 20))
            disk.seek(start)
            disk.write(root.read_bytes())
    subprocess.run(
        ["sfdisk", "--quiet", str(path)], check=True, text=True,
        capture_output=True,
        input="label: gpt\n"
              "start=2048, size=8192, "
              "type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B\n"
              f"start={start >> 9}, size={size >> 9}, "
              "type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709\n")


def _qcow2(path):
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", "-c",
                    str(disk("ext4 on a partitioned disk")), str(path)],
                   check=True, stdin=subprocess.DEVNULL)


_DISKS = {
    "erofs": ("busybox.erofs", _erofs),
    "ext4 on a partitioned disk": ("busybox.raw", _ext4_disk),
    "qcow2": ("busybox.qcow2", _qcow2),
}
DISKS = list(_DISKS)


def disk(kind):
    """The busybox image as one of DISKS."""
    name, make = _DISKS[kind]
    return cached(name, [recipe(), kind], make)


def big(number, mib):
    """The busybox image, as a squashfs, with about so many MiB of noise."""
    def fill(archive):
        busybox_members(archive)
        noise = random.Random(number)
        for part in range(mib // 10):
            add(archive, f"noise{part}", noise.randbytes(10 << 20))
    return converted(f"big{number}", small_tar(f"big{number}", fill, mib),
                     "squashfs")


DIRECTORY = CACHE
