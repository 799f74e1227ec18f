# SPDX-License-Identifier: MIT
"""A network of our own: a switch, a router with a plain DHCP server, a place
for the boot server, and plugs for machines.

    switch   a bridge; each machine has a tap on it
    router   10.77.0.1  dnsmasq: addresses and router advertisements, and no
                        word of network boot, but as most routers do it names
                        itself as the next server (siaddr)
    server   10.77.0.2  where the boot server of the scenario runs

Each is a network namespace without a name: it exists as long as this process
has it open or a process runs in it, and these are killed with this one. So
nothing is left over, however a scenario ends.
"""

import ctypes
import fcntl
import os
import socket
import struct
import subprocess
import time
from contextlib import contextmanager

from . import accel
from .console import LabError, Timeout

ROUTER = "10.77.0.1"
SERVER = "10.77.0.2"
PREFIX = 24
_ROUTER6 = "fd77::1/64"
# It would ask for 3 s whether an address is taken.
_DHCP = ["--dhcp-range=10.77.0.100,10.77.0.199,255.255.255.0,1h", "--no-ping",
         "--leasefile-ro", "--log-dhcp"]

_CLONE_NEWNET = 0x40000000
_TUNSETIFF = 0x400454ca
_IFF_TAP, _IFF_NO_PI = 0x0002, 0x1000

_LIBC = ctypes.CDLL(None, use_errno=True)


def possible():
    """Why no network can be made here, or None."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        return "there is no /dev/net/tun"
    return None


def _call(function, *arguments):
    if function(*arguments) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{function.__name__}: {os.strerror(code)}")


class Namespace:
    """A network namespace, and what is done in it."""

    def __init__(self):
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            _call(_LIBC.unshare, _CLONE_NEWNET)
            self.fd = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
            _call(_LIBC.setns, home, _CLONE_NEWNET)
        finally:
            os.close(home)
        self.ip("link", "set", "lo", "up")

    def close(self):
        """Lets go of it."""
        os.close(self.fd)

    @property
    def path(self):
        """As ip's netns argument."""
        return f"/proc/{os.getpid()}/fd/{self.fd}"

    @contextmanager
    def inside(self):
        """What this thread opens meanwhile, it opens in there."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            _call(_LIBC.setns, self.fd, _CLONE_NEWNET)
            yield
        finally:
            _call(_LIBC.setns, home, _CLONE_NEWNET)
            os.close(home)

    def _enter(self):
        accel.die_with_parent()
        _call(_LIBC.setns, self.fd, _CLONE_NEWNET)

    def run(self, *command):
        """Runs a command to its end; returns its output."""
        done = subprocess.run(command, stdin=subprocess.DEVNULL, text=True,
                              capture_output=True, preexec_fn=self._enter,
                              check=False)
        if done.returncode:
            raise LabError(f"{' '.join(command)}: {done.stderr.strip()}")
        return done.stdout

    def ip(self, *arguments):
        """Runs ip(8)."""
        return self.run("ip", *arguments)

    def start(self, command, **options):
        """Starts a program that is killed with this process."""
        return subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                preexec_fn=self._enter, **options)

    def wait_listening(self, process, log, *ports, timeout=20):
        """Waits until process listens on all ports ("udp:67", "tcp:80");
        log: its output, told when it ends before."""
        missing = set(ports)
        deadline = time.monotonic() + timeout
        while missing:
            if process.poll() is not None:
                raise LabError(f"{process.args[0]} ended with "
                               f"{process.returncode}: "
                               f"{log.read_text(errors='replace')}")
            if time.monotonic() > deadline:
                raise Timeout(f"{process.args[0]} does not listen on "
                              f"{', '.join(sorted(missing))}")
            missing -= self._listening(process.pid, missing)
            time.sleep(0.01)

    def _listening(self, pid, ports):
        found = set()
        for port in ports:
            protocol, number = port.split(":")
            suffix = f":{int(number):04X}"
            with open(f"/proc/{pid}/net/{protocol}", encoding="ascii") as file:
                locals_ = [line.split()[1] for line in file.readlines()[1:]]
            if any(local.endswith(suffix) for local in locals_):
                found.add(port)
        return found


def end(process):
    """Ends a process that was started here."""
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Plug:
    """Where one machine is plugged in: a tap on the switch. Its descriptor
    is for QEMU or for who stands between."""

    def __init__(self, switch, name):
        self.name = name
        with switch.inside():
            self.fd = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
            fcntl.ioctl(self.fd, _TUNSETIFF, struct.pack(
                "16sH22x", name.encode(), _IFF_TAP | _IFF_NO_PI))
            # All frames of this machine, both ways.
            self.sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        switch.ip("link", "set", name, "master", "switch", "up")

    def close(self):
        """Pulls it out."""
        self.sniffer.close()
        os.close(self.fd)


class Network:
    """The switch, the router and the place of the server; a context manager.

    iPXE waits 13 s for it)."""

    def __init__(self, work):
        self._work = work
        self._dnsmasq = None
        self._plugs = 0
        self.switch, self.router, self.server = (Namespace() for _ in "123")
        self.switch.ip("link", "add", "switch", "type", "bridge",
                       "stp_state", "0", "forward_delay", "0")
        self.switch.ip("link", "set", "switch", "up")
        self._connect(self.router, "router", f"{ROUTER}/{PREFIX}", _ROUTER6)
        self._connect(self.server, "server", f"{SERVER}/{PREFIX}")
        self.server.ip("route", "add", "default", "via", ROUTER)

    def __enter__(self):
        self._start_router(_DHCP)
        return self

    def __exit__(self, *_):
        if self._dnsmasq:
            end(self._dnsmasq)
        for namespace in (self.switch, self.router, self.server):
            namespace.close()

    def _start_router(self, dhcp):
        log = self._work / "dnsmasq.log"
        with open(log, "ab") as file:
            self._dnsmasq = self.router.start([
                "dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--port=0",
                "--interface=lan", "--bind-interfaces", "--user=root",
                # Without advertisements iPXE waits for them, 13 s.
                "--enable-ra", "--dhcp-range=fd77::,ra-only", *dhcp],
                stdout=file, stderr=file)
        if dhcp:
            self.router.wait_listening(self._dnsmasq, log, "udp:67")

    @contextmanager
    def without_dhcp(self):
        """A network whose router gives no addresses."""
        end(self._dnsmasq)
        self._start_router([])
        try:
            yield
        finally:
            end(self._dnsmasq)
            self._start_router(_DHCP)

    def _connect(self, namespace, name, *addresses):
        self.switch.ip("link", "add", name, "type", "veth", "peer", "name",
                       "lan", "netns", namespace.path)
        self.switch.ip("link", "set", name, "master", "switch", "up")
        for address in addresses:
            # Nobody else is here: no time for duplicate address detection.
            namespace.ip("address", "add", address, "dev", "lan",
                         *(["nodad"] if ":" in address else []))
        namespace.ip("link", "set", "lan", "up")

    def plug(self):
        """A new Plug."""
        self._plugs += 1
        return Plug(self.switch, f"machine{self._plugs}")
