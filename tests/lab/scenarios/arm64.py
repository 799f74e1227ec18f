# SPDX-License-Identifier: MIT
"""The bootstrap of `make arm64`, on an arm64 machine.

Everything is emulated, which takes its time: one machine, booted once by its
firmware from boomerang serve, and one image.
"""

import os
import subprocess
import sys
import tarfile
import time

from lab import firmware, images
from lab.bootserver import BUILD
from lab.cache import cached
from lab.guest import PROMPT, Shell
from lab.setups import ServedLab
from lab.tap import Scenario, check, equal
from lab.vm import ROOT, WORK

OUT = WORK / "arm64" / "out-arm64"
SYSROOT = ROOT / ".cache" / "sysroot-arm64"

BOOT_SECONDS = 240
UP = r"^busybox image: up$"


def _make():
    """out-arm64, by this make, compressed in little time."""
    OUT.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["make", "arm64", f"BUILD={BUILD}", f"OUT={OUT.parent}/out",
         "BUILD_OPTIONS=--level 3"], cwd=ROOT, check=False, text=True,
        errors="replace", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={key: value for key, value in os.environ.items()
             if not key.startswith("MAKE")})
    (OUT.parent / "make.log").write_text(done.stdout)
    check(done.returncode == 0, f"make arm64:\n{done.stdout[-3000:]}")


class Arm64Lab(ServedLab):
    """A machine that boots out-arm64, as it is, from boomerang serve."""

    FIRMWARE = firmware.AAVMF

    def __init__(self):
        _make()
        super().__init__("arm64", out=OUT, booted=False, memory_mib=1024,
                         limit=600)

    def _start_machine(self, directory):
        super()._start_machine(OUT)
        self.vm.ttyS0.expect(PROMPT, BOOT_SECONDS)


SCENARIO = Scenario("arm64", Arm64Lab)


def _image():
    """The busybox image, with the busybox of arm64."""
    def make(path):
        with tarfile.open(path, "w:gz") as archive:
            images.busybox_members(
                archive, program=(SYSROOT / "usr/bin/busybox").read_bytes())
    return cached("busybox-arm64.tar.gz",
                  [images.recipe(), (SYSROOT / "complete").read_text()], make)


def _loaded(lab):
    lab.boot.load(lab.url(_image()), UP, 120)
    shell = Shell(lab.vm.ttyS0, r"target# $")
    shell.ready()
    return shell


@SCENARIO.case("UEFI, ipxe-arm64.efi, kernel and initramfs: the prompt")
def prompt(lab):
    lab.boot.online()
    # The shell prefers what busybox has of this name.
    _, said = lab.boot.shell("uname -m; /usr/bin/ip -V; boomerang --version")
    for word in ("aarch64", "iproute2", "boomerang 0"):
        check(word in said, f"no {word!r} in {said!r}")


@SCENARIO.case("an image is loaded, and returned from by /.bootstrap-return")
def by_program(lab):
    shell = _loaded(lab)
    equal(shell.check("uname -m").strip(), "aarch64", "uname -m")
    _, status = lab.boot.return_by(lambda: shell.start("/.bootstrap-return"),
                                   60)
    equal(status["last_return"]["leaks"], [], "what the image left behind")


@SCENARIO.case("again, from memory, and returned from by the serial string")
def by_magic(lab):
    start = time.monotonic()
    _loaded(lab)
    _, status = lab.boot.return_by(lab.boot.magic, 60)
    equal(status["last_return"]["leaks"], [], "what the image left behind")
    check(time.monotonic() - start < 60, "it took longer than a minute")


if __name__ == "__main__":
    sys.exit(SCENARIO.main())
