# SPDX-License-Identifier: MIT
"""The media that boomerang build --iso writes, put into a machine."""

import json
import shutil
import subprocess

from .bootserver import BUILD
from .firmware import OVMF, OVMF_SECURE, Firmware
from .vm import OUT, ROOT

_NO_ROM = ",romfile="

# Nothing but the medium has a number in the boot order.
PC = Firmware("-machine", "pc", "-vga", "std", rom=_NO_ROM)
UEFI = Firmware(*OVMF.arguments, code=OVMF.code, variables=OVMF.variables,
                rom=_NO_ROM)
SECURE = Firmware(*OVMF_SECURE.arguments, code=OVMF_SECURE.code,
                  variables=OVMF_SECURE.variables, rom=_NO_ROM)


def build(where, *arguments):
    """boomerang build --iso; returns the directory."""
    shutil.rmtree(where, ignore_errors=True)
    subprocess.run([BUILD / "boomerang", "build", "-o", where, "--level", "1",
                    "--profile", "minimal", "--iso", "--loaders",
                    OUT / "loaders", *arguments],
                   check=True, cwd=ROOT, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL)
    return where


def cd(image):
    """The image as a CD: arguments of QEMU."""
    return ["-drive", f"if=none,id=medium,format=raw,media=cdrom,readonly=on,"
                      f"file={image}",
            "-device", "ide-cd,drive=medium,bootindex=0"]


def usb(image):
    """The same as a USB stick."""
    return ["-drive", f"if=none,id=medium,format=raw,snapshot=on,file={image}",
            "-device", "qemu-xhci,id=usb", "-device",
            "usb-storage,bus=usb.0,drive=medium,removable=on,bootindex=0"]


def edited(image, name, text):
    """A copy of the image, called name, with this in its parameters.cfg: what
    somebody writes who has the stick in a machine of theirs."""
    stick = image.with_name(name)
    shutil.copyfile(image, stick)
    table = subprocess.run(["sfdisk", "--json", stick], check=True,
                           capture_output=True).stdout
    second = json.loads(table)["partitiontable"]["partitions"][1]
    subprocess.run(["mcopy", "-o", "-i", f"{stick}@@{second['start'] * 512}",
                    "-", "::parameters.cfg"], check=True, input=text.encode())
    return stick
