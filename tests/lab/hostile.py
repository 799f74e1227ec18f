# SPDX-License-Identifier: MIT
"""Images that are wrong, each in one way."""

import gzip
import io
import random
import struct
import subprocess
import tarfile

from .cache import cached
from .images import add, busybox, busybox_members, converted, small_tar

_MIB = 1 << 20
SMALL_FILES = 200_000

_ELF_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_EM_AARCH64 = 183


def _foreign_program():
    """The header of a 64-bit arm program, enough to be known as one."""
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    return _ELF_HEADER.pack(ident, 2, _EM_AARCH64, 1, 0x400000, 64, 0, 0,
                            64, 56, 0, 64, 0, 0)


def truncated():
    """The busybox image, half of it."""
    whole = busybox("tar.gz")
    data = whole.read_bytes()
    return cached("truncated.tar.gz", whole.name,
                  lambda path: path.write_bytes(data[:len(data) // 2]))


def damaged():
    """The busybox image with one byte changed in the middle."""
    whole = busybox("tar.gz")
    data = bytearray(whole.read_bytes())
    data[len(data) // 2] ^= 0x55
    return cached("damaged.tar.gz", whole.name,
                  lambda path: path.write_bytes(data))


def noise():
    """A megabyte that is no archive of any kind."""
    return cached("noise.img", "1", lambda path: path.write_bytes(
        b"\x01" + random.Random(7).randbytes(_MIB)))


def page():
    """What a misconfigured server answers: a web page."""
    return cached("page.tar.gz", "1", lambda path: path.write_text(
        "<!DOCTYPE html>\n<html><body>Moved</body></html>\n" * 40))


def empty():
    """A file of no bytes."""
    return cached("empty.tar", "1", lambda path: path.write_bytes(b""))


def _tar_gz(name, fill, *recipe):
    return converted(name, small_tar(name, fill, *recipe), "tar.gz")


def no_init():
    """A tree without any init."""
    def fill(archive):
        add(archive, "etc", mode=0o755, type=tarfile.DIRTYPE)
        add(archive, "etc/hostname", "nowhere\n")
    return _tar_gz("no-init", fill)


def foreign_init():
    """An init for another architecture."""
    def fill(archive):
        add(archive, "sbin", mode=0o755, type=tarfile.DIRTYPE)
        add(archive, "sbin/init", _foreign_program(), mode=0o755)
    return _tar_gz("foreign-init", fill)


def ending_init():
    """An init that exits at once."""
    return busybox(init="#!/bin/sh\nexit 3\n", name="ending-init")


def deaf_init():
    """An init that ignores every signal it can, with children that do."""
    script = ("#!/bin/sh\n"
              "trap '' HUP INT QUIT TERM USR1 USR2 PIPE ALRM\n"
              "(while :; do sleep 1000; done) &\n"
              "echo 'deaf-init: up'\n"
              "while :; do sleep 1000; done\n")
    return busybox(init=script, name="deaf-init")


def _zeros_member(archive, name, size):
    """One member of that many zero bytes."""
    class Zeros(io.RawIOBase):
        def read(self, size=-1):
            return bytes(size)
    info = tarfile.TarInfo(name)
    info.size = size
    archive.addfile(info, Zeros())


def huge(mib):
    """A small download that unpacks to more than mib MiB."""
    def make(path):
        with gzip.open(path, "wb", compresslevel=1) as stream, \
                tarfile.open(fileobj=stream, mode="w|") as archive:
            busybox_members(archive)
            _zeros_member(archive, "huge", mib * _MIB)
    return cached("huge.tar.gz", mib, make)


def long(mib):
    """A download of mib MiB, as the server says before the first byte (a
    sparse file, so it takes nothing of this machine's disk)."""
    def make(path):
        start = io.BytesIO()
        with tarfile.open(fileobj=start, mode="w") as archive:
            busybox_members(archive)
            members = start.getvalue()[:archive.offset]
        info = tarfile.TarInfo("long")
        info.size = mib * _MIB
        with open(path, "wb") as file:
            file.write(members + info.tobuf(tarfile.GNU_FORMAT))
            file.truncate(file.tell() + info.size + tarfile.RECORDSIZE)
    return cached("long.tar", mib, make)


def absolute_paths():
    """Members with absolute names."""
    def fill(archive):
        busybox_members(archive)
        add(archive, "/escaped-absolute", "x\n")
        add(archive, "/tmp/escaped-absolute", "x\n")
    return _tar_gz("absolute-paths", fill)


def dotdot_paths():
    """Members whose names climb out."""
    def fill(archive):
        busybox_members(archive)
        add(archive, "../escaped-dotdot", "x\n")
        add(archive, "etc/../../../../escaped-dotdot", "x\n")
    return _tar_gz("dotdot-paths", fill)


def symlink_escape():
    """A symlink that points outside, and members below it."""
    def fill(archive):
        busybox_members(archive)
        for number, target in enumerate(
                ("/", "../../../../../../../..", "/proc/1/root",
                 "/proc/self/cwd/../../..")):
            add(archive, f"way{number}", type=tarfile.SYMTYPE,
                linkname=target, mode=0o777)
            add(archive, f"way{number}/escaped-symlink", "x\n")
            add(archive, f"way{number}/tmp/escaped-symlink", "x\n")
    return _tar_gz("symlink-escape", fill)


def hardlink_escape():
    """Hard links to files of the bootstrap, which the image has not."""
    def fill(archive):
        busybox_members(archive)
        for number, target in enumerate((
                "/usr/bin/boomerang", "../../../../usr/bin/boomerang",
                "/proc/1/exe")):
            add(archive, f"stolen{number}", type=tarfile.LNKTYPE,
                linkname=target)
    return _tar_gz("hardlink-escape", fill)


def device_nodes():
    """Device nodes where none belong: the machine's memory and a disk."""
    def fill(archive):
        busybox_members(archive)
        add(archive, "etc/memory", type=tarfile.CHRTYPE, devmajor=1,
            devminor=1, mode=0o666)
        add(archive, "disk", type=tarfile.BLKTYPE, devmajor=7,
            devminor=0, mode=0o666)
        add(archive, "fifo", type=tarfile.FIFOTYPE, mode=0o666)
    return _tar_gz("device-nodes", fill)


def small_files():
    """The busybox image and SMALL_FILES small files."""
    def make(path):
        zstd = subprocess.Popen(["zstd", "-q", "-c"], stdin=subprocess.PIPE,
                                stdout=open(path, "wb"))
        with tarfile.open(fileobj=zstd.stdin, mode="w|") as archive:
            busybox_members(archive)
            for number in range(SMALL_FILES):
                if number % 1000 == 0:
                    directory = f"many/{number // 1000:03}"
                    add(archive, directory, mode=0o755, type=tarfile.DIRTYPE)
                add(archive, f"{directory}/{number % 1000:03}", f"{number}\n")
        zstd.stdin.close()
        if zstd.wait():
            raise OSError("zstd failed")
    return cached("small-files.tar.zst", SMALL_FILES, make)
