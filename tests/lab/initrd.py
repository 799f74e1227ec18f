# SPDX-License-Identifier: MIT
"""The first root of a machine that boots from its own disk: what a boot
loader and a distribution's initramfs do, in a few hundred kilobytes.

QEMU hands the kernel and this to the machine at each reset, so that disks
need neither a boot loader nor a kernel package: a reboot ends on the disk.
"""

import gzip
import shutil
import subprocess
import tempfile
from pathlib import Path

from .cache import cached
from .console import LabError
from .vm import ROOT

_KERNEL = ROOT / ".cache" / "kernel" / "lib" / "modules"
_BUSYBOX = Path("/bin/busybox")

# What the first root needs; with "setup" on the command line also what makes
# the layers of storage.
_BOOT = ["virtio_pci", "virtio_blk", "crc32c_generic", "ext4"]
_SETUP = ["dm-mod", "raid1", "loop"]

# What the systems on the disks ask for.
_SYSTEM = _BOOT + _SETUP + [
    "virtio_net", "overlay", "squashfs", "binfmt_misc", "autofs4", "i6300esb",
    "efi-pstore", "fuse", "af_packet", "isofs"]

_INIT = """\
#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /root
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
exec > /dev/console 2>&1
stay() {
	echo "lab: $*"
	exec sleep 1000000
}
for module in $(cat /modules.boot); do
	insmod "/modules/$module"
done
tries=0
until [ -b /dev/vda2 ]; do
	sleep 0.1
	tries=$((tries + 1))
	[ $tries -lt 50 ] || stay "there is no disk to boot from"
done
mount -t ext4 /dev/vda2 /root || stay "the disk has no system"
if grep -qw setup /proc/cmdline; then
	for module in $(cat /modules.setup); do
		insmod "/modules/$module"
	done
	for mount in proc sys dev; do
		mount --move /$mount /root/$mount
	done
	PATH=/sbin:/bin:/usr/sbin:/usr/bin chroot /root /lab/setup &&
		echo "lab: the disks are made"
	sync
	for mount in dev sys proc; do
		mount --move /root/$mount /$mount
	done
	umount /root || echo "lab: the root is busy"
	poweroff -f
fi
for mount in proc sys dev; do
	umount -l /$mount
done
exec switch_root /root /sbin/init
"""


def version():
    """The release of the kernel that machines run, for uname(2)."""
    versions = sorted(path.name for path in _KERNEL.iterdir())
    if len(versions) != 1:
        raise LabError(f"{_KERNEL}: {versions}, not one kernel")
    return versions[0]


def _needed(modules):
    """Paths below the kernel's module directory, in loading order."""
    dependencies, paths = {}, {}
    text = (_KERNEL / version() / "modules.dep").read_text()
    for line in text.splitlines():
        path, _, needs = line.partition(":")
        dependencies[path] = needs.split()
        paths[Path(path).name.partition(".")[0].replace("-", "_")] = path
    result = []

    def take(path):
        for need in dependencies[path]:
            take(need)
        if path not in result:
            result.append(path)
    for module in modules:
        # Some kernels have it built in.
        if module.replace("-", "_") in paths:
            take(paths[module.replace("-", "_")])
    return result


def recipe():
    """What decides which modules there are, and what they are."""
    return [version(), _INIT, _needed(_SYSTEM)]


def install_modules(tree):
    """Those that systems ask for, in the tree of a system."""
    base = Path("lib/modules", version())
    target = Path(tree, base)
    for path in _needed(_SYSTEM):
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_KERNEL / version() / path, target / path)
    for name in ("modules.order", "modules.builtin",
                 "modules.builtin.modinfo"):
        shutil.copyfile(_KERNEL / version() / name, target / name)
    subprocess.run(["depmod", "-b", str(tree), version()], check=True,
                   stdin=subprocess.DEVNULL, capture_output=True)


def _make(path):
    with tempfile.TemporaryDirectory() as where:
        tree = Path(where)
        (tree / "bin").mkdir()
        shutil.copy(_BUSYBOX, tree / "bin" / "busybox")
        (tree / "init").write_text(_INIT)
        (tree / "init").chmod(0o755)
        (tree / "modules").mkdir()
        boot = _needed(_BOOT)
        lists = {"boot": boot,
                 "setup": [m for m in _needed(_SETUP) if m not in boot]}
        for name, modules in lists.items():
            names = []
            for module in modules:
                shutil.copy(_KERNEL / version() / module, tree / "modules")
                names.append(Path(module).name)
            (tree / f"modules.{name}").write_text("\n".join(names) + "\n")
        files = sorted(str(p.relative_to(tree)) for p in tree.rglob("*"))
        archive = subprocess.run(
            ["cpio", "--quiet", "-o", "-H", "newc", "-R", "0:0"], check=True,
            input="\n".join(files).encode(), stdout=subprocess.PIPE,
            cwd=tree).stdout
        path.write_bytes(gzip.compress(archive, 1, mtime=0))


def path():
    """The archive."""
    return cached("disk-initrd.cpio.gz", recipe(), _make)
