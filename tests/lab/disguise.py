# SPDX-License-Identifier: MIT
"""Makes QEMU's network ROM look like other firmware.

Every ROM that comes with QEMU is iPXE and says so, in DHCP options 77 and
175. A Disguise stands between a machine and its plug and renames both in
what the machine sends, so that the servers see a plain PXE ROM. From its
first TFTP request on, frames pass as they are: the iPXE that it has fetched
is to be known as one. Also writes another architecture into option 93.
"""

import os
import selectors
import socket
import threading

from .packets import udp

_UNKNOWN = {77: 224, 175: 225}  # of the options for private use
_ARCH = 93
_FRAME_MAX = 65536


class Disguise:
    """Between a Plug and .descriptor, which is for QEMU.

    hide: rename what tells iPXE, arch: the architecture it shall have.
    """

    def __init__(self, plug, hide=True, arch=None):
        self._hide = hide
        self._arch = arch
        self._plug = plug.fd
        self._guest, theirs = socket.socketpair(socket.AF_UNIX,
                                                socket.SOCK_DGRAM)
        self._theirs = theirs
        self.descriptor = theirs.fileno()
        self._over_read, self._over_write = os.pipe()
        self._thread = threading.Thread(target=self._relay, daemon=True)
        self._thread.start()

    def close(self):
        """Ends it."""
        os.close(self._over_write)
        self._thread.join()
        os.close(self._over_read)
        self._guest.close()
        self._theirs.close()

    def _relay(self):
        with selectors.DefaultSelector() as selector:
            for readable in (self._guest, self._plug, self._over_read):
                selector.register(readable, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fd == self._over_read:
                        return
                    if key.fd == self._plug:
                        self._guest.send(os.read(self._plug, _FRAME_MAX))
                    else:
                        frame = self._guest.recv(_FRAME_MAX)
                        os.write(self._plug, self._disguised(frame))

    def _disguised(self, frame):
        found = udp(frame)
        if not found:
            return frame
        _, _, _, port, data = found
        if port == 69:
            self._hide = False
        if port not in (67, 4011):
            return frame
        frame = bytearray(frame)
        start = len(frame) - len(data)
        self._rewrite(frame, start + 240)
        # No checksum (RFC 768) in place of a wrong one.
        frame[start - 2:start] = b"\0\0"
        return bytes(frame)

    def _rewrite(self, frame, at):
        while at + 1 < len(frame) and frame[at] != 255:
            code = frame[at]
            if code == 0:
                at += 1
                continue
            if self._hide and code in _UNKNOWN:
                frame[at] = _UNKNOWN[code]
            elif code == _ARCH and self._arch is not None:
                frame[at + 2:at + 4] = self._arch.to_bytes(2, "big")
            at += 2 + frame[at + 1]
