# SPDX-License-Identifier: MIT
"""Real firmware, each booted by boomerang serve beside a plain DHCP server.

Most machines are given an iPXE script by an API: it prints a line and fetches
a file, which takes seconds and shows that everything up to the kernel works.
Judged from outside: by the serial line, by what was fetched, by what went
over the wire, and by the server's timeline.
"""

import re
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager

from lab import firmware, network
from lab.api import Api
from lab.bootserver import BootServer, describe
from lab.cache import CACHE
from lab.console import LabError
from lab.guest import PROMPT
from lab.server import Server
from lab.tap import Scenario, Skip, check
from lab.vm import OUT, ROOT, WORK, boot_directory

LOADERS = OUT / "loaders"
DEBIAN_13 = ROOT / ".cache" / "loaders"
ARM64 = CACHE / "kernel-arm64"

# Up to its DHCP a machine needs 3 (BIOS) to 9 s (arm64) here, alone on two
# cores; UEFI then collects offers for 4 s.
SECONDS = 90

STOPPED = (r"No bootable device|BdsDxe: failed to load|grub>|Shell>"
           r"|PXE-E\d\d:[^\n]*|Nothing to boot")

SCRIPT = """#!ipxe
echo lab: script runs on ${{platform}} ${{buildarch}}
imgfetch {marker}
sleep 60
"""

DISK_LINE = "lab: the disk boots"


class FirmwareLab:
    """The network, an API and an HTTP server at the router's address."""

    def __init__(self):
        self.vm = None
        self.work = WORK / "firmware"
        self.network = None
        self.api = None
        self.http = None
        self._machines = 0

    def __enter__(self):
        why = network.possible()
        if why:
            raise Skip(why)
        self.work.mkdir(parents=True, exist_ok=True)
        (self.work / "marker").write_text("lab\n")
        self.network = network.Network(self.work)
        self.network.__enter__()
        with self.network.router.inside():
            self.api = Api(network.ROUTER)
            self.http = Server(self.work, address=network.ROUTER)
        self.api.__enter__()
        self.http.__enter__()
        return self

    def __exit__(self, *error):
        self.http.__exit__(*error)
        self.api.__exit__(*error)
        self.network.__exit__(*error)

    @contextmanager
    def booting(self, name, kind, *arguments, answer=None, at_router=False,
                **options):
        """A machine of this kind and a server with these arguments. answer:
        what the API is to say of it; at_router: the server runs on the same
        host as the DHCP server; options: of a Machine."""
        self._machines += 1
        mac = f"52:54:00:fa:00:{self._machines:02x}"
        if answer is not None:
            self.api.answers[mac] = answer
        work = self.work / name
        work.mkdir(parents=True, exist_ok=True)
        log = work / "server.log"
        log.unlink(missing_ok=True)
        where = ((self.network.router, network.ROUTER) if at_router else
                 (self.network.server, network.SERVER))
        with BootServer(*where, log, *arguments) as server:
            machine = firmware.Machine(f"firmware/{name}", kind, self.network,
                                       mac, **options)
            self.vm = machine
            boot = Boot(self, machine, server)
            with machine:
                try:
                    yield boot
                except LabError as error:
                    raise LabError(f"{error}\n{boot.report()}") from error
                finally:
                    machine.save_screen("screen")

    def script(self, name, kind, *arguments, **options):
        """booting(), with the API answering SCRIPT."""
        script = SCRIPT.format(marker=self.http.url("marker", name))
        return self.booting(name, kind, "--api", self.api.url, *arguments, OUT,
                            answer={"ipxe-script": script}, **options)


class Boot:
    """One machine that boots from one server."""

    def __init__(self, lab, machine, server):
        self.lab = lab
        self.machine = machine
        self.server = server
        self.mac = machine.mac

    @property
    def console(self):
        """The serial line."""
        return self.machine.ttyS0

    def report(self):
        """What a person needs to see why it failed."""
        try:
            events = describe(self.server.events(self.mac))
        except (LabError, OSError) as error:
            events = f"    | none: {error}"
        return (f"its timeline:\n{events}\nthe server:\n{self.server.tail()}\n"
                f"on the wire:\n{self.machine.sniffer}")

    def expect(self, pattern, timeout=SECONDS):
        """Waits for pattern on the serial line; fails when the machine says
        before that it does not boot."""
        index, match = self.console.expect_any([pattern, STOPPED],
                                                     timeout)
        if index:
            raise LabError(f"no {pattern!r}, but {match[0]!r}")
        return match

    def runs_script(self, platform):
        """Waits until SCRIPT ran on this platform, and its fetch."""
        before = self.lab.http.requests["marker"]
        self.expect(f"^lab: script runs on {platform}")
        deadline = time.monotonic() + 10
        while self.lab.http.requests["marker"] == before:
            check(time.monotonic() < deadline, "the marker was not fetched")
            time.sleep(0.02)
        self.shows("loader", "iPXE asks what to boot")

    def shows(self, stage, text, timeout=5):
        """The timeline has such an event, or soon will."""
        return self.server.expect_event(self.mac, stage, re.compile(text),
                                        timeout)

    def asked(self, **facts):
        """What the API was asked of this machine holds these facts."""
        questions = self.lab.api.asked.get(self.mac, [])
        check(any(facts.items() <= q.items() for q in questions),
              f"the API was asked {questions}, not {facts}")

    def wire(self, port, pattern):
        """Packets to this port that match."""
        wanted = re.compile(pattern)
        return [p for p in self.machine.sniffer.packets
                if p.port == port and wanted.search(p.text)]

    def offered(self):
        """Whatever the boot server said to this machine."""
        return self.machine.sniffer.of(self.server.address)


SCENARIO = Scenario("firmware", FirmwareLab)


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
                     memory_mib=1024, processors=2) as boot:
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


# -- UEFI -----------------------------------------------------------------------


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


# -- arm64 ------------------------------------------------------------------------


@SCENARIO.case("arm64 UEFI (architecture 11): ipxe-arm64.efi, script")
def arm64_ipxe(lab):
    with lab.script("arm64-ipxe", firmware.AAVMF) as boot:
        boot.runs_script("efi arm64")
        boot.asked(arch="arm64", firmware="uefi")


@SCENARIO.case("arm64 UEFI: GRUB 2.12, a kernel by TFTP")
def arm64_grub(lab):
    subprocess.run([ROOT / "tools" / "fetch-packages", ARM64, "trixie",
                    "linux-image-cloud-arm64:arm64"], check=True,
                   stdin=subprocess.DEVNULL, capture_output=True)
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


SERIAL = "console=ttyS0 earlyprintk=ttyS0"
LOCKED_DOWN = r"Kernel is locked down from EFI Secure Boot"

# -- Secure Boot ------------------------------------------------------------------


@SCENARIO.case("Secure Boot: shim, GRUB 2.12, the distribution's kernel")
def secure(lab):
    with lab.booting("secure", firmware.OVMF_SECURE, "--secure-boot",
                     "--tftp-root", LOADERS, "--kernel", OUT / "vmlinuz",
                     "--cmdline", SERIAL) as boot:
        boot.expect(LOCKED_DOWN, 120)
        for file in ("shimx64", "grubx64"):
            boot.shows("loader", rf"{file}\.efi")
        boot.shows("kernel", "vmlinuz")


@SCENARIO.case("Secure Boot by HTTP Boot: the same without TFTP")
def secure_http(lab):
    with lab.booting("secure-http", firmware.OVMF_SECURE_HTTP,
                     "--secure-boot", "--tftp-root", LOADERS,
                     "--kernel", OUT / "vmlinuz", "--cmdline", SERIAL) as boot:
        boot.expect(LOCKED_DOWN, 120)
        check(not boot.wire(69, ""), "something went by TFTP")


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


# -- what does not work ---------------------------------------------------------------


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


# -- what is not to boot from the network ------------------------------------------------


def _bios_disk(lab):
    """A disk whose boot sector prints DISK_LINE."""
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
