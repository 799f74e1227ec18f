# SPDX-License-Identifier: MIT
"""What a bootstrap tells its boot server (boomerang_server=), while targets
come and go and one takes the network down."""

import http.server
import json
import queue
import sys
import threading

from lab import hostile, images
from lab.guest import Shell
from lab.setups import Lab
from lab.tap import Scenario, check, equal
from lab.vm import HOST

MAC = "52:54:00:12:34:56"  # QEMU's first
UP = r"^busybox image: up$"
FIND = (r"for p in /proc/[0-9]*; do case $(tr '\0' ' ' <$p/cmdline) in "
        r"*/boomerang\ report\ *) echo ${p#/proc/};; esac; done")
KILL = f"kill -9 $({FIND})"
AGAIN = f'until [ "$({FIND})" ]; do sleep 0.1; done'


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):  # pylint: disable=invalid-name
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.server.posts.put((self.path, json.loads(body)))

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass


class ReportLab(Lab):
    """A machine that reports to a server of this script."""

    def __init__(self):
        self._listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                         _Handler)
        self._listener.posts = queue.Queue()
        threading.Thread(target=self._listener.serve_forever,
                         daemon=True).start()
        super().__init__("report", memory_mib=768, limit=600, arguments=(
            f"boomerang_server=http://{HOST}:{self._listener.server_port}"))

    def __exit__(self, kind, value, traceback):
        super().__exit__(kind, value, traceback)
        self._listener.shutdown()
        self._listener.server_close()

    def told(self, stage, begins, timeout=40):
        """Waits for an event; others that come before are left out."""
        seen = []
        while True:
            try:
                path, event = self._listener.posts.get(timeout=timeout)
            except queue.Empty:
                check(False, f"no {stage} {begins!r} after {seen}")
            equal(path, f"/v1/machines/{MAC}/events", "where it is posted")
            if event["stage"] == stage and event["text"].startswith(begins):
                return event
            seen.append(event)


SCENARIO = Scenario("report", ReportLab)


def _load(lab):
    lab.boot.load(lab.url(images.busybox()), UP, 60)
    shell = Shell(lab.vm.ttyS0, r"target# $")
    shell.ready()
    return shell


@SCENARIO.case("a boot, a load and a return are told, and leave nothing")
def whole(lab):
    equal(lab.told("bootstrap", "prompt after ")["next"], "nothing", "next")
    _load(lab)
    equal(lab.told("image", f"loading {lab.url(images.busybox())}")["next"],
          "progress", "next")
    equal(lab.told("image", "loaded in ")["next"], "target", "next")
    lab.told("target", "runs /")
    _, status = lab.boot.return_by(lab.boot.hotkey)
    equal(status["last_return"]["leaks"], [], "what was left behind")
    text = lab.told("return", "back after ")["text"]
    check("by hotkey; 0 leaks, 0 undone" in text, text)


@SCENARIO.case("a load that fails is told with its reason")
def fails(lab):
    lab.boot.load_fails(lab.url(hostile.no_init()), r"(?i)no init|/sbin/init")
    event = lab.told("image", "failed: ")
    equal((event["level"], event["next"]), ("error", "nothing"), "level, next")
    check("init" in event["text"], event["text"])


@SCENARIO.case("what a target without network did is told after the return")
def without_network(lab):
    shell = _load(lab)
    lab.told("target", "runs /")
    shell.check("ip link set eth0 down")
    lab.boot.return_by(lab.boot.hotkey)
    event = lab.told("return", "back after ", 60)
    check("1 leak" in event["text"] or "leaks" in event["text"],
          event["text"])


@SCENARIO.case("the reporter is started again when it dies")
def killed(lab):
    _load(lab)
    lab.told("target", "runs /")
    equal(lab.boot.shell(f"{KILL}; {AGAIN}", console=lab.boot.aside)[0], 0,
          "the reporter is there again")
    lab.boot.return_by(lab.boot.hotkey)
    lab.told("return", "back after ")


if __name__ == "__main__":
    sys.exit(SCENARIO.main())
