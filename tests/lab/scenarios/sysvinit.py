# SPDX-License-Identifier: MIT
"""Debian with sysvinit: the same, with the init of another age."""

import sys

from lab import images
from lab.guest import login
from lab.setups import Lab
from lab.tap import Scenario, equal

SCENARIO = Scenario("Debian with sysvinit",
                    lambda: Lab("sysvinit", memory_mib=1024, limit=600))


def _load(lab):
    lab.boot.load(lab.url(images.sysvinit("tar.gz")), r"^debsysv login: ", 240)
    lab.vm.ttyS0.cursor = lab.vm.ttyS0.text.rindex("debsysv login: ")
    return login(lab.vm.ttyS0, "debsysv")


@SCENARIO.case("tar.gz: init is PID 1 in runlevel 2, login on ttyS0")
def runs(lab):
    shell = _load(lab)
    equal(shell.check("cat /proc/1/comm").strip(), "init", "PID 1")
    shell.check("runlevel | grep -q 'N 2'")
    lab.vm.expect_screen(r"^debsysv login:", 60)
    lab.boot.return_by(lab.boot.magic)


@SCENARIO.case("halt in the target returns")
def halt(lab):
    shell = _load(lab)
    lab.boot.return_by(lambda: shell.start("halt"), 120)


if __name__ == "__main__":
    sys.exit(SCENARIO.main())
