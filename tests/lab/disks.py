# SPDX-License-Identifier: MIT
"""Disks with a system on them, as somebody's server has them.

vda has a GPT: 1 a boot partition that nobody uses, 2 the root (ext4), 3 swap
and 4 an LVM physical volume. With systemd there is more: a volume group with
a file system and a swap file on it, a RAID1 of md on vdb, a loop device on a
file of that, an overlay, a bind mount, an automount, processes with mount and
process namespaces of their own, and a binfmt_misc handler whose interpreter
the kernel holds open. They are made once, by the tools of the system itself,
in a machine that boots for that only.
"""

import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from . import images, initrd
from .cache import cached

_MIB = 1 << 20

# What boomerang needs on a Debian system.
LIBRARIES = ["libinih1", "libjansson4", "libedit2", "libkmod2", "libzstd1",
             "libssl3", "libcurl4", "libisal2", "liblz4-1", "liblzma5",
             "libblkid1"]
_SERVER = images.COMMON + LIBRARIES + ["openssh-server", "e2fsprogs", "fdisk"]
_SYSTEMD = _SERVER + ["systemd-sysv", "dbus", "lvm2", "mdadm", "strace"]
_SYSVINIT = _SERVER + ["sysvinit-core", "sysv-rc", "ifupdown"]
# Debian 13 has /usr merged, and times of 64 bits in its names.
_TRIXIE = [{"libssl3": "libssl3t64", "libcurl4": "libcurl4t64"}.get(name, name)
           for name in _SYSTEMD if name != "usr-is-merged"]

# In MiB.
_BOOT, _SWAP, _VOLUMES = 8, 64, 192

_SSHD = """\
UseDNS no
UsePAM no
PermitRootLogin prohibit-password
"""

_FSTAB = """\
/dev/vda2 / ext4 errors=remount-ro 0 1
/dev/vda3 none swap sw 0 0
"""

_SWAP_FILE = """\
dd if=/dev/zero of={place} bs=1M count=32 2>/dev/null
chmod 600 {place}
mkswap -q {place}
"""

# udev is not there to be waited for.
_SYSTEMD_SETUP = """\
#!/bin/sh -ex
export DM_DISABLE_UDEV=1
mount -t tmpfs run /run
mkswap -q /dev/vda3
pvcreate -q -y /dev/vda4
vgcreate -q -y vg0 /dev/vda4
lvcreate -q -y -W n -Z n -n srv -l 100%FREE vg0
mkfs.ext4 -q /dev/vg0/srv
mount /dev/vg0/srv /srv
""" + _SWAP_FILE.format(place="/srv/swapfile") + """\
cp /bin/true /srv/interpreter
mkdir /srv/upper /srv/work
umount /srv
vgchange -q -a n vg0
mdadm --quiet --create /dev/md0 --run --level=1 --raid-devices=2 \
	--assume-clean --metadata=1.2 --homehost=any --name=data \
	/dev/vdb1 /dev/vdb2
mkfs.ext4 -q -L data /dev/md0
mount /dev/md0 /data
dd if=/dev/zero of=/data/loop.img bs=1M count=16 2>/dev/null
mkfs.ext4 -q -F /data/loop.img
umount /data
mdadm --quiet --stop /dev/md0
umount /run
"""

_SERVICE = """\
[Unit]
RequiresMountsFor=/mnt/loop
[Service]
{settings}
[Install]
WantedBy=multi-user.target
"""

_SYSTEMD_FILES = {
    "etc/fstab": _FSTAB + """\
/dev/vg0/srv /srv ext4 defaults 0 0
/srv/swapfile none swap sw,x-systemd.requires-mounts-for=/srv 0 0
LABEL=data /data ext4 defaults 0 0
/data/loop.img /mnt/loop ext4 loop 0 0
overlay /mnt/overlay overlay lowerdir=/etc,upperdir=/var/lib/upper,\
workdir=/var/lib/work 0 0
/srv /mnt/bind none bind,x-systemd.requires-mounts-for=/srv 0 0
tmpfs /mnt/automount tmpfs noauto,x-systemd.automount 0 0
""",
    "etc/systemd/network/lab.network": """\
[Match]
Name=eth0
[Network]
DHCP=ipv4
LinkLocalAddressing=no
""",
    "etc/binfmt.d/lab.conf": ":lab:M::LABX::/srv/interpreter:F\n",
    "etc/systemd/system/systemd-binfmt.service.d/lab.conf":
        "[Unit]\nRequiresMountsFor=/srv\n",
    "etc/systemd/system/lab-private.service": _SERVICE.format(
        settings="PrivateMounts=yes\nExecStart=sleep infinity"),
    "etc/systemd/system/lab-directory.service": _SERVICE.format(
        settings="WorkingDirectory=/mnt/loop\nExecStart=sleep infinity"),
    "etc/systemd/system/lab-namespaces.service": _SERVICE.format(
        settings="ExecStart=unshare -Upf --mount-proc sleep infinity\n"
                 "TimeoutStopSec=5"),
    "lab/setup": _SYSTEMD_SETUP,
}
_SYSTEMD_HOOKS = [
    'chroot "$1" systemctl -q enable systemd-networkd',
    'chroot "$1" systemctl -q mask apt-daily.timer apt-daily-upgrade.timer '
    'dpkg-db-backup.timer e2scrub_all.timer fstrim.timer mdcheck_start.timer '
    'mdcheck_continue.timer mdmonitor-oneshot.timer '
    'systemd-networkd-wait-online.service e2scrub_reap.service',
    'rm -f "$1"/etc/ssh/ssh_host_*',
]

# addresses of QEMU's user network
_INTERFACES = """\
auto lo eth0
iface lo inet loopback
iface eth0 inet static
	address 10.0.2.15/24
	gateway 10.0.2.2
"""

_SYSVINIT_FILES = {
    "etc/fstab": _FSTAB + """\
/srv/swapfile none swap sw 0 0
/srv/loop.img /mnt/loop ext4 loop 0 0
/srv /mnt/bind none bind 0 0
""",
    "etc/network/interfaces": _INTERFACES,
    "etc/modules": "i6300esb\n",
    "lab/setup": "#!/bin/sh -ex\nmkswap -q /dev/vda3\n"
                 + _SWAP_FILE.format(place="/srv/swapfile") + """\
dd if=/dev/zero of=/srv/loop.img bs=1M count=16 2>/dev/null
mkfs.ext4 -q -F /srv/loop.img
""",
}
_SYSVINIT_HOOKS = ['rm -f "$1"/etc/ssh/ssh_host_*']

_BUSYBOX_FILES = {
    "etc/inittab": """\
::sysinit:/etc/rc
::respawn:-/bin/sh
::ctrlaltdel:/bin/reboot
::shutdown:/bin/umount -a -r
""",
    "etc/rc": """\
#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts
mount -t devpts devpts /dev/pts
mount -t tmpfs run /run
hostname diskbusy
for module in virtio_net loop i6300esb; do
	modprobe $module
done
ifconfig lo 127.0.0.1
ifconfig eth0 10.0.2.15 netmask 255.255.255.0 up
route add default gw 10.0.2.2
swapon /dev/vda3
swapon /srv/swapfile
mount -o loop -t ext4 /srv/loop.img /mnt/loop
( cd /mnt/loop && exec sleep 1000000 ) &
echo "diskbusy: up"
""",
    "etc/profile": "export PS1='disk# '\n",
    "etc/passwd": "root::0:0:root:/root:/bin/sh\n",
    "lab/setup": "#!/bin/sh -ex\nmkswap /dev/vda3\n"
                 + _SWAP_FILE.format(place="/srv/swapfile").replace(
                     "mkswap -q", "mkswap") + """\
dd if=/dev/zero of=/srv/loop.img bs=1M count=8 2>/dev/null
mke2fs -F /srv/loop.img
""",
}


# Which no package has.
_DIRECTORIES = ["proc", "sys", "dev", "run", "tmp", "root", "srv", "data",
                "mnt/loop", "mnt/overlay", "mnt/bind", "mnt/automount",
                "var/lib/upper", "var/lib/work"]


class Disk:
    """The disks of one machine. images: their paths, host_key: the public
    one of its SSH server, login_key: with which root may log in."""

    def __init__(self, directory):
        self.images = sorted(directory.glob("vd?.qcow2"))
        self.login_key = directory / "login"
        host_key = directory / "host.pub"
        self.host_key = host_key if host_key.exists() else None


def _key(path):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C",
                    "lab", "-f", str(path)], check=True,
                   stdin=subprocess.DEVNULL)


def _write(tree, files):
    for name, content in files.items():
        path = Path(tree, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        if content.startswith("#!"):
            path.chmod(0o755)


def _install_keys(tree, directory):
    """Keys of its own for the SSH server, and one for the login."""
    _key(directory / "host")
    _key(directory / "login")
    ssh = Path(tree, "etc/ssh")
    for name, suffix in (("host", ""), ("host.pub", ".pub")):
        shutil.copy(directory / name, ssh / f"ssh_host_ed25519_key{suffix}")
    _write(tree, {"etc/ssh/sshd_config.d/lab.conf": _SSHD})
    Path(tree, "root/.ssh").mkdir(mode=0o700, exist_ok=True)
    shutil.copy(directory / "login.pub",
                Path(tree, "root/.ssh/authorized_keys"))


def _partition(disk, partitions):
    """A GPT with partitions of so many MiB."""
    with open(disk, "wb") as file:
        file.truncate((sum(partitions) + 2) * _MIB)
    subprocess.run(["sfdisk", "--quiet", str(disk)], check=True, text=True,
                   capture_output=True, input="label: gpt\n" + "".join(
                       f"size={size}MiB\n" for size in partitions))


def _ext4(tree, disk, offset_mib, size_mib):
    """Makes the file system of a tree in its place."""
    subprocess.run(
        ["mke2fs", "-q", "-t", "ext4", "-d", str(tree), "-E",
         f"offset={offset_mib * _MIB},root_owner=0:0", str(disk),
         f"{size_mib << 10}k"], check=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL)


def _keep(raw, directory):
    for disk in raw:
        subprocess.run(["qemu-img", "convert", "-O", "qcow2", "-f", "raw",
                        str(disk), str(directory / f"{disk.stem}.qcow2")],
                       check=True, stdin=subprocess.DEVNULL)


def _set_up(raw):
    """Has the system on the disks run its /lab/setup."""
    from .diskvm import SetupVM  # which boots what this module makes
    with SetupVM(raw) as machine:
        machine.ttyS0.expect(r"^lab: the disks are made$", 180)
        machine.wait_off(60)


def _add_debian(tar, files):
    def fill(tree, directory):
        images.extract(tar, tree)
        _write(tree, files)
        _install_keys(tree, directory)
        wants = tree / "etc/systemd/system/multi-user.target.wants"
        for name in files:
            if name.startswith("etc/systemd/system/lab-"):
                (wants / Path(name).name).symlink_to("/" + name)
    return fill


def _add_busybox(tree, _):
    with tempfile.NamedTemporaryFile() as file:
        with tarfile.open(file.name, "w") as archive:
            images.add_busybox(archive)
            images.add(archive, "sbin/init", type=tarfile.SYMTYPE,
                       linkname="../bin/busybox", mode=0o777)
        images.extract(file.name, tree)
    _write(tree, _BUSYBOX_FILES)
    # Not all of busybox's shells find its own applets without one.
    for link in ("usr/bin", "usr/sbin"):
        (tree / link).mkdir(parents=True)


def _make(fill, root_mib, more_disks, directory):
    directory.mkdir()
    with tempfile.TemporaryDirectory(dir=directory.parent) as where:
        where = Path(where)
        tree = where / "tree"
        tree.mkdir()
        fill(tree, directory)
        initrd.install_modules(tree)
        for name in _DIRECTORIES:
            (tree / name).mkdir(parents=True, exist_ok=True)
        raw = [where / "vda.raw"]
        _partition(raw[0], [_BOOT, root_mib, _SWAP, _VOLUMES])
        _ext4(tree, raw[0], 1 + _BOOT, root_mib)
        for number, partitions in enumerate(more_disks):
            raw.append(where / f"vd{chr(ord('b') + number)}.raw")
            _partition(raw[-1], partitions)
        _set_up(raw)
        _keep(raw, directory)


def _cached(name, recipe, fill, root_mib, more_disks):
    return Disk(cached(
        name, [recipe, initrd.recipe(), _SSHD, _DIRECTORIES, root_mib,
               more_disks],
        lambda path: _make(fill, root_mib, more_disks, path)))


def systemd_tar():
    """The packages of the system on the disk, which are those of an image to
    swap it for, too: it has all that would take disks again."""
    return images.debian_tar("disksys", _SYSTEMD, _SYSTEMD_HOOKS)


def systemd():
    """Debian 12 with systemd, host name disksys, on two disks."""
    tar = systemd_tar()
    return _cached("disksys-disk", [tar.name, _SYSTEMD_FILES],
                   _add_debian(tar, _SYSTEMD_FILES), 640, [[64, 64]])


def trixie_tar():
    """As systemd_tar(), of a systemd that can reboot softly."""
    return images.debian_tar("disktrixie", _TRIXIE, _SYSTEMD_HOOKS, "trixie")


def trixie():
    """Debian 13 with systemd, host name disktrixie, otherwise as systemd()."""
    tar = trixie_tar()
    return _cached("disktrixie-disk", [tar.name, _SYSTEMD_FILES],
                   _add_debian(tar, _SYSTEMD_FILES), 640, [[64, 64]])


def sysvinit():
    """Debian 12 with sysvinit, host name disksysv."""
    tar = images.debian_tar("disksysv", _SYSVINIT, _SYSVINIT_HOOKS)
    return _cached("disksysv-disk", [tar.name, _SYSVINIT_FILES],
                   _add_debian(tar, _SYSVINIT_FILES), 512, [])


def busybox():
    """Busybox as init, host name diskbusy, a shell on its console and no
    SSH server."""
    return _cached("diskbusy-disk", [images.recipe(), _BUSYBOX_FILES],
                   _add_busybox, 96, [])
