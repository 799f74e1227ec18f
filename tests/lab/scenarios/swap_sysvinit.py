# SPDX-License-Identifier: MIT
"""`boomerang swap` of Debian with sysvinit, into the busybox image."""

import sys

from lab import disks, images
from lab.guest import Shell
from lab.swaplab import BOOT_SECONDS, SWAP_SECONDS, SwapLab, same, state
from lab.tap import Scenario, check

# The image has no SSH server.
ALONE = "--watchdog 900"


def _ready(lab):
    lab.ssh.wait(BOOT_SECONDS)
    # SSH logins work before init has come to its end.
    lab.ssh.wait(60, "runlevel | grep -q 'N 2' && pgrep getty")
    lab.install()


SCENARIO = Scenario("swap of Debian with sysvinit",
                    lambda: SwapLab("swap-sysvinit", disks.sysvinit, _ready,
                                    memory_mib=768, limit=600))


@SCENARIO.case("a swap that fails late leaves no trace")
def fails(lab):
    lab.begin()
    before = state(lab.ssh.check, systemd=False)
    race = ("(until [ -e /run/boomerang/swap/tree/.boomerang/init ]; do "
            "sleep 0.02; done; rm /run/boomerang/swap/tree/.boomerang/init) "
            ">/dev/null 2>&1 & ")
    status, text = lab.ssh.run(
        f"{race} boomerang swap --yes {ALONE} {lab.url(images.busybox())}", 120)
    check(status not in (0, 255), f"exit status {status} of {text!r}")
    check("PID 1" in text, f"it said {text!r}")
    same(before, state(lab.ssh.check, systemd=False))


@SCENARIO.case("by ptrace into the busybox image: disks and network are its "
               "own, a reboot ends on the disk")
def swap(lab):
    lab.begin()
    lab.swap(f"{ALONE} {lab.url(images.busybox())}")
    lab.console.expect(r"^busybox image: up$", SWAP_SECONDS)
    shell = Shell(lab.console, r"target# $")
    shell.ready()
    lab.released(shell.check, "vda")
    shell.check(f"wget -q -O /dev/null {lab.url(images.busybox())}")
    shell.start("reboot")
    lab.rebooted()


if __name__ == "__main__":
    sys.exit(SCENARIO.main())
