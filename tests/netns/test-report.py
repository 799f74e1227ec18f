#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`boomerang report` between a stand-in for process 1 and HTTP servers that
behave, that fail and that hang. Loopback only. Prints TAP.

usage: test-report.py BOOMERANG
"""
import http.server
import json
import os
import queue
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

from reporting import (BOOTSTRAP, IMAGE, LIMIT_S, NEXT_IMAGE, NEXT_TARGET,
                       PROGRESS, RETURN, TARGET, Reporter)
from serving import tap

ok = tap.ok


class Server(http.server.ThreadingHTTPServer):
    """Keeps what is posted; answers what it is told to."""
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port=0):
        super().__init__(("127.0.0.1", port), Handler)
        self.posts = queue.Queue()
        self.statuses = []    # for the next posts; then 204
        self.hang = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def next(self, limit_s=LIMIT_S):
        try:
            return self.posts.get(timeout=limit_s)
        except queue.Empty:
            return None

    def end(self):
        self.shutdown()
        self.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.hang.is_set():
            self.server.posts.put(None)
            time.sleep(LIMIT_S)
            return
        status = self.server.statuses.pop(0) if self.server.statuses else 204
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()
        post = json.loads(body)
        post.update(path=self.path, status=status,
                    type=self.headers["Content-Type"])
        self.server.posts.put(post)

    def log_message(self, *_):
        pass


def texts(server, count):
    posts = [server.next() for _ in range(count)]
    return [post and post["text"] for post in posts]


def a_boot(program):
    server = Server()
    reporter = Reporter(program, f"http://127.0.0.1:{server.server_port}/")
    reporter.say(BOOTSTRAP, "prompt after 4.2 s, 512 MB free", NEXT_IMAGE,
                 ago_ms=5000)
    post = server.next() or {}
    age = post.pop("age_ms", 0)
    ok(post == {"path": "/v1/machines/52:54:00:12:34:56/events",
                "type": "application/json", "status": 204,
                "stage": "bootstrap", "level": "info", "next": "image",
                "text": "prompt after 4.2 s, 512 MB free"},
       "an event is posted as doc/timeline.md says", post)
    ok(5000 <= age < 5000 + 1000 * LIMIT_S, "with its age", age)
    reporter.say(IMAGE, "loaded in 3.1 s", NEXT_TARGET)
    reporter.say(TARGET, "runs /sbin/init")
    reporter.say(RETURN, "back", level=1)
    ok(texts(server, 3) == ["loaded in 3.1 s", "runs /sbin/init", "back"],
       "in their order")
    status, said = reporter.end()
    ok(status == 0 and said == "", "it ends with process 1", said)
    server.end()


def refusals(program):
    server = Server()
    reporter = Reporter(program, f"http://127.0.0.1:{server.server_port}")
    server.statuses = [503, 429, 204]
    reporter.say(TARGET, "first")
    ok(texts(server, 3) == ["first"] * 3,
       "a server in trouble is asked again")
    server.statuses = [400, 404]
    reporter.say(IMAGE, "bad", NEXT_TARGET)
    reporter.say(IMAGE, "unknown", NEXT_TARGET)
    reporter.say(RETURN, "good")
    ok(texts(server, 3) == ["bad", "unknown", "good"],
       "what it will never take is posted once")
    _, said = reporter.end()
    ok(said.count("does not take") == 2, "each trouble is said once", said)
    server.end()


def absent(program):
    gone = Server()
    port = gone.server_port
    gone.end()
    reporter = Reporter(program, f"http://127.0.0.1:{port}")
    reporter.say(TARGET, "runs /sbin/init")
    for percent in range(50):
        reporter.say(IMAGE, f"loading {percent} %", PROGRESS)
    reporter.say(RETURN, "back")
    line = reporter.process.stderr.readline()
    ok("cannot be told" in line, "a server that is not there is told of",
       line)
    server = Server(port)
    ok(texts(server, 3) == ["runs /sbin/init", "loading 49 %", "back"],
       "what waited is posted when it is back, but old progress")
    status, said = reporter.end()
    ok(status == 0 and said == "", "and nothing more is said", said)
    server.end()


def hanging(program):
    server = Server()
    server.hang.set()
    reporter = Reporter(program, f"http://127.0.0.1:{server.server_port}")
    reporter.say(TARGET, "runs")
    server.next()
    server.hang.clear()
    began = time.monotonic()
    ok(texts(server, 1) == ["runs"], "a server that hangs is given up")
    took = time.monotonic() - began
    ok(took < 15, "in seconds", took)
    reporter.end()
    server.end()


def without_address(program):
    server = Server()
    reporter = Reporter(program, f"http://127.0.0.1:{server.server_port}")
    reporter.say(IMAGE, "failed: x", level=2, mac=b"")
    ok(server.next(1) is None, "without an address nothing can be posted")
    reporter.say(BOOTSTRAP, "prompt")
    ok(texts(server, 2) == ["failed: x", "prompt"], "then it all is")
    reporter.end()
    server.end()


def misuse(program):
    for arguments, what in [([], "wants a URL"), (["http://h"], "descriptor")]:
        done = subprocess.run([program, "report"] + arguments,
                              capture_output=True, text=True,
                              timeout=LIMIT_S)
        ok(done.returncode == 2 and what in done.stderr and
           done.stderr.count("\n") == 1, "misuse is one line", done.stderr)


def main():
    program = os.path.abspath(sys.argv[1])
    for test in (a_boot, refusals, absent, hanging, without_address, misuse):
        test(program)
    tap.done()


if __name__ == "__main__":
    main()
