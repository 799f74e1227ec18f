# SPDX-License-Identifier: MIT
"""What the tests of the boot server share: a small network in namespaces, the
server in it.

A test begins with inside(), which runs it again in namespaces of its own; all
that it makes ends with them. The server's host is 10.77.0.2 on the bridge br0
of that network namespace; Host makes others.
"""

import http.client
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import tap  # noqa: E402  pylint: disable=wrong-import-position

SERVER = "10.77.0.2"
LIMIT_S = 30

_INSIDE = "BOOMERANG_SERVING_TEST"
_UNSHARE = ["unshare", "--net", "--uts", "--mount", "--pid", "--fork",
            "--kill-child", "--mount-proc"]


def run(*command, **options):
    """Runs a command that must succeed; returns what it printed."""
    return subprocess.run(command, check=True, capture_output=True, text=True,
                          **options).stdout


def inside():
    """Returns in namespaces of the test's own; skips it where there are
    none to be had."""
    # Meson's; with it calloc() touches all of a table that is hardly used.
    os.environ.pop("MALLOC_PERTURB_", None)
    if os.environ.get(_INSIDE):
        run("mount", "-t", "tmpfs", "tmpfs", "/run")
        run("ip", "link", "set", "lo", "up")
        run("ip", "link", "add", "br0", "type", "bridge")
        run("ip", "addr", "add", f"{SERVER}/24", "dev", "br0")
        run("ip", "link", "set", "br0", "up")
        return
    if subprocess.run([*_UNSHARE, "true"], capture_output=True,
                      check=False).returncode:
        tap.skip_all("no right to make namespaces")
    sys.exit(subprocess.run([*_UNSHARE, sys.executable, *sys.argv],
                            env={**os.environ, _INSIDE: "1"},
                            check=False).returncode)


def fetch(path):
    """(status, body) of a path of the server's, from its own host."""
    connection = http.client.HTTPConnection(SERVER, timeout=LIMIT_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


class Host:
    """Another host of the network, a namespace with one interface eth0."""

    def __init__(self, name, address=None, mac=None):
        self.name = name
        run("ip", "netns", "add", name)
        run("ip", "link", "add", f"v{name}", "type", "veth", "peer", "name",
            "eth0", "netns", name)
        run("ip", "link", "set", f"v{name}", "master", "br0", "up")
        self.run("ip", "link", "set", "lo", "up")
        if mac:
            self.run("ip", "link", "set", "eth0", "address", mac)
        self.run("ip", "link", "set", "eth0", "up")
        if address:
            self.run("ip", "addr", "add", f"{address}/24", "dev", "eth0")

    def command(self, *command):
        """The command as it is run in this host."""
        return ["ip", "netns", "exec", self.name, *command]

    def run(self, *command, **options):
        """run() in this host."""
        return run(*self.command(*command), **options)

    def try_run(self, *command, **options):
        """A finished command of this host that may fail."""
        return subprocess.run(self.command(*command), check=False,
                              capture_output=True, text=True, **options)

    def popen(self, *command, **options):
        """A running command of this host."""
        return subprocess.Popen(self.command(*command), **options)


class Server:
    """boomerang-server with --log-json; a context manager. lines: all that it
    printed."""

    def __init__(self, program, *arguments, cwd=None, ready=True):
        self.lines = []
        self._rest = b""
        self._ready = ready
        self._errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [program, "--log-json", *arguments], cwd=cwd,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=self._errors)

    def __enter__(self):
        if self._ready and not self.wait(
                lambda e: e.get("text", "").startswith("runs as")):
            self.__exit__(None, None, None)
            raise RuntimeError(f"the server does not start: {self.errors()}")
        return self

    def __exit__(self, kind, value, traceback):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        # A crash at the end, or what a sanitizer has found.
        if self.process.returncode and not kind:
            raise RuntimeError(f"the server ended with status "
                               f"{self.process.returncode}: {self.errors()}")

    def errors(self):
        """What it said on stderr."""
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace")

    def _read(self, timeout):
        ready, _, _ = select.select([self.process.stdout], [], [],
                                    max(timeout, 0))
        data = os.read(self.process.stdout.fileno(), 65536) if ready else b""
        *lines, self._rest = (self._rest + data).split(b"\n")
        new = [json.loads(line) for line in lines]
        self.lines += new
        return new, bool(data)

    def wait(self, found, limit_s=LIMIT_S):
        """The first event, of those not yet waited for, for which found() is
        true; None: there was none in time."""
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            new, more = self._read(deadline - time.monotonic())
            for event in new:
                if found(event):
                    return event
            if not more:
                return None
        return None

    def has_printed(self, found, limit_s=LIMIT_S):
        """Whether an event, an earlier one or one to come, is as wanted."""
        return any(found(e) for e in self.lines) or bool(
            self.wait(found, limit_s))

    def reload(self):
        """SIGHUP."""
        self.process.send_signal(signal.SIGHUP)

    def memory_kib(self):
        """VmRSS."""
        for line in Path(f"/proc/{self.process.pid}/status").open():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise RuntimeError("the server is gone")
