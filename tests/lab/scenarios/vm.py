# SPDX-License-Identifier: MIT
"""`boomerang vm`, with what is built: its command of QEMU boots, and so does an
initrd that `boomerang initramfs edit` has changed."""

import re
import shutil
import signal
import socket
import subprocess
import sys

from lab import accel
from lab.bootserver import BUILD
from lab.console import Console
from lab.guest import PROMPT, Shell
from lab.tap import Scenario, check, equal
from lab.vm import OUT, WORK

BOOMERANG = BUILD / "boomerang"
BOOT_SECONDS = 240
MARK = "the kernel has unpacked this, too\n"
HELLO = "#!/bin/sh\necho hello\n"


def _edited(where):
    """out/, and something more in its initrd."""
    shutil.rmtree(where, ignore_errors=True)
    where.mkdir(parents=True)
    for name in ("vmlinuz", "cmdline"):
        shutil.copy(OUT / name, where)
    (where / "mark").write_text(MARK)
    (where / "hello").write_text(HELLO)
    subprocess.run([BOOMERANG, "initramfs", "edit", OUT / "bootstrap.img",
                    "-o", where / "bootstrap.img",
                    "--add", f"etc/lab/mark={where}/mark",
                    "--mode", "etc/lab/mark=0640",
                    "--symlink", "etc/lab/link=mark",
                    "--add", f"usr/bin/lab-hello={where}/hello",
                    "--mode", "usr/bin/lab-hello=0755"],
                   check=True, stdout=subprocess.DEVNULL)
    return where


class TerminalLab:
    """The terminal of `boomerang vm`, which is a socket here."""

    def __init__(self):
        self.vm = self
        self._process = self.console = None

    def __enter__(self):
        work = WORK / "vm"
        boot = _edited(work / "out")
        use = accel.choose(str(OUT / "vmlinuz"))
        ours, theirs = socket.socketpair()
        self._process = subprocess.Popen(
            [BOOMERANG, "vm", "--accel", use, "--memory", "1G", boot],
            stdin=theirs, stdout=theirs, stderr=subprocess.STDOUT,
            preexec_fn=accel.die_with_parent)
        theirs.close()
        self.console = Console("terminal", ours, work / "terminal.log")
        self.console.expect(PROMPT, BOOT_SECONDS)
        return self

    @property
    def fatal(self):
        """As lab.vm has it."""
        return self.console.fatal

    def wait(self, seconds):
        """Its exit status, when it ends by itself."""
        return self._process.wait(seconds)

    def __exit__(self, *_):
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
        self.console.close()


SCENARIO = Scenario("vm", TerminalLab)


@SCENARIO.case("it boots to the prompt, and says how to leave")
def boots(lab):
    hints = lab.console.text[:1000]
    check("To leave: Ctrl+A X" in hints, f"no way out in {hints!r}")
    check(re.search(r"ssh -p \d+ root@127\.0\.0\.1", hints),
          f"no SSH in {hints!r}")


@SCENARIO.case("the kernel has unpacked what was added to the initrd")
def edited(lab):
    lab.console.line("shell")
    shell = Shell(lab.console)
    shell.ready(60)
    equal(shell.check("cat /etc/lab/link"), MARK, "the file behind the symlink")
    equal(shell.check("stat -c %a:%u:%g /etc/lab/mark").strip(), "640:0:0",
          "its permissions")
    equal(shell.check("lab-hello"), "hello\n", "a program in /usr")
    lab.console.line("exit")
    lab.console.expect(PROMPT, 60)


@SCENARIO.case("/usr can be written to, and shows no mount of its own making")
def writable(lab):
    lab.console.line("shell")
    shell = Shell(lab.console)
    shell.ready(60)
    shell.check("cp /usr/bin/curl /usr/bin/lab-copy && "
                "lab-copy --version > /dev/null && "
                "rm /usr/bin/lab-copy /usr/bin/curl")
    equal(shell.check("ls /usr/bin/curl /usr/bin/lab-copy 2>/dev/null; true"),
          "", "what was removed")
    equal(shell.check("awk '$2 ~ /^.(usr|boot)/ {print $2, $3}' /proc/mounts"),
          "/usr overlay\n", "the mounts of it")
    lab.console.line("exit")
    lab.console.expect(PROMPT, 60)


@SCENARIO.case("poweroff ends it")
def ends(lab):
    lab.console.line("poweroff")
    check(lab.wait(120) == 0, "QEMU has not ended")


if __name__ == "__main__":
    sys.exit(SCENARIO.main())
