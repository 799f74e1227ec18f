#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""An image written as it is: from servers that behave and that do not, checked
on its way, into files and into a block device that is memory.

usage: test-write.py WRITE-IMAGE

Runs in a mount and a network namespace of its own (loopback only), in a tmpfs;
all of it but a loop device, which is removed, ends with this process. Prints
TAP.
"""
import hashlib
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

import image_server  # noqa: E402
import isolated  # noqa: E402
from isolated import ok, run, skip  # noqa: E402

NO_DIGEST = "0" * 64
SIZE = 5 * 1024 * 1024 + 321
DEVICE = 512 * 1024 * 1024
CACHE_MAX = 32 * 1024 * 1024


class Bench:
    def __init__(self, tool, top):
        self.tool = tool
        self.files = f"{top}/files"
        self.target = f"{top}/target"
        self.keys = f"{top}/keys"
        os.makedirs(self.files)
        os.makedirs(self.keys)
        self.content = os.urandom(SIZE)
        self.sha256 = hashlib.sha256(self.content).hexdigest()
        self.server = image_server.Server(self.files)
        for name in ("a", "b"):
            run("minisign", "-G", "-W", "-p", f"{self.keys}/{name}.pub", "-s",
                f"{self.keys}/{name}.key")
        self.fresh()

    def fresh(self):
        """Nothing but the image is there."""
        for name in os.listdir(self.files):
            os.unlink(f"{self.files}/{name}")
        self.put("live.iso", self.content)

    def put(self, name, data):
        with open(f"{self.files}/{name}", "wb") as file:
            file.write(data if isinstance(data, bytes) else data.encode())

    def url(self, manner):
        return f"{self.server.url}/{manner}/live.iso"

    def write(self, reference, *options, target=None, **more):
        """The target was something else, and longer."""
        self.server.reset()
        if not target:
            target = self.target
            with open(target, "wb") as file:
                file.write(b"old" * (SIZE // 2))
        return subprocess.run([self.tool, *options, reference, target],
                              capture_output=True, text=True, timeout=120,
                              **more)

    def good(self, what, reference, *options, checked="", signer="", **more):
        done = self.write(reference, *options, **more)
        lines = done.stdout.splitlines()
        with open(self.target, "rb") as file:
            written = file.read(SIZE)
            rest = file.read()
        ok(done.returncode == 0 and
           lines[0].split()[:2] == [str(SIZE), self.sha256] and
           lines[1:] == [checked, signer] and written == self.content and
           rest == (b"old" * (SIZE // 2))[SIZE:],
           what, f"{done.stdout}{done.stderr}")

    def bad(self, what, reference, words, *options, **more):
        done = self.write(reference, *options, **more)
        ok(done.returncode == 1 and not done.stdout and
           len(done.stderr.splitlines()) == 1 and
           all(word in done.stderr for word in words),
           what, f"{done.returncode}: {done.stdout}{done.stderr}")


def test_sources(b):
    path = f"{b.files}/live.iso"
    for manner, what in (("ok", "a server"), ("plain", "one without ranges"),
                         ("chunked", "one that does not say the size"),
                         ("cut", "one that breaks off, and goes on"),
                         ("hop/3/ok", "one that is elsewhere")):
        b.good(what, b.url(manner))
    b.good("a file", path)
    b.good("its URL", f"file://{path}")
    with open(path, "rb") as stream:
        b.good("standard input", "-", stdin=stream)
    with subprocess.Popen(["cat", path], stdout=subprocess.PIPE) as cat:
        b.good("a pipe", "-", stdin=cat.stdout)


def test_failures(b):
    b.bad("one that breaks off and has no ranges", b.url("cutplain"),
          ["connection lost at 2.6 MB of 5.2 MB", "cannot resume"])
    b.bad("one whose file changes", b.url("cutother"), ["connection lost"])
    b.bad("one that has it not", f"{b.server.url}/status/404", ["404"])
    b.bad("no such file", f"{b.files}/none", ["cannot open"])
    b.bad("an image of layers", "docker://h/a/b", ["image of layers"])
    b.bad("no room on the device", b.url("ok"),
          ["cannot write it where it goes", "No space left"],
          target="/dev/full")
    b.bad("cancelled", b.url("ok"), ["live.iso: cancelled"], "--cancel")


def test_size(b):
    b.good("just as much as there is room for", b.url("ok"), "--max", str(SIZE))
    b.bad("a byte more", b.url("ok"), ["5.2 MB", "room for"], "--max",
          str(SIZE - 1))
    b.bad("much more", b.url("ok"), ["has 5.2 MB,", "room for 1.0 MB"],
          "--max", "1000000")
    ok(os.stat(b.target).st_size == len(b"old" * (SIZE // 2)) and
       open(b.target, "rb").read(3) == b"old",
       "which is known before a byte is written")
    b.bad("more than was known", b.url("chunked"),
          ["has more than 1.0 MB,", "room for 1.0 MB"], "--max", "1000000")


def test_sums(b):
    other = f"{NO_DIGEST}  live.iso\n"
    mine = f"{b.sha256}  live.iso\n"
    for reference in (b.url("ok"), f"{b.files}/live.iso"):
        kind = reference.partition(":")[0][:5]
        b.fresh()
        b.good(f"the sha256 asked for: {kind}", reference, "--sha256",
               b.sha256, checked="the request")
        b.bad("another one", reference,
              ["sha256 differs", "the request", NO_DIGEST, b.sha256],
              "--sha256", NO_DIGEST)
        b.good("that of the reference", f"{reference}#sha256:{b.sha256}",
               checked="the reference")
        b.bad("another one", f"{reference}#sha256:{NO_DIGEST}",
              ["sha256 differs", "the reference"])
        b.bad("two that differ", f"{reference}#sha256:{b.sha256}",
              ["two different sha256"], "--sha256", NO_DIGEST)
        for name in ("SHA256SUMS", "live.iso.sha256"):
            b.fresh()
            b.put(name, mine)
            b.good(name, reference, checked=name)
            b.put(name, other)
            b.bad(f"{name} of another", reference, ["sha256 differs", name])


def test_signatures(b):
    def sign(key):
        run("minisign", "-S", "-H", "-s", f"{b.keys}/{key}.key", "-t", "it",
            "-m", f"{b.files}/live.iso")

    with open(f"{b.keys}/a.pub") as file:
        signer = file.readline().split()[-1]
    trust = ("--trust", f"{b.keys}/a.pub")
    b.fresh()
    b.bad("no signature", b.url("ok"), ["a signature is required"], *trust)
    ok(all(path != "/ok/live.iso" for path, _ in b.server.requests),
       "is not fetched", b.server.requests)
    sign("b")
    b.bad("one of a stranger", b.url("ok"), ["which is not trusted"], *trust)
    sign("a")
    b.good("one of a key that is trusted", b.url("ok"), *trust, signer=signer)
    b.put("live.iso", b.content[:-1] + b"x")
    b.bad("of what was changed later", b.url("ok"),
          ["is not of this image"], *trust)
    b.fresh()


def test_device(b, top):
    """A loop device over a tmpfs is memory, as a pmem device is."""
    backing = f"{top}/backing"
    with open(backing, "wb") as file:
        file.truncate(DEVICE)
    # More than would fit, but a hole: nothing is read from it.
    source = f"{b.files}/large.iso"
    with open(source, "wb") as file:
        file.truncate(DEVICE - 12345)
        file.seek(DEVICE // 3)
        file.write(b.content)
    made = run("losetup", "--find", "--show", backing, check=False, text=True)
    if made.returncode:
        skip("a block device", made.stderr.strip())
        return
    device = made.stdout.strip()
    try:
        done = b.write(source, target=device)
        ok(done.returncode == 0, "a block device", done.stderr)
        cached = int(done.stdout.split()[2] or 0)
        ok(cached <= CACHE_MAX, "of which the page cache holds little",
           f"{cached} bytes of {DEVICE}")
        print(f"# {cached} bytes of {DEVICE} in the page cache at most")
        ok(run("cmp", "-n", str(DEVICE - 12345), source, backing,
               check=False).returncode == 0, "and which has it all")
        b.bad("what it has no room for", b.url("ok"), ["room for"], "--max",
              "4096", target=device)
    finally:
        run("losetup", "--detach", device)


def main(tool):
    top = tempfile.mkdtemp()
    try:
        run("mount", "-t", "tmpfs", "-o", "mode=0755", "test", top)
        bench = Bench(tool, top)
        test_sources(bench)
        test_failures(bench)
        test_size(bench)
        test_sums(bench)
        test_signatures(bench)
        test_device(bench, top)
    finally:
        os.chdir("/")
        run("umount", "-l", top)
        os.rmdir(top)


if __name__ == "__main__":
    isolated.main(main, "minisign", "losetup")
