# SPDX-License-Identifier: MIT
"""Machines with the firmware of the real world, plugged into a Network."""

import shutil
from pathlib import Path

from .disguise import Disguise
from .packets import Sniffer
from .vm import OUT, VM

_OVMF = Path("/usr/share/OVMF")
_AAVMF = Path("/usr/share/AAVMF")


class Firmware:
    """A kind of machine: the program, its arguments, and for UEFI the code
    and the variables that it starts with."""

    def __init__(self, *arguments, program="qemu-system-x86_64", code=None,
                 variables=None, rom=""):
        self.program = program
        self.arguments = list(arguments)
        self.code = code
        self.variables = variables
        self.rom = rom  # an option of the network card

    def flash(self, work):
        """The arguments for code and variables; the latter are copied to
        work, as the machine writes them."""
        if not self.code:
            return []
        mine = work / "variables.fd"
        shutil.copyfile(self.variables, mine)
        return ["-drive", f"if=pflash,format=raw,readonly=on,file={self.code}",
                "-drive", f"if=pflash,format=raw,file={mine}"]


def _switch(name, on):
    """Turns something of OVMF on or off."""
    return ["-fw_cfg", f"name=opt/org.tianocore/{name},"
                       f"string={'yes' if on else 'no'}"]


_NO_IPV6 = _switch("IPv6Support", False)

# The screen of a BIOS is the serial line as well (graphics=off). UEFI uses
# its own driver for the network card, without the ROM of QEMU.
BIOS = Firmware("-machine", "pc,graphics=off", "-vga", "std", "-boot", "nc")
OVMF = Firmware("-machine", "q35", "-vga", "std", *_NO_IPV6,
                code=_OVMF / "OVMF_CODE_4M.fd",
                variables=_OVMF / "OVMF_VARS_4M.fd",
                rom=",romfile=,bootindex=0")
OVMF_HTTP = Firmware(*OVMF.arguments, *_switch("IPv4PXESupport", False),
                     code=OVMF.code, variables=OVMF.variables, rom=OVMF.rom)
OVMF_SECURE = Firmware(
    "-machine", "q35,smm=on", "-vga", "std", *_NO_IPV6,
    "-global", "driver=cfi.pflash01,property=secure,value=on",
    code=_OVMF / "OVMF_CODE_4M.secboot.fd",
    variables=_OVMF / "OVMF_VARS_4M.ms.fd", rom=OVMF.rom)
OVMF_SECURE_HTTP = Firmware(
    *OVMF_SECURE.arguments, *_switch("IPv4PXESupport", False),
    code=OVMF_SECURE.code, variables=OVMF_SECURE.variables, rom=OVMF.rom)
AAVMF = Firmware("-machine", "virt", "-device", "ramfb",
                 program="qemu-system-aarch64",
                 code=_AAVMF / "AAVMF_CODE.fd",
                 variables=_AAVMF / "AAVMF_VARS.fd", rom=OVMF.rom)


class Machine(VM):
    """A machine with some firmware.

    network: where it is plugged in, mac: its address, disguise: arguments
    for a Disguise, disk: arguments of QEMU for a disk.
    """

    def __init__(self, name, firmware, network, mac, disguise=None, disk=(),
                 **options):
        options = {"memory_mib": 512, "limit": 180, **options}
        super().__init__(name, OUT, **options)
        self.firmware = firmware
        self.mac = mac
        self.plug = network.plug()
        self.sniffer = Sniffer(self.plug)
        self._disk = list(disk)
        self._disguise = None
        if disguise is not None:
            self._disguise = Disguise(self.plug, **disguise)

    def _speed(self):
        if self.firmware.program == "qemu-system-aarch64":
            return ["-accel", "tcg,thread=multi", "-cpu", "cortex-a57"]
        return super()._speed()

    def _hardware(self):
        net = (f"dgram,id=n0,local.type=fd,local.str={self._disguise.descriptor}"
               if self._disguise else f"tap,id=n0,fd={self.plug.fd}")
        return [self.firmware.program, *self._speed(),
                *self.firmware.arguments, *self.firmware.flash(self.work),
                *self._disk, "-netdev", net, "-device",
                f"virtio-net-pci,netdev=n0,mac={self.mac}{self.firmware.rom}"]

    def _hardware_fds(self):
        return [self._disguise.descriptor if self._disguise else self.plug.fd]

    def kill(self):
        super().kill()
        if self._disguise:
            self._disguise.close()
            self._disguise = None
        if self.plug:
            self.plug.close()
            self.plug = None
