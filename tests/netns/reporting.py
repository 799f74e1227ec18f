# SPDX-License-Identifier: MIT
"""`boomerang report` and a stand-in for process 1, which talks to it."""
import socket
import struct
import subprocess
import time

LIMIT_S = 30
MAGIC = 0x424d5231
RECORD = struct.Struct("=IIIIq8s240s")  # struct server_report
MAC = bytes.fromhex("525400123456")
BOOTSTRAP, IMAGE, TARGET, RETURN = range(4)
NOTHING, NEXT_IMAGE, PROGRESS, NEXT_TARGET = range(4)


class Reporter:
    """The program, and process 1's end of its socket."""

    def __init__(self, program, url, inside=()):
        """inside: a command that runs the one behind it, elsewhere."""
        self.link, theirs = socket.socketpair(socket.AF_UNIX,
                                              socket.SOCK_SEQPACKET)
        # Its descriptor 3 without dup2() hitting one of Python's own.
        self.process = subprocess.Popen(
            [*inside, "sh", "-c", f'exec "$0" report "$1" 3<&{theirs.fileno()}',
             program, url],
            pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True)
        theirs.close()

    def say(self, stage, text, next=NOTHING, level=0, mac=MAC, ago_ms=0):
        at_ms = int(time.clock_gettime(time.CLOCK_BOOTTIME) * 1000) - ago_ms
        self.link.send(RECORD.pack(MAGIC, stage, level, next, at_ms, mac,
                                   text.encode()))

    def end(self):
        """Process 1's end is closed; returns the exit status and stderr."""
        self.link.close()
        try:
            _, said = self.process.communicate(timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return None, self.process.communicate()[1]
        return self.process.returncode, said
