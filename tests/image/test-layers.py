#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Layers: what the unpacker makes of them, in both forms.

usage: test-layers.py APPLY-LAYERS

Applied on top of each other they must give the tree that umoci gives; each in
a directory of its own, overlayfs must show that tree. Then hostile ones, each
kind damaged at many places. Runs in a mount namespace of its own, in a tmpfs.
Prints TAP.
"""
import gzip
import hashlib
import io
import json
import lzma
import os
import random
import shutil
import stat
import struct
import subprocess
import sys
import tarfile

sys.dont_write_bytecode = True

import image_samples as samples  # noqa: E402
import isolated  # noqa: E402
from isolated import ok, run  # noqa: E402

TOP = "/mnt"
DIR, LNK, SYM, CHR, BLK, FIFO = (tarfile.DIRTYPE, tarfile.LNKTYPE,
                                 tarfile.SYMTYPE, tarfile.CHRTYPE,
                                 tarfile.BLKTYPE, tarfile.FIFOTYPE)


# --- layers ---

def e(name, kind=tarfile.REGTYPE, data=b"", mtime=1_000_000_000.25, **fields):
    fields.setdefault("mode", 0o755 if kind == DIR else 0o644)
    if "xattrs" in fields:
        fields["pax_headers"] = {
            f"SCHILY.xattr.{k}": v for k, v in fields.pop("xattrs").items()}
    return samples.entry(name, kind, data, mtime=mtime, **fields)


def layer(path, entries):
    return samples.archive(path, *entries, format=tarfile.PAX_FORMAT)


def wh(name):
    directory, slash, last = name.rpartition("/")
    return e(f"{directory}{slash}.wh.{last}")


def opaque(directory):
    return e(f"{directory}/.wh..wh..opq")


BASE = [
    e("./", DIR), e("etc", DIR), e("etc/a", data=b"a"), e("etc/b", data=b"b"),
    e("etc/sub", DIR, mode=0o750, uid=5, gid=6),
    e("etc/sub/x", data=b"x"), e("etc/sub/y", data=b"y"),
    e("usr", DIR), e("usr/lib", DIR), e("usr/lib/so", data=b"so", mode=0o4755),
    e("lib", SYM, linkname="usr/lib"), e("var", DIR, mode=0o1777),
    e("var/deep", DIR), e("var/deep/er", DIR), e("var/deep/er/f", data=b"f"),
    e("null", CHR, devmajor=1, devminor=3, mode=0o666, uid=1),
    e("fifo", FIFO), e("hard", LNK, linkname="etc/a"),
]

# Name: the layers above BASE. Each of their directories has its entry, as
# docker and all others write them.
STACKS = {
    "a whiteout": [[e("etc", DIR, mtime=5), wh("etc/a")]],
    "a whiteout of a directory": [[e("etc", DIR), wh("etc/sub")]],
    "a whiteout of nothing": [[e("etc", DIR), wh("etc/none")]],
    "a whiteout of a link's name": [[wh("hard")]],
    "a whiteout before its entry": [
        [e("etc", DIR), wh("etc/a"), e("etc/a", data=b"new")]],
    "a whiteout behind its entry": [
        [e("etc", DIR), e("etc/a", data=b"new"), wh("etc/a")]],
    "a directory made anew, whiteout first": [
        [e("etc", DIR), wh("etc/sub"), e("etc/sub", DIR, mtime=9),
         e("etc/sub/n", data=b"n")]],
    "a directory made anew, whiteout last": [
        [e("etc", DIR), e("etc/sub", DIR, mtime=9), e("etc/sub/n", data=b"n"),
         wh("etc/sub")]],
    "opaque first": [
        [e("etc", DIR), opaque("etc"), e("etc/n", data=b"n")]],
    "opaque behind": [
        [e("etc", DIR), e("etc/n", data=b"n"), e("etc/b", data=b"newer"),
         opaque("etc")]],
    "opaque with a directory below": [
        [e("var", DIR), e("var/deep", DIR), e("var/deep/new", data=b"n"),
         opaque("var")]],
    "opaque without its directory in the layers below": [
        [e("opt", DIR), opaque("opt"), e("opt/n", data=b"n")]],
    "whiteouts in two layers": [
        [e("etc", DIR), wh("etc/a")],
        [e("etc", DIR), e("etc/a", data=b"back"), wh("etc/b")]],
    "opaque, and something again above": [
        [e("etc", DIR), opaque("etc"), e("etc/one")],
        [e("etc", DIR), e("etc/two"), wh("etc/one")]],
    "a file in place of a directory": [
        [e("etc", DIR), e("etc/sub", data=b"file")]],
    "a directory in place of a file": [
        [e("etc", DIR), e("etc/a", DIR, mode=0o700), e("etc/a/in")]],
    "a directory in place of a symlink": [
        [e("lib", DIR, mode=0o711), e("lib/mine", data=b"m")]],
    "a symlink in place of a directory": [
        [e("etc", DIR), e("etc/sub", SYM, linkname="/var")]],
    "another mode and owner of a directory": [
        [e("etc", DIR), e("etc/sub", DIR, mode=0o2711, uid=7, gid=8, mtime=3)]],
    "a device in place of a file": [
        [e("etc", DIR), e("etc/a", BLK, devmajor=7, devminor=1, mode=0o600)]],
    "aufs's own files": [
        [e(".wh..wh.aufs"), e(".wh..wh.plnk", DIR), e("kept", data=b"k")]],
    "a capability": [
        [e("usr", DIR), e("usr/lib", DIR), e(
            "usr/lib/so", data=b"new", xattrs={"security.capability": struct.pack(
                "<IIIII", 0x02000001, 1 << 13, 0, 0, 0).decode("latin-1")})]],
}

# These lean on a layer below, so they are made by applying only.
LEANING = {
    "a hard link to a layer below": [
        [e("etc", DIR), e("etc/l", LNK, linkname="etc/b")]],
    "an implied parent": [[e("etc/sub/new", data=b"n")]],
    "an implied parent that is a symlink": [[e("lib/new", data=b"n")]],
    "a whiteout in an implied parent": [[wh("etc/sub/x")]],
    "a whiteout through a symlink": [[wh("lib/so")]],
    "opaque and the entry through a symlink": [
        [e("lib/new", data=b"n"), e("usr", DIR), e("usr/lib", DIR),
         opaque("usr/lib")]],
    "all below the root": [[e("only", data=b"o"), opaque(".")]],
}


def make_layout(path, layers):
    """An OCI layout (image-layout.md) of plain tars, by hand."""
    blobs = f"{path}/blobs/sha256"
    os.makedirs(blobs)

    def blob(data, media_type):
        digest = hashlib.sha256(data).hexdigest()
        samples.write(f"{blobs}/{digest}", data)
        return {"mediaType": f"application/vnd.oci.image.{media_type}",
                "digest": f"sha256:{digest}", "size": len(data)}

    descriptors = []
    for name in layers:
        with open(name, "rb") as f:
            descriptors.append(blob(f.read(), "layer.v1.tar"))
    config = blob(json.dumps({
        "architecture": "amd64", "os": "linux", "config": {},
        "rootfs": {"type": "layers",
                   "diff_ids": [d["digest"] for d in descriptors]}}).encode(),
        "config.v1+json")
    manifest = blob(json.dumps({
        "schemaVersion": 2, "config": config, "layers": descriptors}).encode(),
        "manifest.v1+json")
    manifest["annotations"] = {"org.opencontainers.image.ref.name": "it"}
    samples.write(f"{path}/oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
    samples.write(f"{path}/index.json", json.dumps(
        {"schemaVersion": 2, "manifests": [manifest]}).encode())


def describe(root, times=True):
    """Without what no two tools or layers share: directories' link counts and,
    for overlayfs, the identity of hard links across layers."""
    facts = samples.describe(root)
    for fact in facts.values():
        if stat.S_ISDIR(int(fact[0], 8)):
            fact[4] = 0
        if not times:
            fact[3:5] = [0, 0]
            fact[7] = b""
    return facts


def differences(ours, theirs):
    lines = []
    for name in sorted(set(ours) | set(theirs)):
        if ours.get(name) != theirs.get(name):
            lines.append(f"{name}: {ours.get(name)} / {theirs.get(name)}")
    return "\n".join(lines[:10])


class Bench:
    def __init__(self, program):
        self.program = program
        self.count = 0

    def place(self, name):
        self.count += 1
        path = f"{TOP}/{self.count}-{name}"
        os.mkdir(path)
        return path

    def apply(self, way, directory, *streams, timeout=60, **options):
        return subprocess.run([self.program, way, directory, *streams],
                              capture_output=True, timeout=timeout, **options)

    def layers(self, entries):
        top = self.place("layers")
        return [layer(f"{top}/{i}.tar", one) for i, one in enumerate(entries)]


def leans(result):
    return b"leans=1" in result.stdout


def forget_new_times(ours, theirs):
    """umoci gives a directory that it emptied after its entry the time of
    doing so."""
    for name, fact in theirs.items():
        if stat.S_ISDIR(int(fact[0], 8)) and fact[3] > 10**18 * 3 // 2 and (
                name in ours):
            fact[3] = ours[name][3]


def umoci(bench, tars):
    layout, tree = bench.place("layout"), bench.place("umoci")
    make_layout(layout, tars)
    os.rmdir(tree)
    run("umoci", "raw", "unpack", "--image", f"{layout}:it", tree)
    return tree


def test_applied(bench, name, stack):
    tars = bench.layers([BASE] + stack)
    tree = bench.place("applied")
    result = bench.apply("apply", tree, *tars)
    ours, theirs = describe(tree), describe(umoci(bench, tars))
    forget_new_times(ours, theirs)
    ok(result.returncode == 0 and ours == theirs and len(ours) > 0,
       f"{name}: as umoci applies it",
       f"{result.stderr}\n{differences(ours, theirs)}")
    return tars, tree


def test_overlay(bench, name, tars, tree):
    lowers, merged = bench.place("lowers"), bench.place("merged")
    result = bench.apply("layer", lowers, *tars)
    if not ok(result.returncode == 0 and not leans(result),
              f"{name}: each layer stands alone",
              f"{result.stdout} {result.stderr}"):
        return
    order = ":".join(f"{lowers}/{i}" for i in reversed(range(len(tars))))
    run("mount", "-t", "overlay", "-o", f"lowerdir={order}", "x", merged)
    ours, theirs = describe(merged, False), describe(tree, False)
    ok(ours == theirs, f"{name}: overlayfs shows the same",
       differences(ours, theirs))
    run("umount", merged)


def test_stacks(bench):
    for name, stack in STACKS.items():
        tars, tree = test_applied(bench, name, stack)
        test_overlay(bench, name, tars, tree)
    for name, stack in LEANING.items():
        tars, _ = test_applied(bench, name, stack)
        result = bench.apply("layer", bench.place("lowers"), *tars)
        ok(result.returncode == 0 and leans(result),
           f"{name}: it does not stand alone",
           f"{result.stdout} {result.stderr}")


def test_forms(bench):
    """What overlayfs is given."""
    entries = [e("d", DIR), e("d/own", CHR, devmajor=0, devminor=0),
               e("d/x", xattrs={"user.overlay.opaque": "y",
                                "trusted.overlay.opaque": "y"}),
               wh("d/gone"), e("o", DIR), opaque("o")]
    lowers = bench.place("lowers")
    result = bench.apply("layer", lowers,
                         *bench.layers([entries, entries]))
    upper = f"{lowers}/1"
    ok(result.returncode == 0 and stat.S_ISCHR(
        os.lstat(f"{upper}/d/gone").st_mode), "a whiteout is a device 0:0",
        result.stderr)
    ok(os.getxattr(f"{upper}/o", "trusted.overlay.opaque") == b"y",
       "an opaque directory has its mark")
    ok(not os.path.lexists(f"{lowers}/0/d/gone") and
       not os.listxattr(f"{lowers}/0/o"), "the lowest layer has neither")
    ok(not os.path.lexists(f"{upper}/d/own") and b"devices=1" in result.stdout,
       "a device 0:0 of its own is left out", result.stdout)
    ok(not os.listxattr(f"{upper}/d/x") and b"attributes=2" in result.stdout,
       "so are attributes that speak to overlayfs", result.stdout)
    plnk = [e(".wh..wh.plnk", DIR), e(".wh..wh.plnk/1.2"), e("kept")]
    tree = bench.place("tree")
    bench.apply("apply", tree, *bench.layers([plnk]))
    ok(os.listdir(tree) == ["kept"], "what aufs keeps is no file", tree)
    many = [e("m", DIR)] + [wh(f"m/{i}") for i in range(10_000)]
    lowers, tree = bench.place("lowers"), bench.place("tree")
    tars = bench.layers([BASE, many])
    result = bench.apply("layer", lowers, *tars)
    ok(result.returncode == 0 and len(os.listdir(f"{lowers}/1/m")) == 10_000,
       "10,000 whiteouts and nothing else", result.stderr)
    ok(bench.apply("apply", tree, *tars).returncode == 0 and
       os.listdir(f"{tree}/m") == [], "which hide nothing")


# --- content that is no archive ---

def disk_samples():
    block = bytearray(3 << 20)
    block[446:462] = struct.pack("<BBHBBHII", 0, 0, 0, 0x83, 0, 0, 2048, 4096)
    block[510:512] = b"\x55\xaa"
    block[2 << 20:(2 << 20) + 5] = b"there"
    qcow2 = b"QFI\xfb" + bytes(8000) + b"end"
    return {"raw disk": bytes(block), "qcow2": qcow2,
            "squashfs": b"hsqs" + bytes(100_001)}


def test_files(bench):
    for kind, data in disk_samples().items():
        tree, top = bench.place("tree"), bench.place("file")
        samples.write(f"{top}/x", data)
        for name in ("gz", "xz", "zst", "lz4"):
            path = samples.compress(f"{top}/x", name)
            result = bench.apply("root", tree, path)
            image = f"{tree}/image"
            ok(result.returncode == 0 and os.listdir(tree) == ["image"] and
               open(image, "rb").read() == data and
               result.stdout.startswith(f"file {kind}".encode()),
               f"{kind}.{name} is kept as a file",
               f"{result.stdout} {result.stderr}")
            ok(os.stat(image).st_blocks * 512 <= 16384, "with its holes",
               os.stat(image).st_blocks)
            os.unlink(image)
        result = bench.apply("apply", tree, path)
        ok(result.returncode == 1 and os.listdir(tree) == [],
           "is no layer", result.stderr)


def test_depths(bench):
    top = bench.place("file")
    tar = samples.archive(f"{top}/a.tar", e("big", data=b"b" * 100_000),
                          e("small", data=b"s"), e("d", DIR, mode=0o500))
    tree = bench.place("heads")
    result = bench.apply("heads", tree, tar)
    big = os.stat(f"{tree}/big")
    ok(result.returncode == 0 and big.st_size == 100_000 and
       big.st_blocks * 512 <= 4096 and
       open(f"{tree}/big", "rb").read(4097) == b"b" * 4096 + b"\0",
       "heads: the first bytes of a file, and its size", result.stderr)
    tree = bench.place("nothing")
    result = bench.apply("nothing", tree, tar)
    ok(result.returncode == 0 and os.listdir(tree) == [] and
       b"unpacked=100001" in result.stdout, "nothing: read, and dropped",
       f"{result.stdout} {result.stderr}")
    data = bytearray(gzip.compress(open(tar, "rb").read()))
    data[-6] ^= 1
    samples.write(f"{top}/bad.tar.gz", bytes(data))
    result = bench.apply("nothing", tree, f"{top}/bad.tar.gz")
    ok(result.returncode == 1 and b"check sum" in result.stderr,
       "but checked", result.stderr)


# --- without root ---

def test_unprivileged(bench):
    tree = bench.place("tree")
    top = bench.place("file")
    os.chmod(top, 0o755)
    os.chown(tree, 1234, 1234)
    tar = layer(f"{top}/a.tar", BASE + [
        e("locked", DIR, mode=0), e("locked/in", data=b"i", uid=9),
        e("su", data=b"s", mode=0o4755), e("null2", LNK, linkname="null")])
    options = {"user": 1234, "group": 1234, "extra_groups": []}
    result = bench.apply("apply", tree, tar, **options)
    ok(result.returncode == 0 and b"owners=2 devices=2" in result.stdout,
       "without root: what is lost is counted",
       f"{result.stdout} {result.stderr}")
    if result.returncode:
        return
    ok(all(st.st_uid == 1234 for st in map(os.lstat, (
        f"{tree}/etc/sub", f"{tree}/su", f"{tree}/locked/in"))),
       "all is the caller's")
    ok(stat.S_IMODE(os.stat(f"{tree}/su").st_mode) == 0o4755 and
       stat.S_IMODE(os.stat(f"{tree}/locked").st_mode) == 0 and
       not os.path.lexists(f"{tree}/null"), "modes are as they should")
    second = layer(f"{top}/b.tar", [e("locked/more", data=b"m"), wh("etc/a")])
    result = bench.apply("apply", bench_again(bench, tree), tar, second,
                         **options)
    ok(result.returncode == 0, "a second layer reaches a locked directory",
       result.stderr)
    broken = f"{top}/broken.tar"
    with open(tar, "rb") as f:
        samples.write(broken, f.read()[:-8192])
    tree = bench_again(bench, tree)
    result = bench.apply("apply", tree, broken, **options)
    left = subprocess.run(["find", tree, "-mindepth", "1", "-delete"],
                          user=1234, group=1234, extra_groups=[],
                          capture_output=True)
    ok(result.returncode == 1 and left.returncode == 0 and
       os.listdir(tree) == [], "what a failure leaves can be removed",
       f"{result.stderr} {left.stderr}")


def bench_again(bench, _):
    tree = bench.place("tree")
    os.chown(tree, 1234, 1234)
    return tree


# --- hostile ---

def test_hostile(bench):
    outside = f"{TOP}/outside"
    os.mkdir(outside)
    samples.write(f"{outside}/file", b"untouched")
    before = describe(outside)
    up = "/".join([".."] * 20) + outside
    deep = "/".join(["d"] * 300)

    def case(name, entries, good, words=b"", ways=("apply", "layer")):
        tars = bench.layers([BASE, entries])
        for way in ways:
            result = bench.apply(way, bench.place("hostile"), *tars)
            one_line = result.stderr.count(b"\n") == 1
            ok((result.returncode == 0 if good else
                result.returncode == 1 and one_line and words in result.stderr)
               and describe(outside) == before, f"{name}, {way}",
               f"{result.returncode} {result.stdout} {result.stderr}")

    for name in (".wh.", ".wh..", ".wh...", "etc/.wh.", "etc/.wh..",
                 "etc/.wh..."):
        case(f"a whiteout called {name}", [e(name)], False, b"of no name")
    case("a whiteout called .wh./", [e(".wh./", DIR)], False, b"of no name")
    case("a whiteout of ../x", [e("../.wh.x")], False, b"outside")
    case("a whiteout through ..", [e(f"etc/../../{up}/.wh.file")], False,
         b"outside")
    case("a whiteout through a symlink to outside",
         [e("l", SYM, linkname=up), e("l/.wh.file")], True, ways=["apply"])
    case("opaque through a symlink to outside",
         [e("l", SYM, linkname=outside), e("l/.wh..wh..opq")], True,
         ways=["apply"])
    case("a directory, then a symlink in its place",
         [e("t", DIR), e("t/x"), e("t", SYM, linkname=up),
          e("t/file", data=b"x")], False, b"cannot create", ways=["apply"])
    case("a hard link through a symlink",
         [e("l", SYM, linkname=up), e("h", LNK, linkname="l/file")], False,
         b"not in the image", ways=["apply"])
    case("a hard link to itself",
         [e("h", data=b"h"), e("h", LNK, linkname="h"),
          e("h", LNK, linkname=".//h")], True)
    case("a hard link to a directory", [e("d", DIR),
                                        e("h", LNK, linkname="d")], False)
    case("a hard link to a device",
         [e("n", CHR, devmajor=1, devminor=5), e("h", LNK, linkname="n")],
         True)
    case("a whiteout of the root", [e("/.wh..wh..opq")], True)
    case("a file in place of the root", [e("/", data=b"x")], False)
    case("a whiteout with content", [e("etc", DIR),
                                     e("etc/.wh.a", data=b"x" * 10_000)], True)
    case("a whiteout that is a directory", [e("etc", DIR),
                                            e("etc/.wh.a", DIR)], True)
    case("something below a whiteout's name",
         [e("etc", DIR), e("etc/.wh.a", DIR), e("etc/.wh.a/b")], True)
    case("something below what is hidden",
         [e("etc", DIR), wh("etc/sub"), wh("etc/sub/x"), e("etc/sub/n")], True)
    case("a deep tree and its whiteout", [e(f"{deep}/f"), wh("d")], True)
    case("a setuid program", [e("su", mode=0o6755, data=b"s")], True)
    test_marks(bench)


def test_marks(bench):
    """Opaque directories that become something else."""
    outside = f"{TOP}/marked"
    os.mkdir(outside)
    tars = bench.layers([BASE, [
        e("d", DIR), opaque("d"), e("d", SYM, linkname=outside),
        e("f", DIR), opaque("f"), e("f", data=b"f"),
        e("g", DIR), opaque("g"), e("g", CHR, devmajor=1, devminor=3)]])
    result = bench.apply("layer", bench.place("lowers"), *tars)
    ok(result.returncode == 0 and not os.listxattr(outside),
       "a mark does not leave the tree", result.stderr)


def small_archive():
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for info, content in BASE[:12] + [wh("etc/a"), opaque("var")]:
            tar.addfile(info, io.BytesIO(content))
    return data.getvalue().rstrip(b"\0") + bytes(1024)


def test_damage(bench):
    """Whatever is cut or flipped: success or one line, never a signal."""
    numbers = random.Random(4)
    top = bench.place("damage")
    samples.write(f"{top}/x.tar", small_archive())
    for kind in ("tar", "gz", "xz", "zst", "lz4"):
        path = f"{top}/x.tar"
        if kind != "tar":
            path = samples.compress(path, kind)
        with open(path, "rb") as f:
            whole = f.read()
        wrong, refused = [], 0
        places = [int(len(whole) * i / 60) for i in range(60)]
        for flip in (False, True):
            for at in places:
                at = min(at + numbers.randrange(40), len(whole) - 1)
                data = bytearray(whole if flip else whole[:at])
                if flip:
                    data[at] ^= 1 << numbers.randrange(8)
                samples.write(f"{top}/bad", bytes(data))
                tree = f"{top}/tree"
                os.mkdir(tree)
                result = bench.apply("apply", tree, f"{top}/bad")
                refused += result.returncode == 1
                if result.returncode not in (0, 1) or (
                        result.returncode == 1 and (
                            result.stderr.count(b"\n") != 1 or
                            b"signal" in result.stderr)):
                    wrong.append((flip, at, result.returncode, result.stderr))
                shutil.rmtree(tree)
        ok(not wrong and refused > (60 if kind != "tar" else 30),
           f"{kind}: cut and flipped at {len(places)} places each",
           f"{refused} {wrong[:5]}")
    ok(sorted(os.listdir(TOP)) == sorted(
        [name for name in os.listdir(TOP) if name[0].isdigit()] +
        ["marked", "outside"]), "nothing appeared beside the trees")


# --- plain archives, against another tool ---

def test_bsdtar(bench):
    source = bench.place("source")
    samples.make_tree(source)
    tar = f"{bench.place('file')}/a.tar"
    run("tar", "-C", source, "--numeric-owner", "--format=pax", "--xattrs",
        "--xattrs-include=*", "--acls", "-S", "-cf", tar, ".")
    tree, theirs = bench.place("tree"), bench.place("bsdtar")
    result = bench.apply("root", tree, tar)
    judge = subprocess.run(
        ["bsdtar", "-xpf", tar, "-C", theirs, "--numeric-owner"],
        capture_output=True, env={"PATH": os.environ["PATH"],
                                  "LC_ALL": "C.UTF-8"})
    ours, wanted = samples.describe(tree), samples.describe(theirs)
    # It reads this ACL as it was written, and then writes it in vain.
    ours[b"etc/hostname"].pop()
    ok(result.returncode == 0 and ours == wanted and len(ours) > 25,
       "the tree of bsdtar",
       f"{result.stderr} {judge.stderr}\n{differences(ours, wanted)}")


def main(program):
    run("mount", "-t", "tmpfs", "-o", "size=2g", "layers", TOP)
    os.chmod(TOP, 0o755)
    os.umask(0o022)
    bench = Bench(program)
    test_stacks(bench)
    test_forms(bench)
    test_bsdtar(bench)
    test_files(bench)
    test_depths(bench)
    test_unprivileged(bench)
    test_hostile(bench)
    test_damage(bench)


if __name__ == "__main__":
    isolated.main(main, "umoci", "bsdtar")
