# SPDX-License-Identifier: MIT
"""boomerang serve, in its place of a Network, and what it tells."""

import http.client
import json
import os
import subprocess
import time
from pathlib import Path

from .console import LabError, Timeout
from .network import end
from .vm import ROOT

BUILD = Path(os.environ.get("BUILD", ROOT / "build"))

_PORTS = ("udp:67", "udp:69", "udp:4011", "tcp:80")


class BootServer:
    """A running server; a context manager. namespace, address: where, log:
    the file for what it prints, arguments: of its command line."""

    def __init__(self, namespace, address, log, *arguments):
        self._namespace = namespace
        self.address = address
        self._arguments = [str(BUILD / "boomerang"), "serve", "--log-json",
                           *map(str, arguments)]
        self._process = None
        self._guard = None
        self._log = log

    def __enter__(self):
        with open(self._log, "ab") as file:
            file.write(f"# {' '.join(self._arguments)}\n".encode())
            file.flush()
            self._process = self._namespace.start(
                self._arguments, stdout=file, stderr=file)
        # With its privileges it drops the signal at our end (prctl(2)): this
        # sees the end of our pipe instead.
        self._guard = subprocess.Popen(
            ["sh", "-c", 'read -r _; kill -KILL "$0"',
             str(self._process.pid)], stdin=subprocess.PIPE)
        try:
            self._namespace.wait_listening(self._process, self._log, *_PORTS)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self._guard.kill()
        self._guard.wait()
        self._guard.stdin.close()
        if self._process.poll() is None:
            end(self._process)
        if self._process.returncode != 0:
            raise LabError(f"the server ended with "
                           f"{self._process.returncode}:\n{self.tail()}")

    def tail(self, lines=30):
        """The last lines that it printed."""
        text = self._log.read_text(errors="replace").splitlines()
        return "\n".join(f"    | {line}" for line in text[-lines:])

    def get(self, path):
        """What it answers by HTTP, taken from JSON; None: 404."""
        connection = http.client.HTTPConnection(self.address, timeout=10)
        with self._namespace.inside():
            connection.connect()
        connection.request("GET", path)
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise LabError(f"GET {path}: {answer.status} {data[:200]}")
        return json.loads(data)

    def events(self, mac):
        """The timeline of a machine."""
        answer = self.get(f"/v1/machines/{mac}/events")
        return answer["events"] if answer else []

    def expect_event(self, mac, stage, pattern, timeout):
        """Waits for an event of this stage whose text holds pattern (a
        compiled regular expression); returns it."""
        deadline = time.monotonic() + timeout
        while True:
            events = self.events(mac)
            for event in events:
                if event["stage"] == stage and pattern.search(event["text"]):
                    return event
            if time.monotonic() > deadline:
                raise Timeout(f"no event {stage}: {pattern.pattern!r} in "
                              f"{timeout:g} s, but\n{describe(events)}")
            time.sleep(0.1)


def describe(events):
    """Events as lines for a person."""
    if not events:
        return "    | no event"
    return "\n".join(f"    | {e['stage']:<9} {e['text']}" for e in events)
