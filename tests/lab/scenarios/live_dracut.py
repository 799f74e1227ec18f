# SPDX-License-Identifier: MIT
"""`boomerang boot` of a live system of dracut, Fedora's way: its root is a
file system within the squashfs; with the ISO in memory and in the initrd. And
of ISOs that are files in the bootstrap."""

import sys

from lab import archiso, isos
from lab.livelab import (ON_CONSOLE, RETURN_SECONDS, LiveLab, backing,
                         only_memory, wait_login)
from lab.tap import Scenario, check, equal

SCENARIO = Scenario("live ISO of dracut, ISOs in files",
                    lambda: LiveLab("live_dracut", memory_mib=2048))


def _check(shell):
    backing(shell, "/LiveOS/squashfs.img")
    backing(shell, "/LiveOS/rootfs.img")
    equal(shell.check("findmnt -n -o FSTYPE /").strip(), "overlay", "root")


@SCENARIO.case("--method initrd: the ISO is a file of the initrd")
def initrd(lab):
    shell = lab.login(lab.url(isos.fedora()), "fedlive",
                      f"{ON_CONSOLE} --method initrd")
    _check(shell)
    disks = shell.check("ls /sys/block").split()
    check(all(disk.startswith(("loop", "dm-")) for disk in disks),
          f"disks: {disks}")
    lab.returned(lambda: shell.start("systemctl kexec"))


@SCENARIO.case("a file: it goes along in the initrd, and on into memory of "
               "the live system's own, where it is found again")
def file(lab):
    iso = archiso.arch()
    place = f"/tmp/{iso.name}"
    lab.boot.online()
    code, text = lab.boot.shell(f"wget -q -O {place} {lab.url(iso)}", 60)
    equal(code, 0, f"exit status of the download ({text!r})")
    shell = lab.login(place, "archlive")
    only_memory(shell, "/run/archiso/bootmnt")
    lab.returned(lambda: shell.start("kexec -e"))
    lab.holds(iso)
    text = lab.boot.command(f"boot --dry-run {place}", 60)
    check("in memory already" in text, f"the ISO is gone: {text!r}")


@SCENARIO.case("URL to login, the root is on the ISO in memory, no more is "
               "used than it and 300 MB; and back")
def there(lab):
    iso = isos.fedora()
    since = lab.vm.ttyS1.cursor
    lab.watch_memory()
    lab.start(lab.url(iso), ON_CONSOLE)
    lab.vm.ttyS1.expect(r"\[bootstrap\] # ", RETURN_SECONDS)
    lab.watch_memory()
    shell = wait_login(lab.console, "fedlive")
    lab.check_memory(since, iso)
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
