#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""boomerang image unpack, against a misbehaving server and hostile archives.

usage: test-image.py BOOMERANG

Runs in a mount and a network namespace of its own (loopback only), in a tmpfs;
all of it ends with this process. Prints TAP.
"""
import gzip
import lzma
import os
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import tarfile
import threading
import time

sys.dont_write_bytecode = True

import image_samples as samples  # noqa: E402
from image_server import Server  # noqa: E402
import isolated  # noqa: E402
from isolated import ok, run  # noqa: E402

CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
# struct image_report and the beginning of struct image_made, wire/control.h
REPORT_FORMAT = "<II5Qi380s"
MADE_FORMAT = "<II17s2176s3xIQQ16s"
PROGRESS, DONE, FAILED = 1, 2, 3
MAGIC = 0x424D5231
KINDS = ("tar", "tar.gz", "tar.xz", "tar.zst", "tar.lz4")


class Result:
    def __init__(self, process):
        self.status = process.returncode
        self.error = process.stderr.decode(errors="replace").strip()


class Bench:
    """A tmpfs with samples, a directory to unpack into, and the program."""

    def __init__(self, boomerang, top):
        self.boomerang = boomerang
        self.top = top
        self.files = f"{top}/files"
        self.dir = f"{top}/dir"
        os.mkdir(self.files)
        os.mkdir(self.dir)
        self.mounted = False

    def file(self, name):
        return f"{self.files}/{name}"

    def fresh(self, size="3g"):
        """An empty tmpfs at self.dir."""
        if self.mounted:
            run("umount", self.dir)
        run("mount", "-t", "tmpfs", "-o", f"size={size}", "image", self.dir)
        self.mounted = True

    def unpack(self, reference, size="3g", **options):
        self.fresh(size)
        return Result(subprocess.run(
            [self.boomerang, "image", "unpack", reference, self.dir],
            stdin=options.pop("stdin", subprocess.DEVNULL),
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=120,
            **options))

    def good(self, reference, what, path="etc/hostname", **options):
        result = self.unpack(reference, **options)
        ok(result.status == 0 and os.path.lexists(f"{self.dir}/tree/{path}"),
           what, f"status {result.status}: {result.error}")
        return result

    def bad(self, reference, words, what, **options):
        """Ends with one line that has all the words, and leaves nothing."""
        result = self.unpack(reference, **options)
        left = os.listdir(self.dir)
        ok(result.status == 1 and "\n" not in result.error and
           all(word in result.error for word in words) and left == [],
           what, f"status {result.status}: {result.error}; left: {left}")
        return result


def make_samples(bench):
    os.mkdir(f"{bench.top}/source")
    samples.make_tree(f"{bench.top}/source")
    tar = ["tar", "-C", f"{bench.top}/source", "--numeric-owner", "--sort=name"]
    run(*tar, "--format=gnu", "-cf", bench.file("gnu.tar"), ".")
    run(*tar, "--format=pax", "--xattrs", "--xattrs-include=*", "--acls", "-S",
        "-cf", bench.file("image.tar"), ".")
    run(*tar, "--format=gnu", "-S", "-cf", bench.file("sparse.tar"), ".")
    for kind in ("gz", "xz", "zst", "lz4"):
        samples.compress(bench.file("image.tar"), kind)
    run("mksquashfs", f"{bench.top}/source", bench.file("image.squashfs"),
        "-no-progress", "-quiet")
    erofs = bytearray(5 * 4096)
    erofs[1024:1028] = b"\xe2\xe1\xf5\xe0"
    erofs[1024 + 12] = 12
    erofs[1024 + 36] = 5
    samples.write(bench.file("image.erofs"), bytes(erofs))


def differences(ours, theirs):
    lines = []
    for name in sorted(set(ours) | set(theirs)):
        if ours.get(name) != theirs.get(name):
            lines.append(f"{name}: {ours.get(name)} / {theirs.get(name)}")
    return "\n".join(lines[:10])


def test_trees(bench):
    """Entry by entry as tar(1) makes them: mode, owner, time, links, xattrs."""
    theirs = f"{bench.top}/theirs"
    for name in ("image.tar", "gnu.tar", "sparse.tar"):
        os.mkdir(theirs)
        run("tar", "--numeric-owner", "--xattrs", "--xattrs-include=*",
            "--acls", "-xpf", bench.file(name), "-C", theirs)
        result = bench.unpack(bench.file(name))
        ours = samples.describe(f"{bench.dir}/tree")
        wanted = samples.describe(theirs)
        ok(ours == wanted and len(ours) > 25, f"{name}: the tree of tar(1)",
           result.error + differences(ours, wanted))
        for sparse in ("usr/lib/sparse", "usr/lib/hole"):
            if name != "gnu.tar":
                blocks = os.stat(f"{bench.dir}/tree/{sparse}").st_blocks
                ok(blocks <= 16, f"{name}: {sparse} is sparse", blocks)
        shutil.rmtree(theirs)
    root = os.stat(f"{bench.dir}/tree")
    source = os.stat(f"{bench.top}/source")
    ok((root.st_mode, root.st_mtime_ns) == (source.st_mode,
                                            source.st_mtime_ns // 10**9 * 10**9),
       "the root's own mode and time")


def in_newc(root):
    """What a newc archive can hold of it: whole seconds, no attributes, and no
    two names of one symlink."""
    facts = samples.describe(root)
    for name, fact in facts.items():
        fact[3] -= fact[3] % 10**9
        if stat.S_ISLNK(int(fact[0], 8)):
            fact[4] = fact[7] = None
        facts[name] = [value for value in fact if not isinstance(value, tuple)]
    return facts


def pack_cpio(source, path, form):
    names = run("find", ".", "-print0", cwd=source).stdout
    samples.write(path, run("cpio", "-0", "-o", "--quiet", "-H", form,
                            input=names, cwd=source).stdout)


def test_initramfs(bench):
    """Written by cpio(1), in the forms that the kernel takes."""
    plain, early = bench.file("image.cpio"), bench.file("early.cpio")
    pack_cpio(f"{bench.top}/source", plain, "newc")
    pack_cpio(f"{bench.top}/source", bench.file("sums.cpio"), "crc")
    os.mkdir(f"{bench.top}/early")
    samples.write(f"{bench.top}/early/microcode")
    pack_cpio(f"{bench.top}/early", early, "newc")
    whole = samples.compress(plain, "gz")
    rest = bench.file("rest.cpio")
    with open(rest, "wb") as out:
        for part in (early, samples.compress(plain, "zst")):
            with open(part, "rb") as f:
                out.write(f.read())
    wanted = in_newc(f"{bench.top}/source")
    for path in (plain, bench.file("sums.cpio"), whole, rest):
        result = bench.unpack(path)
        ours = in_newc(f"{bench.dir}/tree")
        ours.pop(b"microcode", None)
        ok(ours == wanted and len(ours) > 25,
           f"{os.path.basename(path)}: what went in",
           result.error + differences(ours, wanted))
    cut = bench.file("cut.cpio")
    shutil.copy(plain, cut)
    os.truncate(cut, os.path.getsize(plain) - 1000)
    bench.bad(cut, ["cut.cpio", "truncated"], "one that is cut")


def test_kinds(bench, server):
    wanted = samples.describe(f"{bench.top}/source")
    for kind in KINDS:
        for fault in ("ok", "plain", "chunked", "cut"):
            result = bench.unpack(f"{server.url}/{fault}/image.{kind}")
            ours = samples.describe(f"{bench.dir}/tree")
            ok(result.status == 0 and ours == wanted, f"{kind}, {fault}",
               result.error + differences(ours, wanted))
    for kind in ("squashfs", "erofs"):
        for fault in ("ok", "plain", "cut"):
            result = bench.unpack(f"{server.url}/{fault}/image.{kind}")
            with open(bench.file(f"image.{kind}"), "rb") as f:
                wanted_bytes = f.read()
            there = os.listdir(bench.dir)
            ok(result.status == 0 and there == ["image"] and
               open(f"{bench.dir}/image", "rb").read() == wanted_bytes,
               f"{kind}, {fault}", f"{result.error} {there}")


def test_references(bench, server):
    tar = bench.file("image.tar.gz")
    bench.good(f"file://{tar}", "file://")
    bench.good("image.tar.gz", "a relative path", cwd=bench.files)
    with open(tar, "rb") as f:
        bench.good("-", "standard input, a file", stdin=f)
    with subprocess.Popen(["cat", tar], stdout=subprocess.PIPE) as cat:
        bench.good("-", "standard input, a pipe", stdin=cat.stdout)
    with subprocess.Popen(["cat", bench.file("image.squashfs")],
                          stdout=subprocess.PIPE) as cat:
        ok(bench.unpack("-", stdin=cat.stdout).status == 0 and
           os.path.exists(f"{bench.dir}/image"), "squashfs on standard input")
    bench.good(f"{server.url}/hop/9/ok/image.tar.gz", "nine redirects")
    bench.bad(f"{server.url}/hop/11/ok/image.tar.gz", ["redirects"],
              "eleven redirects")
    bench.bad(f"{server.url}/to-file", ["redirects to something other"],
              "a redirect to a file")
    bench.bad("ftp://127.0.0.1/a", ["scheme", "not known"], "another scheme")
    bench.bad("/nowhere/at/all", ["/nowhere/at/all", "No such file"],
              "no such file")
    bench.bad(bench.files, ["directory"], "a directory")


def test_transport(bench, server):
    url = server.url
    bench.bad("http://nowhere.invalid/a", ["cannot resolve host nowhere.invalid"],
              "no such host")
    bench.bad("http://127.0.0.1:9/a",
              ["http://127.0.0.1:9/a: ", "Connection refused"], "refused")
    bench.bad(f"{url}/status/404", ["/status/404: ", "404 Not Found"], "404")
    bench.bad(f"{url}/status/500", ["500"], "500")
    bench.bad(f"{url}/silent", ["without an answer"], "no answer")
    bench.bad(f"http://me:secret@{url[7:]}/status/403", ["403"],
              "a refused password")
    ok("secret" not in bench.unpack(
        f"http://me:secret@{url[7:]}/status/403").error, "is not shown")
    size = os.path.getsize(bench.file("image.tar.gz"))
    for kind in ("tar.gz", "tar", "squashfs"):
        bench.bad(f"{url}/cutplain/image.{kind}",
                  ["connection lost at", "of", "cannot resume"],
                  f"{kind} cut, without ranges")
        bench.bad(f"{url}/cutother/image.{kind}",
                  ["connection lost at", "changed"],
                  f"{kind} cut, and changed meanwhile")
    start = time.monotonic()
    bench.bad(f"{url}/cutalways/image.tar.gz",
              ["connection lost at", f"of {size / 1e6:.1f} MB"],
              "cut again and again")
    ok(5 < time.monotonic() - start < 30, "it is tried for some seconds",
       time.monotonic() - start)


def test_bad_content(bench, server):
    url = server.url
    for kind in KINDS:
        bench.bad(f"{url}/short/image.{kind}", ["image is truncated"],
                  f"{kind}, truncated")
    bench.bad(f"{url}/short/image.squashfs", ["image is truncated"],
              "squashfs, truncated")
    for kind in KINDS[1:]:
        with open(bench.file(f"image.{kind}"), "rb") as f:
            data = bytearray(f.read())
        data[len(data) // 2] ^= 0x10
        samples.write(bench.file(f"flipped.{kind}"), bytes(data))
        bench.bad(f"{url}/ok/flipped.{kind}", ["damaged"], f"{kind}, a flip")
    with open(bench.file("image.tar"), "rb") as f:
        tar = f.read()
    middle = len(tar) // 2 // 512 * 512
    for kind, pack in (("gz", gzip.compress), ("xz", lzma.compress)):
        samples.write(bench.file(f"two.tar.{kind}"),
                      pack(tar[:middle]) + pack(tar[middle:]))
        bench.good(f"{url}/ok/two.tar.{kind}", f"two {kind} streams in a row")
    # The archive ends long before the stream, whose check sum is wrong.
    data = bytearray(gzip.compress(tar + bytes(3 << 20)))
    samples.write(bench.file("padded.tar.gz"), bytes(data))
    bench.good(f"{url}/ok/padded.tar.gz", "padding behind the archive")
    data[-8] ^= 1
    samples.write(bench.file("padded.tar.gz"), bytes(data))
    bench.bad(f"{url}/ok/padded.tar.gz", ["check sum"],
              "a wrong check sum behind the archive's end")
    for name, data, words in (
            ("empty", b"", ["empty"]),
            ("text", b"hello\n" * 1000, ["not an archive or image"]),
            ("page", b"<!DOCTYPE html>\n<html>" * 300, ["web page"]),
            ("bz2", b"BZh91AY&SY" * 500, ["bzip2", "not supported"]),
            ("zip", b"PK\3\4" * 500, ["zip"]),
            ("text.gz", gzip.compress(b"hello\n" * 1000), ["not a tar"]),
            ("empty.gz", gzip.compress(b""), ["not a tar"]),
            ("zeros.gz", gzip.compress(bytes(10240)),
             ["nothing in this archive"])):
        samples.write(bench.file(name), data)
        bench.bad(f"{url}/ok/{name}", [name] + words, f"content: {name}")


def test_room(bench, server):
    big = samples.archive(bench.file("big.tar"), samples.entry(
        "big", data=os.urandom(1 << 20) * 20 + b"x" * (40 << 20)))
    for kind in ("gz", "xz", "lz4"):
        samples.compress(big, kind)
    run("zstd", "-q", "-1", big)
    run("lz4", "-q", "-f", "--content-size", big, big + ".lz4")
    run("mksquashfs", big, bench.file("big.squashfs"), "-quiet", "-no-progress",
        "-noD", "-noI", "-noF")
    packed = 0
    for kind in ("tar", "tar.gz", "tar.xz", "tar.zst", "tar.lz4", "squashfs"):
        server.reset()
        bench.bad(f"{server.url}/ok/big.{kind}",
                  ["image needs 6", "MB of memory", "is available", "missing"],
                  f"{kind} larger than its tmpfs", size="30m")
        packed = os.path.getsize(bench.file(f"big.{kind}"))
        ok(server.sent < min(packed, 12 << 20) or packed < 12 << 20,
           "is refused before it is fetched", f"{server.sent} of {packed}")
    for kind in ("tar", "tar.gz", "tar.xz", "tar.zst", "squashfs"):
        bench.bad(f"{server.url}/chunked/big.{kind}", ["image needs", "memory"],
                  f"{kind} of unknown size larger than its tmpfs", size="30m")
    samples.xz_of_zeros(bench.file("bomb.tar.xz"), 1 << 28)
    samples.gz_of_zeros(bench.file("bomb.tar.gz"), 1 << 30)
    for kind in ("xz", "gz"):
        bench.bad(f"{server.url}/chunked/bomb.tar.{kind}",
                  ["image needs", "memory"], f"a bomb, {kind}", size="64m")
    bench.bad(bench.file("bomb.tar.gz"), ["image needs 1.1 GB", "missing"],
              "a bomb that says its size", size="64m")
    names = samples.many_files(bench.file("names.tar"), 5000)
    bench.bad(names, ["too many"], "more files than inodes",
              size="100m,nr_inodes=2000")
    sparse = bench.file("terabyte")
    samples.write(sparse)
    os.truncate(sparse, 1 << 40)
    run("tar", "-C", bench.files, "-S", "-cf", bench.file("terabyte.tar"),
        "terabyte")
    bench.good(bench.file("terabyte.tar"), "a hole of a terabyte", "terabyte",
               size="10m")
    ok(os.stat(f"{bench.dir}/tree/terabyte").st_size == 1 << 40, "its size")


def test_hostile(bench):
    e, t = samples.entry, tarfile
    outside = f"{bench.top}/outside"
    samples.write(outside, b"untouched")
    up = "/".join([".."] * 20) + outside

    def refused(name, what, words, *entries):
        tar = samples.archive(bench.file(name), *entries)
        bench.bad(tar, words, what)

    refused("dd.tar", "..", ["'../x'", "points outside of the image"],
            e("a"), e("../x", data=b"x"))
    refused("dd2.tar", ".. in the middle", ["outside"], e("a/../../x"))
    refused("dd3.tar", ".. behind a slash", ["outside"], e("/../x"))
    refused("dd4.tar", ".. as a directory", ["outside"],
            e("a/..", t.DIRTYPE))
    refused("hl.tar", "a hard link to ..", ["hard link", "outside"],
            e("x", t.LNKTYPE, linkname=up))
    refused("hl2.tar", "a hard link to nothing", ["hard link", "not in"],
            e("x", t.LNKTYPE, linkname="/no/such"))
    refused("hl3.tar", "a hard link to a file outside", ["not in the image"],
            e("x", t.LNKTYPE, linkname=outside))
    long_name = bench.file("long.tar")
    samples.write(long_name, samples.gnu_long_name(1_000_000))
    bench.bad(long_name, ["too long"], "a name of a million bytes")
    samples.write(long_name, samples.gnu_long_name(300))
    bench.bad(long_name, ["too long"], "a component of 300 bytes")

    tar = samples.archive(
        bench.file("swap.tar"),
        e("up", t.SYMTYPE, linkname=os.path.dirname(up)),
        e("up/outside", data=b"overwritten"),
        e("abs", t.SYMTYPE, linkname=outside),
        e("abs", data=b"replaced"),
        e("etc", t.SYMTYPE, linkname=bench.top),
        e("etc/new", data=b"new"),
        e("proc", t.SYMTYPE, linkname="/proc/1/root"))
    result = bench.unpack(tar)
    tree = f"{bench.dir}/tree"
    with open(outside, "rb") as f:
        content = f.read()
    ok(content == b"untouched" and not os.path.exists(f"{bench.top}/new"),
       "symlinks and what goes through them stay inside",
       f"{content} {result.error}")
    ok(result.status == 1 or (os.path.isfile(f"{tree}/abs") and
                              not os.path.islink(f"{tree}/abs")),
       "a file replaces the symlink of its name", result.error)
    tar = samples.archive(
        bench.file("through.tar"),
        e("in", t.DIRTYPE, mode=0o755), e("l", t.SYMTYPE, linkname="/in"),
        e("l/x", data=b"in"), e("/abs/y", data=b"abs"),
        e("h", t.LNKTYPE, linkname="/in/x"), e("h2", t.LNKTYPE, linkname="l/x"))
    bench.good(tar, "an absolute symlink of the image leads into it", "in/x")
    ok(os.path.exists(f"{tree}/abs/y"), "an absolute name too")
    ok(os.stat(f"{tree}/in/x").st_nlink == 3, "and hard links")

    tar = samples.archive(
        bench.file("again.tar"),
        e("a", data=b"1"), e("a", data=b"2"), e("d", t.DIRTYPE, mode=0o700),
        e("d/f"), e("d", t.DIRTYPE, mode=0o750, mtime=5), e("s", data=b"s"),
        e("s", t.DIRTYPE, mode=0o755), e("f", data=b"self"),
        e("f", t.LNKTYPE, linkname="f"))
    result = bench.good(tar, "entries that come again", "d/f")
    ok(open(f"{tree}/a").read() == "2" and os.path.isdir(f"{tree}/s") and
       stat.S_IMODE(os.stat(f"{tree}/d").st_mode) == 0o750 and
       os.stat(f"{tree}/d").st_mtime == 5 and
       open(f"{tree}/f").read() == "self", "the last one counts")
    tar = samples.archive(bench.file("full.tar"), e("d/f"), e("d", data=b"x"))
    bench.bad(tar, ["cannot create 'd'"], "a file in place of a full directory")


def test_many(bench):
    many = samples.many_files(bench.file("many.tar"), 200_000)
    start = time.monotonic()
    result = bench.good(many, "200,000 small files", "d/199/199999")
    seconds = time.monotonic() - start
    ok(seconds < 60, f"in {seconds:.1f} s", result.error)
    os.unlink(many)


def make_certificate(top, name, address, authority=None):
    """A key and a certificate for address; signed by itself or authority."""
    key, cert = f"{top}/{name}.key", f"{top}/{name}.crt"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
               "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
               "-subj", f"/CN={name}", "-keyout", key, "-out", cert]
    if authority:
        command += ["-CA", authority[1], "-CAkey", authority[0], "-addext",
                    f"subjectAltName=IP:{address}", "-addext",
                    "basicConstraints=critical,CA:FALSE"]
    run(*command)
    return key, cert


def test_tls(bench):
    authority = make_certificate(bench.top, "authority", None)
    good = make_certificate(bench.top, "good", "127.0.0.1", authority)
    wrong = make_certificate(bench.top, "wrong", "192.0.2.1", authority)
    server = Server(bench.files, tls=(good[1], good[0]))
    imposter = Server(bench.files, tls=(wrong[1], wrong[0]))
    bench.bad(f"{server.url}/ok/image.tar.gz",
              ["certificate problem", "boomerang build --ca"],
              "https, an authority that is not known")
    run("mount", "--bind", authority[1], CA_BUNDLE)
    bench.good(f"{server.url}/ok/image.tar.gz", "https, an authority of ours")
    bench.good(f"{server.url}/cut/image.tar.gz", "https, cut and resumed")
    bench.bad(f"{imposter.url}/ok/image.tar.gz", ["certificate problem"],
              "https, a certificate of another host")
    bench.bad(server.url.replace("https", "http") + "/ok/image.tar.gz",
              ["127.0.0.1"], "http to a server of https")
    run("umount", CA_BUNDLE)


def read_reports(sock, records):
    """Until what was made has come, or the end; then hangs up."""
    size = struct.calcsize(REPORT_FORMAT)
    while record := sock.recv(1 << 20):
        records.append(record)
        if len(record) != size:
            break
    sock.close()


def report(bench, reference):
    """Loads with --report; status, the reports, what was made, errors."""
    bench.fresh()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    records = []
    reader = threading.Thread(target=read_reports, args=(ours, records))
    reader.start()
    process = subprocess.Popen(
        ["sh", "-c", 'exec "$@" 3>&$REPORT', "sh", bench.boomerang, "image",
         "load", "--report", "--store", f"{bench.dir}/store", reference],
        pass_fds=[theirs.fileno()], stderr=subprocess.PIPE,
        env={"REPORT": str(theirs.fileno()), "PATH": "/usr/bin:/bin"})
    theirs.close()
    error = process.communicate()[1]
    reader.join()
    size = struct.calcsize(REPORT_FORMAT)
    reports = [struct.unpack(REPORT_FORMAT, record) for record in records
               if len(record) == size]
    made = [struct.unpack_from(MADE_FORMAT, record) for record in records
            if len(record) != size]
    return process.returncode, reports, made, error


def test_reports(bench, server):
    many = samples.many_files(bench.file("some.tar"), 100_000)
    status, reports, made, error = report(bench, many)
    kinds = [fields[1] for fields in reports]
    ok(status == 0 and error == b"" and kinds[-1] == DONE and
       set(kinds[:-1]) <= {PROGRESS} and
       all(fields[0] == MAGIC for fields in reports),
       "progress, then done", f"{status} {kinds} {error}")
    fields = reports[-1]
    ok(fields[2] == fields[3] == os.path.getsize(many) and
       fields[5] == 100_001, "with figures", fields)
    magic, layers, identity, ids, layout = made[0][:5]
    ok(len(made) == 1 and magic == MAGIC and layers == 1 and layout == 1 and
       os.path.isdir(f"{bench.dir}/store/layers/{ids[:16].decode()}/tree") and
       os.path.exists(f"{bench.dir}/store/images/"
                      f"{identity[:16].decode()}.json"),
       "and with what was made", made)
    amounts = [(f[2], f[4], f[5]) for f in reports]
    ok(amounts == sorted(amounts), "that only grow", amounts)
    status, reports, made, error = report(bench, f"{server.url}/status/404")
    fields = reports[-1]
    ok(status == 1 and fields[1] == FAILED and fields[7] > 0 and
       b"404 Not Found" in fields[8] and not made,
       "failed, with the reason", fields)
    status, _, made, _ = report(bench, bench.file("image.squashfs"))
    ok(status == 0 and made[0][4] == 2 and made[0][7][:8] == b"squashfs",
       "a squashfs is a file to be mounted", made)


def test_interrupted(bench):
    """A stream that never ends: the unpacker goes when its parent is killed."""
    bench.fresh()
    ours, theirs = os.pipe()
    process = subprocess.Popen(
        [bench.boomerang, "image", "unpack", "-", bench.dir], stdin=ours)
    with open(bench.file("image.tar"), "rb") as f:
        os.write(theirs, f.read(16384))
    children = f"/proc/{process.pid}/task/{process.pid}/children"
    while not (child := open(children).read().strip()):
        time.sleep(0.01)
    while not os.listdir(f"{bench.dir}/tree"):
        time.sleep(0.01)
    # Stopped, it cannot see that its pipe ends.
    os.kill(int(child), signal.SIGSTOP)
    process.kill()
    process.wait()
    deadline = time.monotonic() + 10
    while os.path.exists(f"/proc/{child}") and time.monotonic() < deadline:
        try:
            os.waitpid(int(child), os.WNOHANG)  # we are its PID 1
        except ChildProcessError:
            pass
        time.sleep(0.01)
    ok(not os.path.exists(f"/proc/{child}"), "the unpacker ends with its parent")
    os.close(ours)
    os.close(theirs)


def test_occupied(bench):
    bench.fresh()
    samples.write(f"{bench.dir}/image", b"mine")
    process = subprocess.run(
        [bench.boomerang, "image", "unpack", bench.file("image.tar"), bench.dir],
        capture_output=True)
    ok(process.returncode == 1 and b"already" in process.stderr and
       open(f"{bench.dir}/image", "rb").read() == b"mine",
       "what is there is kept", process.stderr)


def main(boomerang):
    top = "/mnt"
    run("mount", "-t", "tmpfs", "-o", "size=6g", "test", top)
    os.umask(0o022)
    bench = Bench(boomerang, top)
    make_samples(bench)
    server = Server(bench.files)
    test_trees(bench)
    test_initramfs(bench)
    test_kinds(bench, server)
    test_references(bench, server)
    test_transport(bench, server)
    test_bad_content(bench, server)
    test_room(bench, server)
    test_hostile(bench)
    test_many(bench)
    test_tls(bench)
    test_reports(bench, server)
    test_interrupted(bench)
    test_occupied(bench)


if __name__ == "__main__":
    isolated.main(main)
