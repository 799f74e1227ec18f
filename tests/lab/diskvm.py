# SPDX-License-Identifier: MIT
"""A machine that boots from its own disk, and that can be put back to where
it was: its disks and its memory, in a second or two.

Its disks are overlays over cached images; nothing that a scenario does to
them is kept. A reset ends in the system on the disk, as often as it comes.
"""

import socket
import subprocess

from . import initrd
from .console import LabError
from .sshclient import SshClient
from .vm import OUT, VM

# The system on the disk has the screen and ttyS0 as its consoles.
CONSOLES = "console=tty0 console=ttyS0,115200 nomodeset net.ifnames=0"

# The TSC of an emulated processor does not go back when a machine is put back,
# but leaps to the latest time it ever was.
_WORDS = "panic=-1 tsc=unstable"

def free_port():
    """One of this machine, for a forwarding."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class DiskVM(VM):
    """disk: a disks.Disk, screen: whether it has one; more as for VM."""

    def __init__(self, name, disk, screen=True, words="", **options):
        super().__init__(name, **options)
        self.disk = disk
        self.screen_there = screen
        self.words = words
        self.ssh_port = free_port()
        self.ssh = None

    def start(self):
        self.work.mkdir(parents=True, exist_ok=True)
        for number, image in enumerate(self.disk.images):
            subprocess.run(
                ["qemu-img", "create", "-q", "-f", "qcow2", "-b", str(image),
                 "-F", "qcow2", str(self._overlay(number))], check=True,
                stdin=subprocess.DEVNULL)
        if self.disk.host_key:
            self.ssh = self._client()
        super().start()

    def _client(self):
        key = self.work / "id"
        key.write_bytes(self.disk.login_key.read_bytes())
        key.chmod(0o600)
        return SshClient(self.ssh_port, key, self.disk.host_key,
                         self.work / "known_hosts")

    def _overlay(self, number):
        return self.work / f"disk{number}.qcow2"

    def _base(self):
        return [
            "qemu-system-x86_64", *self._speed(), "-machine", "pc",
            "-vga", "std" if self.screen_there else "none",
            "-kernel", str(OUT / "vmlinuz"), "-initrd", str(initrd.path()),
            "-append", f"{CONSOLES} {_WORDS} {self.words}".rstrip(),
            "-netdev", "user,id=n0,hostfwd=tcp:127.0.0.1:"
                       f"{self.ssh_port}-:22",
            "-device", "virtio-net-pci,netdev=n0",
            "-device", "i6300esb", "-action", "watchdog=reset"]

    def _hardware(self):
        arguments = self._base()
        for number, _ in enumerate(self.disk.images):
            arguments += [
                "-drive", f"file={self._overlay(number)},format=qcow2,"
                f"if=virtio,cache=unsafe,id=d{number}"]
        return arguments

    def _asked(self, line):
        answer = self._hmp(line).strip()
        if answer:
            raise LabError(f"{line}: {answer}")

    def stall(self, number, stalled):
        """Has reads of a disk take for ever, or no longer. (A byte a second;
        the first is for nothing.)"""
        rates = {name: 0 for name in ("bps", "bps_wr", "iops", "iops_rd",
                                      "iops_wr")}
        self.monitor.execute("block_set_io_throttle", device=f"d{number}",
                             bps_rd=int(stalled), **rates)

    def save(self, name):
        """Keeps the machine as it is now: memory, devices, disks."""
        self._asked(f"savevm {name}")

    def restore(self, name):
        """Puts the machine back to where it was, whatever became of it."""
        self._asked(f"loadvm {name}")
        self.monitor.forget("RESET")
        self.ttyS0.skip()
        self.ttyS1.skip()


class SetupVM(DiskVM):
    """The machine in which the layers of storage are made, on the raw disks
    themselves. It turns itself off."""

    def __init__(self, raw):
        super().__init__("disk-setup", None, screen=False, words="setup",
                         memory_mib=512, limit=300)
        self._raw = raw

    def start(self):
        VM.start(self)

    def _hardware(self):
        arguments = self._base()
        for disk in self._raw:
            arguments += ["-drive", f"file={disk},format=raw,if=virtio,"
                                    "cache=unsafe"]
        return arguments
