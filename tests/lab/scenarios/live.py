# SPDX-License-Identifier: MIT
"""`boomerang boot` of Debian's live system, from the bootstrap's prompt and
back again; and what cannot be booted."""

import sys

from lab import hostile_isos, isos
from lab.livelab import (ON_CONSOLE, RETURN_SECONDS, LiveLab, backing,
                         installer_asks, only_memory, right_digest,
                         wait_login, wrong_digest)
from lab.tap import Scenario, check, equal

# Slow enough that there are samples of the memory while it comes.
_RATE = "rate=8000000"

SCENARIO = Scenario("live ISO of Debian", lambda: LiveLab("live"))


# -- nothing is done ----------------------------------------------------------

@SCENARIO.case("--dry-run tells entry, command line and place; nothing more")
def dry_run(lab):
    iso = isos.debian()
    before = lab.sent(iso)
    text = lab.boot.command(f"boot --dry-run {lab.url(iso)}", 60)
    for words in ("Live system (amd64)", "(amd64 serial console)",
                  "/live/vmlinuz-", "/live/initrd.img-", "live-boot",
                  "memmap="):
        check(words in text, f"no {words!r} in {text!r}")
    got = lab.sent(iso) - before
    print(f"# {got >> 10} KiB were read")
    check(got < iso.stat().st_size / 2, f"{got} bytes were downloaded")
    code, text = lab.boot.shell("cat /sys/kernel/kexec_loaded; "
                                "ls /dev/pmem* 2>/dev/null")
    equal(text.split(), ["0"], "what is left")


def _refused(description, pattern, make, arguments="", query=""):
    @SCENARIO.case(description)
    def case(lab):
        lab.refused(pattern, f"{arguments} {lab.url(make(), query)}")
        _, text = lab.boot.shell("cat /sys/kernel/kexec_loaded")
        equal(text.strip(), "0", "kexec_loaded")


_refused("an ISO without anything to boot is refused", r"kernel|boot",
         hostile_isos.no_kernel)
_refused("a menu that names a kernel which is not there is refused",
         r"no entry of .*grub\.cfg", hostile_isos.missing_kernel)
_refused("a kernel of another architecture is refused", r"arm64",
         hostile_isos.foreign)
_refused("a layout that nobody knows is refused", r"layout|medium|know",
         hostile_isos.unknown)
_refused("an ISO that does not fit is refused", r"(?i)memory|RAM|MiB|GiB",
         lambda: hostile_isos.huge(8))
_refused("an entry that is not there is refused, those there are named",
         r"Live system", isos.debian, '--entry Nothing')
_refused("a file that is not there is refused", r"404",
         lambda: hostile_isos.small().with_name("nothing.iso"))


# -- what is known when all was fetched ----------------------------------------

def _comes_back(lab, pattern, arguments):
    """What is known only when all of it was fetched."""
    lab.refused(pattern, arguments, 180)
    equal(lab.boot.status()["phase"], "bootstrap", "phase")


@SCENARIO.case("a digest that differs is refused after the second start")
def digest(lab):
    _comes_back(lab, rf"sha256.*{right_digest(hostile_isos.small())}",
                f"{wrong_digest(hostile_isos.small())} "
                f"{lab.url(hostile_isos.small())}")


@SCENARIO.case("a server without ranges: looked at when all was fetched")
def no_ranges(lab):
    url = lab.url(hostile_isos.foreign(), "ranges=no")
    text = lab.boot.command(f"boot --dry-run {url}", 60)
    check("gives no parts" in text, f"--dry-run: {text!r}")
    _comes_back(lab, "arm64", url)


# -- there and back -----------------------------------------------------------

@SCENARIO.case("URL to login: the root is on the ISO in memory, no more is "
               "used than it and 300 MB")
def there(lab):
    iso = isos.debian()
    since = lab.vm.ttyS1.cursor
    lab.watch_memory()
    lab.start(lab.url(iso, _RATE), ON_CONSOLE)
    # The bootstrap's next life, in which the download is.
    lab.vm.ttyS1.expect(r"\[bootstrap\] # ", RETURN_SECONDS)
    lab.watch_memory()
    shell = wait_login(lab.console, "deblive")
    lab.check_memory(since, iso)
    only_memory(shell, "/run/live/medium")
    backing(shell, "/live/filesystem.squashfs")
    equal(shell.check("findmnt -n -o FSTYPE /").strip(), "overlay", "root")
    state = shell.run("systemctl is-system-running --wait", 180)[1].strip()
    equal(state, "running", "is-system-running")
    lab.returned(lambda: shell.start("systemctl kexec"))
    lab.holds(iso)


def _prepared(lab, iso):
    """The ISO is in memory: after a failure (a new machine) it was not."""
    if lab.sent(iso) < iso.stat().st_size:
        shell = lab.login(lab.url(iso, _RATE), "deblive", ON_CONSOLE)
        lab.returned(lambda: shell.start("systemctl kexec"))


@SCENARIO.case("the same ISO once more, with no byte downloaded; back by "
               "/.bootstrap-return")
def again(lab):
    iso = isos.debian()
    _prepared(lab, iso)
    before = lab.sent(iso)
    shell = lab.login(lab.url(iso, _RATE), "deblive", ON_CONSOLE)
    equal(lab.sent(iso) - before, 0, "bytes downloaded")
    only_memory(shell, "/run/live/medium")
    lab.returned(lambda: shell.start("/.bootstrap-return"))


@SCENARIO.case("a kernel and an initrd by their URLs")
def pair(lab):
    kernel, initrd = isos.installer_files()
    lab.http.directories.append(kernel.parent)
    lab.start(f"--kernel {lab.http.url(kernel.name)}",
              f"--initrd {lab.http.url(initrd.name)} "
              "--append console=ttyS0,115200")
    installer_asks(lab.console)


if __name__ == "__main__":
    sys.exit(SCENARIO.main())
