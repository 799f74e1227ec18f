# SPDX-License-Identifier: MIT
"""`boomerang swap` of a machine with 512 MB, a serial line and nothing else to
talk to: busybox's init. And what happens when the new system is not what was
hoped for: the dead-man timer, and a release that hangs."""

import sys
import time

from lab import disks, images
from lab.guest import Shell
from lab.swaplab import SWAP_SECONDS, SwapLab, same, state
from lab.tap import Scenario, check

WATCHDOG_SECONDS = 30
UP = r"^diskbusy: up$"


def _ready(lab):
    lab.console.expect(UP, 120)
    shell = _disk_shell(lab)
    lab.http.directories.append(lab.archive.parent)
    shell.check(f"wget -q -O - {lab.http.url(lab.archive.name)} | "
                "tar -xz -C / && sync", 120)


SCENARIO = Scenario("swap of a small machine with busybox",
                    lambda: SwapLab("swap-busybox", disks.busybox, _ready,
                                    libraries=True, memory_mib=512,
                                    screen=False, limit=600))


def _disk_shell(lab):
    shell = Shell(lab.console, r"disk# $")
    shell.ready()
    return shell


def _begin(lab):
    lab.begin()
    # It is restored to where it had just printed its prompt.
    return Shell(lab.console, r"disk# $")


def _swap(lab, shell, arguments):
    """Types it; returns the shell of the busybox image."""
    shell.start(f"boomerang swap --yes {arguments}")
    lab.console.expect(r"^busybox image: up$", SWAP_SECONDS)
    shell = Shell(lab.console, r"target# $")
    shell.ready()
    return shell


@SCENARIO.case("a swap that fails late leaves no trace")
def fails(lab):
    shell = _begin(lab)
    before = state(shell.check, systemd=False)
    race = ("(until [ -e /run/boomerang/swap/tree/.boomerang/init ]; do "
            "usleep 20000; done; rm /run/boomerang/swap/tree/.boomerang/init) "
            ">/dev/null 2>&1 & ")
    status, text = shell.run(
        f"{race} boomerang swap --yes {lab.url(images.busybox())}", 120)
    check(status != 0, f"exit status {status} of {text!r}")
    check("PID 1" in text, f"it said {text!r}")
    same(before, state(shell.check, systemd=False))


@SCENARIO.case("by ptrace: the disk and the network are the new system's, a "
               "reboot ends on the disk")
def swap(lab):
    shell = _swap(lab, _begin(lab), lab.url(images.busybox()))
    lab.released(shell.check, "vda")
    shell.check(f"wget -q -O /dev/null {lab.url(images.busybox())}")
    shell.start("reboot")
    lab.vm.wait_reset(60)
    lab.console.expect(UP, 60)


@SCENARIO.case("the dead-man timer reboots into the disk")
def fires(lab):
    _swap(lab, _begin(lab),
          f"--watchdog {WATCHDOG_SECONDS} {lab.url(images.busybox())}")
    start = time.monotonic()
    lab.vm.wait_reset(WATCHDOG_SECONDS + 30)
    took = time.monotonic() - start
    check(took > WATCHDOG_SECONDS - 10, f"it came after {took:.1f} s")
    lab.console.expect(UP, 60)


@SCENARIO.case("the dead-man timer does not, once the swap is confirmed")
def confirmed(lab):
    shell = _swap(lab, _begin(lab),
                  f"--watchdog {WATCHDOG_SECONDS} {lab.url(images.busybox())}")
    shell.check("/.boomerang/init swap --confirm")
    lab.console.quiet(UP, WATCHDOG_SECONDS + 10)
    shell.check("true")


@SCENARIO.case("a frozen file system, and who waits for it, hold nothing up")
def frozen(lab):
    shell = _begin(lab)
    shell.check("fsfreeze --freeze /mnt/loop")
    shell.start("(touch /mnt/loop/never &) 2>/dev/null")
    shell.ready()
    shell = _swap(lab, shell, lab.url(images.busybox()))
    lab.released(shell.check, "vda")


@SCENARIO.case("a process that cannot be killed, as its disk does not answer: "
               "announced, and a reboot into the disk")
def hangs(lab):
    shell = _begin(lab)
    url = lab.url(images.busybox())
    # What it needs of the disk is in memory after this.
    shell.check(f"boomerang swap --dry-run {url}", 60)
    lab.vm.stall(0, True)
    shell.start("(/lab/stuck /dev/vda &)")
    shell.ready()
    # With what the shell has in it: other programs need the disk.
    shell.check("until [ \"$hung\" ]; do for process in /proc/[0-9]*; do "
                "read pid name state more < $process/stat && "
                "[ $state = D ] && hung=$pid; done 2>/dev/null; done; true")
    shell.start(f"boomerang swap --yes {url}")
    lab.console.expect(r"boomerang: this system ends now", 60)
    lab.console.expect(r"^boomerang: .*failed: .*", 120)
    lab.console.expect(r"^boomerang: rebooting into the disk", 10)
    lab.vm.wait_reset(60)
    lab.vm.stall(0, False)
    lab.console.expect(UP, 60)


if __name__ == "__main__":
    sys.exit(SCENARIO.main())
