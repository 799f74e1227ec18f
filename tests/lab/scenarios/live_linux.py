# SPDX-License-Identifier: MIT
"""`boomerang boot` of a live ISO on a Debian that runs from its disk: over a
bootstrap, and back to that."""

import sys

from lab import archiso, disks, hostile_isos
from lab.guest import PROMPT, Bootstrap
from lab.livelab import RETURN_SECONDS, backing, wait_login
from lab.swaplab import BOOT_SECONDS, SwapLab, same, state
from lab.tap import Scenario, check, equal
from lab.vm import OUT

_BOOT = "boomerang boot --yes --bootstrap /lab/out"


def _ready(lab):
    lab.ssh.wait(BOOT_SECONDS)
    equal(lab.ssh.run("systemctl is-system-running --wait", 120)[1].strip(),
          "running", "the system on the disk")
    lab.install()
    lab.ssh.check("mkdir /lab/out")
    for name in ("vmlinuz", "bootstrap.img", "cmdline"):
        lab.ssh.check(f"cat > /lab/out/{name} && sync",
                      stdin=(OUT / name).read_bytes())


SCENARIO = Scenario("live ISO on a running Debian",
                    lambda: SwapLab("live_linux", disks.systemd, _ready,
                                    memory_mib=1536, limit=840))


@SCENARIO.case("what cannot be booted leaves no trace")
def refused(lab):
    lab.begin()
    before = state(lab.ssh.check)
    for iso in (hostile_isos.foreign(), hostile_isos.huge(8)):
        status, text = lab.ssh.run(f"{_BOOT} {lab.url(iso)}")
        check(status not in (0, 255), f"exit status {status} of {text!r}")
    status, text = lab.ssh.run(f"{_BOOT} --dry-run {lab.url(archiso.arch())}")
    equal(status, 0, f"exit status of {text!r}")
    same(before, state(lab.ssh.check))
    equal(lab.ssh.check("cat /sys/kernel/kexec_loaded").strip(), "0",
          "kexec_loaded")


@SCENARIO.case("URL to login, and by kexec -e to the bootstrap's prompt")
def there(lab):
    lab.begin()
    status, text = lab.ssh.run(f"{_BOOT} {lab.url(archiso.arch())}", 60)
    # 255 is ssh's own, for a connection that was cut.
    check(status in (0, 255), f"exit status {status} of {text!r}")
    shell = wait_login(lab.console, "archlive")
    source = shell.check("findmnt -n -o SOURCE /run/archiso/bootmnt").strip()
    check(source.startswith("/dev/pmem0"), f"the medium is {source}")
    backing(shell, "/arch/x86_64/airootfs.sfs")
    lab.console.skip()
    shell.start("kexec -e")
    lab.console.expect(PROMPT, RETURN_SECONDS)
    boot = Bootstrap(lab.vm)
    boot.online()
    equal(boot.status()["phase"], "bootstrap", "phase")


if __name__ == "__main__":
    sys.exit(SCENARIO.main())
