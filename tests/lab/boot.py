# SPDX-License-Identifier: MIT
"""One machine that boots from one boot server, in a Network that all share.

Most machines are given an iPXE script by an API: it prints a line and fetches
a file, which takes seconds and shows that everything up to the kernel works.
"""

import re
import time
from contextlib import contextmanager

from . import firmware, network
from .api import Api
from .bootserver import BootServer, describe
from .console import LabError
from .server import Server
from .tap import Skip, check
from .vm import OUT, WORK

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


class BootLab:
    """The network, an API and an HTTP server at the router's address."""

    def __init__(self, name="firmware"):
        self.vm = None
        self.name = name
        self.work = WORK / name
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
            machine = firmware.Machine(f"{self.name}/{name}", kind,
                                       self.network, mac, **options)
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
        index, match = self.console.expect_any([pattern, STOPPED], timeout)
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
