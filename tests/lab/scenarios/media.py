# SPDX-License-Identifier: MIT
"""What boomerang build --iso writes, as a CD and as a USB stick, on both
firmwares: the bootstrap, and iPXE that is chained to boomerang serve."""

import sys
import time

from lab import media
from lab.boot import SECONDS, BootLab
from lab.console import LabError
from lab.guest import PROMPT
from lab.network import ROUTER, SERVER
from lab.tap import Scenario, check
from lab.vm import OUT, boot_directory

ADDRESS = "10.77.0.50"
IP = f"ip={ADDRESS}::{ROUTER}:255.255.255.0:lab::none"

SCRIPT = """#!ipxe
echo lab: ${{platform}}, ${{net0/ip}}/${{net0/netmask}}, ${{parameters}}.
imgfetch {marker}
sleep 60
"""

MENU_SECONDS = 150 # with Secure Boot
UP_TO_THE_PROMPT = 240


class MediaLab(BootLab):
    """A network, and one build."""

    def __init__(self):
        super().__init__("media")
        self.bootstrap = self.ipxe = None

    def __enter__(self):
        super().__enter__()
        out = media.build(self.work / "out", "--server", f"http://{SERVER}/")
        self.bootstrap = out / "bootstrap.iso"
        self.ipxe = out / "ipxe.iso"
        return self

    def disk(self, name, kind, medium, **options):
        """A machine with the medium and a server that nobody asks."""
        return self.booting(name, kind, OUT, disk=medium, **options)

    def chained(self, name, kind, medium):
        """A machine with the medium and a server that answers SCRIPT."""
        script = SCRIPT.format(marker=self.http.url("marker", name))
        return self.booting(name, kind, "--api", self.api.url, OUT,
                            answer={"ipxe-script": script}, disk=medium)


SCENARIO = Scenario("media", MediaLab)


def _fetched(lab, before):
    deadline = time.monotonic() + 20
    while lab.http.requests["marker"] == before:
        check(time.monotonic() < deadline, "the marker was not fetched")
        time.sleep(0.05)


def _screen(boot, pattern, timeout=SECONDS):
    """On the screen of a BIOS, which is all that iPXE has there."""
    try:
        return boot.machine.expect_screen(pattern, timeout)
    except LabError:
        boot.machine.save_screen("missing")
        raise


def _edit(console, line, words):
    """In GRUB's menu, over the serial line: words behind a line of the first
    entry, in which there are two before what the menu's file says."""
    console.expect("e' to edit", MENU_SECONDS)
    console.send("e")
    console.expect("Ctrl-x", 20)
    console.send("\x0e" * line + "\x05 " + words + "\x18")


# -- bootstrap.iso ------------------------------------------------------------


@SCENARIO.case("bootstrap.iso: BIOS, USB stick with an edited file, the prompt")
def bios_usb(lab):
    stick = media.edited(lab.bootstrap, "edited-bootstrap.iso",
                         'set parameters="ip=off lab=edited"\r\n')
    with lab.disk("bios-usb", media.PC, media.usb(stick), memory_mib=1024,
                  limit=300) as boot:
        boot.expect("boomerang 0")
        boot.console.expect(PROMPT, UP_TO_THE_PROMPT)
        boot.console.line("shell")
        boot.console.line("cat /proc/cmdline")
        boot.console.expect("panic=10 ip=off lab=edited", 20)


@SCENARIO.case("bootstrap.iso: UEFI, Secure Boot, CD, a line edited, the prompt")
def secure_cd(lab):
    with lab.disk("secure-cd", media.SECURE, media.cd(lab.bootstrap),
                  memory_mib=1024, limit=400) as boot:
        _edit(boot.console, 3, "ip=off loglevel=6")
        boot.console.expect("locked down from EFI Secure Boot",
                            UP_TO_THE_PROMPT)
        boot.console.expect(PROMPT, UP_TO_THE_PROMPT)


def _menu_and_files(lab, name, kind, medium):
    """Up to the menu, and that its files are found: the rest is the same."""
    with lab.disk(name, kind, medium) as boot:
        boot.expect("e' to edit")
        boot.console.send("c")
        boot.console.expect("grub> ", 30)
        boot.console.line("ls /")
        boot.console.expect(r"bootstrap\.img.*vmlinuz", 30)


@SCENARIO.case("bootstrap.iso: BIOS, CD")
def bios_cd(lab):
    _menu_and_files(lab, "bios-cd", media.PC, media.cd(lab.bootstrap))


@SCENARIO.case("bootstrap.iso: UEFI, USB stick")
def uefi_usb(lab):
    _menu_and_files(lab, "uefi-usb", media.UEFI, media.usb(lab.bootstrap))


# -- ipxe.iso -----------------------------------------------------------------


@SCENARIO.case("ipxe.iso: BIOS, CD: DHCP, and the server of the build")
def ipxe_bios_cd(lab):
    before = lab.http.requests["marker"]
    with lab.chained("ipxe-bios-cd", media.PC, media.cd(lab.ipxe)) as boot:
        boot.console.expect("Network boot, boomerang", SECONDS)
        boot.console.send("\r")
        _screen(boot, r"^lab: pcbios, 10\.77\.0\.1\d\d/255\.255\.255\.0, +\.")
        _fetched(lab, before)
        check(not boot.wire(69, ""), "something went by TFTP")


@SCENARIO.case("ipxe.iso: UEFI, CD: ip= typed in GRUB's menu")
def ipxe_uefi_cd(lab):
    before = lab.http.requests["marker"]
    with lab.network.without_dhcp(), \
            lab.chained("ipxe-uefi-cd", media.UEFI,
                        media.cd(lab.ipxe)) as boot:
        words = (f"ip={ADDRESS}::{ROUTER}:24:lab::none: "
                 "'image_url=http://h/?a&b'")
        _edit(boot.console, 2, words)
        boot.console.expect(rf"^lab: efi, {ADDRESS}/255\.255\.255\.0, ip="
                            rf"{ADDRESS}::{ROUTER}:24:lab::none: "
                            r"image_url=http://h/\?a&b\.", SECONDS)
        _fetched(lab, before)


@SCENARIO.case("ipxe.iso: UEFI, USB stick: all typed in iPXE's menu")
def ipxe_uefi_usb(lab):
    before = lab.http.requests["marker"]
    with lab.chained("ipxe-uefi-usb", media.UEFI,
                     media.usb(lab.ipxe)) as boot:
        console = boot.console
        boot.expect("Network boot, boomerang")
        console.send("\r")
        console.expect('"m" for a menu', SECONDS)
        console.send("m")
        for key, answers in (("s", (("Address:", ADDRESS), ("Netmask:", ""),
                                    ("Gateway:", ROUTER),
                                    ("DNS server:", ""))),
                             ("v", (("Boot server:",
                                     "\x15" + SERVER),)),
                             ("p", (("Kernel parameters:", "lab=typed"),))):
            console.expect("Next boot device", 20)
            console.send(key)
            for question, answer in answers:
                console.expect(question, 20)
                console.send(answer + "\r")
        console.expect("Next boot device", 20)
        console.send("b")
        console.expect(rf"^lab: efi, {ADDRESS}/255\.255\.255\.0, ip={ADDRESS}"
                       rf"::{ROUTER}:255\.255\.255\.0:::none: lab=typed\.",
                       SECONDS)
        _fetched(lab, before)


@SCENARIO.case("ipxe.iso: UEFI, USB stick without a server: the one of DHCP")
def ipxe_by_dhcp(lab):
    before = lab.http.requests["marker"]
    stick = media.edited(lab.ipxe, "edited-dhcp.iso", 'set server=""\n')
    with lab.chained("ipxe-by-dhcp", media.UEFI, media.usb(stick)) as boot:
        boot.console.expect(r"^lab: efi, 10\.77\.0\.1\d\d/255\.255\.255\.0, +\.",
                            SECONDS)
        _fetched(lab, before)
        boot.shows("dhcp", "iPXE on UEFI x86_64: offered its script")


@SCENARIO.case("ipxe.iso: BIOS, USB stick with ip= in its file: the bootstrap "
               "from the server, with the same ip=")
def ipxe_bios_usb(lab):
    stick = media.edited(lab.ipxe, "edited-ipxe.iso",
                         f'set parameters="{IP} lab=edited"\n'
                         f'set server="{SERVER}"\n')
    directory = boot_directory(lab.work / "bootstrap", OUT)
    with lab.network.without_dhcp(), \
            lab.booting("ipxe-bios-usb", media.PC, directory,
                        disk=media.usb(stick), memory_mib=1024, limit=300) as boot:
        boot.expect("Network boot, boomerang")
        boot.console.send("\r")
        boot.console.expect(PROMPT, UP_TO_THE_PROMPT)
        boot.shows("bootstrap", "", 30)
        boot.console.line("shell")
        boot.console.line("cat /proc/cmdline; ip address")
        boot.console.expect(rf"{IP} lab=edited", 20)
        boot.console.expect(rf"inet {ADDRESS}/24", 20)


if __name__ == "__main__":
    sys.exit(SCENARIO.main())
