# SPDX-License-Identifier: MIT
"""The network worker over veth pairs, for test-network.py and
test-network6.py.

Everything lives in namespaces that a script makes for itself; they end with
it, whatever happens: the servers' side is a network namespace in a PID
namespace of its own, each worker has another network namespace.
"""
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import tap  # noqa: E402  pylint: disable=wrong-import-position
from tap import ok  # noqa: E402  pylint: disable=wrong-import-position

INSIDE = "BOOMERANG_NETNS_TEST"
UNSHARE = ["unshare", "--net", "--uts", "--mount", "--pid", "--fork",
           "--kill-child", "--mount-proc"]
LIMIT_S = 30


def run(*command):
    return subprocess.run(command, check=True, capture_output=True,
                          text=True).stdout


class Lines:
    """The lines of a stream as they come, and a wait for one of them."""

    def __init__(self, stream):
        self.stream = stream
        self.seen = []
        self.rest = b""

    def wait(self, found, limit_s=LIMIT_S):
        """The first new line for which found() is true, or None."""
        deadline = time.monotonic() + limit_s
        while True:
            while b"\n" in self.rest:
                line, self.rest = self.rest.split(b"\n", 1)
                text = line.decode(errors="replace")
                self.seen.append(text)
                if found(text):
                    return text
            left = deadline - time.monotonic()
            ready, _, _ = select.select([self.stream], [], [], max(left, 0))
            data = os.read(self.stream.fileno(), 4096) if ready else b""
            if not data:
                return None
            self.rest += data


class Worker:
    """The worker in a network namespace of its own."""

    def __init__(self, cmdline, links="any"):
        self.dir = tempfile.mkdtemp(prefix="boomerang-netns-")
        self.peers = []
        self.resolv_conf = os.path.join(self.dir, "resolv.conf")
        self.process = subprocess.Popen(
            ["unshare", "--net", "--uts", sys.argv[1], self.resolv_conf,
             cmdline, links], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.reports = Lines(self.process.stdout)
        # A first report means that it is inside its namespaces.
        self.reports.wait(lambda line: True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            status = self.process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = "none"
        shutil.rmtree(self.dir)
        # The kernel takes its time to end a namespace with all in it.
        for peer in self.peers:
            subprocess.run(["ip", "link", "delete", peer], check=False,
                           stderr=subprocess.DEVNULL)
        ok(status == 0, "the worker ends when nobody listens", status)

    def plug(self, name="eth0", peer="srv0", up=True):
        run("ip", "link", "add", peer, "type", "veth", "peer", "name", name,
            "netns", str(self.process.pid))
        self.peers.append(peer)
        run("ip", "address", "add", "10.77.0.1/24", "dev", peer)
        if up:
            run("ip", "link", "set", peer, "up")

    def replug(self, name="eth0", peer="srv0"):
        """Link down and up. The kernel tells of a link at most once a second
        (net/core/link_watch.c), so a faster change is none to anybody."""
        run("ip", "link", "set", peer, "down")
        deadline = time.monotonic() + LIMIT_S
        while (self.link(name)["operstate"] != "DOWN" and
               time.monotonic() < deadline):
            pass
        run("ip", "link", "set", peer, "up")

    def link(self, name):
        return json.loads(self.inside("ip", "-j", "link", "show", name))[0]

    def inside(self, *command):
        return run("nsenter", "-t", str(self.process.pid), "-n", "-u",
                   *command)

    def addresses(self, name="eth0"):
        found = json.loads(self.inside("ip", "-j", "-4", "address", "show",
                                       "dev", name))
        return [f"{a['local']}/{a['prefixlen']}"
                for link in found if link for a in link["addr_info"]]

    def default_routes(self):
        return json.loads(self.inside("ip", "-j", "-4", "route", "show",
                                      "default"))

    def resolver(self):
        """The lines of resolv.conf; it may not have been needed yet."""
        try:
            with open(self.resolv_conf, encoding="ascii") as file:
                return file.read().splitlines()
        except FileNotFoundError:
            return []

    def wait(self, start, limit_s=LIMIT_S):
        line = self.reports.wait(lambda text: text.startswith(start), limit_s)
        ok(line is not None, f"it reports \"{start}\"", self.reports.seen)
        return line or ""


def main(tests):
    """Runs the tests in namespaces of their own. Ends the program."""
    if INSIDE not in os.environ:
        probe = subprocess.run([*UNSHARE, "true"], check=False,
                               stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
        if probe.returncode != 0:
            tap.skip_all("needs root and network namespaces")
        os.environ[INSIDE] = "1"
        os.execvp("unshare", [*UNSHARE, sys.executable, *sys.argv])
    run("ip", "link", "set", "lo", "up")
    for test in tests:
        try:
            test()
        except (OSError, subprocess.CalledProcessError) as error:
            ok(False, test.__name__, f"{error}\n{getattr(error, 'stderr', '')}")
    tap.done()
