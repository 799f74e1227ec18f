# SPDX-License-Identifier: MIT
"""`boomerang boot` of a live system of dracut, Fedora's way: its root is a
file system within the squashfs; with the ISO in memory and in the initrd."""

import sys

from lab import isos
from lab.livelab import ON_CONSOLE, LiveLab, backing, only_memory
from lab.tap import Scenario, check, equal

SCENARIO = Scenario("live ISO of dracut",
                    lambda: LiveLab("live_dracut", memory_mib=2048))


def _check(shell):
    backing(shell, "/LiveOS/squashfs.img")
    backing(shell, "/LiveOS/rootfs.img")
    equal(shell.check("findmnt -n -o FSTYPE /").strip(), "overlay", "root")
    equal(shell.check("cat /sys/kernel/kexec_loaded").strip(), "1",
          "the bootstrap is loaded")


@SCENARIO.case("--method initrd: the ISO is a file of the initrd")
def initrd(lab):
    shell = lab.login(lab.url(isos.fedora()), "fedlive",
                      f"{ON_CONSOLE} --method initrd")
    _check(shell)
    disks = shell.check("ls /sys/block").split()
    check(all(disk.startswith(("loop", "dm-")) for disk in disks),
          f"disks: {disks}")
    lab.returned(lambda: shell.start("systemctl kexec"))


@SCENARIO.case("URL to login, the root is on the ISO in memory, and back")
def there(lab):
    iso = isos.fedora()
    shell = lab.login(lab.url(iso), "fedlive", ON_CONSOLE)
    _check(shell)
    only_memory(shell, "/run/initramfs/live")
    lab.returned(lambda: shell.start("systemctl kexec"))
    lab.holds(iso)


@SCENARIO.case("the same ISO once more, with no byte downloaded")
def again(lab):
    iso = isos.fedora()
    before = lab.sent(iso)
    shell = lab.login(lab.url(iso), "fedlive", ON_CONSOLE)
    equal(lab.sent(iso) - before, 0, "bytes downloaded")
    only_memory(shell, "/run/initramfs/live")


if __name__ == "__main__":
    sys.exit(SCENARIO.main())
