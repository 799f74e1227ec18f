#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test-media BOOMERANG: builds media with it, and judges them by other
programs: xorriso, sfdisk, mtools, grub-script-check. The lab boots them."""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import tap  # noqa: E402  pylint: disable=wrong-import-position
from tap import ok  # noqa: E402  pylint: disable=wrong-import-position

BOOMERANG = Path(sys.argv[1]).resolve()
KERNELS = Path(".cache/kernel")
LOADERS = Path(os.environ.get("BOOMERANG_OUT", "out")) / "loaders"
SECTOR = 512
ESP = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"


def run(*argv, **more):
    return subprocess.run([str(a) for a in argv], capture_output=True,
                          text=True, errors="replace", **more)


def build(out, *more, loaders=LOADERS, **environment):
    return run(BOOMERANG, "build", "-o", out, "--level", "1", "--profile",
               "minimal", "--iso", "--loaders", loaders, *more,
               env={**os.environ, **environment})


def test_twice(work):
    """Elsewhere, with other files' modes, time zone and names."""
    (work / "elsewhere").mkdir()
    os.umask(0o077)
    done = build(work / "again", "--server", "http://192.0.2.2/",
                 TMPDIR=str(work / "elsewhere"), TZ="Asia/Tokyo")
    os.umask(0o022)
    ok(done.returncode == 0, "another build", done.stderr)
    for name in ("bootstrap.iso", "ipxe.iso"):
        ok((work / "out" / name).read_bytes() ==
           (work / "again" / name).read_bytes(), f"{name} is the same again")
    ok(not list((work / "elsewhere").iterdir()), "nothing is left over")


def test_layout(image):
    """The ways firmware looks for something to start."""
    done = run("xorriso", "-indev", image, "-report_el_torito", "plain")
    platforms = re.findall(r"boot img : +\d +(\w+) +y +none", done.stdout)
    ok(platforms == ["BIOS", "UEFI"], f"{image.name}: what a CD starts",
       done.stdout)
    done = run("sfdisk", "--json", image)
    partitions = json.loads(done.stdout)["partitiontable"]["partitions"]
    ok(partitions[1]["type"] == ESP, "a stick has a partition for UEFI",
       done.stdout)
    sector = image.read_bytes()[:SECTOR]
    ok(sector[510:] == b"\x55\xaa" and b"GRUB" in sector and
       any(sector[446 + 16 * i] == 0x80 for i in range(4)),
       "and a boot sector with an active partition")
    return f"{image}@@{partitions[1]['start'] * SECTOR}"


def test_fat(fat, names):
    listing = run("mdir", "-/", "-b", "-i", fat, "::").stdout
    have = {line.removeprefix("::/") for line in listing.split()
            if not line.endswith("/")}
    ok(have == names, "the files on the FAT", sorted(have))


def extract(image, path, work):
    target = work / "extracted"
    target.unlink(missing_ok=True)
    run("xorriso", "-osirrox", "on", "-indev", image, "-extract", path, target)
    return target.read_text()


def test_scripts(image, work, facts):
    for name in ("boot/grub/grub.cfg", "boot/grub/build.cfg",
                 "EFI/debian/grub.cfg"):
        done = subprocess.run(["grub-script-check"], check=False, text=True,
                              input=extract(image, name, work),
                              capture_output=True)
        ok(done.returncode == 0, f"{name} is what GRUB can read", done.stderr)
    text = extract(image, "boot/grub/build.cfg", work)
    ok(all(fact in text.splitlines() for fact in facts),
       "what the build knows", text)


def test_script(image, work):
    text = extract(image, "boot.ipxe", work)
    labels = set(re.findall(r"^:(\w+)$", text, re.M))
    goals = set(re.findall(r"\bgoto (\w+)", text))
    items = set(re.findall(r"^item --key \S+ (\w+) ", text, re.M))
    ok(text.startswith("#!ipxe\n") and goals | items <= labels,
       "iPXE's script has the labels that it goes to",
       (goals | items) - labels)


def test_refused(work):
    nothing = work / "nothing"
    nothing.mkdir()
    for what, status, text, done in [
            ("no loaders", 1, "make loaders",
             build(work / "refused", loaders=nothing)),
            ("a quote in --server", 2, "--server",
             build(work / "refused", "--server", "http://a'b/")),
            ("--server alone", 2, "--iso",
             run(BOOMERANG, "build", "-o", work / "refused", "--server",
                 "http://h/"))]:
        ok(done.returncode == status and text in done.stderr and
           len(done.stderr.splitlines()) == 1,
           f"{what}: status {status} and one line", done.stderr)
    ok(not (work / "refused").exists(), "nothing was built")


def main():
    if not list(KERNELS.glob("boot/vmlinuz-*")) or \
            not (BOOMERANG.parent / "boomerang-init").exists() or \
            not (LOADERS / "ipxe.lkrn").exists():
        tap.skip_all("needs make kernel-fetch loaders and boomerang-init")
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        done = build(work / "out", "--server", "http://192.0.2.2/")
        if ok(done.returncode == 0, "a build", done.stderr):
            bootstrap, ipxe = (work / "out" / name
                               for name in ("bootstrap.iso", "ipxe.iso"))
            test_fat(test_layout(bootstrap),
                     {"EFI/BOOT/BOOTX64.EFI", "EFI/BOOT/grubx64.efi",
                      "EFI/debian/grub.cfg", "parameters.cfg"})
            test_fat(test_layout(ipxe),
                     {"EFI/BOOT/BOOTX64.EFI", "EFI/debian/grub.cfg",
                      "boot.ipxe", "parameters.cfg"})
            cmdline = (work / "out" / "cmdline").read_text().strip()
            test_scripts(bootstrap, work, [f"set cmdline='{cmdline}'"])
            test_scripts(ipxe, work, ["set server='http://192.0.2.2/'",
                                      "set label='BOOMIPXE'"])
            test_script(ipxe, work)
            test_twice(work)
            test_refused(work)
    tap.done()


sys.exit(main())
