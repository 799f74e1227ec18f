# SPDX-License-Identifier: MIT
"""What the benches of the boot server share: two hosts, a server that runs in
one of them, what it uses, and how ours is compared with a peer.

A bench begins with enter(), which runs it again in namespaces of its own; all
that it makes ends with them. It is on the server's host then.
"""

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SERVER = "10.88.0.1"
MB = 1000 * 1000
LIMIT_S = 120

_START_S = 10
_GROUPS = Path("/mnt")
_INSIDE = "BOOMERANG_BENCH"
_UNSHARE = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child",
            "--mount-proc"]


def arguments(usage, rounds):
    """A parser of what every bench understands, to which others are added."""
    parser = argparse.ArgumentParser(usage=usage)
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("build", nargs="?",
                        type=lambda name: Path(name).resolve(),
                        default=ROOT / os.environ.get("BUILD", "build"))
    return parser


def enter(first):
    """Returns in the bench's own namespaces. first() is called outside of
    them, where there is a network."""
    if _INSIDE in os.environ:
        # In our own mount namespace, so that nobody else sees it.
        subprocess.run(["mount", "-t", "cgroup2", "none", _GROUPS],
                       check=True)
        return
    first()
    os.environ[_INSIDE] = "1"
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    os.execvp("unshare", [*_UNSHARE, sys.executable, *sys.argv])


@contextlib.contextmanager
def directory():
    """One that servers without rights can read, too."""
    with tempfile.TemporaryDirectory(prefix="boomerang-bench-") as name:
        place = Path(name)
        place.chmod(0o755)
        yield place


class Network:
    """The clients' host, whose cli0 is joined to the server's srv0; a context
    manager."""

    def __init__(self, addresses):
        self._holder = subprocess.Popen(["unshare", "--net", "cat"],
                                        stdin=subprocess.PIPE)
        home = os.readlink("/proc/self/ns/net")
        while os.readlink(f"/proc/{self._holder.pid}/ns/net") == home:
            time.sleep(0.01)
        for command in ("link set lo up",
                        "link add srv0 type veth peer name cli0 netns "
                        f"{self._holder.pid}",
                        f"address add {SERVER}/16 dev srv0",
                        "link set srv0 up"):
            subprocess.run(["ip", *command.split()], check=True)
        for command in ("link set lo up", "link set cli0 up",
                        *(f"address add {address}/16 dev cli0"
                          for address in addresses)):
            self.run("ip", *command.split())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._holder.kill()
        self._holder.wait()

    def run(self, *command, **options):
        """A finished command of the clients' host, which must succeed if
        options do not tell otherwise."""
        return subprocess.run(
            ["nsenter", "-t", str(self._holder.pid), "-n", *command],
            **{"check": True, "timeout": LIMIT_S, **options})


class Group:
    """A control group: what all of its processes used together, those too
    that have ended and that nobody waited for."""

    def __init__(self):
        self._place = _GROUPS / f"boomerang-bench-{time.monotonic_ns()}"
        self._place.mkdir()

    def join(self):
        """Puts the calling process into it."""
        (self._place / "cgroup.procs").write_text("0", encoding="ascii")

    def seconds(self):
        """CPU time."""
        for line in (self._place / "cpu.stat").read_text().splitlines():
            if line.startswith("usage_usec "):
                return int(line.split()[1]) / 1e6
        raise OSError("cpu.stat has no usage_usec")

    def end(self):
        """Kills whoever is left in it."""
        (self._place / "cgroup.kill").write_text("1", encoding="ascii")
        # A thread may still be at its end when its process is seen no more.
        deadline = time.monotonic() + _START_S
        while ("populated 1" in (self._place / "cgroup.events").read_text() and
               time.monotonic() < deadline):
            time.sleep(0.001)
        self._place.rmdir()


# The state, in /proc/net, of a socket that takes what comes from anyone.
_OPEN = {"tcp": "0A", "udp": "07"}


def _listens(protocol, port):
    with open(f"/proc/net/{protocol}", encoding="ascii") as file:
        sockets = [line.split() for line in file.readlines()[1:]]
    return any(fields[1].endswith(f":{port:04X}") and
               fields[3] == _OPEN[protocol] for fields in sockets)


def _wait(process, group, protocol, port):
    """Until a server listens and rests, so that what its start costs is not
    taken for work; whether it does in time."""
    deadline = time.monotonic() + _START_S
    used = None
    while process.poll() is None and time.monotonic() < deadline:
        if _listens(protocol, port):
            before, used = used, group.seconds()
            if used == before:
                return True
        time.sleep(0.02)
    return False


@contextlib.contextmanager
def running(command, protocol, port):
    """A server, from when it listens; gives its control group."""
    group = Group()
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=errors, preexec_fn=group.join)
        try:
            if not _wait(process, group, protocol, port):
                errors.seek(0)
                sys.exit(f"{command[0]} does not start: "
                         f"{errors.read().decode(errors='replace')}")
            yield group
        finally:
            group.end()
            process.wait()


def compare(what, which, ours, peer, theirs, goal):
    """Prints the median of the rounds' ratios of ours to a peer's, with the
    least and the greatest; whether that meets the goal, if there is one.
    ours, theirs: a tuple for each round; which: what of it is compared."""
    ratios = [mine[which] / other[which] for mine, other in zip(ours, theirs)]
    median = statistics.median(ratios)
    good = goal is None or median <= goal
    verdict = "no goal" if goal is None else (
        f"goal {goal:.2f}: {'met' if good else 'MISSED'}")
    print(f"  {what:<4} {median:.2f} of {peer}'s ({min(ratios):.2f} .. "
          f"{max(ratios):.2f}), {verdict}", flush=True)
    return good
