# SPDX-License-Identifier: MIT
"""DHCP and PXE packets as firmware sends them, and their answers read."""
import socket
import struct

DISCOVER, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE, INFORM = range(1, 9)
COOKIE = b"\x63\x82\x53\x63"
HEADER = 240
END = b"\xff"
USE_FILE = b"\x06\x01\x08\xff"  # option 43
MENU_ITEM = b"\x47\x04\x80\x00\x00\x00\xff"


def mac(number):
    return b"\x52\x54\x00" + number.to_bytes(3, "big")


def mac_name(address):
    return "-".join(f"{byte:02x}" for byte in address)


def option(code, value):
    """Split as RFC 3396 wishes."""
    parts = [value[i:i + 255] for i in range(0, len(value), 255)] or [b""]
    return b"".join(bytes([code, len(part)]) + part for part in parts)


class Message:
    """A packet read strictly: a server must not send what is not whole."""

    def __init__(self, data):
        self.data = data
        (self.op, self.htype, self.hlen, self.hops, self.xid, self.secs,
         self.flags) = struct.unpack_from("!BBBBIHH", data)
        (self.ciaddr, self.yiaddr, self.siaddr, self.giaddr) = (
            socket.inet_ntoa(data[at:at + 4]) for at in range(12, 28, 4))
        self.chaddr = data[28:34]
        self.sname = data[44:108].rstrip(b"\0")
        self.file = data[108:236].split(b"\0")[0].decode()
        assert data[236:240] == COOKIE
        self.options = {}
        self.order = []
        at = HEADER
        while data[at] != 255:
            if data[at] == 0:
                at += 1
                continue
            size = data[at + 1]
            assert at + 2 + size < len(data), "an option past the end"
            value = data[at + 2:at + 2 + size]
            if data[at] not in self.options:
                self.order.append(data[at])
            self.options[data[at]] = self.options.get(data[at], b"") + value
            at += 2 + size
        assert not data[at:].strip(b"\xff").strip(b"\0"), "something after END"
        self.type = self.options.get(53, b"\0")[0]
        self.name = self.options.get(67, b"").decode() or self.file

    def sub(self):
        """Option 43."""
        found, at, data = {}, 0, self.options.get(43, b"\xff")
        while data[at] != 255:
            found[data[at]] = data[at + 2:at + 2 + data[at + 1]]
            at += 2 + data[at + 1]
        return found


def request(chaddr, options, xid=1, flags=0, ciaddr="0.0.0.0",
            giaddr="0.0.0.0", secs=0, hops=0, op=1):
    return (struct.pack("!BBBBIHH", op, 1, 6, hops, xid, secs, flags) +
            socket.inet_aton(ciaddr) + bytes(8) + socket.inet_aton(giaddr) +
            chaddr + bytes(10 + 192) + COOKIE + options + END)


def kind(message_type):
    return option(53, bytes([message_type]))


PARAMETERS = option(55, bytes([1, 3, 6, 12, 15, 43, 60, 66, 67, 97, 175]))


def firmware(arch, uuid=True, http=False):
    """The options of a plain PXE ROM, of UEFI PXE or of UEFI HTTP Boot."""
    name = b"HTTPClient" if http else b"PXEClient"
    undi = b"002001" if arch == 0 else b"003000"
    options = option(57, struct.pack("!H", 1472)) + PARAMETERS
    options += option(93, struct.pack("!H", arch))
    options += option(94, b"\x01\x02\x01" if arch == 0 else b"\x01\x03\x00")
    options += option(60, name + b":Arch:%05d:UNDI:" % arch + undi)
    if uuid:
        options += option(97, b"\0" + bytes(range(16)))
    return options


def ipxe(arch, features=(19, 23, 34, 17, 39, 25, 41, 16, 33, 21, 24, 18),
         user_class=b"iPXE"):
    """iPXE, in a ROM or loaded."""
    options = firmware(arch)
    if user_class is not None:
        options += option(77, user_class)
    if features is not None:
        options += option(175, b"".join(option(f, b"\1") for f in features))
    return options
