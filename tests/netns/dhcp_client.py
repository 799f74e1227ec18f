# SPDX-License-Identifier: MIT
"""A machine that boots, as far as its DHCP sockets are concerned."""
import contextlib
import ctypes
import select
import socket
import time

from dhcp_packets import Message, mac, request
from serving import LIMIT_S

BROADCAST = "255.255.255.255"
ROUTER = "10.77.0.1"  # answers of this server are not looked for
CLONE_NEWNET = 0x40000000
SO_RCVBUFFORCE = 33


@contextlib.contextmanager
def in_host(host):
    """What is opened here belongs to the host's network."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/self/ns/net") as home, \
            open(f"/run/netns/{host.name}") as there:
        if libc.setns(there.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
        try:
            yield
        finally:
            libc.setns(home.fileno(), CLONE_NEWNET)


def open_udp(host, port, link="eth0"):
    with in_host(host):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, link.encode())
        s.bind(("", port))
        return s


class Client:
    """The ports of a machine that boots: 67 (as a relay has), 68 and 4011."""

    def __init__(self, host):
        self.host = host
        self.sockets = {port: open_udp(host, port) for port in (67, 68, 4011)}
        self.xid = 0x10000000

    def close(self):
        for s in self.sockets.values():
            s.close()

    def new_xid(self):
        self.xid += 1
        return self.xid

    def send(self, packet, to=BROADCAST, port=67, source=68):
        self.sockets[source].sendto(packet, (to, port))

    def receive(self, limit_s=LIMIT_S, source=68):
        """The next reply; port 67 hears our own broadcasts, too."""
        while True:
            ready, _, _ = select.select([self.sockets[source]], [], [],
                                        limit_s)
            if not ready:
                return None, None
            data, sender = self.sockets[source].recvfrom(2048)
            if data[:1] == b"\2":
                return Message(data), sender

    def drain(self):
        for s in self.sockets.values():
            while select.select([s], [], [], 0)[0]:
                s.recv(2048)

    def wait(self, found, limit_s=LIMIT_S, source=68):
        deadline = time.monotonic() + limit_s
        while True:
            left = deadline - time.monotonic()
            message, sender = self.receive(max(left, 0), source)
            if message is None or found(message, sender):
                return message, sender

    def ask(self, options, limit_s=LIMIT_S, chaddr=mac(1), to=BROADCAST,
            port=67, source=68, xid=None, **fields):
        """Our server's answer and where it came from."""
        xid = self.new_xid() if xid is None else xid
        self.send(request(chaddr, options, xid=xid, **fields), to, port,
                  source)
        return self.wait(lambda m, _: m.xid == xid and
                         m.options.get(54) != socket.inet_aton(ROUTER),
                         limit_s, source)
