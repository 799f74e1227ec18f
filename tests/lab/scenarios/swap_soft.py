# SPDX-License-Identifier: MIT
"""`boomerang swap --method soft-reboot`, which takes systemd 254 or later:
Debian 13, into an image of the same packages."""

import sys
import time

from lab import disks, images
from lab.swaplab import BOOT_SECONDS, SwapLab
from lab.tap import Scenario, check


def _ready(lab):
    lab.ssh.wait(BOOT_SECONDS)
    lab.install()


SCENARIO = Scenario("swap of Debian 13 by a soft-reboot",
                    lambda: SwapLab("swap-soft", disks.trixie, _ready,
                                    memory_mib=1024, limit=600))


@SCENARIO.case("into Debian with systemd: the same SSH host key, all disks "
               "free, the dead-man timer waits and is confirmed")
def soft(lab):
    lab.begin()
    image = images.converted("disktrixie", disks.trixie_tar(), "squashfs")
    start = time.monotonic()
    lab.swap("--method soft-reboot --keep-ssh --hostname swapped "
             f"--watchdog 600 {lab.url(image)}", BOOT_SECONDS)
    lab.ssh.wait(BOOT_SECONDS, "test $(hostname) = swapped")
    print(f"# {time.monotonic() - start:.1f} s to SSH in the new system")
    lab.ssh.check("mkdir -p /lab && cat > /lab/exclusive && "
                  "chmod +x /lab/exclusive", stdin=images.compile_helper(
                      "exclusive").read_bytes())
    lab.released(lab.ssh.check, "vda", "vdb")
    root = lab.ssh.check("findmnt -n -o FSTYPE /").strip()
    check(root == "overlay", f"/ is {root}")
    text = lab.ssh.check("boomerang swap --confirm")
    check("confirmed" in text, f"swap --confirm: {text!r}")


if __name__ == "__main__":
    sys.exit(SCENARIO.main())
