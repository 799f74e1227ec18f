#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""boomerang vm: the command of QEMU that it makes, and what it says when
something is missing. No machine is started; another program stands in for
QEMU.

usage: test-vm.py BOOMERANG
"""
import os
import shlex
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import tap  # noqa: E402  pylint: disable=wrong-import-position
from tap import ok  # noqa: E402  pylint: disable=wrong-import-position

BOOMERANG = Path(sys.argv[1]).resolve()


class Bench:
    def __init__(self, top):
        self.top = Path(top)
        self.programs = self.top / "bin"
        self.programs.mkdir()
        for name in ("qemu-system-x86_64", "qemu-system-aarch64"):
            fake = self.programs / name
            fake.write_text('#!/bin/sh\nprintf "%s\\n" "$0" "$@"\n')
            fake.chmod(0o755)
        for name in ("out", "out-arm64", "with,comma"):
            out = self.top / name
            out.mkdir()
            (out / "vmlinuz").write_text("kernel")
            (out / "bootstrap.img").write_text("initrd")
            (out / "cmdline").write_text(f"console={name} quiet\n")

    def run(self, *argv, path=None):
        return subprocess.run(
            [BOOMERANG, "vm", *map(str, argv)], cwd=self.top, text=True,
            capture_output=True,
            env={"PATH": str(self.programs if path is None else path)})

    def words(self, *argv):
        done = self.run("--dry-run", "--accel", "tcg", *argv)
        return shlex.split(done.stdout)

    def refused(self, what, status, text, *argv, path=None):
        done = self.run(*argv, path=path)
        ok(done.returncode == status and text in done.stderr and
           len(done.stderr.splitlines()) == 1, f"{what}: {text}",
           f"{done.returncode} {done.stderr}")


def value(words, option):
    """What stands behind it, each time."""
    return [words[i + 1] for i, word in enumerate(words) if word == option]


def test_command(bench):
    words = bench.words("--arch", "x86-64")
    ok(words[0] == "qemu-system-x86_64" and
       value(words, "-kernel") == ["out/vmlinuz"] and
       value(words, "-initrd") == ["out/bootstrap.img"] and
       value(words, "-append") == ["console=out quiet"] and
       value(words, "-m") == ["2048"] and
       value(words, "-serial") == ["mon:stdio"] and
       value(words, "-accel") == ["tcg,thread=multi"],
       "out/ runs, its serial line is the terminal", words)
    net = value(words, "-netdev")[0]
    port = int(net.split(":")[2].partition("-")[0])
    ok(net == f"user,id=net,hostfwd=tcp:127.0.0.1:{port}-:22", "SSH is at a "
       "port of the loopback interface", net)
    with socket.create_server(("127.0.0.1", port)):
        ok(True, "which was free")
    words = bench.words("--arch", "arm64", "--memory", "1G")
    ok(words[0] == "qemu-system-aarch64" and
       value(words, "-machine") == ["virt"] and
       value(words, "-kernel") == ["out-arm64/vmlinuz"] and
       value(words, "-m") == ["1024"], "arm64 is of out-arm64/", words)
    ok(value(bench.words("--memory", "1536M"), "-m") == ["1536"] and
       value(bench.words("--memory", "700"), "-m") == ["700"],
       "memory in M, or without a word")
    raw, qcow2 = bench.top / "raw,disk", bench.top / "disk.qcow2"
    raw.write_bytes(bytes(512))
    qcow2.write_bytes(b"QFI\xfb" + bytes(508))
    words = bench.words("--disk", raw, "--disk", qcow2, "--append",
                        "it's=\"this\"", "with,comma", "--arch", "x86-64")
    ok(value(words, "-drive") ==
       [f"if=virtio,format=raw,file={bench.top}/raw,,disk",
        f"if=virtio,format=qcow2,file={qcow2}"],
       "disks in their order, each of its format", words)
    ok(value(words, "-append") == ["console=with,comma quiet it's=\"this\""],
       "another directory, and more words for the kernel", words)
    words = bench.words("--uefi", "--arch", "x86-64")
    if Path("/usr/share/OVMF").exists():
        ok(value(words, "-machine") == ["q35"] and
           "readonly=on" in value(words, "-drive")[0] and
           "snapshot=on" in value(words, "-drive")[1],
           "UEFI, of which the variables are not written back", words)


def test_run(bench):
    done = bench.run("--accel", "tcg", "--arch", "x86-64")
    lines = done.stdout.splitlines()
    ok(done.returncode == 0 and "Ctrl+A X" in lines[0] and
       "ssh -p " in lines[1] and lines[2].endswith("qemu-system-x86_64"),
       "QEMU follows two lines of what to know", done.stdout + done.stderr)


def test_wrong(bench):
    empty = bench.top / "empty"
    empty.mkdir()
    bench.refused("no QEMU", 1, "apt install qemu-system-x86", "--arch",
                  "x86-64", path=empty)
    bench.refused("no QEMU for arm64", 1, "apt install qemu-system-arm",
                  "--arch", "arm64", path=empty)
    bench.refused("nothing built", 1, "empty/vmlinuz (`boomerang build`",
                  empty)
    bench.refused("no such disk", 1, "nothing", "--disk", "nothing")
    for what, text, argv in [
            ("an unknown machine", "x86-64 or arm64", ["--arch", "vax"]),
            ("an unknown accelerator", "auto, kvm or tcg",
             ["--accel", "warp"]),
            ("no size", "--memory is", ["--memory", "much"]),
            ("too little", "256M at least", ["--memory", "64M"]),
            ("two directories", "one directory", ["out", "out"]),
            ("an unknown option", "is not an option", ["--colour"])]:
        bench.refused(what, 2, text, *argv)


def main():
    with tempfile.TemporaryDirectory() as top:
        bench = Bench(top)
        test_command(bench)
        test_run(bench)
        test_wrong(bench)
    tap.done()


if __name__ == "__main__":
    sys.exit(main())
