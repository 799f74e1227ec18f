#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""boomerang initramfs list, unpack, pack and edit, judged by GNU cpio and by the
programs that compress.

usage: test-initramfs.py BOOMERANG

Prints TAP. Where it is started by root, the commands are run by another user.
"""
import hashlib
import json
import os
import shutil
import stat
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import tap  # noqa: E402  pylint: disable=wrong-import-position
from tap import ok  # noqa: E402  pylint: disable=wrong-import-position

KERNELS = Path(".cache/kernel")
COMPRESS = {
    "none": ["cat"],
    "gzip": ["gzip", "-9n"],
    "xz": ["xz", "-T1", "--check=crc32"],
    "zstd": ["zstd", "-q", "-9"],
    "lz4": ["lz4", "-l", "-9", "-q"],
    "lzma": ["xz", "--format=lzma"],
}
NOBODY = (["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
          if os.geteuid() == 0 else [])


def pipe(argv, data=b"", **more):
    return subprocess.run(argv, input=data, capture_output=True, check=True,
                          **more).stdout


def entry(name, mode=0o100644, data=b"", inode=0, links=1, uid=0, gid=0,
          node=(0, 0), mtime=0, checked=False):
    """One entry of a newc archive."""
    raw = name if isinstance(name, bytes) else name.encode()
    total = sum(data) & 0xffffffff if checked is True else checked or 0
    fields = [inode, mode, uid, gid, links, mtime, len(data), 0, 0, *node,
              len(raw) + 1, total]
    head = (b"070702" if checked is not False else b"070701") + b"".join(
        b"%08x" % field for field in fields) + raw + b"\0"
    head += bytes(-len(head) % 4)
    return head + data + bytes(-len(data) % 4)


TRAILER = entry("TRAILER!!!", 0)


def archive(*entries):
    data = b"".join(entries) + TRAILER
    return data + bytes(-len(data) % 512)


class Bench:
    def __init__(self, boomerang, top):
        self.top = Path(top)
        self.work = self.top / "work"  # whoever runs the commands owns it
        self.work.mkdir()
        self.boomerang = self.top / "boomerang"
        shutil.copy(boomerang, self.boomerang)
        if NOBODY:
            os.chown(self.work, 65534, 65534)
        self.top.chmod(0o755)

    def run(self, *argv, **more):
        return subprocess.run(
            [*NOBODY, self.boomerang, "initramfs", *map(str, argv)],
            capture_output=True, text=True, errors="surrogateescape",
            cwd=self.work, **{"env": {"PATH": os.environ["PATH"]}, **more})

    def good(self, *argv, **more):
        done = self.run(*argv, **more)
        if done.returncode:
            ok(False, "boomerang initramfs " + " ".join(map(str, argv)),
               done.stderr)
        return done.stdout

    def refused(self, what, text, *argv, status=1):
        done = self.run(*argv)
        ok(done.returncode == status and text in done.stderr and
           len(done.stderr.splitlines()) == 1, f"{what} is refused: {text}",
           f"{done.returncode} {done.stderr}")

    def file(self, name, data):
        path = self.work / name
        path.write_bytes(data)
        if NOBODY:
            os.chown(path, 65534, 65534)
        return path

    def segments(self, path):
        """Its segments, as archives that are not compressed."""
        data = path.read_bytes()
        segments = json.loads(self.good("list", "--json", path))["segments"]
        for segment in segments:
            part = data[segment["offset"]:
                        segment["offset"] + segment["size"]]
            how = COMPRESS[segment["compression"]]
            if segment is not segments[-1] and segment["compression"] == "lz4":
                part = part.removesuffix(bytes(4))
            if how[0] != "cat":
                part = pipe([how[0], "-dcq", *[o for o in how if "format" in o
                                               ]], part)
            yield segment, part

    def merge(self, path):
        """The root that GNU cpio makes of it, segment by segment."""
        root = Path(tempfile.mkdtemp(dir=self.top)) / "root"
        root.mkdir()
        for _, part in self.segments(path):
            subprocess.run(["cpio", "-idmu", "--quiet",
                            "--no-absolute-filenames"], input=part, cwd=root,
                           check=True, capture_output=True)
        return root


def facts(root, times=True):
    """What a tree is: of each path its type, permissions and content."""
    found = {}
    for path in sorted(root.rglob("*")):
        info = path.lstat()
        kind = stat.S_IFMT(info.st_mode)
        value = [kind]
        if stat.S_ISLNK(info.st_mode):
            value += [os.readlink(path)]
        elif stat.S_ISREG(info.st_mode):
            value += [info.st_mode & 0o777,
                      hashlib.sha256(path.read_bytes()).hexdigest(),
                      int(info.st_mtime) if times else 0]
        elif stat.S_ISDIR(info.st_mode):
            value += [info.st_mode & 0o777]
        else:
            continue
        found[str(path.relative_to(root))] = value
    return found


def difference(a, b):
    return {k: (a.get(k), b.get(k)) for k in a.keys() | b.keys()
            if a.get(k) != b.get(k)}


def make_source(top):
    source = top / "source"
    (source / "usr/bin").mkdir(parents=True)
    (source / "etc").mkdir()
    (source / "bin").symlink_to("usr/bin")
    (source / "usr/bin/busybox").write_bytes(os.urandom(70000) + bytes(90000))
    for name in ("sh", "ls", "cat"):
        os.link(source / "usr/bin/busybox", source / "usr/bin" / name)
    (source / "etc/empty").touch()
    (source / "etc/name with space").write_text("x\n")
    (source / "etc/closed").write_text("secret\n")
    (source / "etc/closed").chmod(0o000)
    (source / "init").write_text("#!/bin/sh\n")
    (source / "init").chmod(0o755)
    for path in source.rglob("*"):
        os.utime(path, (10 ** 9, 10 ** 9), follow_symlinks=False)
    return source


def cpio_of(source):
    names = sorted(str(p.relative_to(source)) for p in source.rglob("*"))
    return pipe(["cpio", "-o", "-H", "newc", "--quiet", "-R", "0:0"],
                "".join(f"{n}\n" for n in [".", *names]).encode(), cwd=source)


def test_compressions(bench, plain):
    names = pipe(["cpio", "-it", "--quiet"], plain).decode()
    for how, command in COMPRESS.items():
        path = bench.file(f"{how}.img", pipe(command, plain))
        ok(bench.good("list", path) == names, f"{how}: the list is cpio's")
        root = bench.work / f"{how}.d"
        bench.good("unpack", path, root)
        # What cpio makes is root's, and to be seen by the test only.
        want, have = facts(bench.merge(path)), facts(root / "tree")
        want["etc/closed"][1] = 0o400
        ok(want == have, f"{how}: the tree is cpio's", difference(want, have))
        ok((root / "tree/usr/bin/sh").stat().st_nlink == 4,
           f"{how}: hard links are some")
        bench.good("pack", root, f"{how}.again")
        ok((bench.work / f"{how}.again").read_bytes() == path.read_bytes(),
           f"{how}: packed again it is the same, byte for byte")
        bench.good("pack", root, f"{how}.other", "--compress", how,
                   "--level", "2" if how != "none" else "1") \
            if how != "none" else None
        if how == "none":
            continue
        parts = list(bench.segments(bench.work / f"{how}.other"))
        ok(len(parts) == 1 and parts[0][0]["compression"] == how and
           parts[0][1] == plain,
           f"{how}: compressed anew it has the same archive in it")


def microcode():
    return archive(entry("kernel", 0o40755), entry("kernel/x86", 0o40755),
                   entry("kernel/x86/microcode", 0o40755),
                   entry("kernel/x86/microcode/GenuineIntel.bin",
                         data=os.urandom(3000)))


def test_segments(bench, plain):
    early = microcode()
    extra = archive(entry("etc", 0o40755), entry("etc/extra", data=b"more"))
    whole = early + pipe(COMPRESS["zstd"], plain)
    whole += bytes(-len(whole) % 4) + extra + bytes(512)
    path = bench.file("segments.img", whole)
    listed = json.loads(bench.good("list", "--json", path))
    ok([s["compression"] for s in listed["segments"]] ==
       ["none", "zstd", "none"], "microcode, zstd and a plain one", listed)
    ok("segment 3 at byte" in bench.good("list", "-l", path),
       "each is told of")
    root = bench.work / "segments.d"
    bench.good("unpack", path, root)
    bench.good("pack", root, "segments.again")
    ok((bench.work / "segments.again").read_bytes() == whole,
       "packed again it is the same")

    (root / "tree/etc/extra").write_text("changed")
    bench.good("pack", root, "segments.new")
    parts = [p for _, p in bench.segments(bench.work / "segments.new")]
    new = (bench.work / "segments.new").read_bytes()
    end = whole.index(extra)
    ok(new[:end] == whole[:end] and b"changed" in parts[2],
       "a change in the last leaves those in front as they are")

    bench.good("edit", path, "-o", "early.img", "--mode", "init=0700")
    parts = [p for _, p in bench.segments(bench.work / "early.img")]
    ok((bench.work / "early.img").read_bytes().startswith(early) and
       parts[2][:len(extra.rstrip(bytes(1)))] == extra.rstrip(bytes(1)),
       "a change in the middle leaves the others as they are")
    bench.file("ucode", b"AMD")
    bench.good("edit", path, "-o", "amd.img", "--add",
               "kernel/x86/microcode/AuthenticAMD.bin=ucode")
    first = next(bench.segments(bench.work / "amd.img"))
    ok(first[0]["offset"] == 0 and first[0]["compression"] == "none" and
       b"AuthenticAMD" in first[1] and
       (bench.work / "amd.img").read_bytes().rstrip(b"\0").endswith(
           whole.rstrip(b"\0")),
       "microcode that is new goes to the front, not compressed")

    config = b'a = "b"\n\0'
    tail = config + struct.pack("<II", len(config), sum(config))
    path = bench.file("bootconfig.img", whole + tail + b"#BOOTCONFIG\n")
    bench.good("edit", path, "--remove", "etc/empty")
    ok(path.read_bytes().endswith(tail + b"#BOOTCONFIG\n"),
       "a boot configuration stays behind all of it")
    ok(not (bench.merge(path) / "etc/empty").exists(), "what goes is gone")


def test_changes(bench, plain):
    path = bench.file("changes.img", pipe(COMPRESS["gzip"], plain))
    root = bench.work / "changes.d"
    bench.good("unpack", path, root)
    tree = root / "tree"
    shell = f"""
        set -e; cd {tree}; rm etc/empty usr/bin/cat; echo new > etc/new
        mkdir -p opt/a; echo deep > opt/a/b; ln -s /opt/a here; chmod 711 init
        rm -r bin; mkdir bin; echo file > bin/file; rm etc/closed
        mkdir etc/closed"""
    subprocess.run([*NOBODY, "sh", "-c", shell], check=True)
    with (root / "special").open("a") as special:
        special.write("char 0600 0 5 5 1 dev/console\n"
                      "file 4711 0 7 init\n")
    bench.good("pack", root, "changes.new")
    have, want = facts(bench.merge(bench.work / "changes.new"), False), \
        facts(tree, False)
    have.pop("dev")
    want["init"][1] = 0o711
    ok(have == want, "what was changed in the tree is so in the initrd",
       difference(have, want))
    listed = {e["name"]: e for s in json.loads(bench.good(
        "list", "--json", "changes.new"))["segments"] for e in s["entries"]}
    console, init = listed["dev/console"], listed["init"]
    ok((console["type"], console["major"], console["minor"], console["gid"],
        console["mode"]) == ("character", 5, 1, 5, "0600"),
       "a device that the text speaks of is in it", console)
    ok((init["mode"], init["gid"]) == ("4711", 7),
       "and a mode and an owner that no user can set", init)
    ok(listed["usr/bin/sh"]["links"] == 3,
       "hard links are fewer where one is gone", listed["usr/bin/sh"])
    again = bench.work / "changes.d2"
    bench.good("unpack", "changes.new", again)
    bench.good("pack", again, "changes.again")
    ok((bench.work / "changes.again").read_bytes() ==
       (bench.work / "changes.new").read_bytes(), "which comes back, too")
    lines = (again / "special").read_text().splitlines()
    ok("char 0600 0 5 5 1 dev/console" in lines and
       "file 4711 0 7 init" in lines, "with its text", lines)

    with (tree / "usr/bin/ls").open("wb") as shared:
        shared.write(b"another")
    bench.good("pack", root, "linked.new")
    merged = bench.merge(bench.work / "linked.new")
    ok({(merged / f"usr/bin/{n}").read_bytes() for n in
        ("ls", "sh", "busybox")} == {b"another"} and
       (merged / "usr/bin/ls").stat().st_nlink == 3,
       "what has several names is changed for all of them")


def test_edit(bench, plain):
    before = bench.merge(bench.file("e.img", plain))
    bench.file("host", b"from the host\n").chmod(0o750)
    subprocess.run([*NOBODY, "mkdir", "-p", bench.work / "dir/sub"],
                   check=True)
    bench.file("dir/sub/file", b"sub")
    for how, command in COMPRESS.items():
        path = bench.file(f"edit-{how}.img", pipe(command, plain))
        bench.good("edit", path, "--add", "etc/deep/host=host",
                   "--add", "bin/sh=host", "--symlink", "lib=usr/lib",
                   "--mkdir", "run", "--add", "opt=dir",
                   "--remove", "usr/bin/busybox", "--remove", "etc/closed",
                   "--mode", "init=4755", "--owner", "init=1:2",
                   "--node", "dev/null=c:1:3")
        merged = bench.merge(path)
        content = (before / "usr/bin/ls").read_bytes()
        ok((merged / "etc/deep/host").read_bytes() == b"from the host\n" and
           (merged / "etc/deep/host").stat().st_mode & 0o7777 == 0o750,
           f"{how}: a file is added, with the directories above it")
        ok((merged / "usr/bin/sh").read_bytes() == b"from the host\n" and
           (merged / "bin").is_symlink(),
           f"{how}: one is replaced, found behind a symlink")
        ok((merged / "usr/bin/ls").read_bytes() == content and
           (merged / "usr/bin/cat").read_bytes() == content and
           (merged / "usr/bin/cat").stat().st_nlink == 2 and
           not (merged / "usr/bin/busybox").exists(),
           f"{how}: its other names keep their data")
        ok(os.readlink(merged / "lib") == "usr/lib" and
           (merged / "run").is_dir() and
           (merged / "opt/sub/file").read_bytes() == b"sub" and
           not os.path.lexists(merged / "etc/closed"),
           f"{how}: symlink, directory, tree, removal")
        segments = json.loads(bench.good("list", "--json", path))["segments"]
        listed = {e["name"]: e for s in segments for e in s["entries"]}
        ok((listed["init"]["mode"], listed["init"]["uid"],
            listed["init"]["gid"], listed["dev/null"]["minor"]) ==
           ("4755", 1, 2, 3) and
           {s["compression"] for s in segments} == {how},
           f"{how}: mode, owner, device; the compression stays", segments)
    path = bench.file("append.img", plain)
    bench.good("edit", path, "--add", "etc/host=host")
    ok(path.read_bytes().startswith(plain.rstrip(b"\0")),
       "what is new stands behind what was")
    ok(path.stat().st_mode & 0o777 == 0o644, "and the file's mode is kept")


def test_pack(bench, source):
    subprocess.run([*NOBODY, "cp", "-a", "--no-preserve=ownership", source,
                    bench.work / "packed"], check=False,
                   stderr=subprocess.DEVNULL)
    closed = bench.work / "packed/etc/closed"
    if not closed.exists():
        bench.file("packed/etc/closed", b"secret\n")
    closed.chmod(0o600)
    dates = {"PATH": os.environ["PATH"], "SOURCE_DATE_EPOCH": "86400"}
    for how in COMPRESS:
        bench.good("pack", "packed", f"packed-{how}", "--compress", how)
        bench.good("pack", "packed", f"packed2-{how}", "--compress", how)
        path = bench.work / f"packed-{how}"
        want = facts(bench.work / "packed", False)
        have = facts(bench.merge(path), False)
        ok(have == want, f"{how}: cpio makes of it what was packed",
           difference(have, want))
        ok(path.read_bytes() == (bench.work / f"packed2-{how}").read_bytes(),
           f"{how}: the same again")
    listed = json.loads(bench.good("list", "--json", "packed-none"))
    entries = listed["segments"][0]["entries"]
    names = [e["name"] for e in entries]
    ok(names == sorted(names, key=lambda n: n.split("/")) and
       {(e["uid"], e["gid"], e["mtime"]) for e in entries} == {(0, 0, 0)},
       "names in order, root's, of no time", names)
    bench.good("pack", "packed", "dated", "--compress", "none", env=dates)
    entries = json.loads(bench.good("list", "--json", "dated"))["segments"][0]
    ok({e["mtime"] for e in entries["entries"]} == {86400},
       "SOURCE_DATE_EPOCH is the time of everything")
    subprocess.run([*NOBODY, "sh", "-c", f"""
        cd {bench.work}; mkdir -p early/kernel/x86/microcode
        echo ucode > early/kernel/x86/microcode/GenuineIntel.bin
        echo i > early/init"""], check=True)
    bench.good("pack", "early", "early-packed", "--compress", "lz4")
    kinds = [s["compression"] for s, _ in
             bench.segments(bench.work / "early-packed")]
    ok(kinds == ["none", "lz4"], "microcode is in front, not compressed",
       kinds)


def zstd_bomb():
    """A frame that says of a few bytes each that they are 128 KiB of zeros
    (RFC 8878, RLE blocks): 20 GiB."""
    def block(kind, size, data):
        return struct.pack("<I", size << 3 | kind << 1)[:3] + data

    head = entry("zeros", inode=1)
    head = head[:54] + b"fffe0000" + head[62:]
    one = block(0, len(head), head) + block(1, 0x20000, b"\0") * (
        0xfffe0000 // 0x20000)
    return b"\x28\xb5\x2f\xfd\0\x38" + one * 5 + block(0, 0, b"")


def test_hostile(bench):
    outside = bench.file("outside", b"outside")
    outside.chmod(0o644)
    for what, text, entries in [
            ("a name with ..", "..", [entry("../outside", data=b"x")]),
            ("one deep inside", "..", [entry("a/../../outside", data=b"x")]),
            ("a file in a file", "a/b", [entry("a"), entry("a/b")]),
            ("a circle of symlinks", "circle",
             [entry("a", 0o120777, b"b"), entry("b", 0o120777, b"a"),
              entry("a/c")]),
            ("a wrong check sum", "check sum",
             [entry("a", data=b"x", checked=7)]),
            ("an unknown type", "no type", [entry("a", 0o170644)]),
            ("a symlink to nothing", "symbolic link", [entry("a", 0o120777)]),
            ("NUL in a symlink", "NUL", [entry("a", 0o120777, b"b\0c")]),
            ("NUL in a name", "damaged", [entry(b"a\0b")])]:
        bench.file("hostile.img", archive(*entries))
        bench.refused(what, text, "unpack", "hostile.img", "hostile.d")
        ok(not (bench.work / "hostile.d").exists(), f"{what}: nothing is left")
    for what, entries, path in [
            ("an absolute name", [entry("/abs/olute", data=b"x")],
             "abs/olute"),
            ("a symlink upwards",
             [entry("up", 0o120777, b"../../.."), entry("up/f", data=b"x")],
             "f"),
            ("a symlink to /",
             [entry("top", 0o120777, b"/"), entry("top/tmp/f", data=b"x")],
             "tmp/f"),
            ("a hard link behind a symlink",
             [entry("o", 0o120777, str(outside).encode()),
              entry("o", 0o100644, b"", 5, 2), entry("p", 0o100644, b"x", 5, 2)],
             "p")]:
        bench.file("inside.img", archive(*entries))
        shutil.rmtree(bench.work / "inside.d", ignore_errors=True)
        bench.good("unpack", "inside.img", "inside.d")
        ok((bench.work / "inside.d/tree" / path).read_bytes() == b"x",
           f"{what} stays inside")
        bench.good("pack", "inside.d", "inside.again")
        ok((bench.work / "inside.again").read_bytes() == archive(*entries),
           f"{what} comes back")
    for what, name in (("the first name", "o"), ("another name", "p")):
        bench.file("inside.img", archive(
            entry("o", 0o100644, b"", 5, 3),
            entry("o", 0o120777, str(outside).encode()),
            entry(name, 0o100644, b"x", 5, 3)))
        bench.refused(f"a file whose name became a symlink, by {what}",
                      "symbolic links", "unpack", "inside.img", "hostile.d")
    ok(outside.read_bytes() == b"outside", "nothing outside was written to")
    ok(outside.stat().st_mode & 0o777 == 0o644, "nor was its mode changed")
    whole = pipe(COMPRESS["zstd"], archive(entry("a", data=b"x" * 5000)))
    bench.file("cut.img", whole[:-20])
    bench.refused("a file cut short", "early", "list", "cut.img")
    bench.file("cut.img", archive(entry("a", data=b"x" * 5000))[:3000])
    bench.refused("an archive cut short", "early", "list", "cut.img")
    bench.file("other", b"BZh9 and so on")
    bench.refused("bzip2", "bzip2", "list", "other")
    bench.file("other", bytes(100))
    bench.refused("a file of zeros", "no archive", "list", "other")
    bench.file("other", bytes(2) + archive(entry("a")))
    bench.refused("an archive at an odd place", "multiple of 4", "list",
                  "other")
    bomb = bench.file("bomb", zstd_bomb())
    bench.refused(f"a bomb of {bomb.stat().st_size >> 10} KiB", "16 GiB",
                  "list", "bomb")
    bench.file("full", archive(entry("a")))
    subprocess.run([*NOBODY, "mkdir", "-p", bench.work / "full.d/mine"],
                   check=True)
    bench.refused("a directory with something in it", "not empty", "unpack",
                  "full", "full.d")
    ok((bench.work / "full.d/mine").exists(), "which stays as it was")


def test_lz4_padding(bench):
    whole = pipe(COMPRESS["lz4"], archive(entry("a", data=b"lz4")))
    for zeros in range(9):
        bench.file("zeros.img", whole + bytes(zeros))
        ok(bench.good("list", "zeros.img") == "a\n",
           f"lz4 with {zeros} zeros behind it")


def test_names(bench):
    odd = [b"new\nline", b"white space", b"back\\slash", b"\xff\xfe",
           "ümlaut".encode(), b"-n"]
    entries = [entry(name, 0o100644, name, inode=i, uid=9)
               for i, name in enumerate(odd)]
    path = bench.file("names.img", archive(*entries))
    bench.good("unpack", path, "names.d")
    bench.good("pack", "names.d", "names.again")
    ok((bench.work / "names.again").read_bytes() == path.read_bytes(),
       "odd names come back, and their owners")
    ok({p.name.encode("utf-8", "surrogateescape") for p in
        (bench.work / "names.d/tree").iterdir()} == set(odd),
       "and are what they were in the tree")
    listed = json.loads(bench.good("list", "--json", path))
    ok(listed["segments"][0]["entries"][3].get("name_hex") == "fffe",
       "a name that is no text is told as it is")
    ok(bench.good("list", path).encode("utf-8", "surrogateescape") ==
       b"".join(n + b"\n" for n in odd), "another program gets their bytes")
    padded = entry("aligned", data=b"data")
    head = entry("aligned")[:94] + b"%08x" % 20 + b"%08x" % 0 + b"aligned"
    head += bytes(110 + 20 - len(head))
    head += bytes(-len(head) % 4)
    head = head[:54] + b"%08x" % 4 + head[62:]
    path = bench.file("padded.img", head + b"data" + padded + TRAILER)
    ok(bench.good("list", path) == "aligned\naligned\n",
       "zeros behind a name are no part of it")


def test_misuse(bench):
    for what, text, argv in [
            ("no verb", "wants a verb", []),
            ("an unknown verb", "no verb", ["frob"]),
            ("no file", "wants a file", ["list"]),
            ("a change without a value", "PATH=", ["edit", "--add", "a", "f"]),
            ("an unknown compression", "--compress is",
             ["pack", ".", "f", "--compress", "zip"]),
            ("a level too high", "1 to 19", ["pack", ".", "f", "--level",
                                             "20"])]:
        bench.refused(what, text, *argv, status=2)
    bench.file("one.img", archive(entry("d", 0o40755), entry("d/f")))
    for what, text, argv in [
            ("a file that is not there", "No such file", ["list", "nothing"]),
            ("removing what is not there", "not in the initrd",
             ["edit", "one.img", "--remove", "nothing"]),
            ("a file for a directory", "something in it",
             ["edit", "one.img", "--add", "d=one.img"]),
            ("a file below a file", "no directory",
             ["edit", "one.img", "--add", "d/f/g=one.img"]),
            ("a mode that is none", "OCTAL",
             ["edit", "one.img", "--mode", "d=rwx"])]:
        before = (bench.work / "one.img").read_bytes()
        bench.refused(what, text, *argv)
        ok((bench.work / "one.img").read_bytes() == before,
           f"{what}: the file is as it was")


def test_distribution(bench):
    """What mkinitramfs makes of the fetched kernel, microcode in front."""
    kernels = sorted(KERNELS.glob("boot/vmlinuz-*"))
    if not NOBODY or not kernels or not shutil.which("mkinitramfs"):
        ok(True, "an initrd of mkinitramfs # SKIP needs root, mkinitramfs "
                 "and make kernel-fetch")
        return
    release = kernels[-1].name.removeprefix("vmlinuz-")
    made = bench.top / "made.img"
    config = bench.top / "config"
    shutil.copytree("/etc/initramfs-tools", config)
    (config / "initramfs.conf").write_text(
        "MODULES=list\nBUSYBOX=auto\nCOMPRESS=zstd\nCOMPRESSLEVEL=3\n")
    # As if the kernel were installed, for this one process.
    done = subprocess.run(["unshare", "--mount", "sh", "-c", f"""
        set -e; mount -t tmpfs none /boot; mkdir -p /lib/modules
        cp {KERNELS.resolve()}/boot/config-{release} /boot
        mount --bind {KERNELS.resolve()}/lib/modules /lib/modules
        mkinitramfs -d {config} -o {made} {release}"""], capture_output=True,
                          text=True)
    if not ok(done.returncode == 0, "mkinitramfs makes an initrd",
              done.stderr):
        return
    path = bench.file("made.img", microcode() + made.read_bytes())
    bench.good("unpack", path, "made.d")
    merged = bench.merge(path)
    ok(facts(merged) == facts(bench.work / "made.d/tree"),
       "its tree is what cpio makes",
       difference(facts(merged), facts(bench.work / "made.d/tree")))
    bench.good("pack", "made.d", "made.again")
    ok((bench.work / "made.again").read_bytes() == path.read_bytes(),
       "and it comes back byte for byte")


def main():
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    missing = [c[0] for c in [*COMPRESS.values(), ["cpio"]]
               if not shutil.which(c[0])]
    if missing:
        tap.skip_all(f"needs {', '.join(missing)}")
    os.umask(0o022)
    with tempfile.TemporaryDirectory() as top:
        bench = Bench(sys.argv[1], top)
        source = make_source(bench.top)
        plain = cpio_of(source)
        test_compressions(bench, plain)
        test_segments(bench, plain)
        test_changes(bench, plain)
        test_edit(bench, plain)
        test_pack(bench, source)
        test_hostile(bench)
        test_lz4_padding(bench)
        test_names(bench)
        test_misuse(bench)
        test_distribution(bench)
    tap.done()


if __name__ == "__main__":
    sys.exit(main())
