# SPDX-License-Identifier: MIT
"""Real firmware, each booted by boomerang serve beside a plain DHCP server.

Judged from outside: by the serial line, by what was fetched, by what went
over the wire, and by the server's timeline.
"""

import shutil
import subprocess
import sys

from lab import firmware, network
from lab.boot import SECONDS, BootLab
from lab.cache import CACHE
from lab.guest import PROMPT
from lab.tap import Scenario, check
from lab.vm import OUT, ROOT, boot_directory

LOADERS = OUT / "loaders"
DEBIAN_13 = ROOT / ".cache" / "loaders"
ARM64 = CACHE / "kernel-arm64"

DISK_LINE = "lab: the disk boots"

SERIAL = "console=ttyS0 earlyprintk=ttyS0"
LOCKED_DOWN = r"Kernel is locked down from EFI Secure Boot"

SCENARIO = Scenario("firmware", BootLab)


def _machines_file(lab, name, text):
    path = lab.work / name
    path.write_text(text)
    return path


def _directory(lab, name, files):
    """A directory of these files: {name: source path or bytes}."""
    where = lab.work / name
    shutil.rmtree(where, ignore_errors=True)
    where.mkdir(parents=True)
    for file, content in files.items():
        path = where / file
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            shutil.copyfile(content, path)
    return where


# -- BIOS ---------------------------------------------------------------------


@SCENARIO.case("BIOS, iPXE in the ROM: its script, without a loader")
def bios_ipxe(lab):
    with lab.script("bios-ipxe", firmware.BIOS) as boot:
        boot.runs_script("pcbios")
        boot.asked(arch="x86_64", firmware="bios")
        check(not boot.wire(69, ""), "something went by TFTP")


@SCENARIO.case("BIOS, iPXE in the ROM: the bootstrap, told of in the timeline")
def bios_bootstrap(lab):
    directory = boot_directory(lab.work / "bootstrap", OUT)
    with lab.booting("bios-bootstrap", firmware.BIOS, directory,
                     memory_mib=1024) as boot:
        boot.console.expect(PROMPT, 120)
        for stage in ("dhcp", "loader", "kernel", "bootstrap"):
            boot.shows(stage, "")


@SCENARIO.case("BIOS, a plain PXE ROM: menu, port 4011, undionly.kpxe, script")
def bios_plain(lab):
    with lab.script("bios-plain", firmware.BIOS, disguise={}) as boot:
        boot.runs_script("pcbios")
        check(boot.wire(4011, "REQUEST"), "port 4011 was not asked")
        check(boot.wire(69, "undionly.kpxe"), "undionly.kpxe was not fetched")
        boot.shows("loader", r"undionly\.kpxe")


@SCENARIO.case("the same from the host of the DHCP server (--dhcp-no-bind)")
def bios_beside(lab):
    with lab.script("bios-beside", firmware.BIOS, "--dhcp-no-bind",
                    at_router=True, disguise={}) as boot:
        boot.runs_script("pcbios")
        check(boot.wire(4011, "REQUEST"), "port 4011 was not asked")


# -- UEFI ---------------------------------------------------------------------


@SCENARIO.case("UEFI (architecture 7): snponly.efi by TFTP, script")
def uefi(lab):
    with lab.script("uefi", firmware.OVMF) as boot:
        boot.runs_script("efi x86_64")
        boot.asked(arch="x86_64", firmware="uefi")
        boot.shows("loader", r"snponly\.efi")


@SCENARIO.case("UEFI that calls itself architecture 9: the same")
def uefi_bc(lab):
    with lab.script("uefi-bc", firmware.OVMF,
                    disguise={"hide": False, "arch": 9}) as boot:
        boot.runs_script("efi x86_64")
        check(boot.wire(67, "arch 9"), "the disguise did not work")
        boot.shows("loader", r"snponly\.efi")


@SCENARIO.case("UEFI HTTP Boot (architecture 16): no TFTP at all")
def uefi_http(lab):
    with lab.script("uefi-http", firmware.OVMF_HTTP) as boot:
        boot.runs_script("efi x86_64")
        boot.asked(arch="x86_64", firmware="uefi-http")
        boot.shows("loader", r"snponly\.efi")
        check(not boot.wire(69, ""), "something went by TFTP")


@SCENARIO.case("UEFI, from the host of the DHCP server (--dhcp-no-bind)")
def uefi_beside(lab):
    with lab.script("uefi-beside", firmware.OVMF, "--dhcp-no-bind",
                    at_router=True) as boot:
        boot.runs_script("efi x86_64")
        # Both are 10.77.0.1: which of them does a REQUEST mean?
        check(not boot.wire(68, r"ACK, you 0\.0\.0\.0"),
              "a request for a lease was answered")


@SCENARIO.case("a network without a DHCP server (--dhcp-server): all of these")
def whole_dhcp(lab):
    lease = f"10.77.0.200-10.77.0.210,router={network.ROUTER}"
    with lab.network.without_dhcp():
        for name, kind, disguise, platform in (
                ("dhcp-ipxe", firmware.BIOS, None, "pcbios"),
                ("dhcp-plain", firmware.BIOS, {}, "pcbios"),
                ("dhcp-uefi", firmware.OVMF, None, "efi x86_64"),
                ("dhcp-http", firmware.OVMF_HTTP, None, "efi x86_64")):
            with lab.script(name, kind, "--dhcp-server", lease,
                            disguise=disguise) as boot:
                boot.runs_script(platform)
                check(boot.wire(68, r"OFFER, you 10\.77\.0\.2"),
                      "its address is not one of ours")


# -- arm64 --------------------------------------------------------------------


@SCENARIO.case("arm64 UEFI (architecture 11): ipxe-arm64.efi, script")
def arm64_ipxe(lab):
    with lab.script("arm64-ipxe", firmware.AAVMF) as boot:
        boot.runs_script("efi arm64")
        boot.asked(arch="arm64", firmware="uefi")


@SCENARIO.case("arm64 UEFI: GRUB 2.12, a kernel by TFTP")
def arm64_grub(lab):
    subprocess.run([ROOT / "tools" / "fetch-packages", ARM64, "trixie",
                    "linux-image-cloud-arm64:arm64"], check=True,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    kernel, = (ARM64 / "boot").glob("vmlinuz-*")
    machines = _machines_file(lab, "arm64.ini", f"""[default]
kernel = {kernel}
cmdline = earlycon lab=arm64
loader = grubaa64.efi
""")
    with lab.booting("arm64-grub", firmware.AAVMF,
                     "--machines", machines, OUT) as boot:
        boot.expect(r"Linux version .*arm64")
        boot.expect(r"Kernel command line: .*\blab=arm64\b")
        boot.shows("loader", r"grubaa64\.efi")
        boot.shows("kernel", "vmlinuz")


# -- Secure Boot --------------------------------------------------------------


def _boots_securely(lab, name, kind):
    # The kernel tells on the first of its serial consoles.
    directory = boot_directory(lab.work / "secure", OUT, "loglevel=6")
    with lab.booting(name, kind, "--secure-boot", directory,
                     memory_mib=1024) as boot:
        boot.machine.ttyS1.expect(LOCKED_DOWN, 120)
        boot.expect(PROMPT)
        for event in ("fetched shimx64", "fetched grubx64", "GRUB asks what"):
            boot.shows("loader", event)
        boot.shows("kernel", "fetched bootstrap")
        boot.shows("bootstrap", "", 30)
        return bool(boot.wire(69, ""))


@SCENARIO.case("Secure Boot: shim, GRUB 2.12, signed kernel, the bootstrap")
def secure(lab):
    check(_boots_securely(lab, "secure", firmware.OVMF_SECURE),
          "nothing went by TFTP")


@SCENARIO.case("Secure Boot by HTTP Boot: the same, all by HTTP")
def secure_http(lab):
    check(not _boots_securely(lab, "secure-http", firmware.OVMF_SECURE_HTTP),
          "something went by TFTP")


@SCENARIO.case("Secure Boot refuses iPXE by PXE and HTTP Boot; shim is next")
def secure_turns(lab):
    with lab.booting("secure-turns", firmware.OVMF_SECURE,
                     "--tftp-root", LOADERS, "--kernel", OUT / "vmlinuz",
                     "--cmdline", SERIAL, limit=300) as boot:
        # The firmware goes from one to the other by itself.
        for how, loader in (("PXE", "snponly"), ("HTTP", "ipxe")):
            boot.console.expect(f"failed to load [^:]*{how}v4.*Access Denied",
                                SECONDS)
            boot.shows("loader", rf"fetched {loader}\.efi")
        boot.machine.reset()
        boot.expect(LOCKED_DOWN, 120)
        boot.shows("dhcp", "did not ask for its script; the next one")


# -- what does not work -------------------------------------------------------


@SCENARIO.case("a loader that does not work: the next one is offered")
def broken_loader(lab):
    loaders = _directory(lab, "broken-loaders",
                         {"snponly.efi": b"not a program\n" * 5000})
    with lab.script("broken-loader", firmware.OVMF,
                    "--tftp-root", loaders) as boot:
        boot.console.expect("failed to load [^:]*PXEv4", SECONDS)
        boot.machine.reset()
        boot.runs_script("efi x86_64")
        boot.shows("dhcp", "did not ask for its script; the next one")
        boot.shows("loader", r"\bipxe\.efi")


@SCENARIO.case("no loader works: the timeline names the loop")
def loop(lab):
    broken = b"not a program\n" * 5000
    loaders = _directory(lab, "no-loaders", {"snponly.efi": broken,
                                             "ipxe.efi": broken})
    with lab.booting("loop", firmware.OVMF, "--tftp-root", loaders,
                     "--kernel", OUT / "vmlinuz") as boot:
        for how in ("PXE", "HTTP"):
            boot.console.expect(f"failed to load [^:]*{how}v4", SECONDS)
        boot.machine.reset()
        boot.shows("dhcp", "every loader was fetched and none asked", 30)


# -- what is not to boot from the network -------------------------------------


def _bios_disk(lab):
    """A disk whose boot sector prints DISK_LINE."""
    # SI = the text behind it; AL = [SI++], by BIOS call 10h/0Eh, until it is
    # 0; then halt for ever.
    code = bytes.fromhex("31c0 8ed8 be197c fc ac 84c0 7409 b40e bb0700 cd10 "
                         "ebf2 f4 ebfd")
    sector = (code + DISK_LINE.encode() + b"\r\n\0").ljust(510, b"\0")
    path = lab.work / "disk.img"
    path.write_bytes((sector + b"\x55\xaa").ljust(1 << 20, b"\0"))
    return ["-drive", f"file={path},format=raw,if=ide"]


def _uefi_disk(lab):
    """A disk with a GRUB that prints DISK_LINE."""
    grub = (DEBIAN_13 / "usr" / "lib" / "grub" / "x86_64-efi-signed"
            / "grubx64.efi.signed")
    where = _directory(lab, "disk", {
        "EFI/BOOT/BOOTX64.EFI": grub,
        "EFI/debian/grub.cfg": f"echo '{DISK_LINE}'\nsleep 60\n".encode()})
    # OVMF boots nothing but what has a number.
    return ["-drive", f"file=fat:{where},format=raw,if=none,id=disk,"
            "readonly=on", "-device", "virtio-blk-pci,drive=disk,bootindex=1"]


LOCAL_SECONDS = 40


def _boots_disk(lab, name, kind, disk, **options):
    machines = _machines_file(lab, "local.ini",
                              "[52:54:00:fa:*]\nlocal = yes\n")
    with lab.booting(name, kind, "--machines", machines, OUT, disk=disk,
                     **options) as boot:
        boot.console.expect(DISK_LINE, LOCAL_SECONDS)
        check(not boot.wire(69, ""), "something went by TFTP")


@SCENARIO.case("local: BIOS with iPXE goes on with its disk")
def local_ipxe(lab):
    _boots_disk(lab, "local-ipxe", firmware.BIOS, _bios_disk(lab))


@SCENARIO.case("local: a plain BIOS goes on with its disk")
def local_plain(lab):
    _boots_disk(lab, "local-plain", firmware.BIOS, _bios_disk(lab),
                disguise={})


@SCENARIO.case("local: UEFI goes on with its disk")
def local_uefi(lab):
    _boots_disk(lab, "local-uefi", firmware.OVMF, _uefi_disk(lab))


@SCENARIO.case("a machine that the API does not know is left alone")
def left_alone(lab):
    with lab.booting("left-alone", firmware.BIOS, "--api", lab.api.url, OUT,
                     disk=_bios_disk(lab)) as boot:
        boot.console.expect(DISK_LINE, LOCAL_SECONDS)
        check(boot.wire(67, "DISCOVER"), "it did not ask")
        check(not boot.offered(), f"it was told {boot.offered()}")
        boot.shows("dhcp", "left alone.*404")


if __name__ == "__main__":
    sys.exit(SCENARIO.main())
