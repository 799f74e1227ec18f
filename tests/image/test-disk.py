#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Disk images: qcow2 to raw against qemu-img, and the root found in them.

usage: test-disk.py DISK-TOOL

Runs in a mount namespace of its own, in a tmpfs. Prints TAP.
"""
import os
import random
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

import isolated  # noqa: E402
from isolated import ok, run, skip  # noqa: E402

MIB = 1 << 20
SECTOR = 512
ROOT_TYPE = {"x86_64": "4f68bce3-e8cd-4db1-96e7-fbcaf984b709",
             "aarch64": "b921b045-1df0-41c3-af44-4c6f280d3fae"}
TABLES = 9 * MIB  # that are left of a qcow2 file, with clusters of 2 MiB
DAMAGES = 200  # bits flipped, each in a copy of its own

QCOW2_OPTIONS = (
    [], ["-c"], ["-c", "-o", "compression_type=zstd"],
    ["-o", "compat=0.10"], ["-c", "-o", "compat=0.10"],
    ["-o", "cluster_size=512"], ["-c", "-o", "cluster_size=512"],
    ["-o", "cluster_size=4k"], ["-o", "cluster_size=2M"],
    ["-c", "-o", "cluster_size=2M"],
    ["-c", "-o", "cluster_size=2M,compression_type=zstd"],
    ["-o", "preallocation=metadata"], ["-o", "preallocation=falloc"],
    ["-o", "extended_l2=on"], ["-c", "-o", "extended_l2=on,cluster_size=16k"],
    ["-o", "lazy_refcounts=on"])

FILE_SYSTEMS = {
    "ext2": ["mkfs.ext2", "-q", "-d", "TREE"],
    "ext3": ["mkfs.ext3", "-q", "-d", "TREE"],
    "ext4": ["mkfs.ext4", "-q", "-d", "TREE"],
    "btrfs": ["mkfs.btrfs", "-q", "--rootdir", "TREE"],
}


class Tool:
    def __init__(self, path):
        self.path = path

    def __call__(self, *arguments, **options):
        done = subprocess.run([self.path, *arguments], capture_output=True,
                              text=True, timeout=120, **options)
        return done.returncode, (done.stdout + done.stderr).strip()


def sparse(path, size):
    with open(path, "wb") as file:
        file.truncate(size)


def used(path):
    return os.stat(path).st_blocks * 512


def same(a, b):
    return subprocess.run(["cmp", "-s", a, b]).returncode == 0


def put(disk, at, path):
    """The file's content into the disk, holes stay holes."""
    run("dd", f"if={path}", f"of={disk}", "bs=1M", "conv=notrunc,sparse",
        "oflag=seek_bytes", f"seek={at}")


def make_raw(path):
    """Words that compress, noise that does not, holes, and an odd end."""
    noise = random.Random(4)
    with open(path, "wb") as file:
        file.write(noise.randbytes(3 * MIB + 512))
        file.seek(5 * MIB)
        file.write(b"all work and no play " * 90000)
        file.seek(40 * MIB)
        for _ in range(300):
            file.write(noise.randbytes(noise.randrange(1, 9000)))
            file.seek(noise.randrange(1, 200000), os.SEEK_CUR)
        file.truncate((file.tell() // SECTOR + 3) * SECTOR)


def test_qcow2(tool):
    make_raw("raw")
    for options in QCOW2_OPTIONS:
        what = " ".join(options) or "as qemu-img makes it"
        run("qemu-img", "convert", "-O", "qcow2", *options, "raw", "q")
        before = used("q")
        status, said = tool("raw", "q", "out")
        ok(status == 0 and same("raw", "out"), f"qcow2 {what}: the same bytes",
           said)
        ok(status == 0 and used("out") <= int(said or 0) + MIB,
           f"qcow2 {what}: takes what was measured", f"{said}, {used('out')}")
        ok(used("q") <= max(before / 2, TABLES), f"qcow2 {what}: the source is emptied",
           f"{before} -> {used('q')}")


def test_snapshot(tool):
    """Clusters that a snapshot shares, and those that came after."""
    run("qemu-img", "convert", "-O", "qcow2", "raw", "q")
    run("qemu-img", "snapshot", "-c", "one", "q")
    run("qemu-io", "-c", "write -P 7 1M 700k", "-c", "write -z 6M 1M",
        "-c", "discard 41M 2M", "q")
    run("qemu-img", "convert", "-O", "raw", "q", "want")
    status, said = tool("raw", "q", "out")
    ok(status == 0 and same("want", "out"), "qcow2 with a snapshot", said)


def test_refused(tool):
    run("qemu-img", "convert", "-O", "qcow2", "raw", "base")
    run("qemu-img", "create", "-f", "qcow2", "-b", "base", "-F", "qcow2", "q")
    refused(tool, "(base)", "a backing file")
    # The header's crypt_method alone: qemu-img makes no LUKS on a machine where
    # the time of a thread cannot be measured.
    run("qemu-img", "create", "-f", "qcow2", "q", "4M")
    change("q", 35, 2)
    refused(tool, "is encrypted", "encryption")
    run("qemu-img", "create", "-f", "qcow2", "-o", "data_file=data", "q", "4M")
    refused(tool, "in another file", "an external data file")
    run("qemu-img", "create", "-f", "qcow2", "q", "4M")
    change("q", 79, 2)
    refused(tool, "marked as corrupt", "a corrupt image")
    change("q", 79, 64)
    refused(tool, "not known", "an unknown feature")
    run("qemu-img", "create", "-f", "qcow2", "q", "20T")
    refused(tool, "larger than", "a disk of 20 TB")


def change(path, at, byte):
    with open(path, "r+b") as file:
        file.seek(at)
        file.write(bytes([byte]))


def refused(tool, words, what):
    status, said = tool("raw", "q", "out")
    ok(status == 1 and words in said and "\n" not in said,
       f"refused in words: {what}", f"{status}: {said}")


def test_damaged(tool):
    """Never a signal: an end, with a line when it is a failure."""
    sparse("small", 2 * MIB)
    with open("small", "r+b") as file:
        file.write(random.Random(5).randbytes(300000))
        file.write(b"words " * 40000)
    for options in ([], ["-c"], ["-c", "-o", "compression_type=zstd"],
                    ["-o", "extended_l2=on"]):
        run("qemu-img", "convert", "-O", "qcow2", *options, "small", "q")
        with open("q", "rb") as file:
            whole = file.read()
        bad = [attempt for attempt in range(DAMAGES)
               if not survives(tool, whole, random.Random(attempt))]
        ok(not bad, f"{DAMAGES} damaged copies of qcow2 {' '.join(options)}",
           bad)


def survives(tool, whole, chance):
    data = bytearray(whole)
    if chance.random() < 0.3:
        del data[chance.randrange(len(data)):]
    for _ in range(chance.randrange(1, 4)):
        # Mostly where the tables are: the first clusters.
        at = chance.randrange(min(len(data) or 1, 0x50000))
        if chance.random() < 0.5:
            at = chance.randrange(1, 5) * 0x10000 + chance.randrange(64)
        if at < len(data):
            data[at] ^= 1 << chance.randrange(8)
    with open("q", "wb") as file:
        file.write(data)
    limit = ["prlimit", f"--fsize={64 * MIB * 1024 * 1024}"]
    done = subprocess.run([*limit, tool.path, "raw", "q", "out"],
                          capture_output=True, text=True, timeout=60)
    return done.returncode == 0 or (done.returncode == 1 and
                                    done.stderr.count("\n") == 1)


def make_trees():
    os.makedirs("root/etc")
    os.makedirs("root/sbin")
    os.makedirs("other/grub")
    os.makedirs("volumes/home")
    with open("root/etc/os-release", "w") as file:
        file.write("ID=test\n")
    with open("other/vmlinuz", "w") as file:
        file.write("kernel\n")
    run("cp", "-a", "root", "volumes/root")


def make_fs(path, fstype, tree, size=128 * MIB):
    sparse(path, size)
    run(*[tree if word == "TREE" else word for word in FILE_SYSTEMS[fstype]],
        path)


def found(tool, path, want, what, **options):
    status, said = tool("find", path, **options)
    ok(status == 0 and said == want, what, f"{status}: {said}; want {want}")


def lost(tool, path, words, what):
    status, said = tool("find", path)
    ok(status == 1 and words in said and "\n" not in said, what,
       f"{status}: {said}")


def kernel_has(fstype):
    with open("/proc/filesystems") as file:
        return fstype in file.read().split()


def test_whole(tool):
    for fstype in FILE_SYSTEMS:
        make_fs("disk", fstype, "root")
        found(tool, "disk", f"0 0 {fstype} - 0", f"{fstype} without a table")
    sparse("disk", 320 * MIB)
    run("mkfs.xfs", "-q", "disk")
    found(tool, "disk", "0 0 xfs - 0", "xfs without a table")
    run("mkfs.erofs", "disk.erofs", "root")
    found(tool, "disk.erofs", "0 0 erofs - 0", "erofs")
    run("mksquashfs", "root", "disk.sq", "-quiet", "-no-progress")
    found(tool, "disk.sq", "0 0 squashfs - 0", "squashfs")
    make_fs("disk", "btrfs", "volumes")
    if kernel_has("btrfs"):
        found(tool, "disk", "0 0 btrfs root 0", "btrfs: below the top")
    else:
        skip("btrfs: below the top", "this kernel has no btrfs")


def make_disk(script):
    sparse("disk", 600 * MIB)
    run("sfdisk", "-q", "disk", input=script.encode())


GPT = """label: gpt
start=2048, size=65536, type=U
start=67584, size=262144, type=L
start=329728, size=262144, type={}
"""
DOS = """label: dos
start=2048, size=262144, type=83
start=264192, type=5
start=266240, size=65536, type=82
start=333824, size=262144, type=83
"""
AT = {number: start * SECTOR for number, start in
      (("esp", 2048), ("boot", 67584), ("root", 329728), ("dosboot", 2048),
       ("logical", 333824))}
LENGTH = 262144 * SECTOR


def test_tables(tool):
    make_fs("root.fs", "ext4", "root")
    make_fs("boot.fs", "ext4", "other")
    make_disk(GPT.format(ROOT_TYPE[os.uname().machine]))
    put("disk", AT["boot"], "boot.fs")
    put("disk", AT["root"], "root.fs")
    want = f"{AT['root']} {LENGTH} ext4 - 0"
    found(tool, "disk", want, "GPT: the type says it")
    found(tool, "disk", want, "GPT: the type says it, without root",
          user=65534, group=65534, extra_groups=[])
    run("qemu-img", "convert", "-O", "qcow2", "-c", "disk", "q")
    tool("raw", "q", "out")
    found(tool, "out", want, "GPT in a qcow2")
    with open("disk", "r+b") as file:
        file.truncate(200 * MIB)
    lost(tool, "disk", "is cut short", "GPT: cut short")

    make_disk(GPT.format("L"))
    put("disk", AT["boot"], "boot.fs")
    put("disk", AT["root"], "root.fs")
    found(tool, "disk", want, "GPT: looked into")
    found(tool, "disk", f"{AT['boot']} {LENGTH} ext4 - 1",
          "GPT: guessed without root", user=65534, group=65534,
          extra_groups=[])
    put("disk", AT["boot"], "root.fs")
    lost(tool, "disk", "2 root file systems", "GPT: several roots")

    make_disk(DOS)
    put("disk", AT["dosboot"], "boot.fs")
    put("disk", AT["logical"], "root.fs")
    found(tool, "disk", f"{AT['logical']} {LENGTH} ext4 - 0",
          "DOS: in a logical partition")


def test_none(tool):
    sparse("disk", 64 * MIB)
    lost(tool, "disk", "neither a file system nor", "an empty disk")
    run("mkswap", "disk")
    lost(tool, "disk", "swap", "swap")
    sparse("disk", 64 * MIB)
    with open("disk", "r+b") as file:
        file.seek(512)
        file.write(b"LABELONE" + (1).to_bytes(8, "little") + bytes(8) +
                   b"LVM2 001" + b"a" * 32)
    make_disk(GPT.format("L"))
    put("disk", AT["boot"], "boot.fs")
    with open("disk", "r+b") as file:
        file.seek(AT["root"])
        file.write(b"LUKS\xba\xbe\0\1" + bytes(600))
    lost(tool, "disk", "encrypted (LUKS)", "/boot beside LUKS")
    make_disk("label: gpt\n")
    lost(tool, "disk", "no partition", "a table without partitions")


def main(tool):
    top = tempfile.mkdtemp()
    try:
        run("mount", "-t", "tmpfs", "-o", "mode=0755", "test", top)
        os.chmod(top, 0o755)
        os.chdir(top)
        os.environ["TMPDIR"] = top
        make_trees()
        for test in (test_whole, test_tables, test_none, test_qcow2,
                     test_snapshot, test_refused, test_damaged):
            test(Tool(tool))
    finally:
        os.chdir("/")
        run("umount", "-l", top)
        os.rmdir(top)


if __name__ == "__main__":
    if not os.path.exists("/dev/loop-control"):
        isolated.skip_all("needs loop devices")
    isolated.main(main, "mkfs.ext4", "qemu-img", "sfdisk")
