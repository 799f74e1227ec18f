# SPDX-License-Identifier: MIT
"""Trees and archives to unpack, good and hostile."""

import io
import lzma
import os
import stat
import struct
import subprocess
import tarfile
import zlib


def write(path, data=b"", mode=0o644):
    with open(path, "wb") as f:
        f.write(data)
    os.chmod(path, mode)


def acl(user):
    """A POSIX ACL that gives one more user read access (acl(5), xattr form)."""
    none = 0xFFFFFFFF
    entries = [(1, 6, none), (2, 4, user), (4, 4, none), (16, 4, none), (32, 4, none)]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *e) for e in entries)


def make_tree(root):
    """Everything that a root file system can hold."""
    old = 1_000_000_000
    for name in ("etc", "usr/bin", "usr/lib", "var/empty", "tmp"):
        os.makedirs(f"{root}/{name}")
    os.chmod(f"{root}/tmp", 0o1777)
    os.chmod(f"{root}/var/empty", 0o000)
    os.symlink("usr/lib", f"{root}/lib")
    os.symlink("/etc/hostname", f"{root}/etc/absolute")
    os.symlink("../../../../outside", f"{root}/etc/dangling")
    write(f"{root}/etc/hostname", b"boomerang\n")
    write(f"{root}/etc/empty")
    write(f"{root}/etc/\u00e4 \xb5 name", b"utf-8")
    write(os.fsencode(root) + b"/etc/latin-\xe4", b"latin-1")
    write(f"{root}/etc/" + "n" * 250, b"long")
    deep = f"{root}/" + "/".join(["d" * 60] * 5)
    os.makedirs(deep)
    write(f"{deep}/file", b"deep")
    write(f"{root}/usr/bin/su", b"#!/bin/sh\n", 0o4755)
    write(f"{root}/usr/bin/sgid", b"x", 0o2711)
    write(f"{root}/usr/bin/ping", b"ping", 0o755)
    os.link(f"{root}/usr/bin/ping", f"{root}/usr/bin/ping4")
    os.link(f"{root}/etc/absolute", f"{root}/etc/link-to-link")
    write(f"{root}/usr/lib/large", os.urandom(3_000_000))
    with open(f"{root}/usr/lib/sparse", "wb") as f:
        f.truncate(20 << 20)
        f.seek(5 << 20)
        f.write(b"in the middle")
    write(f"{root}/usr/lib/hole")
    os.truncate(f"{root}/usr/lib/hole", 1 << 20)
    os.mkfifo(f"{root}/etc/fifo", 0o620)
    os.mknod(f"{root}/etc/null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    os.mknod(f"{root}/etc/disk", stat.S_IFBLK | 0o660, os.makedev(259, 70000))
    os.chown(f"{root}/etc/hostname", 12345, 54321)
    os.chown(f"{root}/etc/dangling", 7, 8, follow_symlinks=False)
    os.chown(f"{root}/usr/bin/su", 4_000_000, 0)
    os.chmod(f"{root}/usr/bin/su", 0o4755)
    capability = struct.pack("<IIIII", 0x02000001, 1 << 13, 0, 0, 0)
    os.setxattr(f"{root}/usr/bin/ping", "security.capability", capability)
    os.setxattr(f"{root}/etc/hostname", "system.posix_acl_access", acl(1000))
    for directory, names, files in os.walk(os.fsencode(root), topdown=False):
        for name in names + files:
            times = (old * 10**9 + len(name), old * 10**9 + len(name) * 1000)
            os.utime(os.path.join(directory, name), ns=times, follow_symlinks=False)
            old += 1


def describe(root):
    """Name to facts, for every entry below root."""
    facts, inodes = {}, {}
    root = os.fsencode(root)
    for directory, names, files in os.walk(root):
        for name in names + files:
            path = os.path.join(directory, name)
            st = os.lstat(path)
            key = os.path.relpath(path, root)
            fact = [oct(st.st_mode), st.st_uid, st.st_gid, st.st_mtime_ns, st.st_nlink]
            fact.append(st.st_size if not stat.S_ISDIR(st.st_mode) else 0)
            fact.append(st.st_rdev)
            fact.append(min(inodes.setdefault(st.st_ino, key), key))
            if stat.S_ISLNK(st.st_mode):
                fact.append(os.readlink(path))
            if stat.S_ISREG(st.st_mode):
                with open(path, "rb") as f:
                    fact.append(hash(f.read()))
            attributes = os.listxattr(path, follow_symlinks=False)
            for attribute in sorted(attributes):
                fact.append(
                    (attribute, os.getxattr(path, attribute, follow_symlinks=False))
                )
            facts[key] = fact
    return facts


def compress(path, kind):
    """path.kind beside path."""
    tools = {
        "gz": ["gzip", "-1", "-c"],
        "xz": ["xz", "-0", "-c"],
        "zst": ["zstd", "-q", "-c"],
        "lz4": ["lz4", "-q", "-c"],
    }
    with open(f"{path}.{kind}", "wb") as out:
        subprocess.run(tools[kind] + [path], stdout=out, check=True)
    return f"{path}.{kind}"


def entry(name, kind=tarfile.REGTYPE, data=b"", **fields):
    info = tarfile.TarInfo(name)
    info.type = kind
    info.size = len(data)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, data


def archive(path, *entries, format=tarfile.GNU_FORMAT):
    with tarfile.open(path, "w", format=format) as tar:
        for info, data in entries:
            tar.addfile(info, io.BytesIO(data))
    return path


def raw_header(name, size=0, kind=b"0", link=b""):
    """A header with bytes that tarfile would not write."""
    block = bytearray(512)
    block[0:100] = name[:100].ljust(100, b"\0")
    block[100:124] = b"0000644\0" + b"0000000\0" * 2
    block[124:136] = b"%011o\0" % size
    block[136:148] = b"%011o\0" % 0
    block[156:157] = kind
    block[157:257] = link[:100].ljust(100, b"\0")
    block[257:265] = b"ustar\00000"
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def gnu_long_name(length):
    """A tar whose first entry has a GNU long name of so many bytes."""
    data = b"x" * length
    padded = data + bytes(-len(data) % 512)
    return (
        raw_header(b"././@LongLink", length, b"L")
        + padded
        + raw_header(b"x")
        + bytes(1024)
    )


def many_files(path, count):
    block = [raw_header(b"d/", 0, b"5")]
    with open(path, "wb") as f:
        f.write(block[0])
        for i in range(count):
            data = b"%d\n" % i
            f.write(raw_header(b"d/%d/%d" % (i // 1000, i), len(data)))
            f.write(data.ljust(512, b"\0"))
        f.write(bytes(1024))
    return path


def xz_of_zeros(path, size):
    """Far larger unpacked than packed, with the size in its index."""
    compressor = lzma.LZMACompressor(preset=0)
    header = raw_header(b"zeros", size)
    with open(path, "wb") as f:
        f.write(compressor.compress(header))
        for _ in range(size >> 20):
            f.write(compressor.compress(bytes(1 << 20)))
        f.write(compressor.compress(bytes(1024)) + compressor.flush())
    return path


def gz_of_zeros(path, size):
    """The same as one gzip stream, of the same piece again and again."""
    piece = bytes(1 << 20)
    ends = raw_header(b"zeros", size), bytes(1024)
    deflate = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    check = zlib.crc32(ends[0])
    with open(path, "wb") as f:
        f.write(b"\x1f\x8b\x08" + bytes(7) + deflate.compress(ends[0]) +
                deflate.flush(zlib.Z_FULL_FLUSH))
        packed = deflate.compress(piece) + deflate.flush(zlib.Z_FULL_FLUSH)
        for _ in range(size >> 20):
            f.write(packed)
            check = zlib.crc32(piece, check)
        f.write(deflate.compress(ends[1]) + deflate.flush())
        f.write(struct.pack("<II", zlib.crc32(ends[1], check),
                            size + sum(map(len, ends)) & 0xffffffff))
    return path
