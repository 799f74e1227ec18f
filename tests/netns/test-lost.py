#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A server that is lost while an image is loaded.

usage: test-lost.py BOOMERANG

In namespaces of its own: what unpacks is in one, servers are in another. The
cases take their time waiting, so they run at the same time. Prints TAP.
"""
import http.server
import io
import os
import random
import re
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import tap  # noqa: E402  pylint: disable=wrong-import-position
from tap import ok  # noqa: E402  pylint: disable=wrong-import-position

INSIDE = "BOOMERANG_LOST_TEST"
UNSHARE = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child",
           "--mount-proc"]
SIZE = 6 << 20
PIECE = 64 << 10
PIECE_S = 0.02
# Longer than an answer that breaks is tried again.
AWAY_S = 12


# Every process has the same.
CONTENT = random.Random(7).randbytes(SIZE)


def archive():
    """A tar of one file."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        info = tarfile.TarInfo("content")
        info.size = SIZE
        tar.addfile(info, io.BytesIO(CONTENT))
    return file.getvalue()


ARCHIVE = archive()


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves ARCHIVE slowly, and ranges of it."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):  # pylint: disable=invalid-name
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        first = int(asked[1]) if asked else 0
        if not self.path.endswith("image.tar") or (
                "Range" in self.headers and not asked):
            self.send_error(404)
            return
        self.send_response(206 if asked else 200)
        self.send_header("ETag", '"one"')
        self.send_header("Content-Length", str(len(ARCHIVE) - first))
        if asked:
            self.send_header("Content-Range", f"bytes {first}-"
                             f"{len(ARCHIVE) - 1}/{len(ARCHIVE)}")
        self.end_headers()
        try:
            for at in range(first, len(ARCHIVE), PIECE):
                self.wfile.write(ARCHIVE[at:at + PIECE])
                time.sleep(PIECE_S)
        except OSError:
            pass

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass


class Case(threading.Thread):
    """One unpacking: lose() is called at half."""

    def __init__(self, client, place, name, address):
        super().__init__()
        self.client, self.name, self.address = client, name, address
        self.place = os.path.join(place, name)
        os.mkdir(self.place)
        self.port = 0
        self.server = None
        self.result = None
        self.seconds = 0.0
        self.serve()

    def serve(self):
        """In a process of its own, which can vanish."""
        self.server = subprocess.Popen(
            [sys.executable, __file__, "--serve", self.address,
             str(self.port)], stdin=subprocess.DEVNULL, text=True,
            stdout=subprocess.PIPE)
        self.port = int(self.server.stdout.readline())

    def end_server(self):
        self.server.kill()
        self.server.communicate()

    def done(self):
        """How much is unpacked."""
        try:
            return os.stat(os.path.join(self.place, "tree", "content")).st_blocks * 512
        except FileNotFoundError:
            return 0

    def run(self):
        url = f"http://{self.address}:{self.port}/image.tar"
        with subprocess.Popen(
                ["nsenter", f"--net=/proc/{self.client}/ns/net", sys.argv[1],
                 "image", "unpack", url, self.place], text=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE) as process:
            while self.done() < SIZE // 3 and process.poll() is None:
                time.sleep(0.02)
            start = time.monotonic()
            self.lose()
            errors = process.communicate()[1]
            self.seconds = time.monotonic() - start
            self.result = process.returncode, errors

    def lose(self):
        """What happens at half."""

    def is_whole(self):
        """All of it is there."""
        if self.result[0] != 0:
            return False
        with open(os.path.join(self.place, "tree", "content"), "rb") as file:
            return file.read() == CONTENT


class Restarted(Case):
    def lose(self):
        self.end_server()
        time.sleep(AWAY_S)
        self.serve()


class Gone(Case):
    def lose(self):
        self.end_server()


class Unplugged(Case):
    def lose(self):
        for state in "down", "up":
            subprocess.run(["ip", "link", "set", "far", state], check=True)
            if state == "down":
                time.sleep(AWAY_S)


def inside():
    # What is unpacked counts as memory, which a tmpfs is.
    place = tempfile.mkdtemp(prefix="boomerang-lost-")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0755", "test", place],
                   check=True)
    with subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE,
                          stdout=subprocess.DEVNULL) as client:
        home = os.readlink("/proc/self/ns/net")
        while os.readlink(f"/proc/{client.pid}/ns/net") == home:
            time.sleep(0.01)
        for n, (here, there) in enumerate((("near", "c0"), ("far", "c1"))):
            enter = ["nsenter", f"--net=/proc/{client.pid}/ns/net"]
            for command in (
                    ["ip", "link", "add", here, "type", "veth", "peer", "name",
                     there, "netns", str(client.pid)],
                    ["ip", "address", "add", f"10.77.{n}.1/24", "dev", here],
                    ["ip", "link", "set", here, "up"],
                    [*enter, "ip", "address", "add", f"10.77.{n}.2/24", "dev",
                     there],
                    [*enter, "ip", "link", "set", there, "up"]):
                subprocess.run(command, check=True)
        judge(client.pid, place)
        client.stdin.close()
    subprocess.run(["umount", "-l", place], check=True)
    os.rmdir(place)
    tap.done()


def judge(client, place):
    restarted = Restarted(client, place, "restarted", "10.77.0.1")
    gone = Gone(client, place, "gone", "10.77.0.1")
    unplugged = Unplugged(client, place, "unplugged", "10.77.1.1")
    cases = (restarted, gone, unplugged)
    for case in cases:
        case.start()
    for case in cases:
        case.join()
    ok(restarted.is_whole(), "a server that is back after a while is taken up "
       "again where it was", restarted.result)
    ok(unplugged.is_whole(), "so is one whose cable was out", unplugged.result)
    status, errors = gone.result
    lines = [line for line in errors.splitlines() if line.strip()]
    ok(status != 0 and 50 < gone.seconds < 100,
       "one that does not come back is given up after a minute",
       f"{gone.seconds} s: {gone.result}")
    ok(lines and re.search(r"connection lost at .* of .*: cannot connect",
                           lines[-1]), "with a line that says so", errors)
    restarted.end_server()
    unplugged.end_server()


def serve(address, port):
    """A server that never ends; tells its port."""
    server = http.server.ThreadingHTTPServer((address, port), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()


def main():
    if sys.argv[1] == "--serve":
        serve(sys.argv[2], int(sys.argv[3]))
    if os.environ.get(INSIDE):
        return inside()
    os.environ[INSIDE] = "1"
    if subprocess.run([*UNSHARE, "true"], capture_output=True,
                      check=False).returncode:
        tap.skip_all("this needs the right to make namespaces")
    return subprocess.run([*UNSHARE, sys.executable, *sys.argv],
                          check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
