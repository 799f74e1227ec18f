#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""boomerang swap as far as it goes without a machine to replace: what is wrong
on the command line, and the dry run in a PID namespace of its own, which is
refused and leaves nothing behind."""

import os
import re
import subprocess
import sys
import tarfile
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "image"))
import isolated  # noqa: E402  pylint: disable=wrong-import-position
from isolated import ok  # noqa: E402  pylint: disable=wrong-import-position

WRONG = [
    ([], "which image"),
    (["--method", "kexec", "image"], "auto, ptrace, exitrd or soft-reboot"),
    (["--watchdog", "5", "image"], "--watchdog wants seconds"),
    (["--watchdog", "10m", "image"], "--watchdog wants seconds"),
    (["--hostname", "a b", "image"], "--hostname wants"),
    (["--hostname", "", "image"], "--hostname wants"),
    (["--bootstrap", "image", "/init"], "has its own init"),
    (["--bootstrap", "image", "--dry-run"], "come before the image"),
    (["image", "--dry-run"], "options come before the image"),
    (["--confirm", "image"], "stands alone"),
    (["--dry-run", "--confirm"], "stands alone"),
    (["--frobnicate", "image"], "is not an option"),
    (["--sha256", "12", "image"], "64 hexadecimal digits"),
]

BUSYBOX = "/bin/busybox"


def swap(program, *arguments):
    """(exit status, all that it printed)"""
    done = subprocess.run([program, "swap", *arguments], text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout


def nothing_left():
    """Whether this namespace is as it was before."""
    with open("/proc/mounts", encoding="ascii") as mounts:
        return ("boomerang/swap" not in mounts.read()
                and not os.path.exists("/run/boomerang/swap"))


def image(path):
    """A root with an init: busybox alone."""
    with tarfile.open(path, "w") as archive:
        archive.add(BUSYBOX, "bin/busybox")
        for name, target in (("bin/sh", "busybox"),
                             ("sbin/init", "../bin/busybox")):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            archive.addfile(info)


def test_dry_run(program, tar):
    """Every row is printed, also behind one that refuses."""
    status, said = swap(program, "--dry-run", tar)
    ok(status == 1, "a dry run in a PID namespace is refused", said)
    ok(re.search(r"^REFUSED .*PID|^REFUSED .*container", said, re.MULTILINE),
       "and says why", said)
    ok(re.search(r"^ok +memory", said, re.MULTILINE), "and the memory", said)
    ok("/sbin/init" in said, "and the image's init", said)
    ok(nothing_left(), "and leaves nothing")


def test_failures(program, tar):
    """An image that cannot be used."""
    for what, arguments, pattern in (
            ("no image", ["/nonexistent.tar"], "nonexistent"),
            ("no init", [tar, "/sbin/none"], "/sbin/none"),
            ("no sum", ["--sha256", "0" * 64, tar], "sha256"),
            ("no bootstrap", ["--bootstrap", tar], "is not a bootstrap"),
            ("not an image", ["/etc/passwd"], "/etc/passwd")):
        status, said = swap(program, "--dry-run", *arguments)
        last = said.splitlines()[-1] if said else ""
        ok(status == 1 and pattern in last, f"{what}: refused in one line",
           said)
        ok(nothing_left(), f"{what}: nothing is left")


def test_left_behind(program):
    """What a swap leaves as boomerang in the new system."""
    init = os.path.join(os.path.dirname(program), "boomerang-init")
    if not os.path.exists(init):  # with sanitizers it is not built
        return
    for arguments, want, pattern in (
            (["swap", "--confirm"], 1, "nothing waits"),
            (["load", "image"], 2, "only `boomerang swap --confirm`")):
        done = subprocess.run(["boomerang", *arguments], executable=init,
                              stdin=subprocess.DEVNULL, text=True,
                              capture_output=True, check=False)
        ok(done.returncode == want and pattern in done.stderr,
           f"left behind: {' '.join(arguments)}", done.stderr)


def test(program):
    """All of it."""
    for arguments, pattern in WRONG:
        status, said = swap(program, *arguments)
        ok(status == 2 and pattern in said and said.count("\n") == 1,
           f"swap {' '.join(arguments)}: wrong use", said)
    status, said = swap(program, "/nonexistent.tar")
    ok(status == 1 and "say --yes" in said and said.count("\n") == 1,
       "nobody to ask: refused before the image is read", said)
    status, said = swap(program, "--confirm")
    ok(status == 1 and said.count("\n") == 1, "nothing to confirm", said)
    test_left_behind(program)
    with tempfile.TemporaryDirectory() as work:
        tar = os.path.join(work, "busybox.tar")
        image(tar)
        test_dry_run(program, tar)
        test_failures(program, tar)


if __name__ == "__main__":
    isolated.main(test)
