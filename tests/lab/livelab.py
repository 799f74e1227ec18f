# SPDX-License-Identifier: MIT
"""What the scenarios of `boomerang boot` share: a machine at the bootstrap's
prompt, without any disk, and ISOs on a server."""

import filecmp
import hashlib
import re
import time

from . import images
from .guest import PROMPT, Shell, login
from .setups import Lab
from .tap import check, equal

# Under emulation a kernel, its initrd and systemd need up to that long.
LOGIN_SECONDS = 300

# From a kernel to the bootstrap's prompt, without firmware.
RETURN_SECONDS = 120

# The most that is in use besides the ISO, the bootstrap itself included: 300 MB.
MEMORY_KIB = 300 * 1000 * 1000 >> 10

# Without this a live system has the bootstrap's consoles, of which the kernel
# takes one serial line only: the other.
ON_CONSOLE = "--append console=ttyS0,115200"

_TAKEN_OUT = re.compile(r"memmap=\d+[KMG]?!(0x[0-9a-f]+)")
_SAMPLED = re.compile(r"^used (\d+) kB kept (\d+) kB$", re.MULTILINE)


def wait_login(console, host):
    """Logs in as soon as the live system lets one; a prompt of the bootstrap
    is one of its failures."""
    index, match = console.expect_any([rf"^{host} login: ", PROMPT],
                                      LOGIN_SECONDS)
    check(index == 0, f"boot: {match.before.strip()[-800:]}")
    # The prompt is there already.
    console.cursor = console.text.rindex(f"{host} login: ")
    return login(console, host)


def right_digest(iso):
    """The ISO's own."""
    with open(iso, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def wrong_digest(iso):
    """The option that demands another."""
    right = right_digest(iso)
    return f"--sha256 {'1' if right[0] == '0' else '0'}{right[1:]}"


# -- Debian's installer -------------------------------------------------------

def installer_asks(console):
    """Waits for its first question."""
    console.expect(r"Choose language|Select a language", LOGIN_SECONDS)


def installer_shell(console):
    """The shell that screen(1) has in its second window."""
    console.skip()
    console.send("\x012")
    shell = Shell(console, r"# ")
    shell.ready()
    return shell


# -- the machine --------------------------------------------------------------

class LiveLab(Lab):
    """A machine at the bootstrap's prompt."""

    def __init__(self, name, arguments="", **options):
        super().__init__(name, arguments, booted=False, **{
            "memory_mib": 1536, "limit": 1200, **options})

    def __enter__(self):
        super().__enter__()
        try:
            self.boot_seconds = self.boot.booted()
        except BaseException as error:
            self.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    @property
    def console(self):
        """The main one."""
        return self.vm.ttyS0

    def start(self, reference, arguments=""):
        """Types the command, and waits for nothing."""
        self.console.skip()
        self.console.line(f"boot {arguments} {reference}")

    def login(self, reference, host, arguments=""):
        """From the prompt into the live system; returns its shell."""
        start = time.monotonic()
        self.start(reference, arguments)
        shell = wait_login(self.console, host)
        print(f"# {time.monotonic() - start:.1f} s to a login in {host}",
              flush=True)
        return shell

    def refused(self, pattern, arguments, timeout=120):
        """A command that must end with a line that says why, and does
        nothing; returns what it said."""
        text = self.boot.command(f"boot {arguments}", timeout)
        # What shows the progress is wiped out by blanks.
        lines = [line for line in re.split(r"\n| {8,}", text)
                 if re.search(pattern, line)]
        check(lines, f"boot {arguments}: no {pattern!r} in {text!r}")
        check(len(lines[0]) < 320, f"too long for one line: {lines[0]!r}")
        return text

    def returned(self, how):
        """Calls how(), which is to lead back to the prompt; the seconds."""
        self.console.skip()
        self.vm.ttyS1.skip()
        start = time.monotonic()
        how()
        took = self.boot.returned(start, RETURN_SECONDS)
        self.vm.ttyS1.expect(PROMPT, 20)
        equal(self.boot.status()["phase"], "bootstrap", "phase")
        print(f"# {took:.1f} s back to the prompt", flush=True)
        return took

    # -- what is in memory ------------------------------------------------

    def holds(self, iso):
        """The memory that was last set apart has, byte for byte, the ISO that
        was served; the machine itself is not asked."""
        start = int(_TAKEN_OUT.findall(self.console.text)[-1], 16)
        copy = self.work / "memory"
        self.vm.monitor.execute("pmemsave", val=start,
                                size=iso.stat().st_size, filename=str(copy))
        same = filecmp.cmp(copy, iso, shallow=False)
        copy.unlink()
        check(same, f"what is at {start:#x} is not {iso.name}")

    def sent(self, iso):
        """How many bytes of it went out."""
        return self.http.bytes[iso.name]

    def watch_memory(self):
        """Has the other console print how much memory is used at most, until
        its kernel ends."""
        console = self.vm.ttyS1
        console.line("shell")
        shell = Shell(console)
        shell.ready()
        url = self.url(images.compile_helper("memory"))
        shell.start(f"cd /tmp; until wget -q {url} -O memory; do sleep 0.2; "
                    "done; chmod +x memory; exec ./memory")
        console.expect(r"^used \d+ kB", 60)

    def check_memory(self, since, iso):
        """The most that was in use at any time since the cursor of ttyS1 was
        there, with what is set apart, is not much more than the ISO."""
        size = iso.stat().st_size >> 10
        seen = [(int(used), int(kept)) for used, kept in
                _SAMPLED.findall(self.vm.ttyS1.text[since:])]
        check(len(seen) > 1, f"only {len(seen)} samples")
        most = max(used + kept for used, kept in seen)
        print(f"# at most {most >> 10} MiB, {(most - size) >> 10} more than "
              f"the ISO; {seen[0][0] >> 10} at first, {seen[-1][1] >> 10} set "
              "apart", flush=True)
        check(most - size <= MEMORY_KIB, f"{most} KiB with an ISO of {size}")


def only_memory(shell, medium):
    """The live system has its medium, mounted at medium, from the memory
    that was kept, and there is no other disk."""
    source = shell.check(f"findmnt -n -o SOURCE {medium}").strip()
    check(re.fullmatch(r"/dev/pmem0(p1)?", source),
          f"{medium} is from {source}")
    disks = shell.check("ls /sys/block").split()
    others = [disk for disk in disks
              if not re.match(r"(pmem0|loop\d+|dm-\d+)$", disk)]
    check(not others, f"there are other disks: {others}")


def backing(shell, path):
    """Some loop device of the live system is on this file."""
    files = shell.check("cat /sys/block/loop*/loop/backing_file").split("\n")
    check(any(file.strip().endswith(path) for file in files),
          f"no loop device is on {path}, but on {files}")
