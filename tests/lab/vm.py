# SPDX-License-Identifier: MIT
"""A virtual machine that boots over the network like a real one.

SeaBIOS starts QEMU's iPXE ROM, which gets an address and boot.ipxe from
QEMU's user network (its own DHCP and TFTP servers, no root needed): the way
of a BIOS machine with iPXE in a PXE server's network. Everything after that is driven
over two serial consoles and the monitor.

The machine is paused until all three are connected, so not a byte of its
output is lost. It is killed when its time is over, when this process dies,
and at the end of the with block; by its process id only.
"""

import os
import re
import shlex
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from . import accel
from .console import Console, LabError
from .qmp import Qmp

ROOT = Path(__file__).resolve().parents[2]
WORK = Path(os.environ.get("BOOMERANG_LAB_WORK", ROOT / "build" / "lab"))
OUT = Path(os.environ.get("BOOMERANG_OUT", ROOT / "out"))

# Where the guest finds a server of this machine.
HOST = "10.0.2.2"

# The last console= belongs to the target while one runs; on the others the
# bootstrap's prompt stays. The kernel prints on the first of the serial lines
# only (it has one console of a kind), which keeps ttyS0 clean. nomodeset: the
# screen stays in VGA text mode, in which it can be read.
CONSOLES = "console=tty0 console=ttyS1 console=ttyS0,115200 nomodeset"

_TEXT_ROWS, _TEXT_COLUMNS = 25, 80
_VGA_TEXT, _VGA_TEXT_SIZE = 0xb8000, 0x8000

_SHIFTED = dict(zip('~!@#$%^&*()_+{}|:"<>?', "`1234567890-=[]\\;',./"))
_QCODES = {
    "`": "grave_accent", "-": "minus", "=": "equal", "[": "bracket_left",
    "]": "bracket_right", "\\": "backslash", ";": "semicolon",
    "'": "apostrophe", ",": "comma", ".": "dot", "/": "slash", " ": "spc",
    "\n": "ret", "\t": "tab",
}


def _link_or_copy(source, target):
    """Neither is a symlink, which may not lead out of a served directory."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def boot_directory(where, out, arguments="", consoles=CONSOLES):
    """A directory that boots what out/ holds with other arguments.

    All files are out's own but for the kernel command line, in boot.ipxe and
    in cmdline: its console= words are replaced, arguments put behind it.
    """
    shutil.rmtree(where, ignore_errors=True)
    shutil.copytree(out, where, copy_function=_link_or_copy,
                    ignore=shutil.ignore_patterns("boot.ipxe", "cmdline"))
    script = (out / "boot.ipxe").read_text().splitlines()
    kernels = [i for i, line in enumerate(script)
               if line.startswith("kernel ")]
    if len(kernels) != 1:
        raise LabError(f"{out}/boot.ipxe: {len(kernels)} kernel lines, not "
                       "one")
    words = [word for word in script[kernels[0]].split()
             if not word.startswith(("console=", "${"))]
    words += [consoles, arguments]
    script[kernels[0]] = " ".join(words).rstrip()
    (where / "boot.ipxe").write_text("\n".join(script) + "\n")
    # But for "kernel", the file's name and what only loaders need.
    words = [word for word in words[2:] if not word.startswith("initrd=")]
    (where / "cmdline").write_text(" ".join(words).rstrip() + "\n")
    return where


class VM:
    """A machine; a context manager that starts and ends it.

    name: of its directory of logs, boot: the directory that is served by
    TFTP, memory_mib: its RAM, limit: seconds until it is killed, whatever
    it does, network: more options for the user network ("hostfwd=…").

    One processor, unless it is what a case is about: under emulation a second
    one takes from the host about as much as it gives.
    """

    def __init__(self, name, boot=OUT, memory_mib=1536, limit=600,
                 network="", processors=1, restrict=False):
        self.name = name
        self.work = WORK / name
        self.boot = Path(boot)
        self.memory_mib = memory_mib
        self.limit = limit
        self.network = network
        self.processors = processors
        self.restrict = restrict
        self.started = None
        self._process = None
        self._killer = None
        self._timed_out = False

    # -- life ----------------------------------------------------------------

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, value, traceback):
        if kind is not None:
            self.save_screen("failure")
        self.kill()
        return False

    def _speed(self):
        use = accel.choose(str(OUT / "vmlinuz"))
        return (["-accel", "kvm", "-cpu", "host"] if use == "kvm" else
                ["-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max"])

    def _hardware(self):
        """The program and its arguments but for consoles and monitor."""
        user = (f"user,id=n0,tftp={self.boot},bootfile=boot.ipxe"
                + (",restrict=on" if self.restrict else "")
                + ("," + self.network if self.network else ""))
        return ["qemu-system-x86_64", *self._speed(), "-machine", "pc",
                "-vga", "std", "-boot", "n", "-device", "qemu-xhci,id=usb",
                "-netdev", user, "-device", "virtio-net-pci,netdev=n0"]

    def _hardware_fds(self):
        """The descriptors that _hardware() speaks of."""
        return []

    def _arguments(self, descriptors):
        arguments = self._hardware() + [
            "-name", self.name, "-smp", str(self.processors),
            "-m", str(self.memory_mib), "-nodefaults", "-no-user-config",
            "-display", "none", "-S"]
        for name, descriptor in descriptors.items():
            arguments += ["-chardev", f"socket,id={name},fd={descriptor}"]
        return arguments + ["-serial", "chardev:ttyS0",
                            "-serial", "chardev:ttyS1",
                            "-mon", "chardev=monitor,mode=control"]

    def start(self):
        """Turns the machine on."""
        self.work.mkdir(parents=True, exist_ok=True)
        pairs = {name: socket.socketpair()
                 for name in ("ttyS0", "ttyS1", "monitor")}
        theirs = {name: pair[1].fileno() for name, pair in pairs.items()}
        arguments = self._arguments(theirs)
        (self.work / "command").write_text(shlex.join(arguments) + "\n")
        with open(self.work / "qemu.log", "wb") as log:
            self._process = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                pass_fds=[*theirs.values(), *self._hardware_fds()],
                preexec_fn=accel.die_with_parent)
        for pair in pairs.values():
            pair[1].close()
        self.ttyS0 = Console("ttyS0", pairs["ttyS0"][0],
                             self.work / "ttyS0.log")
        self.ttyS1 = Console("ttyS1", pairs["ttyS1"][0],
                             self.work / "ttyS1.log")
        self._killer = threading.Timer(self.limit, self._time_is_over)
        self._killer.daemon = True
        self._killer.start()
        try:
            self.monitor = Qmp(pairs["monitor"][0])
        except (LabError, ValueError, OSError) as error:
            self._process.kill()
            self._process.wait()
            text = (self.work / "qemu.log").read_text(errors="replace")
            raise LabError(f"QEMU did not start: {text or error}") from error
        self.started = time.monotonic()
        self.monitor.execute("cont")

    def _time_is_over(self):
        self._timed_out = True
        for console in (self.ttyS0, self.ttyS1):
            console.end(f"its time of {self.limit} s is over")
        self._process.kill()

    def kill(self):
        """Ends the machine at once, in whatever state it is."""
        if not self._process:
            return
        self._killer.cancel()
        self._process.kill()
        self._process.wait()
        for part in (self.ttyS0, self.ttyS1, self.monitor):
            part.close()
        self._process = None

    def reset(self):
        """Presses the reset button: firmware, PXE and all."""
        self.monitor.execute("system_reset")

    def wait_off(self, timeout):
        """Waits until the machine turned itself off."""
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired as error:
            raise LabError(f"still on after {timeout} s") from error
        if self._timed_out:
            raise LabError(f"its time of {self.limit} s is over")
        if self._process.returncode:
            raise LabError(f"QEMU ended with {self._process.returncode}")

    def wait_reset(self, timeout):
        """Waits until the machine reset itself."""
        self.monitor.event("RESET", timeout)

    @property
    def fatal(self):
        """The first line no console may ever print, or None."""
        return self.ttyS0.fatal or self.ttyS1.fatal

    # -- keyboard, screen, devices -------------------------------------------

    def keys(self, *names):
        """Presses keys together, by QEMU's key names: "ctrl", "alt", "f12"."""
        self.monitor.execute(
            "send-key", keys=[{"type": "qcode", "data": n} for n in names])

    def type(self, text):
        """Types text on the keyboard (US layout)."""
        for char in text:
            names = []
            if char in _SHIFTED or char.isupper():
                names.append("shift")
                char = _SHIFTED.get(char, char.lower())
            self.keys(*names, _QCODES.get(char, char))

    def plug_keyboard(self, name):
        """Plugs in a USB keyboard; what is typed comes from it then."""
        self.monitor.execute("device_add", driver="usb-kbd", bus="usb.0",
                             id=name)

    def unplug(self, name):
        """Pulls a device out."""
        self.monitor.execute("device_del", id=name)
        self.monitor.event("DEVICE_DELETED", 10)

    def _hmp(self, line):
        return self.monitor.execute("human-monitor-command",
                                    **{"command-line": line})

    def screen(self):
        """The text on the screen (VGA text mode), a string a row."""
        start = 0
        for register in (0x0c, 0x0d):
            self._hmp(f"o /1b 0x3d4 {register}")
            answer = self._hmp("i /1bx 0x3d5")
            start = start << 8 | int(answer.split("=")[1], 16)
        with tempfile.NamedTemporaryFile(dir=self.work) as dump:
            self.monitor.execute("pmemsave", val=_VGA_TEXT,
                                 size=_VGA_TEXT_SIZE, filename=dump.name)
            cells = dump.read()[::2]
        text = (cells[start:] + cells[:start]).decode("cp437")
        return [text[row * _TEXT_COLUMNS:(row + 1) * _TEXT_COLUMNS].rstrip()
                for row in range(_TEXT_ROWS)]

    def expect_screen(self, pattern, timeout):
        """Waits until a row of the screen matches; returns the match.

        The screen cannot tell when it changes, so it is looked at again
        and again."""
        wanted = re.compile(pattern)
        deadline = time.monotonic() + timeout
        while True:
            rows = self.screen()
            for row in rows:
                match = wanted.search(row)
                if match:
                    return match
            if time.monotonic() > deadline:
                shown = "\n".join("    | " + row for row in rows if row)
                raise LabError(f"screen: no {pattern!r} in {timeout:g} s:\n"
                               f"{shown}")
            time.sleep(0.1)

    def save_screen(self, name):
        """Writes what the screen shows to NAME.png among the logs."""
        try:
            self.monitor.execute("screendump", format="png",
                                 filename=str(self.work / f"{name}.png"))
        except (LabError, OSError, AttributeError):
            pass  # the machine is gone: there is no screen
