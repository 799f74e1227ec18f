#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The boot server's HTTP: good, slow, greedy and hostile clients, and other
servers behind it that fail in every way.

usage: test-http.py BOOMERANG-SERVER

Everything lives in namespaces that this script makes for itself; they end with
it, whatever happens. Prints TAP.
"""
import concurrent.futures
import hashlib
import http.client
import json
import os
import re
import resource
import socket
import subprocess
import sys
import tempfile
import threading
import time
from email.utils import parsedate_to_datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
# pylint: disable=wrong-import-position,protected-access
from lab import server as lab_server
from serving import inside, run, tap

# It is asked by hundreds at once here.
lab_server._Listener.request_queue_size = 1024

LIMIT_S = 30
# Sanitizers need memory of their own.
SANITIZED = any(name in Path(sys.argv[1]).read_bytes()
                for name in (b"__asan_init", b"__tsan_init"))
HOST = "192.0.2.1"
OTHER_HOST = "192.0.2.2"
THIRD_HOST = "192.0.2.3"
FOURTH_HOST = "192.0.2.4"
FIFTH_HOST = "192.0.2.5"
MAC = "52:54:00:12:34:56"
OTHER_MAC = "52:54:00:12:34:57"
MB = 1000 * 1000

ok = tap.ok


class Serve:
    """A boot server; its lines are kept."""

    def __init__(self, *options):
        self.lines = []
        self.process = subprocess.Popen(
            [sys.argv[1], *map(str, options)], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)
        self.listening = threading.Event()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if "listening on" in line:
                self.listening.set()
        self.listening.set()

    def __enter__(self):
        self.listening.wait(LIMIT_S)
        ok(self.process.poll() is None, "the server listens",
           "\n".join(self.lines))
        return self

    def __exit__(self, *_):
        self.process.terminate()
        start = time.monotonic()
        try:
            status = self.process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = "killed"
        took = time.monotonic() - start
        self.reader.join(LIMIT_S)
        ok(status == 0 and took < 5, "it ends in order and soon",
           f"status {status}, {took:.1f} s\n" + "\n".join(self.lines[-20:]))

    def memory_mb(self):
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", text)[1]) * 1024 / MB

    def cpu_s(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text()
        fields = fields.rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def connect(source=None):
    return http.client.HTTPConnection(
        HOST, timeout=LIMIT_S, source_address=(source, 0) if source else None)


def ask(path, method="GET", headers=None, body=None, source=None):
    """(status, headers, body) of one request."""
    connection = connect(source)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def raw(text, wanted=LIMIT_S):
    """What comes until the server closes, for a request as it stands here."""
    with socket.create_connection((HOST, 80), timeout=wanted) as client:
        client.sendall(text.encode())
        got = b""
        while True:
            data = client.recv(1 << 16)
            if not data:
                return got
            got += data


def digest(data):
    return hashlib.sha256(data).hexdigest()


def script(mac=MAC, headers=None, source=None):
    status, _, body = ask(f"/script/{mac}.ipxe", headers=headers,
                          source=source)
    return status, body.decode()


def file_paths(mac=MAC):
    """The paths that the machine is told to fetch, in order."""
    return re.findall(r"http://[^/\s]+(/file/\S+)", script(mac)[1])


def wait_for(condition, limit_s=LIMIT_S):
    deadline = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)  # asks again, no more than that
    return True


class Files:
    """What is served, with what it should be."""

    def __init__(self, top):
        self.top = top
        self.root = top / "root"
        self.root.mkdir()
        for name, size in (("big.img", 30 * MB), ("mega.img", MB),
                           ("small.efi", 10000), ("empty", 0)):
            data = os.urandom(size)
            (self.root / name).write_bytes(data)
            setattr(self, name.split(".", maxsplit=1)[0], data)
        # The server reads it without its privileges.
        for path in [top, self.root, *self.root.iterdir()]:
            path.chmod(0o755)


def test_plain(files):
    print("# a file, whole")
    status, headers, body = ask("/big.img")
    ok(status == 200 and body == files.big, "all of its bytes", status)
    ok(headers["Content-Length"] == str(30 * MB), "its length",
       headers)
    status, head, body = ask("/big.img", "HEAD")
    same = ["Content-Length", "Content-Type", "Last-Modified", "Accept-Ranges"]
    ok(status == 200 and not body and
       all(head[name] == headers[name] for name in same),
       "HEAD says the same", head)
    modified = parsedate_to_datetime(headers["Last-Modified"]).timestamp()
    ok(modified == int((files.root / "big.img").stat().st_mtime),
       "its time", headers)
    status, headers, body = ask("//small.efi")
    ok(status == 200 and body == files.small, "a double slash", status)
    ok(headers["Content-Type"] == "application/efi",
       "UEFI's content type", headers)
    ok(ask("/%73mall.efi")[2] == files.small, "an escaped letter")
    status, headers, body = ask("/empty")
    ok(status == 200 and body == b"" and headers["Content-Length"] == "0",
       "an empty file", headers)
    output = run("curl", "--silent", "--verbose", "--stderr", "-",
                 f"http://{HOST}/small.efi", f"http://{HOST}/mega.img",
                 "-o", "/dev/null", "-o", "/dev/null")
    ok("Re-using existing connection" in output, "curl keeps the connection",
       output)
    got = raw("GET /small.efi HTTP/1.0\r\n\r\n")
    ok(got.endswith(files.small), "HTTP/1.0 ends with its connection")
    got = raw("GET /small.efi HTTP/1.1\r\nConnection: close\r\n"
              "Content-Length: 5\r\n\r\nhello")
    ok(got.endswith(files.small), "a GET with a body", got[:200])
    got = raw(f"GET /script/{MAC}.ipxe HTTP/1.1\r\nConnection: close\r\n"
              "Content-Length: 5\r\n\r\nhello")
    ok(b"#!ipxe" in got, "and one for a script", got[:200])


def test_ranges(files):
    print("# parts of a file")
    for field, first, end in (("bytes=0-9", 0, 10),
                              ("bytes=29999990-", 29999990, 30 * MB),
                              ("bytes=-7", 30 * MB - 7, 30 * MB),
                              ("bytes=5-99999999", 5, 30 * MB)):
        status, headers, body = ask("/big.img", headers={"Range": field})
        ok(status == 206 and body == files.big[first:end] and
           headers["Content-Range"] == f"bytes {first}-{end - 1}/{30 * MB}" and
           headers["Content-Length"] == str(end - first), field,
           f"{status} {headers}")
    status, headers, body = ask("/big.img", headers={"Range": "bytes=30000000-"})
    ok(status == 416 and headers["Content-Range"] == "bytes */30000000" and
       not body, "a range behind the end", f"{status} {headers}")
    for field in ("bytes=0-1,5-6", "bytes=9-1", "nonsense"):
        status, _, body = ask("/small.efi", headers={"Range": field})
        ok(status == 200 and body == files.small, f"{field}: the whole",
           status)
    status, headers, _ = ask("/big.img", "HEAD", headers={"Range": "bytes=0-9"})
    ok(status == 200 and headers["Content-Length"] == str(30 * MB),
       "a HEAD has no range", f"{status} {headers}")
    modified = ask("/big.img", "HEAD")[1]["Last-Modified"]
    part = {"Range": "bytes=0-9", "If-Range": modified}
    ok(ask("/big.img", headers=part)[0] == 206, "If-Range with its time")
    part["If-Range"] = '"some-tag"'
    ok(ask("/big.img", headers=part)[0] == 200, "If-Range with another state")
    for field, status in ((modified, 304),
                          ("Thu, 01 Jan 1970 00:00:00 GMT", 200),
                          ("yesterday", 200)):
        got = ask("/small.efi", headers={"If-Modified-Since": field})
        ok(got[0] == status and (status == 200 or not got[2]),
           f"If-Modified-Since {field}: {status}", got[0])
    got = ask("/small.efi", headers={"If-Modified-Since": modified,
                                     "If-None-Match": '"some-tag"'})
    ok(got[0] == 200, "If-None-Match takes precedence", got[0])


def test_refused(files):
    print("# what is refused")
    for path in ("/none", "/", "/root", "/script/", "/file/x/y",
                 "/v1/nothing"):
        status, _, body = ask(path)
        ok(status == 404 and body.count(b"\n") == 1, f"{path}: one line",
           f"{status} {body}")
    for path in ("/../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd",
                 "/..%5c..%5cetc/passwd", "/loader/../../etc/passwd"):
        got = raw(f"GET {path} HTTP/1.0\r\n\r\n")
        ok(b"root:" not in got and b" 404 " in got.split(b"\r\n")[0],
           f"{path} leads nowhere", got[:200])
    os.symlink("/etc/passwd", files.root / "passwd")
    ok(ask("/passwd")[0] == 404, "nor does a link")
    for method in ("PUT", "DELETE", "OPTIONS"):
        ok(ask("/small.efi", method)[0] == 405, f"{method}: 405")
    ok(ask("/small.efi", "POST", body=b"x")[0] == 405, "POST to a file: 405")
    got = raw("nonsense\r\n\r\n")
    ok(not got or b" 400 " in got[:20], "nonsense", got[:200])
    got = raw("GET /" + "a" * 100000 + " HTTP/1.1\r\n\r\n")
    ok(b"200" not in got[:15], "a request line without end", got[:80])
    ok(ask("/small.efi")[2] == files.small, "and it serves on")


def test_long_names(server, files):
    print("# a small file by a long name, often")
    ask("/small.efi")
    before, good = server.memory_mb(), True
    connection = connect()
    for _ in range(1000):
        connection.request("GET", "/" * 600 + "small.efi")
        good = connection.getresponse().read() == files.small and good
    connection.close()
    grown = server.memory_mb() - before
    ok(good, "is served")
    ok(grown < len(files.small) * 500 / MB or SANITIZED,
       "in the same memory", grown)


def test_script(files):
    print("# scripts and sealed names")
    status, text = script()
    ok(status == 200 and text.startswith("#!ipxe\n"), "a script", text)
    ok(f"http://{HOST}/file/" in text, "its URLs name the host it came from")
    ok("http://boot.example:8080/file/" in
       script(headers={"Host": "boot.example:8080"})[1],
       "by the name the client has for it")
    ok(f"http://{HOST}:80/file/" in script(headers={"Host": "${x}/"})[1],
       "unless that is no name")
    status, headers, _ = ask(f"/script/{MAC}.ipxe", "HEAD")
    ok(status == 200 and int(headers["Content-Length"]) > 0,
       "HEAD tells its length", headers)
    path = file_paths()[0]
    status, headers, body = ask(path)
    ok(status == 200 and body == files.big, "the kernel", status)
    start = len("/file/")
    token_len = path.index("/", start) - start
    refused = 0
    for i in range(0, token_len, 7):
        at = start + i
        other = "A" if path[at] != "A" else "B"
        refused += ask(path[:at] + other + path[at + 1:])[0] == 404
    ok(refused == len(range(0, token_len, 7)), "altered names are refused",
       refused)
    ok(ask(path[:start] + "A" * token_len + "/k")[0] == 404, "forged ones")
    ok(ask("/file/" + "A" * 3000 + "/k")[0] == 404, "and long ones")
    ok(ask("/grub/grub.cfg")[0] == 200, "GRUB's start")


def test_crowd(files):
    print("# 200 clients at once")
    want = digest(files.mega)

    def fetch(_):
        return digest(ask("/mega.img")[2]) == want

    start = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(200) as pool:
        good = sum(pool.map(fetch, range(200)))
    ok(good == 200, "all get all", good)
    print(f"# 200 x 1 MB in {time.monotonic() - start:.2f} s")


def slow_clients(path, count, source=HOST):
    """Clients that ask and then hardly read."""
    clients = []
    for _ in range(count):
        client = socket.socket()
        client.bind((source, 0))
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(LIMIT_S)
        client.connect((HOST, 80))
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        clients.append(client)
    for client in clients:
        client.recv(1)
    return clients


def test_slow(server, files):
    print("# 200 clients that read a byte a second")
    clients = slow_clients("/big.img", 200)
    cpu, start = server.cpu_s(), time.monotonic()
    good = True
    while time.monotonic() < start + 2:
        for client in clients:
            client.recv(1)
        good = good and ask("/big.img")[2] == files.big
    ok(good, "another gets its file meanwhile")
    ok(server.cpu_s() - cpu < 2, "without turning idly",
       server.cpu_s() - cpu)
    ok(server.memory_mb() < 64 or SANITIZED, "in little memory", server.memory_mb())
    print(f"# {server.memory_mb():.0f} MB of memory")
    for client in clients:
        client.close()


def test_limits(files):
    print("# more connections than one host may have")
    clients = []
    for _ in range(600):
        clients.append(socket.create_connection((HOST, 80)))
    ok(ask("/small.efi", source=OTHER_HOST)[2] == files.small,
       "another host is served")
    for client in clients:
        client.close()
    ok(wait_for(lambda: works("/small.efi")), "and this one again")


def works(path):
    try:
        return ask(path)[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def test_changed(files):
    print("# files that change")
    path = files.root / "changing.img"
    path.write_bytes(files.big)
    client = slow_clients("/changing.img", 1)[0]
    new = files.root / "new"
    new.write_bytes(files.mega)
    new.rename(path)
    got = b""
    while len(got) < 30 * MB:
        data = client.recv(1 << 20)
        if not data:
            break
        got += data
    ok(got[-30 * MB + 1000:] == files.big[1000:],
       "a transfer goes on when its file is replaced", len(got))
    client.close()
    ok(ask("/changing.img")[2] == files.mega, "the next gets the new one")
    small = files.root / "small.cfg"
    small.write_bytes(b"old")
    ok(ask("/small.cfg")[2] == b"old", "a small file")
    small.write_bytes(b"newer")
    ok(wait_for(lambda: ask("/small.cfg")[2] == b"newer", 3),
       "is new a second after it changed")
    path.write_bytes(files.big)
    client = slow_clients("/changing.img", 1)[0]
    os.truncate(path, MB)
    ok(works("/small.efi"), "a file cut short stops only its own transfer")
    start = time.monotonic()
    while client.recv(1 << 20):
        pass
    ok(time.monotonic() - start < 10, "which ends at once")
    client.close()


def upstream_options(upstream, dead_port):
    """One initrd for each way in which another server can fail."""
    base = f"http://127.0.0.1:{upstream.port}/"
    urls = {
        "good": base + "big.img",
        "missing": base + "big.img?status=404",
        "broken": base + "big.img?status=500",
        "cut": base + "big.img?cut=5000000",
        "stall": base + "big.img?stall=1000000",
        "nolength": base + "big.img?length=no",
        "noranges": base + "big.img?ranges=no",
        "redirect": base + f"x?redirect={base}big.img",
        "dead": f"http://127.0.0.1:{dead_port}/big.img",
        "empty": base + "empty",
    }
    options = []
    for url in urls.values():
        options += ["--initrd", url]
    return list(urls), options


def breaks(path):
    """Whether the connection ends before the answer does."""
    try:
        ask(path)
    except (http.client.IncompleteRead, ConnectionError):
        return True
    return False


def test_upstream(paths, files):
    print("# files of other servers")
    status, headers, body = ask(paths["good"])
    ok(status == 200 and body == files.big and
       headers["Content-Length"] == str(30 * MB), "a good one",
       f"{status} {headers}")
    status, headers, body = ask(paths["good"], "HEAD")
    ok(status == 200 and headers["Content-Length"] == str(30 * MB) and
       not body, "its head", f"{status} {headers}")
    for field, first, end in (("bytes=1000000-", MB, 30 * MB),
                              ("bytes=1000000-1000999", MB, MB + 1000)):
        status, headers, body = ask(paths["good"], headers={"Range": field})
        ok(status == 206 and body == files.big[first:end] and
           headers["Content-Range"] == f"bytes {first}-{end - 1}/{30 * MB}",
           field, f"{status} {headers}")
    status, _, body = ask(paths["noranges"], headers={"Range": "bytes=5-"})
    ok(status == 200 and body == files.big,
       "a range of one that gives none: the whole", status)
    status, _, body = ask(paths["redirect"])
    ok(status == 200 and body == files.big, "a redirect is followed", status)
    status, headers, body = ask(paths["nolength"])
    ok(status == 200 and body == files.big, "one without a length",
       f"{status} {headers}")
    status, headers, body = ask(paths["nolength"],
                                headers={"Range": "bytes=1000-"})
    ok(status == 502, "a part of unknown length is not given as a whole",
       f"{status} {headers}")
    status, _, body = ask(paths["empty"])
    ok(status == 200 and body == b"", "an empty one", status)
    for name, want in (("missing", 404), ("broken", 500), ("dead", 502)):
        status, _, body = ask(paths[name])
        ok(status == want and body.count(b"\n") == 1,
           f"{name}: {want} in one line", f"{status} {body}")
        print(f"# {body.decode().strip()}")
    ok(breaks(paths["cut"]), "one that breaks breaks for the client")


def test_upstream_slow(server, paths, files):
    print("# other servers that stop, and clients that do")
    stalled = slow_clients(paths["stall"], 20)
    ok(ask(paths["good"])[2] == files.big,
       "20 that stall delay no other")
    for client in stalled:
        client.close()
    before = server.memory_mb()
    slow = [client for source in (OTHER_HOST, THIRD_HOST) for client in
            slow_clients(paths["good"], 50, source)]
    ok(ask(paths["good"])[2] == files.big,
       "100 clients that do not read delay no other")
    grown = server.memory_mb() - before
    ok(grown < 60 or SANITIZED, "and hold what their buffers hold", grown)
    print(f"# 100 of them: {grown:.0f} MB")
    for client in slow:
        client.close()
    stalled = slow_clients(paths["stall"], 64)
    status, headers, _ = ask(paths["good"])
    ok(status == 503 and "Retry-After" in headers,
       "beyond 64 a host is told to come again", f"{status} {headers}")
    ok(ask(paths["good"], source=OTHER_HOST)[2] == files.big,
       "and another host is not")
    for source in (OTHER_HOST, THIRD_HOST, FOURTH_HOST):
        stalled += slow_clients(paths["stall"], 64, source)
    ok(ask(paths["good"], source=FIFTH_HOST)[0] == 503,
       "beyond 256 all are")
    ok(ask("/small.efi")[2] == files.small, "files of this host go on")
    for client in stalled:
        client.close()
    return stalled


def events(mac=MAC, query="", source=None):
    status, _, body = ask(f"/v1/machines/{mac}/events{query}", source=source)
    return status, body


def post(text, mac=MAC, source=None):
    return ask(f"/v1/machines/{mac}/events", "POST", body=text.encode(),
               source=source)[0]


def test_events(files):
    print("# the timeline")
    machines = json.loads(ask("/v1/machines")[2])["machines"]
    ok([m for m in machines if m["mac"] == MAC], "all machines", machines)
    status, body = events()
    story = json.loads(body)
    texts = " | ".join(e["text"] for e in story["events"])
    ok(status == 200 and "fetched" in texts, "one machine's events", texts)
    broken = slow_clients(file_paths()[0], 1)[0]
    broken.close()
    ok(wait_for(lambda: re.search(r"big.img by HTTP ended at \d+ %",
                                  events()[1].decode())),
       "a transfer that breaks, and where")
    story = json.loads(events()[1])
    status, body = events(query=f"?since={story['last']}")
    ok(json.loads(body)["events"] == [], "none above the last", body)
    ok(events(query="?since=x")[0] == 400, "since what?")
    ok(events("00:00:00:00:00:01")[0] == 404, "a machine never seen")
    event = '{"stage":"image","text":"loading 42 %"}'
    ok(post(event) == 204, "the bootstrap posts")
    ok("loading 42 %" in events()[1].decode(), "what is then told")
    ok(post("nonsense") == 400, "nonsense is refused")
    ok(post("x" * 5000) == 413, "and what is too long")
    ok(post(event, "00:00:00:00:00:01", source=THIRD_HOST) == 404,
       "and machines never seen")
    ok(post(event, source=THIRD_HOST) == 204,
       "the bootstrap's lease may be another than the firmware's")
    script(OTHER_MAC, source=OTHER_HOST)
    ok(post(event, OTHER_MAC, source=OTHER_HOST) == 204, "another machine")
    ok(post(event, MAC, source=OTHER_HOST) == 403,
       "cannot write into the first one's story")
    ok(ask("/small.efi")[2] == files.small, "and files go on")


def follow(query=""):
    connection = connect()
    connection.request("GET", f"/v1/machines/{MAC}/events?follow=1{query}")
    return connection, connection.getresponse()


def test_follow():
    print("# the timeline as a stream")
    last = json.loads(events()[1])["last"]
    connection, answer = follow(f"&since={last}")
    post('{"stage":"image","text":"loading 43 %"}')
    line = next(line for line in iter(answer.readline, b"")
                if b"loading 43 %" in line)
    ok(json.loads(line)["seq"] > last, "a new event comes by itself", line)
    post('{"stage":"image","text":"loading 44 %"}')
    # Stories of clients that just left may come before it.
    ok(next(line for line in iter(answer.readline, b"")
            if b"loading 44 %" in line), "and the next")
    start = time.monotonic()
    line = next(line for line in iter(answer.readline, b"")
                if line == b"\n" or time.monotonic() - start > 20)
    ok(line == b"\n" and time.monotonic() - start < 20,
       "a blank line shows that it lives", line)
    connection.close()
    many = [follow(f"&since={last}") for _ in range(80)]
    refused = sum(answer.status == 503 for _, answer in many)
    ok(16 <= refused <= 17, "64 can follow", refused)
    for connection, _ in many:
        connection.close()
    # They are noticed when something is sent to them.
    ok(wait_for(lambda: post('{"stage":"image","text":"%f"}' %
                             time.monotonic()) in (204, 429) and
                follow_status() == 200, 20),
       "and others when they left")


def follow_status():
    connection, answer = follow()
    connection.close()
    return answer.status


def test_slow_api(files):
    print("# a policy that does not answer")
    silent = socket.create_server(("127.0.0.1", 0), backlog=128)
    port = silent.getsockname()[1]
    with Serve("--api", f"http://127.0.0.1:{port}/", "--api-timeout", "3s",
               "--listen", HOST, "--tftp-root", files.root) as server:
        leaving = []
        for i in range(50):
            client = socket.create_connection((HOST, 80), timeout=LIMIT_S)
            client.sendall(f"GET /script/52:54:00:00:01:{i:02x}.ipxe HTTP/1.1"
                           "\r\nHost: x\r\n\r\n".encode())
            leaving.append(client)
        for client in leaving[:40]:
            client.close()
        start = time.monotonic()
        ok(ask("/big.img")[2] == files.big, "delays no file")
        ok(time.monotonic() - start < 2, "at all", time.monotonic() - start)
        for client in leaving[40:]:
            answer = client.recv(4096)
            if not ok(b" 200 " in answer[:20] and b"#!ipxe" in answer,
                      "who waits gets a script in the end", answer):
                break
            client.close()
        ok(server.process.poll() is None, "those who left harm nothing")
        # Sleeping when it ends.
        client = socket.create_connection((HOST, 80), timeout=LIMIT_S)
        client.sendall(f"GET /script/{MAC}.ipxe HTTP/1.1\r\nHost: x\r\n\r\n"
                       .encode())
        wait_for(lambda: any(MAC in line for line in server.lines))
    client.close()
    silent.close()


def ask_until(stop):
    while not stop.is_set():
        try:
            with socket.create_connection((HOST, 80), timeout=1) as client:
                client.sendall(b"GET /big.img HTTP/1.1\r\nHost: x\r\n\r\n")
                client.recv(1000)
        except OSError:
            pass


def test_end(files):
    print("# the end while large files are asked for")
    for _ in range(10):
        stop = threading.Event()
        clients = [threading.Thread(target=ask_until, args=(stop,))
                   for _ in range(8)]
        for client in clients:
            client.start()
        with Serve("--kernel", files.root / "big.img", "--listen", HOST,
                   "--tftp-root", files.root):
            time.sleep(0.2)
        stop.set()
        for client in clients:
            client.join()


def test_all():
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))
    run("ip", "link", "add", "srv0", "type", "veth", "peer", "name", "srv1")
    for address in (HOST, OTHER_HOST, THIRD_HOST, FOURTH_HOST, FIFTH_HOST):
        run("ip", "address", "add", f"{address}/24", "dev", "srv0")
    run("ip", "link", "set", "srv0", "up")
    run("ip", "link", "set", "srv1", "up")
    with tempfile.TemporaryDirectory() as top, \
            socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        files = Files(Path(top))
        with lab_server.Server(files.root) as upstream:
            names, options = upstream_options(upstream,
                                              unused.getsockname()[1])
            with Serve("--kernel", files.root / "big.img", *options,
                       "--listen", HOST, "--tftp-root", files.root) as server:
                test_plain(files)
                test_ranges(files)
                test_refused(files)
                test_long_names(server, files)
                test_script(files)
                test_crowd(files)
                test_slow(server, files)
                test_limits(files)
                test_changed(files)
                paths = dict(zip(names, file_paths()[1:]))
                test_upstream(paths, files)
                test_upstream_slow(server, paths, files)
                test_events(files)
                test_follow()
        test_slow_api(files)
        test_end(files)


def main():
    inside()
    # Meson's; with it calloc() touches all of a table that is hardly used.
    os.environ.pop("MALLOC_PERTURB_", None)
    test_all()
    tap.done()


if __name__ == "__main__":
    main()
