# SPDX-License-Identifier: MIT
"""Bad input, case by case: a clear line, the prompt again, nothing left."""

import sys

from lab import hostile, images
from lab.guest import LOOPS, PROMPT, Shell
from lab.setups import Lab
from lab.tap import Scenario, check
from lab.vm import HOST

MEMORY_MIB = 768
# What the kernel may keep for itself from one case to the next.
MEMORY_SLACK = 4 << 20


class BadLab(Lab):
    """Knows the memory that is there when nothing is loaded."""

    def __enter__(self):
        super().__enter__()
        # A first load brings modules and caches in for good.
        self.boot.load(self.url(images.busybox()), r"^busybox image: up$", 60)
        self.boot.return_by(self.boot.hotkey)
        self.memory = self.boot.memory()
        return self

    def refused(self, ref, pattern, timeout=120):
        """ref is refused with a line like pattern and leaves nothing."""
        self.boot.load_fails(ref, pattern, timeout)
        self.nothing_left()

    def nothing_left(self):
        """Memory, files and loop devices of the bootstrap are as before."""
        lost = self.memory - self.boot.memory()
        check(lost < MEMORY_SLACK, f"{lost >> 10} KiB of memory are gone")
        _, text = self.boot.shell(
            f"find / -xdev -name 'escaped-*'; {LOOPS}; "
            "grep -c . /proc/mounts")
        check("escaped" not in text, f"outside the root: {text}")
        check("loop" not in text, f"loop devices are left: {text}")

    def contained(self, ref, *commands):
        """ref loads, the commands succeed in it, nothing got out."""
        self.boot.load(ref, r"^busybox image: up$", 60)
        shell = Shell(self.vm.ttyS0, r"target# $")
        shell.ready()
        for command in commands:
            shell.check(command)
        self.boot.return_by(self.boot.hotkey)
        self.nothing_left()


SCENARIO = Scenario("bad input", lambda: BadLab(
    "bad", memory_mib=MEMORY_MIB, limit=1200))


@SCENARIO.case("no such host")
def no_host(lab):
    lab.refused("http://no-such-host.invalid/x.tar", r"no-such-host\.invalid")


@SCENARIO.case("a host that refuses the connection")
def refused(lab):
    lab.refused(f"http://{HOST}:1/x.tar", r"(?i)connect|refused")


@SCENARIO.case("an address that is none")
def no_url(lab):
    lab.refused("gopher://x/y", r"(?i)gopher|scheme|reference|support")


@SCENARIO.case("404")
def missing(lab):
    lab.refused(lab.http.url("missing.tar"), r"404")


@SCENARIO.case("500")
def server_error(lab):
    lab.refused(lab.url(images.busybox(), "status=500"), r"500")


@SCENARIO.case("a connection cut half-way, each time")
def cut(lab):
    half = images.busybox().stat().st_size // 2
    lab.refused(lab.url(images.busybox(), f"cut={half}&ranges=no"),
                r"(?i)closed|cut|end|bytes")


@SCENARIO.case("a connection cut once is taken up where it ended")
def resumed(lab):
    size = images.busybox().stat().st_size
    name = images.busybox().name
    before = lab.http.bytes[name]
    lab.boot.load(lab.url(images.busybox(), f"cut={size // 2}&times=1"),
                  r"^busybox image: up$", 60)
    sent = lab.http.bytes[name] - before
    check(size <= sent < size + 4096, f"{sent} bytes of {size} sent")
    lab.boot.return_by(lab.boot.hotkey)


@SCENARIO.case("a truncated gzip")
def truncated(lab):
    lab.refused(lab.url(hostile.truncated()), r"(?i)truncated|end|short")


@SCENARIO.case("a gzip with one byte changed")
def damaged(lab):
    lab.refused(lab.url(hostile.damaged()), r"(?i)damaged|corrupt|gzip|crc")


@SCENARIO.case("noise")
def noise(lab):
    lab.refused(lab.url(hostile.noise()), r"(?i)not an? |unknown|recogni")


@SCENARIO.case("a web page in place of an image")
def page(lab):
    lab.refused(lab.url(hostile.page()), r"(?i)not an? |unknown|recogni|html")


@SCENARIO.case("an empty file")
def empty(lab):
    lab.refused(lab.url(hostile.empty()), r"(?i)empty|not an? |short|end")


@SCENARIO.case("an image without an init")
def no_init(lab):
    lab.refused(lab.url(hostile.no_init()), r"(?i)no init|/sbin/init")


@SCENARIO.case("an init for another architecture")
def foreign(lab):
    lab.refused(lab.url(hostile.foreign_init()), r"(?i)aarch64|arm64|arch")


@SCENARIO.case("an --init that the image does not have")
def wrong_init(lab):
    lab.boot.command("load --init /no/such "
                     + lab.url(images.busybox()), 60)
    status = lab.boot.settled()
    check("/no/such" in status["last_failure"], status["last_failure"])


@SCENARIO.case("an init that exits at once")
def ending(lab):
    lab.boot.main.skip()
    lab.boot.main.line("load " + lab.url(hostile.ending_init()))
    match = lab.boot.main.expect(r"(?i)(exit|end)[^\n]* 3\b", 60)
    check(match, "it is said that it ended")
    lab.boot.main.expect(PROMPT, 30)
    lab.boot.settled()
    lab.nothing_left()


@SCENARIO.case("an image larger than RAM, refused before the download")
def long(lab):
    image = hostile.long(8192)
    before = lab.http.bytes[image.name]
    lab.refused(lab.url(image), r"(?i)(memory|RAM|room).*\d|\d.*(memory|RAM)")
    sent = lab.http.bytes[image.name] - before
    check(sent < 64 << 20, f"{sent >> 20} MiB were downloaded")


@SCENARIO.case("an image larger than RAM, found while it unpacks")
def huge(lab):
    lab.refused(lab.url(hostile.huge(1024)),
                r"(?i)(memory|RAM|room).*\d|\d.*(memory|RAM)", 240)


@SCENARIO.case("absolute paths are paths of the image")
def absolute(lab):
    lab.contained(lab.url(hostile.absolute_paths()),
                  "test -f /escaped-absolute && test -f /tmp/escaped-absolute")


@SCENARIO.case(".. in paths")
def dotdot(lab):
    lab.refused(lab.url(hostile.dotdot_paths()), r"escaped-dotdot")


@SCENARIO.case("symlinks that point outside")
def symlinks(lab):
    lab.refused(lab.url(hostile.symlink_escape()), r"way\d")


@SCENARIO.case("hard links that point outside")
def hardlinks(lab):
    lab.refused(lab.url(hostile.hardlink_escape()), r"stolen0")


@SCENARIO.case("device nodes are the target's, which has all devices anyway")
def devices(lab):
    lab.contained(lab.url(hostile.device_nodes()), "test -c /etc/memory",
                  "test -b /disk", "test -p /fifo")


@SCENARIO.case("an interrupt cancels a load")
def interrupt(lab):
    lab.boot.main.skip()
    lab.boot.main.line("load " + lab.url(images.busybox(), "rate=100000"))
    lab.boot.main.expect(r"/s", 30)
    lab.boot.main.send("\x03")
    lab.boot.main.expect(PROMPT, 30)
    lab.boot.settled()
    lab.nothing_left()


@SCENARIO.case("a return during a load cancels it")
def cancel(lab):
    lab.boot.main.skip()
    lab.boot.main.line("load " + lab.url(images.busybox(), "stall=500000"))
    lab.boot.main.expect(r"/s|waiting", 30)
    lab.boot.return_command()
    lab.boot.main.expect(PROMPT, 30)
    lab.boot.settled()
    lab.nothing_left()


@SCENARIO.case("after all that an image loads and runs")
def still_works(lab):
    lab.boot.load(lab.url(images.busybox()), r"^busybox image: up$", 60)
    Shell(lab.vm.ttyS0, r"target# $").ready()
    lab.boot.return_by(lab.boot.hotkey)


if __name__ == "__main__":
    sys.exit(SCENARIO.main())
