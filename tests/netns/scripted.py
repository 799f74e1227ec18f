# SPDX-License-Identifier: MIT
"""Servers that say what a test has them say, for what no real one does. Each
is a context manager, and serves in a thread of its own."""

import contextlib
import os
import select
import socket
import threading

from network_worker import LIMIT_S


def bound_to(peer, family, kind, protocol=0):
    """A socket that knows one link alone."""
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, peer.encode())
    return made


class Listener:
    """Calls received(data, sender) with each packet that comes."""

    def __init__(self, made):
        self.socket = made
        self._ended, self._end = os.pipe()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self._end)
        self._thread.join()
        self.socket.close()
        os.close(self._ended)

    def _listen(self):
        while True:
            ready, _, _ = select.select([self.socket, self._ended], [], [])
            if self._ended in ready:
                return
            self.received(*self.socket.recvfrom(2048))

    def received(self, data, sender):
        """For a subclass."""
        raise NotImplementedError


class Server(Listener):
    """Answers what parse(data) makes of a packet as decide(message) says: a
    list of packets. It keeps what it got and from where."""

    def __init__(self, made, parse, decide):
        self.got = []
        self._parse = parse
        self._decide = decide
        self._news = threading.Condition()
        super().__init__(made)

    def received(self, data, sender):
        message = self._parse(data)
        message.sender = sender[0]
        for packet in self._decide(message):
            with contextlib.suppress(OSError):  # the cable may be out
                self.socket.sendto(packet, self.reply_to(sender))
        with self._news:
            self.got.append(message)
            self._news.notify_all()

    def reply_to(self, sender):
        """Where answers go."""
        return sender

    def wait(self, found, limit_s=LIMIT_S):
        """The first message of those got, or to come, that is as wished."""
        with self._news:
            return self._news.wait_for(
                lambda: next(filter(found, self.got), None), limit_s)
