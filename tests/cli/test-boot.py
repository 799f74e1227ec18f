#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""boomerang boot as far as it goes without a machine that starts another
kernel: what is wrong on the command line, and dry runs of an ISO from a file
and from servers, of which only parts are fetched."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS / "image"), str(TESTS)]
import isolated  # noqa: E402  pylint: disable=wrong-import-position
from image_server import Server  # noqa: E402  pylint: disable=wrong-import-position
from isolated import ok  # noqa: E402  pylint: disable=wrong-import-position
from lab import distrotable  # noqa: E402  pylint: disable=wrong-import-position

WRONG = [
    ([], "which ISO"),
    (["a.iso", "b.iso"], "one ISO at a time"),
    (["--kernel", "k", "a.iso"], "instead of an ISO"),
    (["--kernel", "k", "--entry", "x"], "instead of an ISO"),
    (["--initrd", "i", "a.iso"], "wants a --kernel"),
    (["--method", "cma", "a.iso"], "auto, pmem or initrd"),
    (["--insecure", "--require-signature", "a.iso"], "contradict"),
    (["--sha256", "12", "a.iso"], "64 hexadecimal digits"),
    (["--frobnicate", "a.iso"], "is not an option"),
]

GRUB = """\
set default=1
menuentry "Small live" {
    linux /live/vmlinuz boot=live quiet
    initrd /live/initrd.img
}
submenu "More" {
    menuentry "Small live (failsafe)" {
        linux /live/vmlinuz boot=live single
        initrd /live/initrd.img
    }
}
menuentry "Memory test" { linux16 /live/nothing }
"""


def boot(program, *arguments):
    """(exit status, all that it printed)"""
    done = subprocess.run([program, "boot", *arguments], text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout


def make_iso(work, kernel):
    """A live ISO for live-boot, with nothing in its file system."""
    tree = work / "tree"
    (tree / "boot/grub").mkdir(parents=True)
    (tree / "live").mkdir()
    (tree / "boot/grub/grub.cfg").write_text(GRUB)
    (tree / "live/vmlinuz").write_bytes(kernel)
    (tree / "live/initrd.img").write_bytes(bytes(4096))
    (tree / "live/filesystem.squashfs").write_bytes(b"hsqs" + bytes(8 << 20))
    iso = work / "live.iso"
    isolated.run("xorriso", "-as", "mkisofs", "-quiet", "-r", "-V", "SMALL",
                 "-o", iso, tree)
    return iso


def check_shown(what, said):
    """All that a dry run shows of the ISO."""
    for pattern in (r"^entries +1  Small live$", r"^ +\* +2  More > Small live",
                    r"^entry +More > Small live \(failsafe\)$",
                    r"^kernel +/live/vmlinuz, \d+\.\d+",
                    r"^initrd +/live/initrd\.img$", r"^medium +live-boot$"):
        ok(re.search(pattern, said, re.MULTILINE), f"{what}: {pattern}", said)


def test_file(program, iso):
    """A file: no kexec may end what it lies on."""
    status, said = boot(program, "--dry-run", str(iso))
    check_shown("a file", said)
    ok("where it goes from the initrd" in said or "memory" in said,
       "a file: it goes along, or there is no memory for that", said)
    status, said = boot(program, "--dry-run", "--entry", "nothing", str(iso))
    ok(status == 1 and "Small live" in said.splitlines()[-1],
       "an entry that is not there: those that are", said)
    status, said = boot(program, "--dry-run", "--entry", "failsafe",
                        "--method", "pmem", str(iso))
    ok(status == 1 and "--method initrd" in said.splitlines()[-1],
       "a file is gone after another start", said)


def test_refused(program, work, iso):
    """What cannot be booted, in one line."""
    (work / "empty.iso").write_bytes(b"")
    (work / "text.iso").write_text("no ISO" * 10000)
    (work / "cut.iso").write_bytes(iso.read_bytes()[:1 << 20])
    for name, pattern in (("empty.iso", "empty.iso"), ("text.iso", "no ISO"),
                          ("cut.iso", "cut short"),
                          ("missing.iso", "No such file")):
        status, said = boot(program, "--dry-run", str(work / name))
        ok(status == 1 and pattern in said.splitlines()[-1],
           f"{name}: {pattern}", said)
    for reference, pattern in (("debain", "debian"),
                               ("docker://debian", "boomerang load")):
        status, said = boot(program, "--dry-run", reference)
        ok(status == 1 and pattern in said and said.count("\n") == 1,
           f"{reference}: {pattern}", said)


def test_servers(program, work, iso):
    """From a server: parts where it gives them."""
    with Server(str(work)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        _, said = boot(program, "--dry-run", f"{url}/ok/{iso.name}")
        check_shown("ranges", said)
        ok(all(asked for _, asked in server.requests),
           "only parts are asked for", server.requests)
        _, said = boot(program, "--dry-run", f"{url}/plain/{iso.name}")
        ok("known when it was fetched" in said,
           "without ranges nothing is known before", said)
        status, said = boot(program, "--dry-run", f"{url}/status/404")
        ok(status == 1 and "404" in said and said.count("\n") == 1,
           "a file that is not there", said)
        server.shutdown()


def test_signatures(program, work, iso):
    """Where a signature is required: known before anything ends."""
    run = isolated.run
    run("cp", "-a", "/etc", work / "etc")
    run("mount", "--bind", work / "etc", "/etc")
    key = str(work / "key")
    run("minisign", "-G", "-W", "-p", f"{key}.pub", "-s", key)
    required = ["--dry-run", "--require-signature", "--trust", f"{key}.pub"]
    with Server(str(work)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = (f"http://127.0.0.1:{server.server_address[1]}/ok/{iso.name}")
        for what, reference in ("a URL", url), ("a file", str(iso)):
            status, said = boot(program, *required, reference)
            ok(status == 1 and re.search(
                r"no live\.iso\.minisig is beside it; .*table of dist",
                said.splitlines()[-1]), f"{what} without a signature", said)
        run("minisign", "-S", "-s", key, "-m", iso)
        for what, reference in ("a URL", url), ("a file", str(iso)):
            _, said = boot(program, *required, reference)
            ok("signature" not in said, f"{what} with one", said)
        Path(f"{iso}.minisig").unlink()
        table = Path("/etc/boomerang/distros.ini")
        table.parent.mkdir(exist_ok=True)
        distrotable.make(work, iso, url)
        table.write_text((work / "table.ini").read_text())
        # What is unpacked beside does not hide it.
        (work / "lab").mkdir()
        os.chdir(work)
        _, said = boot(program, *required, "lab")
        ok(re.search(r"^checks +SHA256SUMS, signed by Lab ", said,
                     re.MULTILINE) and "required" not in said,
           "the table's key signed its checksums", said)
        with open(work / "SHA256SUMS", "a", encoding="ascii") as sums:
            sums.write("# changed\n")
        status, said = boot(program, *required, "lab")
        ok(status == 1 and "SHA256SUMS" in said.splitlines()[-1],
           "checksums that were changed", said)
        table.write_text((work / "table.ini").read_text().replace(
            "signature = SHA256SUMS.sign\n", "").replace("keys = lab\n", ""))
        status, said = boot(program, *required, "lab")
        ok(status == 1 and "is beside it; " in said.splitlines()[-1],
           "checksums that nobody signed", said)
        (table.parent / "trust").mkdir()
        shutil.copy(f"{key}.pub", table.parent / "trust")
        (table.parent / "require-signature").touch()
        update = [program, "distros", "update", url.replace(iso.name,
                                                            "table.ini")]
        done = run(*update, check=False, text=True)
        ok(done.returncode == 1 and "table.ini.minisig" in done.stderr,
           "a table that is not signed", done.stderr)
        run("minisign", "-S", "-s", key, "-m", work / "table.ini")
        done = run(*update, check=False, text=True)
        ok(done.returncode == 0 and "1 distributions" in done.stdout,
           "one that is", done.stdout + done.stderr)
        server.shutdown()
    run("umount", "/etc")


def test_pair(program, work, kernel):
    """A kernel alone is looked at, too."""
    (work / "vmlinuz").write_bytes(kernel)
    digest = hashlib.sha256(kernel).hexdigest()
    _, said = boot(program, "--dry-run", "--kernel", str(work / "vmlinuz"))
    ok(re.search(r"^kernel +\S+vmlinuz, \d+\.\d+", said, re.MULTILINE),
       "a kernel says its release", said)
    status, said = boot(program, "--dry-run", "--kernel",
                        f"{work}/vmlinuz#sha256:{digest[::-1]}")
    ok(status == 1 and "sha256" in said, "another digest", said)
    status, said = boot(program, "--dry-run", "--kernel", "/etc/passwd")
    ok(status == 1 and "/etc/passwd" in said and said.count("\n") == 1,
       "no kernel", said)
    status, said = boot(program, "--dry-run", str(work))
    ok(status == 1 and "Is a directory" in said and said.count("\n") == 1,
       "a directory", said)


def test(program):
    """All of it."""
    for arguments, pattern in WRONG:
        status, said = boot(program, *arguments)
        ok(status == 2 and pattern in said and said.count("\n") == 1,
           f"boot {' '.join(arguments)}: wrong use", said)
    kernels = sorted((TESTS.parent / ".cache/kernel/boot").glob("vmlinuz-*"))
    if not kernels:
        isolated.skip("dry runs", "make kernel-fetch has not run")
        return
    kernel = kernels[-1].read_bytes()
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        iso = make_iso(work, kernel)
        test_file(program, iso)
        test_refused(program, work, iso)
        test_servers(program, work, iso)
        test_signatures(program, work, iso)
        test_pair(program, work, kernel)


if __name__ == "__main__":
    isolated.main(test, "xorriso", "minisign", "gpg", "gpgv")
