# SPDX-License-Identifier: MIT
"""Load and return again and again: the memory stays where it was. The long
form is bench/cycles."""

import os
import sys

from lab import images
from lab.setups import Lab
from lab.tap import Scenario, check

BUSYBOX = int(os.environ.get("BOOMERANG_CYCLES_BUSYBOX", "12"))
SQUASHFS = int(os.environ.get("BOOMERANG_CYCLES_SQUASHFS", "2"))

SCENARIO = Scenario("cycles", lambda: Lab(
    "cycles", memory_mib=1024,
    limit=300 + 10 * BUSYBOX + 120 * SQUASHFS))


def _cycle(lab, image, pattern, count, timeout):
    """Cycles after a first one, which brings modules and caches in for
    good; the available memory stays within 1 %."""
    first = None
    for number in range(count + 1):
        lab.boot.load(lab.url(image), pattern, timeout)
        took, status = lab.boot.return_by(lab.boot.hotkey)
        memory = lab.boot.memory()
        first = first or memory
        print(f"# {image.name} {number}: return {took * 1000:.0f} ms "
              f"({status['last_return']['ms']} by its own clock), "
              f"{memory >> 10} KiB available", flush=True)
        check(abs(memory - first) < first / 100,
              f"cycle {number}: {memory >> 10} KiB available, "
              f"{first >> 10} after the first")


@SCENARIO.case(f"{BUSYBOX} cycles of busybox within 1 % of memory")
def busybox(lab):
    _cycle(lab, images.busybox(), r"^busybox image: up$", BUSYBOX, 60)


@SCENARIO.case(f"{SQUASHFS} cycles of systemd in a squashfs within 1 % of "
               "memory")
def squashfs(lab):
    _cycle(lab, images.systemd("squashfs"), r"^debsys login: ", SQUASHFS, 240)


if __name__ == "__main__":
    sys.exit(SCENARIO.main())
