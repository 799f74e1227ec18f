#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""boomerang image inspect, verify, convert and export, judged by tar, bsdtar,
umoci, skopeo, unsquashfs and overlayfs.

usage: test-tools.py BOOMERANG

Runs in a mount and a network namespace of its own (loopback only), in a tmpfs;
all of it ends with this process. Prints TAP.
"""
import hashlib
import http.server
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True

import image_samples as samples  # noqa: E402
import isolated  # noqa: E402
from isolated import ok, run  # noqa: E402

NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
OS_RELEASE = b'PRETTY_NAME="A Linux \\"1\\""\nID=a\nVERSION_ID=1\n'


def read(path):
    with open(path, "rb") as f:
        return f.read()


class Sink(http.server.BaseHTTPRequestHandler):
    """Keeps what is PUT, when it came to its end; /refuse refuses."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def handle_expect_100(self):
        return True  # do_PUT decides

    def do_PUT(self):
        self.close_connection = True
        if self.path == "/refuse":
            self.send_error(403)
            return
        if self.headers.get("Expect"):
            self.send_response_only(100)
            self.end_headers()
        body = b""
        while True:
            size = int(self.rfile.readline() or b"-1", 16)
            if size <= 0:
                break
            body += self.rfile.read(size)
            self.rfile.readline()
        if size == 0:
            self.server.kept[self.path] = body
            self.send_response(201)
            self.send_header("Content-Length", "0")
            self.end_headers()


class Bench:
    def __init__(self, boomerang, top):
        self.top = top
        self.source = f"{top}/source"
        self.tmp = f"{top}/tmp"
        self.work = f"{top}/work"
        for directory in (self.source, self.tmp, self.work):
            os.mkdir(directory)
        os.chmod(self.tmp, 0o1777)
        self.boomerang = f"{top}/boomerang"  # where anybody can reach it
        shutil.copy(boomerang, self.boomerang)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sink)
        self.server.kept = {}
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def path(self, name):
        return f"{self.work}/{name}"

    def url(self, name):
        return f"http://127.0.0.1:{self.server.server_address[1]}/{name}"

    def image(self, *arguments, user=(), **options):
        return subprocess.run(
            [*user, self.boomerang, "image", *arguments], capture_output=True,
            cwd=self.work, timeout=120, stdin=subprocess.DEVNULL,
            env={**os.environ, "TMPDIR": self.tmp}, **options)

    def good(self, what, *arguments, words=(), **options):
        result = self.image(*arguments, **options)
        said = result.stdout.decode(errors="replace")
        ok(result.returncode == 0 and all(word in said for word in words) and
           not self.left(), what, f"{result.returncode} {said} {result.stderr}")
        return result

    def bad(self, what, words, *arguments, status=1, **options):
        """One line of error with all the words; nothing is left behind."""
        before = sorted(os.listdir(self.work))
        result = self.image(*arguments, **options)
        said = result.stderr.decode(errors="replace")
        left = self.left() + [name for name in sorted(os.listdir(self.work))
                              if name not in before]
        ok(result.returncode == status and said.count("\n") == 1 and
           all(word in said for word in words) and not left, what,
           f"{result.returncode} {said} left: {left}")
        return result

    def left(self):
        there = os.listdir(self.tmp) + os.listdir(self.work)
        return [name for name in there
                if name.startswith("boomerang-") or name.endswith(".new")]


def elf(path, machine):
    head = bytearray(64)
    head[0:7] = b"\x7fELF\2\1\1"
    head[18] = machine
    samples.write(path, bytes(head), 0o755)


def differences(ours, theirs):
    lines = []
    for name in sorted(set(ours) | set(theirs)):
        if ours.get(name) != theirs.get(name):
            lines.append(f"{name}: {ours.get(name)} / {theirs.get(name)}")
    return "\n".join(lines[:10])


def without_acls(fact):
    """Squashfs has no form for them, and umoci leaves them out."""
    return [*fact[1:3], fact[3] // 10**9, *fact[5:8]] + [
        value for value in fact[8:] if not str(value).startswith("('system.")]


def narrowed(facts):
    """Without its ACL the group has what the ACL said of it, not the mask."""
    name = b"etc/os-release"
    return {**facts, name: ["0o100644", *facts[name][1:]]}


def same(what, ours, wanted, keep=lambda fact: fact):
    ours = {name: keep(fact) for name, fact in ours.items()}
    wanted = {name: keep(fact) for name, fact in wanted.items()}
    ok(ours == wanted and len(ours) > 10, what, differences(ours, wanted))


def make_samples(bench):
    root = bench.source
    samples.make_tree(root)
    samples.write(f"{root}/etc/os-release", OS_RELEASE)
    os.mkdir(f"{root}/usr/lib/systemd")
    elf(f"{root}/usr/lib/systemd/systemd", 183)
    os.mkdir(f"{root}/sbin")
    os.symlink("/usr/lib/systemd/systemd", f"{root}/sbin/init")
    os.setxattr(f"{root}/etc/hostname", "user.bytes", b"\0\n=\xff")
    samples.write(f"{root}/etc/" + "l" * 255, b"two long names")
    os.link(f"{root}/etc/" + "l" * 255, f"{root}/etc/" + "m" * 255)
    os.chown(f"{root}/etc/" + "l" * 255, 4_000_000_000, 2_097_152)
    # A mask that is not what the owning group may.
    os.setxattr(f"{root}/etc/os-release", "system.posix_acl_access",
                samples.acl(1000).replace(b"\x10\0\4\0", b"\x10\0\6\0"))
    os.setxattr(f"{root}/tmp", "system.posix_acl_default", samples.acl(4000))
    run("tar", "-C", root, "--numeric-owner", "--format=pax", "--xattrs",
        "--xattrs-include=*", "--acls", "-S", "-cf", bench.path("image.tar"),
        ".")
    samples.compress(bench.path("image.tar"), "gz")
    run("mksquashfs", root, bench.path("image.squashfs"), "-quiet",
        "-no-progress")


# --- the tests ---


def test_inspect(bench):
    for ref in ("image.tar", "image.tar.gz", "image.squashfs"):
        result = bench.good(f"inspect {ref}", "inspect", "--json", ref)
        facts = json.loads(result.stdout or b"{}")
        root = facts.get("root") or {}
        ok(facts.get("kind") == ref.split(".", 1)[1] and
           facts.get("architecture") == "arm64" and
           not facts.get("runs_here") == (os.uname().machine == "x86_64") and
           root.get("distribution") == 'A Linux "1"' and
           root.get("init") == "/sbin/init" and
           root.get("init_kind") == "systemd" and
           facts["sha256"] == hashlib.sha256(
               read(bench.path(ref))).hexdigest() and
           facts["fetched_bytes"] == os.path.getsize(bench.path(ref)),
           f"{ref}: what it is", facts)
    size = sum(os.lstat(os.path.join(d, f)).st_blocks * 512
               for d, _, files in os.walk(bench.source) for f in files)
    ok(0.9 * size < json.loads(bench.image(
        "inspect", "--json", "image.tar.gz").stdout)["memory_bytes"] <
       1.1 * size + 100_000, "the memory that it takes")
    bench.good("inspect for a person", "inspect", "image.tar.gz",
               words=["tar.gz", "A Linux", "arm64, unlike", "(systemd)"])
    ok(b"memory" in bench.good("as nobody", "inspect", "image.tar",
                               user=NOBODY).stdout, "also its size")
    bench.good("a file as nobody", "inspect", "image.squashfs", user=NOBODY,
               words=["squashfs", "needs root"])
    ok(json.loads(bench.image("inspect", "--json", "image.squashfs",
                              user=NOBODY).stdout)["runs_here"] is None,
       "nobody claims that it runs elsewhere")
    run("gzip", "-kf", bench.path("image.squashfs"))
    bench.good("a compressed file", "inspect", "image.squashfs.gz",
               words=["squashfs (gz)"])
    bench.bad("inspect nothing", ["none.tar", "No such file"], "inspect",
              "none.tar")
    bench.bad("without a reference", ["wants a reference"], "inspect",
              status=2)
    bench.bad("an unknown option", ["--why is not an option"], "inspect",
              "--why", "image.tar", status=2)


def test_verify(bench):
    digest = hashlib.sha256(read(bench.path("image.tar.gz"))).hexdigest()
    bench.good("verify, nothing known", "verify", "image.tar.gz",
               words=[digest, "Nothing says what it should be"])
    bench.good("verify --sha256", "verify", "--sha256", digest.upper(),
               "image.tar.gz", words=[digest, "as "])
    bench.bad("another sha256", ["sha256", digest], "verify", "--sha256",
              "0" * 64, "image.tar.gz")
    bench.bad("no sha256", ["64 hexadecimal"], "verify", "--sha256", "12",
              "image.tar.gz", status=2)
    samples.write(bench.path("SHA256SUMS"),
                  f"{digest}  image.tar.gz\n".encode())
    result = bench.good("verify, SHA256SUMS", "verify", "image.tar.gz",
                        words=["SHA256SUMS"])
    ok(b"Nothing says" not in result.stdout, "that is something")
    os.unlink(bench.path("SHA256SUMS"))
    bench.bad("unsigned", ["sign"], "verify", "--require-signature",
              "image.tar.gz")
    data = bytearray(read(bench.path("image.tar.gz")))
    data[len(data) // 2] ^= 16
    samples.write(bench.path("flipped"), bytes(data))
    samples.write(bench.path("short"), bytes(data[:1000]))
    bench.bad("a flipped bit", ["flipped"], "verify", "flipped")
    bench.bad("cut short", ["short"], "verify", "short")
    bench.good("verify as nobody", "verify", "image.tar.gz", user=NOBODY)


def unpacked(bench, name, *command):
    directory = f"{bench.top}/out-{name}"
    os.mkdir(directory)
    run(*command, cwd=directory)
    facts = samples.describe(directory)
    shutil.rmtree(directory)
    return facts


def test_convert_tar(bench):
    wanted = samples.describe(bench.source)
    bench.good("convert to tar", "convert", "image.tar.gz", "tar", "a.tar",
               words=["a.tar: "])
    same("tar(1) makes the same tree", unpacked(
        bench, "tar", "tar", "--numeric-owner", "--xattrs",
        "--xattrs-include=*", "--acls", "-xpf", bench.path("a.tar")), wanted)
    same("bsdtar too", unpacked(
        bench, "bsdtar", "bsdtar", "--numeric-owner", "--xattrs", "--acls",
        "-xpf", bench.path("a.tar")), wanted)
    os.mkdir(f"{bench.top}/ours")
    bench.good("and unpack", "unpack", "a.tar", f"{bench.top}/ours")
    same("the same", samples.describe(f"{bench.top}/ours/tree"), wanted)
    shutil.rmtree(f"{bench.top}/ours")
    ok(os.path.getsize(bench.path("a.tar")) < 4 << 20, "holes stay holes")
    result = bench.good("to standard output", "convert", "a.tar", "tar")
    ok(result.stdout == read(bench.path("a.tar")), "and the same bytes")
    ok(bench.image("convert", "a.tar", "tar", "-").stdout == result.stdout and
       not os.path.exists(bench.path("-")), "also by the name of -")
    bench.bad("into a directory", ["name a file"], "convert", "a.tar", "tar",
              bench.top)
    bench.bad("an unpack that fails", ["flipped"], "unpack", "flipped",
              bench.path("new"))
    ok(not os.path.exists(bench.path("new")), "leaves no directory")
    bench.good("an unpack that makes its directory", "unpack", "a.tar",
               bench.path("new"))
    bench.good("a file is replaced", "convert", "image.squashfs", "tar",
               "a.tar", words=["a.tar: "])
    same("of a squashfs", unpacked(
        bench, "squashfs", "tar", "--numeric-owner", "--xattrs",
        "--xattrs-include=*", "-xpf", bench.path("a.tar")), wanted,
         lambda fact: [fact[0], *without_acls(fact)])
    before = read(bench.path("a.tar"))
    bench.bad("a damaged image", ["flipped"], "convert", "flipped", "tar",
              "a.tar")
    ok(read(bench.path("a.tar")) == before, "leaves the file as it was")
    bench.bad("a full disk", ["No space left"], "convert", "image.tar", "tar",
              "/dev/full")
    ok(stat.S_ISCHR(os.stat("/dev/full").st_mode), "is no file afterwards")
    bench.bad("no such form", ["not \"zip\""], "convert", "image.tar", "zip",
              status=2)
    bench.bad("no such directory", ["No such file"], "convert", "image.tar",
              "tar", "no/such")


def test_convert_squashfs(bench):
    bench.good("convert to squashfs", "convert", "image.tar.gz", "squashfs",
               "a.squashfs")
    same("unsquashfs makes the same tree", unpacked(
        bench, "squashfs", "unsquashfs", "-q", "-n", "-f", "-d", ".",
        bench.path("a.squashfs")), narrowed(samples.describe(bench.source)),
         lambda fact: [fact[0], *without_acls(fact)])
    result = bench.good("to standard output", "convert", "image.tar",
                        "squashfs")
    ok(result.stdout[:4] == b"hsqs", "it comes")
    environment = {**os.environ, "PATH": bench.tmp, "TMPDIR": bench.tmp}
    process = subprocess.run(
        [bench.boomerang, "image", "convert", "image.tar", "squashfs", "b"],
        cwd=bench.work, env=environment, capture_output=True)
    ok(process.returncode == 1 and b"squashfs-tools" in process.stderr and
       not bench.left() and not os.path.exists(bench.path("b")),
       "without mksquashfs", process.stderr)


def test_convert_oci(bench):
    bench.good("convert to OCI", "convert", "image.tar.gz", "oci", "a.oci")
    bench.good("again", "convert", "image.tar.gz", "oci", "b.oci")
    ok(read(bench.path("a.oci")) == read(bench.path("b.oci")),
       "the same bytes")
    config = json.loads(run("skopeo", "inspect", "--config",
                            f"oci-archive:{bench.path('a.oci')}").stdout)
    ok(config["architecture"] == "arm64" and config["os"] == "linux" and
       config["created"] == "1970-01-01T00:00:00Z", "skopeo inspects it",
       config)
    run("skopeo", "copy", f"oci-archive:{bench.path('a.oci')}:latest",
        f"oci:{bench.top}/layout:x")
    run("umoci", "config", "--image", f"{bench.top}/layout:x",
        "--config.entrypoint", "/ep", "--config.cmd", "a b", "--config.env",
        "A=1", "--config.workingdir", "/w", "--config.user", "7:8",
        "--config.label", "k=v", "--architecture", "amd64")
    run("umoci", "raw", "unpack", "--image", f"{bench.top}/layout:x",
        f"{bench.top}/umoci")
    same("umoci unpacks it", samples.describe(f"{bench.top}/umoci"),
         samples.describe(bench.source), without_acls)
    shutil.rmtree(f"{bench.top}/umoci")
    layout = f"oci:{bench.top}/layout:x"
    bench.good("the config is told", "inspect", layout,
               words=["/ep", "a b", "A=1", "/w", "7:8", "k=v"])
    bench.good("and goes on", "convert", layout, "oci", "c.oci")
    config = json.loads(run("skopeo", "inspect", "--config",
                            f"oci-archive:{bench.path('c.oci')}:x").stdout)
    ok(config["architecture"] == "amd64" and config["config"] == {
        "Entrypoint": ["/ep"], "Cmd": ["a b"], "Env": ["A=1"],
        "WorkingDir": "/w", "User": "7:8", "Labels": {"k": "v"}},
       "as it was", config)
    bench.good("what we wrote, we read", "verify", "oci-archive:c.oci",
               words=["layers     1"])


def test_nobody(bench):
    """Owners and devices are lost, all else is kept."""
    mine = f"{bench.top}/nobody"
    os.mkdir(mine)
    os.chown(mine, 65534, 65534)
    for form in ("tar", "squashfs", "oci"):
        result = bench.good(f"convert to {form} as nobody", "convert",
                            bench.path("image.tar"), form, f"{mine}/{form}",
                            user=NOBODY)
        ok(b"only root can keep their owners" in result.stderr and
           b"2 devices were left out" in result.stderr, "says what is lost",
           result.stderr)
    wanted = {name: fact for name, fact in
              narrowed(samples.describe(bench.source)).items()
              if name not in (b"etc/null", b"etc/disk")}
    same("the rest is there", unpacked(bench, "nobody", "tar",
                                       "--numeric-owner", "-xpf",
                                       f"{mine}/tar"), wanted,
         lambda fact: [fact[0], fact[3], fact[5]])
    bench.bad("a squashfs as nobody", ["needs root"], "convert",
              bench.path("image.squashfs"), "tar", f"{mine}/x", user=NOBODY)
    bench.bad("no right to write", ["Permission denied"], "convert",
              bench.path("image.tar"), "tar", "denied.tar", user=NOBODY)
    ok(sorted(os.listdir(mine)) == ["oci", "squashfs", "tar"], "nothing else")
    bench.bad("export as nobody", ["needs root"], "export", "mine",
              user=NOBODY)


def change(merged):
    """Everything that an upper can hold."""
    os.unlink(f"{merged}/etc/hostname")
    os.unlink(f"{merged}/etc/fifo")
    shutil.rmtree(f"{merged}/usr/lib")
    os.mkdir(f"{merged}/usr/lib")
    samples.write(f"{merged}/usr/lib/new", b"new")
    os.chown(f"{merged}/usr/lib/new", 100000, 4000000)
    os.unlink(f"{merged}/lib")
    os.mkdir(f"{merged}/lib")
    samples.write(f"{merged}/lib/file", b"in place of a symlink")
    samples.write(f"{merged}/etc/empty", b"no longer")
    os.rename(f"{merged}/usr/bin/su", f"{merged}/usr/bin/su2")
    os.makedirs(f"{merged}/opt/a/b")
    os.link(f"{merged}/usr/lib/new", f"{merged}/opt/a/link")
    os.symlink("link", f"{merged}/opt/a/symlink")
    os.setxattr(f"{merged}/opt/a", "user.x", b"y")
    os.mknod(f"{merged}/opt/node", stat.S_IFBLK | 0o600, os.makedev(8, 1))
    os.chmod(merged, 0o711)


def add_layer(layout, tar):
    """Puts one more layer on the image."""
    def put(data):
        digest = hashlib.sha256(data).hexdigest()
        samples.write(f"{layout}/blobs/sha256/{digest}", data)
        return {"digest": f"sha256:{digest}", "size": len(data)}

    def get(descriptor):
        name = descriptor["digest"].split(":")[1]
        return json.loads(read(f"{layout}/blobs/sha256/{name}"))

    index = json.loads(read(f"{layout}/index.json"))
    manifest = get(index["manifests"][0])
    config = get(manifest["config"])
    layer = put(tar)
    config["rootfs"]["diff_ids"].append(layer["digest"])
    config.pop("history", None)
    manifest["layers"].append(
        {"mediaType": "application/vnd.oci.image.layer.v1.tar", **layer})
    manifest["config"].update(put(json.dumps(config).encode()))
    index["manifests"][0].update(put(json.dumps(manifest).encode()))
    samples.write(f"{layout}/index.json", json.dumps(index).encode())


def test_export(bench):
    store = f"{bench.top}/store"
    merged = f"{bench.top}/merged"
    keep = f"{store}/keep/mine"
    for directory in (merged, f"{keep}/upper", f"{keep}/work"):
        os.makedirs(directory)
    samples.write(f"{keep}/image", b"0123456789abcdef\n")
    run("mount", "-t", "overlay", "overlay", merged, "-o",
        f"lowerdir={bench.source},upperdir={keep}/upper,workdir={keep}/work")
    change(merged)
    wanted = samples.describe(merged)
    mode = os.stat(merged).st_mode
    run("umount", merged)
    at = ("export", "--store", store)
    bench.good("export to a file", *at, "mine", "layer.tar")
    layer = read(bench.path("layer.tar"))
    ok(bench.good("to standard output", *at, "mine").stdout == layer,
       "the same bytes")
    bench.good("by HTTP", *at, "mine", bench.url("layer"))
    ok(bench.server.kept.get("/layer") == layer, "the same bytes arrive",
       len(bench.server.kept.get("/layer", b"")))
    names = run("tar", "-tf", bench.path("layer.tar")).stdout.decode().split()
    ok("etc/.wh.hostname" in names and "usr/lib/.wh..wh..opq" in names and
       names.index("usr/lib/.wh..wh..opq") == names.index("usr/lib/") + 1,
       "whiteouts, and opaque comes first", names)
    bench.image("convert", "image.tar", "oci", "base.oci")
    layout = f"{bench.top}/export"
    run("skopeo", "copy", f"oci-archive:{bench.path('base.oci')}",
        f"oci:{layout}:x")
    add_layer(layout, layer)
    run("umoci", "raw", "unpack", "--image", f"{layout}:x",
        f"{bench.top}/umoci")
    same("umoci makes of it what was there", samples.describe(
        f"{bench.top}/umoci"), narrowed(wanted),
         lambda fact: [fact[0], *without_acls(fact)[:5],
                       *without_acls(fact)[6:]])
    ok(os.stat(f"{bench.top}/umoci").st_mode == mode, "the root's mode too")
    os.mkdir(f"{bench.top}/ours")
    bench.good("and so do we", "unpack", f"oci:{layout}:x",
               f"{bench.top}/ours")
    same("the same", samples.describe(f"{bench.top}/ours/tree"), wanted,
         lambda fact: [fact[0:4], fact[5:7], fact[8:]])
    test_export_refused(bench, store, at)


def test_export_refused(bench, store, at):
    bench.bad("a name that is not kept", ["\"other\"", "mine"], *at, "other")
    bench.bad("a name that is none", ["no name"], *at, "../mine", status=2)
    bench.bad("no store", ["no store"], "export", "--store",
              f"{bench.top}/nowhere", "mine")
    bench.bad("a server that refuses", ["403"], *at, "mine",
              bench.url("refuse"))
    bench.bad("a server that is not there", ["refused"], *at, "mine",
              "http://127.0.0.1:9/x")
    samples.write(f"{store}/keep/mine/upper/.wh.file")
    bench.bad("a file that looks like a whiteout", [".wh.file", "rename"],
              *at, "mine", "bad.tar")
    bench.bad("by HTTP", [".wh.file"], *at, "mine", bench.url("bad"))
    ok("/bad" not in bench.server.kept, "never arrives as a whole")
    os.unlink(f"{store}/keep/mine/upper/.wh.file")
    samples.write(f"{store}/running", b"0123456789abcdef\nmine\n")
    bench.bad("changes in use", ["in use", "return"], *at, "mine")


def test_interrupted(bench):
    for verb in (["inspect", "-"], ["verify", "-"], ["convert", "-", "tar",
                                                     "interrupted.tar"]):
        with subprocess.Popen(
                [bench.boomerang, "image", *verb], cwd=bench.work,
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env={**os.environ, "TMPDIR": bench.tmp}) as process:
            process.stdin.write(read(bench.path("image.tar"))[:2_000_000])
            process.stdin.flush()
            deadline = time.monotonic() + 10
            while not bench.left() and time.monotonic() < deadline:
                time.sleep(0.01)
            began = bench.left()
            process.send_signal(signal.SIGTERM)
            error = process.stderr.read().decode()
        ok(began and process.returncode == 1 and error.count("\n") == 1 and
           not bench.left() and not os.path.exists(
               bench.path("interrupted.tar")), f"{verb[0]}, interrupted",
           f"{process.returncode} {error} {bench.left()}")


def main(boomerang):
    top = "/mnt"
    run("mount", "-t", "tmpfs", "-o", "size=4g", "test", top)
    os.umask(0o022)
    bench = Bench(boomerang, top)
    make_samples(bench)
    test_inspect(bench)
    test_verify(bench)
    test_convert_tar(bench)
    test_convert_squashfs(bench)
    test_convert_oci(bench)
    test_nobody(bench)
    test_export(bench)
    test_interrupted(bench)


if __name__ == "__main__":
    isolated.main(main, "bsdtar", "mksquashfs", "skopeo", "umoci")
