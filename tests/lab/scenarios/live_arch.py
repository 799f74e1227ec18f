# SPDX-License-Identifier: MIT
"""`boomerang boot` of a live system in Arch's layout and of Debian's
installer, on a machine that keeps memory for them from power-on."""

import os
import sys

from lab import archiso, distrotable, isos
from lab.livelab import (LiveLab, backing, installer_asks, installer_shell,
                         only_memory, right_digest, wrong_digest)
from lab.tap import Scenario, check, equal

# Enough for each of the ISOs, and the bootstrap behind it.
_KEPT = "memmap=96M!1G"

SCENARIO = Scenario("live ISO of Arch, Debian's installer",
                    lambda: LiveLab("live_arch", _KEPT))

def _check(shell):
    only_memory(shell, "/run/archiso/bootmnt")
    backing(shell, "/arch/x86_64/airootfs.sfs")
    equal(shell.check("findmnt -n -o FSTYPE /").strip(), "overlay", "root")


def _login(lab, reference, arguments=""):
    """From the prompt into the live system: (its shell, what was said)."""
    before = lab.console.cursor
    shell = lab.login(reference, "archlive", arguments)
    return shell, lab.console.text[before:]


@SCENARIO.case("URL to login without a second start, no more is used than "
               "the ISO and 300 MB; back by kexec -e")
def there(lab):
    iso = archiso.arch()
    since = lab.vm.ttyS1.cursor
    lab.watch_memory()
    shell, said = _login(lab, lab.url(iso))
    check("memmap=96M!0x40000000" in said, f"other memory: {said!r}")
    check("starts again" not in said, "the bootstrap was started again")
    lab.check_memory(since, iso)
    _check(shell)
    lab.returned(lambda: shell.start("kexec -e"))
    lab.holds(iso)


@SCENARIO.case("the same ISO once more, with no byte downloaded")
def again(lab):
    iso = archiso.arch()
    before = lab.sent(iso)
    shell, _ = _login(lab, lab.url(iso))
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
    lab.boot.online()
    url = lab.http.url("table.ini")
    code, text = lab.boot.shell(f"boomerang distros update {url}", 60)
    equal(code, 0, f"exit status of the update ({text!r})")
    check("lab" in lab.boot.command("distros"), "it is not listed")
    sums = place / "SHA256SUMS"
    right = sums.read_bytes()
    sums.write_bytes(right + b"\n")
    lab.refused(r"(?i)sign", "lab")
    sums.write_bytes(right)
    shell, said = _login(lab, "lab")
    check("signed by Lab <lab@example.org>" in said, "who signed it?")
    _check(shell)
    lab.returned(lambda: shell.start("kexec -e"))


@SCENARIO.case("--insecure boots an ISO with another digest, says so, and "
               "takes it for nothing that is known")
def insecure(lab):
    iso = archiso.arch()
    url = lab.url(iso)
    shell, said = _login(lab, url, f"--insecure {wrong_digest(iso)}")
    check("NOT CHECKED (--insecure)" in said, f"not said: {said!r}")
    check(right_digest(iso) in said, f"its digest is not told: {said!r}")
    _check(shell)
    lab.returned(lambda: shell.start("kexec -e"))
    text = lab.boot.command(f"boot --dry-run {url}", 60)
    check("in memory already" not in text, f"it is trusted: {text!r}")


@SCENARIO.case("--crash: after a panic the bootstrap comes back")
def crash(lab):
    shell, _ = _login(lab, lab.url(archiso.arch()), "--crash")
    equal(shell.check("cat /sys/kernel/kexec_crash_loaded").strip(), "1",
          "the bootstrap is loaded for a panic")
    # It is what was asked for.
    lab.console.allow(r"Kernel panic - not syncing: sysrq triggered crash")
    lab.returned(lambda: shell.start("echo c > /proc/sysrq-trigger"))
    text = lab.boot.command(f"boot --dry-run {lab.url(archiso.arch())}", 120)
    check("in memory already" in text, f"the ISO is gone: {text!r}")
    lab.vm.reset()
    lab.boot.booted()


@SCENARIO.case("the installer, which needs no medium: from its URL to its "
               "menu, and back by /.bootstrap-return")
def installer(lab):
    iso = isos.installer()
    since = lab.vm.ttyS1.cursor
    lab.watch_memory()
    lab.start(lab.url(iso))
    installer_asks(lab.console)
    lab.check_memory(since, iso)
    shell = installer_shell(lab.console)
    lab.returned(lambda: shell.start("/.bootstrap-return"))
    lab.holds(iso)


@SCENARIO.case("the installer once more, with no byte downloaded")
def installer_again(lab):
    iso = isos.installer()
    before = lab.sent(iso)
    lab.start(lab.url(iso))
    installer_asks(lab.console)
    equal(lab.sent(iso) - before, 0, "bytes downloaded")


if __name__ == "__main__":
    sys.exit(SCENARIO.main())
