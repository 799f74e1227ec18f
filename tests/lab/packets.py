# SPDX-License-Identifier: MIT
"""What a machine and the servers say to each other, seen on its plug: DHCP,
PXE and TFTP requests, a line each."""

import ctypes
import socket
import struct
import threading
import time

_SO_ATTACH_FILTER = 26
_ETH_P_ALL = 3
_PORTS = (67, 68, 69, 4011)
_UDP = 17

_TYPES = {1: "DISCOVER", 2: "OFFER", 3: "REQUEST", 5: "ACK", 6: "NAK"}


def _filter():
    """A classic BPF program: IPv4, UDP, to one of _PORTS."""
    count = len(_PORTS)
    program = [(0x28, 0, 0, 12), (0x15, 0, 5 + count, 0x0800),
               (0x30, 0, 0, 23), (0x15, 0, 3 + count, _UDP),
               (0xb1, 0, 0, 14), (0x48, 0, 0, 16)]
    program += [(0x15, count - i, 0, port)
                for i, port in enumerate(_PORTS)]
    program += [(0x06, 0, 0, 0), (0x06, 0, 0, 0xffff)]
    return b"".join(struct.pack("HBBI", *row) for row in program)


def options(data):
    """The DHCP options of a packet's payload, {code: bytes}; the first of
    each."""
    found = {}
    at = 240
    while at < len(data) and data[at] != 255:
        if data[at] == 0:
            at += 1
            continue
        end = at + 2 + data[at + 1]
        found.setdefault(data[at], data[at + 2:end])
        at = end
    return found


def udp(frame):
    """(source, source port, destination, port, payload) of a frame, None."""
    if frame[12:14] != b"\x08\x00" or frame[23] != _UDP:
        return None
    start = 14 + (frame[14] & 15) * 4
    source, destination = (socket.inet_ntoa(frame[a:a + 4]) for a in (26, 30))
    from_port, to_port = struct.unpack_from(">HH", frame, start)
    return source, from_port, destination, to_port, frame[start + 8:]


class Packet:
    """One packet: when, from where to where, and what in one line."""

    def __init__(self, when, source, destination, port, text):
        self.when = when
        self.source = source
        self.destination = destination
        self.port = port
        self.text = text

    def __str__(self):
        return (f"{self.when:7.2f}  {self.source} > {self.destination}:"
                f"{self.port}  {self.text}")

    __repr__ = __str__


def _text(data):
    return data.rstrip(b"\0").decode("ascii", "replace")


def describe_dhcp(data):
    """A DHCP message in a line."""
    if len(data) < 240:
        return "short"
    found = options(data)
    words = [_TYPES.get(found.get(53, b"\0")[0], "DHCP")]
    yiaddr, siaddr = (socket.inet_ntoa(data[a:a + 4]) for a in (16, 20))
    if data[0] == 2:
        words += [f"you {yiaddr}", f"next {siaddr}"]
    if data[108:236].rstrip(b"\0"):
        words.append("file " + _text(data[108:236].split(b"\0")[0]))
    if 93 in found:
        words.append("arch " + str(int.from_bytes(found[93][:2], "big")))
    for code, name in ((60, "class"), (67, "boot"), (77, "user")):
        if code in found:
            words.append(f"{name} {_text(found[code])}")
    if 43 in found:
        words.append("vendor " + found[43].hex())
    return ", ".join(words)


def _describe(port, data):
    if port == 69:
        names = data[2:].split(b"\0")
        kind = {b"\0\1": "RRQ", b"\0\2": "WRQ"}.get(data[:2], "TFTP")
        return f"{kind} {b' '.join(names).decode('ascii', 'replace').strip()}"
    return describe_dhcp(data)


class Sniffer:
    """Keeps the packets of a Plug in .packets from now on."""

    def __init__(self, plug):
        self.packets = []
        self._start = time.monotonic()
        self._socket = plug.sniffer
        program = _filter()
        buffer = ctypes.create_string_buffer(program)
        self._socket.setsockopt(
            socket.SOL_SOCKET, _SO_ATTACH_FILTER,
            struct.pack("HP", len(program) // 8, ctypes.addressof(buffer)))
        self._socket.bind((plug.name, _ETH_P_ALL))
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while True:
            try:
                frame = self._socket.recv(65536)
            except OSError:
                return
            found = frame and udp(frame)
            if found:
                source, _, destination, port, data = found
                self.packets.append(Packet(
                    time.monotonic() - self._start, source, destination, port,
                    _describe(port, data)))

    def of(self, source):
        """The packets that came from an address."""
        return [p for p in self.packets if p.source == source]

    def __str__(self):
        return "\n".join(map(str, self.packets))
