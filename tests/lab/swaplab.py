# SPDX-License-Identifier: MIT
"""What the scenarios of `boomerang swap` share: a machine that runs from its
disk, with boomerang on it, put back to that for each case."""

import difflib
import os
import shutil
import socket
import subprocess
import tarfile
import time
from pathlib import Path

from . import images
from .cache import CACHE
from .console import LabError
from .diskvm import DiskVM
from .registry import Layout, Registry
from .server import Server
from .tap import check, equal
from .vm import OUT, ROOT, WORK

BUILD = Path(os.environ.get("BUILD", ROOT / "build"))

# On the disk of a machine the system needs that long to its SSH server.
BOOT_SECONDS = 150

# A service that does not stop is killed after 90 s, and all the rest is work,
# on a machine that may be emulated beside others.
SWAP_SECONDS = 240

_BASE = "running"


# -- what the machine gets ----------------------------------------------------

def _libraries(program):
    """Where this machine has the shared libraries of a program."""
    text = subprocess.run(["ldd", program], check=True, text=True,
                          capture_output=True).stdout
    return sorted({word for word in text.split() if word.startswith("/")})


def program_archive(where, libraries):
    """boomerang as it was built, as an archive for /. libraries: with those,
    too, for a system that has none."""
    path = where / "boomerang.tar.gz"
    with tarfile.open(path, "w:gz", compresslevel=1,
                      dereference=True) as archive:
        for name, place in (("boomerang", "usr/bin/boomerang"),
                            ("boomerang-init", "usr/sbin/boomerang-init")):
            stripped = where / name
            subprocess.run(["strip", "-o", stripped, BUILD / name],
                           check=True)
            archive.add(stripped, place)
        for name in ("exclusive", "stuck"):
            archive.add(images.compile_helper(name), f"lab/{name}")
        if libraries:
            for library in _libraries(BUILD / "boomerang"):
                archive.add(library, library.lstrip("/"))
    return path


# -- what a running system looks like -----------------------------------------

# Everything that a swap touches before its point of no return. Times, process
# ids and what comes and goes by itself are left out.
_STATE = {
    "PID 1": "grep -E '^(Name|TracerPid|SigQ|SigBlk|SigIgn|SigCgt|Cap|NoNew|"
             "Seccomp)' /proc/1/status | grep -v SigQ; readlink /proc/1/exe",
    "swap": "while read -r name type size used priority; do "
            "echo $name $type $size $priority; done < /proc/swaps",
    "mounts": "ls /proc/sys/fs/binfmt_misc > /dev/null; "
              "cut -d' ' -f3- /proc/1/mountinfo | sed 's/master:.*//' | sort",
    "files": "find /etc /root /srv /data /lab /tmp /run -xdev "
             "-path /run/systemd -prune -o -path /run/udev -prune -o "
             "-path /run/log -prune -o -print | sort",
    "network": "ip -o addr | sed 's/scope.*//'; ip route; ip rule; "
               "cat /etc/resolv.conf 2>/dev/null",
    "watchdog": "cat /sys/class/watchdog/*/state",
    "disks": "ls -l /sys/class/block | sed 's/.* //'; "
             "cat /proc/mdstat 2>/dev/null",
}
_SYSTEMD_STATE = {
    "systemd": "systemctl is-system-running",
    "units": "systemctl list-units --all --plain --no-legend "
             "--type=service,socket,target,timer,automount,swap,mount | "
             "grep -vE '@|user-runtime|fsckd|tmpfiles-clean|binfmt' | "
             "while read -r unit load active rest; do "
             "echo $unit $active; done | sort",
    "binfmt": "cat /proc/sys/fs/binfmt_misc/lab",
}


def state(run, systemd=True):
    """What is so now, by what it is about. run: runs a command, and returns
    what it prints."""
    questions = {**_STATE, **(_SYSTEMD_STATE if systemd else {})}
    text = run("; ".join([*(f"echo '== {name}'; {{ {command}; }} 2>&1"
                            for name, command in questions.items()), "true"]))
    parts = text.split("== ")[1:]
    return dict(part.split("\n", 1) for part in parts)


def same(before, after):
    """Fails unless the state is what it was."""
    for name, old in before.items():
        if after.get(name) != old:
            lines = difflib.unified_diff(
                old.splitlines(), after.get(name, "").splitlines(),
                "before", "after", lineterm="", n=0)
            raise LabError(f"{name} is not as before:\n" + "\n".join(lines))


# -- images -------------------------------------------------------------------

_RUN = """\
#!/bin/sh
echo "arguments: $# [$1] [$2]"
echo "environment: $COLOUR"
echo "process: $$"
cat /.boomerang/report
echo "box: up"
export PS1='target# '
exec sh
"""


def box(where):
    """A Layout of the busybox image whose Entrypoint is a program."""
    shutil.rmtree(where, ignore_errors=True)
    layout = Layout(where)
    layout.add_layer(images.busybox_members)

    def change(archive):
        images.add(archive, "app/run", _RUN, mode=0o755)
        images.add(archive, "etc/.wh.inittab")
        images.add(archive, "sbin/.wh.init")
    layout.add_layer(change)
    layout.finish({"Entrypoint": ["run", "one two"], "Cmd": ["three"],
                   "Env": ["PATH=/bin:/app", "COLOUR=light blue"]})
    return layout


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# -- the machine --------------------------------------------------------------

class SwapLab:
    """A machine on its disk, and a server and a registry of images.

    make_disk: one of disks, ready: what to wait for (called with the lab),
    libraries: the disk has none; more as for DiskVM.
    """

    def __init__(self, name, make_disk, ready, libraries=False, **vm):
        self._name = name
        self._make_disk = make_disk
        self._ready = ready
        self._libraries = libraries
        self._options = vm
        self.work = WORK / name
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        CACHE.mkdir(parents=True, exist_ok=True)
        self.http = Server(CACHE, self.work, OUT, log=self.work / "http.log")
        self.registry = Registry(self.work, _free_port())
        self.box = None
        self.vm = None
        self.shell = None

    def __enter__(self):
        self.http.__enter__()
        self.registry.__enter__()
        try:
            self.box = self.registry.push(box(self.work / "box"), "lab/box:1")
            self.archive = program_archive(self.work, self._libraries)
            self.vm = DiskVM(self._name, self._make_disk(), **self._options)
            start = time.monotonic()
            self.vm.start()
            self._ready(self)
            took = time.monotonic() - start
            print(f"# {took:.1f} s from power-on", flush=True)
            self.vm.save(_BASE)
        except BaseException as error:
            self.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def __exit__(self, kind, value, traceback):
        if self.vm:
            self.vm.__exit__(kind, value, traceback)
        self.registry.__exit__()
        self.http.__exit__(kind, value, traceback)

    @property
    def ssh(self):
        """root's login."""
        return self.vm.ssh

    @property
    def console(self):
        """The main one."""
        return self.vm.ttyS0

    def begin(self):
        """The machine as it was when its system had booted."""
        self.vm.restore(_BASE)
        if self.ssh:
            # Connections that the user network still forwards end first.
            self.ssh.wait(30)

    def url(self, path, query=""):
        """Where the guest finds a file of the cache, by HTTP."""
        return self.http.url(path.name, query)

    def install(self):
        """Brings boomerang to a machine that has an SSH server."""
        self.ssh.check("tar -xz -C / && sync",
                       stdin=self.archive.read_bytes())

    # -- swaps ------------------------------------------------------------

    def swap(self, arguments, timeout=SWAP_SECONDS):
        """Has the system replaced, as by a person who is logged in by SSH.
        Returns what was said until the connection was cut."""
        self.console.skip()
        start = time.monotonic()
        status, text = self.ssh.run(f"boomerang swap --yes {arguments}",
                                    timeout)
        print(f"# {time.monotonic() - start:.1f} s until it was cut off",
              flush=True)
        # 255 is ssh's own, for a connection that was cut.
        check(status in (0, 255), f"exit status {status} of {text!r}")
        check("taking over PID 1" in text or "shutting down" in text or
              "rebooting" in text, f"swap: {text!r}")
        return text

    def released(self, shell, *disks):
        """All of them are nobody's in the new system, and it was said so."""
        report = shell("cat /.boomerang/report")
        for disk in disks:
            check(f"storage: {disk} released" in report,
                  f"{disk} is not in the report: {report!r}")
        check("NOT" not in report, f"report: {report!r}")
        shell("/lab/exclusive " + " ".join(f"/dev/{disk}" for disk in disks))

    def rebooted(self, timeout=BOOT_SECONDS):
        """Waits until the machine came back to the system on its disk."""
        self.vm.wait_reset(timeout)
        root = self.ssh.wait(timeout, "findmnt -n -o SOURCE /").strip()
        equal(root, "/dev/vda2", "the root after the reboot")
