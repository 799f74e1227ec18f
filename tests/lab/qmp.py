# SPDX-License-Identifier: MIT
"""QEMU's monitor: the QEMU Machine Protocol over a socket."""

import json
import socket
import threading
import time

from .console import LabError, Timeout


class Qmp:
    """One connection to a machine's monitor: our end of its socket."""

    def __init__(self, sock):
        self._socket = sock
        self._file = self._socket.makefile("r", encoding="utf-8")
        self._changed = threading.Condition()
        self._replies = []
        self._events = []
        self._closed = False
        json.loads(self._file.readline())  # the greeting
        threading.Thread(target=self._read, daemon=True).start()
        self.execute("qmp_capabilities")

    def _read(self):
        while True:
            try:
                line = self._file.readline()
            except (OSError, ValueError):
                line = ""
            with self._changed:
                if not line:
                    self._closed = True
                    self._changed.notify_all()
                    return
                message = json.loads(line)
                if "event" in message:
                    self._events.append(message)
                else:
                    self._replies.append(message)
                self._changed.notify_all()

    def _take(self, queue, wanted, timeout, what):
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                for message in queue:
                    if wanted(message):
                        queue.remove(message)
                        return message
                if self._closed:
                    raise LabError(f"the monitor is gone, waiting for {what}")
                left = deadline - time.monotonic()
                if left <= 0:
                    raise Timeout(f"the monitor did not give {what}")
                self._changed.wait(left)

    def execute(self, command, **arguments):
        """Runs one command and returns its answer."""
        request = {"execute": command, "arguments": arguments}
        self._socket.sendall(json.dumps(request).encode())
        reply = self._take(self._replies, lambda m: True, 30, command)
        if "error" in reply:
            raise LabError(f"{command}: {reply['error']['desc']}")
        return reply["return"]

    def event(self, name, timeout):
        """Waits for an event (also one that came before) and takes it."""
        return self._take(self._events, lambda m: m["event"] == name,
                          timeout, name)

    def forget(self, name):
        """Drops the events of this name that came so far."""
        with self._changed:
            self._events = [message for message in self._events
                            if message["event"] != name]

    def close(self):
        """Ends the connection."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._socket.close()
