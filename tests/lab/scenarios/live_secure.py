# SPDX-License-Identifier: MIT
"""`boomerang boot` under Secure Boot: from the firmware through shim and GRUB
to the bootstrap, and on by kexec, with each kernel locked down."""

import sys

from lab import hostile_isos, isos
from lab.firmware import OVMF_SECURE
from lab.livelab import ON_CONSOLE, LiveLab, only_memory
from lab.setups import ServedLab
from lab.tap import Scenario, check, equal

_LOCKED_DOWN = r"Kernel is locked down from EFI Secure Boot"


# The firmware draws on a screen and reads by packets of TFTP, under emulation.
_BOOT_SECONDS = 300


class SecureLab(LiveLab, ServedLab):
    """A machine with Secure Boot at the bootstrap's prompt."""

    FIRMWARE = OVMF_SECURE
    SERVE = ("--secure-boot",)

    def __init__(self):
        super().__init__("live_secure", booted=False)

    def __enter__(self):
        super().__enter__()
        try:
            took = self.boot.booted(_BOOT_SECONDS)
            self.boot.online()
        except BaseException as error:
            self.__exit__(type(error), error, error.__traceback__)
            raise
        print(f"# {took:.1f} s from power-on to the prompt", flush=True)
        return self


SCENARIO = Scenario("live ISO under Secure Boot", SecureLab)


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


@SCENARIO.case("URL to login, each kernel on the way locked down; and back")
def there(lab):
    iso = isos.debian()
    shell = lab.login(lab.url(iso), "deblive", ON_CONSOLE)
    _locked_down(shell.run)
    only_memory(shell, "/run/live/medium")
    equal(shell.check("cat /sys/kernel/kexec_loaded").strip(), "1",
          "the bootstrap is loaded")
    lab.returned(lambda: shell.start("systemctl kexec"))
    _locked_down(lab.boot.shell)
    lab.holds(iso)


if __name__ == "__main__":
    sys.exit(SCENARIO.main())
