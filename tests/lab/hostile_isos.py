# SPDX-License-Identifier: MIT
"""ISOs that cannot be booted, each for one reason, and a small one that looks
as if it could."""

import hashlib
import shutil
import struct

from . import isos
from .cache import cached
from .console import LabError
from .vm import OUT

# Of the header of an arm64 Image (Documentation/arm64/booting.rst).
_ARM64_MAGIC, _ARM64_MAGIC_AT, _ARM64_SIZE = b"ARM\x64", 56, 1 << 20

_GRUB = """\
menuentry "The only entry" {{
	linux {kernel} {words}
	initrd {initrd}
}}
"""


def _grub(kernel="/live/vmlinuz", words="boot=live components",
          initrd="/live/initrd.img"):
    return {"boot/grub/grub.cfg": _GRUB.format(kernel=kernel, words=words,
                                               initrd=initrd)}


def _live(tree, files):
    """What a live-boot ISO has, but that nothing of it is what it should."""
    (tree / "live").mkdir()
    shutil.copy(OUT / "vmlinuz", tree / "live/vmlinuz")
    for name in ("initrd.img", "filesystem.squashfs"):
        (tree / "live" / name).write_bytes(bytes(4096))
    isos.write(tree, files)


def _iso(name, fill, *recipe):
    kernel = hashlib.sha256((OUT / "vmlinuz").read_bytes()).hexdigest()
    return isos.iso(name, [recipe, kernel], fill, name.upper(), None)


def small():
    """All that is looked at before a download is there."""
    return _iso("small", lambda tree: _live(tree, _grub()), _grub())


def no_kernel():
    """Documents only."""
    files = {"readme.txt": "Nothing to boot.\n", "doc/more.txt": "more\n"}
    return _iso("nokernel", lambda tree: isos.write(tree, files), files)


def missing_kernel():
    """The menu names a file that is not there."""
    files = _grub("/live/vmlinuz-6.1")
    return _iso("missing", lambda tree: _live(tree, files), files)


def _write_arm64(path):
    header = bytearray(64)
    header[_ARM64_MAGIC_AT:_ARM64_MAGIC_AT + 4] = _ARM64_MAGIC
    struct.pack_into("<QQ", header, 8, 0, _ARM64_SIZE)
    path.write_bytes(bytes(header).ljust(_ARM64_SIZE, b"\0"))


def foreign():
    """Its kernel is for arm64."""
    def fill(tree):
        _live(tree, _grub())
        _write_arm64(tree / "live/vmlinuz")
    return _iso("foreign", fill, _grub())


# Of a PE image (PE format, "Optional Header"): where its header's offset
# stands, and from there the size of the code and, for 64 bits, the fifth data
# directory: the certificates'.
_PE_AT, _CERTIFICATES = 0x3c, 4 + 20 + 112 + 4 * 8


def _unsign(kernel):
    start, = struct.unpack_from("<I", kernel, _PE_AT)
    place, size = struct.unpack_from("<II", kernel, start + _CERTIFICATES)
    if not size:
        raise LabError(f"{OUT}/vmlinuz is not signed")
    struct.pack_into("<II", kernel, start + _CERTIFICATES, 0, 0)
    del kernel[place:]


def _tamper(kernel):
    # In the compressed kernel, far from any header.
    kernel[len(kernel) // 2] ^= 1


def _changed(name, change):
    def fill(tree):
        _live(tree, _grub())
        path = tree / "live/vmlinuz"
        kernel = bytearray(path.read_bytes())
        change(kernel)
        path.write_bytes(kernel)
    return _iso(name, fill, _grub())


def unsigned():
    """The signature was taken off its kernel."""
    return _changed("unsigned", _unsign)


def tampered():
    """Its kernel is not what was signed any more."""
    return _changed("tampered", _tamper)


def unknown():
    """A kernel and an initrd, and nothing that tells how the initrd finds
    the rest."""
    files = _grub("/boot/vmlinuz", "root=/dev/sda1 ro", "/boot/initrd.img")

    def fill(tree):
        isos.write(tree, files)
        shutil.copy(OUT / "vmlinuz", tree / "boot/vmlinuz")
        for name in ("boot/initrd.img", "system.img"):
            (tree / name).write_bytes(bytes(4096))
    return _iso("unknown", fill, files)


def huge(gib):
    """small(), and nothing behind it for so many GiB (a sparse file)."""
    source = small()

    def make(path):
        shutil.copy(source, path)
        with open(path, "r+b") as file:
            file.truncate(gib << 30)
    return cached("huge.iso", [source.name, gib], make)
