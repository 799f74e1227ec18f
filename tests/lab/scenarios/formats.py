# SPDX-License-Identifier: MIT
"""Every kind of image, over HTTP and HTTPS, whatever its name."""

import sys

from lab import hostile, images
from lab.cache import cached
from lab.guest import PROMPT, Shell
from lab.setups import Lab
from lab.tap import Scenario, check, equal

SCENARIO = Scenario("kinds of images", lambda: Lab(
    "formats", memory_mib=2048, limit=900, https=True))


def _load(lab, url):
    lab.boot.load(url, r"^busybox image: up$", 120)
    shell = Shell(lab.vm.ttyS0, r"target# $")
    shell.ready()
    return shell


def _register(kind):
    @SCENARIO.case(f"{kind} over HTTP")
    def load(lab):
        _load(lab, lab.url(images.busybox(kind)))
        lab.boot.return_by(lab.boot.hotkey)


for _kind in images.FORMATS:
    _register(_kind)


@SCENARIO.case("the kind comes from the content, not from the name")
def misnamed(lab):
    squashfs = images.busybox("squashfs")
    wrong = cached("misnamed.tar.gz", squashfs.name,
                   lambda path: path.write_bytes(squashfs.read_bytes()))
    _load(lab, lab.url(wrong))
    lab.boot.return_by(lab.boot.hotkey)


@SCENARIO.case("without a length, without ranges, through a redirect")
def plain(lab):
    for query in ("length=no", "ranges=no",
                  "redirect=" + lab.url(images.busybox())):
        _load(lab, lab.url(images.busybox(), query))
        lab.boot.return_by(lab.boot.hotkey)


@SCENARIO.case("HTTPS with an unknown authority is refused")
def unknown_authority(lab):
    lab.boot.load_fails(lab.https.url(images.busybox().name),
                        r"(?i)certificate")


def _trust(lab):
    """Adds the authority of this run to those of the bootstrap."""
    lab.boot.main.skip()
    lab.boot.main.line("shell")
    shell = Shell(lab.vm.ttyS0)
    shell.ready()
    for line in lab.authority.root.read_text().splitlines():
        shell.check(f"echo '{line}' >> /etc/ssl/certs/ca-certificates.crt")
    lab.vm.ttyS0.line("exit")
    lab.vm.ttyS0.expect(PROMPT, 20)


@SCENARIO.case("HTTPS with an authority that the bootstrap knows")
def https(lab):
    _trust(lab)
    _load(lab, lab.https.url(images.busybox().name))
    lab.boot.return_by(lab.boot.hotkey)


@SCENARIO.case(f"{hostile.SMALL_FILES} small files")
def small_files(lab):
    before = lab.boot.memory()
    shell = _load(lab, lab.url(hostile.small_files()))
    count = int(shell.check("find /many -type f | wc -l", 120))
    equal(count, hostile.SMALL_FILES, "files")
    lab.boot.return_by(lab.boot.hotkey, 60)
    lost = before - lab.boot.memory()
    check(lost < before / 100, f"{lost >> 10} KiB of memory did not come back")


if __name__ == "__main__":
    sys.exit(SCENARIO.main())
