# SPDX-License-Identifier: MIT
"""`boomerang boot` of a live system in Arch's layout, by its URL and by a name
of the table; and of Debian's installer, as an ISO and as a kernel and an
initrd."""

import os
import sys

from lab import archiso, distrotable, isos
from lab.livelab import LiveLab, backing, only_memory
from lab.tap import Scenario, check, equal

SCENARIO = Scenario("live ISO of Arch, Debian's installer",
                    lambda: LiveLab("live_arch"))

_INSTALLER_SECONDS = 180


def _check(shell):
    only_memory(shell, "/run/archiso/bootmnt")
    backing(shell, "/arch/x86_64/airootfs.sfs")
    equal(shell.check("findmnt -n -o FSTYPE /").strip(), "overlay", "root")


@SCENARIO.case("URL to login, and back by kexec -e")
def there(lab):
    iso = archiso.arch()
    shell = lab.login(lab.url(iso), "archlive")
    _check(shell)
    lab.returned(lambda: shell.start("kexec -e"))
    lab.holds(iso)


@SCENARIO.case("the same ISO once more, with no byte downloaded")
def again(lab):
    iso = archiso.arch()
    before = lab.sent(iso)
    shell = lab.login(lab.url(iso), "archlive")
    equal(lab.sent(iso) - before, 0, "bytes downloaded")
    _check(shell)
    lab.returned(lambda: shell.start("kexec -e"))


def _serve_table(lab):
    """A table that calls the ISO, by another URL, "lab"; the directory."""
    place = lab.work / "table"
    place.mkdir(exist_ok=True)
    iso = place / "lab.iso"
    iso.unlink(missing_ok=True)
    os.link(archiso.arch(), iso)
    distrotable.make(place, iso, lab.http.url(iso.name))
    lab.http.directories.append(place)
    return place


@SCENARIO.case("a name of an updated table, its checksums signed by gpg; "
               "others are refused")
def named(lab):
    place = _serve_table(lab)
    url = lab.http.url("table.ini")
    code, text = lab.boot.shell(f"boomerang distros update {url}", 60)
    equal(code, 0, f"exit status of the update ({text!r})")
    check("lab" in lab.boot.command("distros"), "it is not listed")
    sums = place / "SHA256SUMS"
    right = sums.read_bytes()
    sums.write_bytes(right + b"\n")
    lab.refused(r"(?i)sign", "lab")
    sums.write_bytes(right)
    before = lab.console.cursor
    shell = lab.login("lab", "archlive")
    said = lab.console.text[before:]
    check("signed by Lab <lab@example.org>" in said, "who signed it?")
    _check(shell)
    lab.returned(lambda: shell.start("kexec -e"))


def _installer(lab):
    lab.console.expect(r"Choose language|Select a language",
                       _INSTALLER_SECONDS)


@SCENARIO.case("the installer's ISO, which needs no medium")
def installer(lab):
    lab.start(lab.url(isos.installer()))
    _installer(lab)
    lab.vm.reset()
    lab.boot.booted()
    lab.boot.online()


@SCENARIO.case("a kernel and an initrd by their URLs")
def pair(lab):
    kernel, initrd = isos.installer_files()
    lab.http.directories.append(kernel.parent)
    lab.console.skip()
    lab.console.line(f"boot --kernel {lab.http.url(kernel.name)} "
                     f"--initrd {lab.http.url(initrd.name)} "
                     "--append console=ttyS0,115200")
    _installer(lab)


if __name__ == "__main__":
    sys.exit(SCENARIO.main())
