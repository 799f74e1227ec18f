# SPDX-License-Identifier: MIT
"""`boomerang boot` under Secure Boot: from the firmware through shim and GRUB
to the bootstrap, and on by kexec, with each kernel locked down."""

import shutil
import subprocess
import sys

from lab import hostile_isos, isos
from lab.firmware import OVMF_SECURE
from lab.livelab import ON_CONSOLE, LiveLab, only_memory
from lab.setups import ServedLab
from lab.tap import Scenario, check, equal

_LOCKED_DOWN = r"Kernel is locked down from EFI Secure Boot"


class SecureLab(LiveLab, ServedLab):
    """A machine with Secure Boot at the bootstrap's prompt."""

    FIRMWARE = OVMF_SECURE
    SERVE = ("--secure-boot",)
    # Its firmware fetches packet by packet, and checks each signature.
    BOOT_SECONDS = 300


SCENARIO = Scenario("live ISO under Secure Boot",
                    lambda: SecureLab("live_secure"))


def _locked_down(run):
    """run: of a shell. The kernel says why it is locked down."""
    _, text = run("dmesg | grep -m 1 'locked down'")
    check(_LOCKED_DOWN in text, f"not locked down: {text!r}")


def _refused(description, pattern, make):
    @SCENARIO.case(description)
    def case(lab):
        lab.refused(pattern, lab.url(make()))
        _, text = lab.boot.shell("cat /sys/kernel/kexec_loaded /proc/cmdline")
        check(text.startswith("0") and "memmap=" not in text,
              f"what is left: {text!r}")


_refused("a kernel without a signature is refused before anything ends",
         r"vmlinuz of http.* cannot be started: .*lockdown=integrity.*not "
         r"signed", hostile_isos.unsigned)
_refused("a kernel whose signature is not right is, too",
         r"vmlinuz of http.* cannot be started: .*lockdown=integrity.*key that "
         r"this kernel trusts", hostile_isos.tampered)


def _sign(lab, name, file):
    """Has the server say that file's signature, by a key of this run, is that
    of the file name."""
    place = lab.work / "signatures"
    key = place / "lab.key"
    if place not in lab.http.directories:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        subprocess.run(["minisign", "-G", "-W", "-p", place / "lab.pub", "-s",
                        key], check=True, stdout=subprocess.DEVNULL)
        lab.http.directories.append(place)
    subprocess.run(["minisign", "-S", "-H", "-s", key, "-m", file, "-x",
                    place / f"{name}.minisig"], check=True,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def _trusted(lab):
    """Arguments with which only signatures by that key do."""
    lab.boot.online()
    url = lab.http.url("lab.pub")
    code, text = lab.boot.shell(f"wget -q -O /tmp/lab.pub {url}")
    equal(code, 0, f"exit status of wget ({text!r})")
    return "--require-signature --trust /tmp/lab.pub"


@SCENARIO.case("signed URL to login, each kernel on the way locked down; back; "
               "what is in memory is not taken without its signature")
def there(lab):
    iso = isos.debian()
    # kexec hashes all that it loads in one go, which on a busy host takes an
    # emulated processor longer than the watchdog waits.
    for console in (lab.vm.ttyS0, lab.vm.ttyS1):
        console.allow("soft lockup")
    _sign(lab, iso.name, iso)
    shell = lab.login(lab.url(iso), "deblive",
                      f"{ON_CONSOLE} {_trusted(lab)}")
    _locked_down(shell.run)
    only_memory(shell, "/run/live/medium")
    equal(shell.check("cat /sys/kernel/kexec_loaded").strip(), "1",
          "the bootstrap is loaded")
    lab.returned(lambda: shell.start("systemctl kexec"))
    _locked_down(lab.boot.shell)
    lab.holds(iso)
    _sign(lab, iso.name, hostile_isos.small())
    lab.refused("signature by key .* is not of this image",
                f"{_trusted(lab)} {lab.url(iso)}")


if __name__ == "__main__":
    sys.exit(SCENARIO.main())
