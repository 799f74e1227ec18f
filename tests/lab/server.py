# SPDX-License-Identifier: MIT
"""An HTTP or HTTPS server for images, with faults on demand.

It listens on a port that the kernel chooses, on loopback, where the guest
reaches it as HOST (QEMU's user network), or on an address of its own. A path
is a file of one of the served directories; what goes wrong is asked for in
the query, so one image serves every fault:

    ?status=404         this status and no file
    ?cut=N              the connection ends after N bytes of the file
    ?cut=N&times=2      …, only the first two times
    ?ranges=no          no Range support, and none announced
    ?length=no          no Content-Length
    ?rate=N             at most N bytes a second
    ?stall=N            after N bytes nothing more comes, for ever
    ?redirect=URL       a redirect to URL
    ?body=garbage       a megabyte of noise instead of the file

How many bytes of each path went out, in how many requests, is counted. What
comes by PUT is kept in uploads, by its path.
"""

import email.utils
import http.server
import os
import random
import shutil
import ssl
import subprocess
import threading
import time
from collections import Counter
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from .vm import HOST

_CHUNK = 256 * 1024


class Abort(Exception):
    """The connection is to end here, without a word."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "boomerang-lab"

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        self.server.owner.log(f"{self.address_string()} {format % args}")

    def do_HEAD(self):  # pylint: disable=invalid-name
        self._answer(body=False)

    def do_GET(self):  # pylint: disable=invalid-name
        self._answer(body=True)

    def do_PUT(self):  # pylint: disable=invalid-name
        """Takes whatever comes, in chunks or with a length."""
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            data = b"".join(iter(self._chunk, b""))
        else:
            data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.owner.uploads[urlsplit(self.path).path.lstrip("/")] = data
        self.send_response(201)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _chunk(self):
        data = self.rfile.read(int(self.rfile.readline().split(b";")[0], 16))
        self.rfile.readline()
        return data

    def _answer(self, body):
        parts = urlsplit(self.path)
        query = {k: v[0] for k, v in parse_qs(parts.query).items()}
        owner = self.server.owner
        owner.count_request(parts.path)
        try:
            if "status" in query:
                return self._refuse(int(query["status"]))
            if "redirect" in query:
                return self._redirect(query["redirect"])
            if query.get("body") == "garbage":
                return self._garbage(body)
            source = owner.find(parts.path)
            if not source:
                return self._refuse(404)
            return self._file(source, parts, query, body)
        except (Abort, ConnectionError, ssl.SSLError):
            self.close_connection = True
            return None

    def _refuse(self, status):
        text = f"{status} {HTTPStatus(status).phrase}\n".encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    def _redirect(self, url):
        self.send_response(302)
        self.send_header("Location", url)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _garbage(self, body):
        noise = random.Random(1).randbytes(1 << 20)
        self.send_response(200)
        self.send_header("Content-Length", str(len(noise)))
        self.end_headers()
        if body:
            self.wfile.write(noise)

    def _range(self, size, query):
        """(first, end, whether it is a part), or None: not satisfiable."""
        wanted = self.headers.get("Range", "")
        if query.get("ranges") == "no" or not wanted.startswith("bytes="):
            return 0, size, False
        first, _, last = wanted[len("bytes="):].partition("-")
        if not first:
            return max(0, size - int(last)), size, True
        end = min(size, int(last) + 1) if last else size
        return (int(first), end, True) if int(first) < size else None

    def _file(self, source, parts, query, body):
        size = source.stat().st_size
        part = self._range(size, query)
        if not part:
            return self._refuse(416)
        first, end, partial = part
        self.send_response(206 if partial else 200)
        if partial:
            self.send_header("Content-Range", f"bytes {first}-{end - 1}/{size}")
        if query.get("ranges") != "no":
            self.send_header("Accept-Ranges", "bytes")
        if query.get("length") == "no":
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Length", str(end - first))
        self.send_header("Last-Modified", email.utils.formatdate(
            source.stat().st_mtime, usegmt=True))
        self.end_headers()
        if body:
            with open(source, "rb") as file:
                file.seek(first)
                self._send(file, first, end, parts, query)
        return None

    def _send(self, file, at, end, parts, query):
        owner = self.server.owner
        cut = owner.cut_at(self.path, query)
        stall = int(query["stall"]) if "stall" in query else None
        rate = int(query.get("rate", 0))
        start = time.monotonic()
        sent = 0
        while at < end:
            want = min(_CHUNK, end - at)
            if rate:
                want = min(want, max(1, rate // 10))
            for limit in (cut, stall):
                if limit is not None:
                    want = min(want, limit - at)
            if want <= 0:
                if stall is not None and at >= stall:
                    owner.ended.wait()
                raise Abort
            data = file.read(want)
            if not data:
                raise Abort
            self.wfile.write(data)
            at += len(data)
            sent += len(data)
            owner.count_bytes(parts.path, len(data))
            if rate:
                ahead = sent / rate - (time.monotonic() - start)
                if ahead > 0 and owner.ended.wait(ahead):
                    raise Abort


class _Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True
    owner = None

    def handle_error(self, request, client_address):
        """A client that went away is no event here."""


class Server:
    """Serves files of directories; a context manager.

    authority: an Authority, to speak HTTPS with a certificate of it.
    address: where to listen, by which the guest reaches it, too.
    """

    def __init__(self, *directories, authority=None, log=None, address=None):
        self.directories = [Path(d) for d in directories]
        self.ended = threading.Event()
        self.requests = Counter()
        self.bytes = Counter()
        self.uploads = {}
        self._cuts = Counter()
        self._lock = threading.Lock()
        self._log = open(log, "a", encoding="utf-8") if log else None
        self._host = address or HOST
        self._listener = _Listener((address or "127.0.0.1", 0), _Handler)
        self._listener.owner = self
        self.port = self._listener.server_address[1]
        self._scheme = "https" if authority else "http"
        if authority:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(authority.certificate, authority.key)
            # The handshake belongs to the connection's own thread.
            self._listener.socket = context.wrap_socket(
                self._listener.socket, server_side=True,
                do_handshake_on_connect=False)

    def __enter__(self):
        threading.Thread(target=self._listener.serve_forever,
                         daemon=True).start()
        return self

    def __exit__(self, kind, value, traceback):
        self.ended.set()
        self._listener.shutdown()
        self._listener.server_close()
        if self._log:
            self._log.close()

    def url(self, path, query=""):
        """Where the guest finds a path."""
        query = "?" + query if query else ""
        return f"{self._scheme}://{self._host}:{self.port}/{path}{query}"

    def find(self, path):
        """The served file of a path, or None."""
        name = os.path.normpath("/" + path).lstrip("/")
        for directory in self.directories:
            if (directory / name).is_file():
                return directory / name
        return None

    def cut_at(self, path, query):
        """After which byte this request is to be cut, None: not at all."""
        if "cut" not in query:
            return None
        with self._lock:
            self._cuts[path] += 1
            if self._cuts[path] > int(query.get("times", 1 << 30)):
                return None
        return int(query["cut"])

    def count_request(self, path):
        """One more request of a path."""
        with self._lock:
            self.requests[path.lstrip("/")] += 1

    def count_bytes(self, path, count):
        """count more bytes of a path went out."""
        with self._lock:
            self.bytes[path.lstrip("/")] += count

    def log(self, line):
        """One line into the log, if there is one."""
        with self._lock:
            if self._log and not self._log.closed:
                self._log.write(line + "\n")
                self._log.flush()


class Authority:
    """A certificate authority made for this run, and one certificate of it
    for the host as the guest sees it."""

    def __init__(self, where, expired=False):
        where = Path(where)
        shutil.rmtree(where, ignore_errors=True)
        where.mkdir(parents=True)
        self.root = where / "ca.crt"
        self.certificate = where / "server.crt"
        self.key = where / "server.key"
        ca_key, request = where / "ca.key", where / "server.csr"
        extension = where / "server.ext"
        extension.write_text(f"subjectAltName=IP:{HOST}\n")
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                      "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
                      "-subj", "/CN=boomerang lab", "-keyout", ca_key,
                      "-out", self.root)
        self._openssl("req", "-newkey", "ec", "-pkeyopt",
                      "ec_paramgen_curve:prime256v1", "-nodes",
                      "-subj", f"/CN={HOST}", "-keyout", self.key,
                      "-out", request)
        self._openssl("x509", "-req", "-in", request, "-CA", self.root,
                      "-CAkey", ca_key, "-CAcreateserial",
                      "-days", "-1" if expired else "30",
                      "-extfile", extension, "-out", self.certificate)

    @staticmethod
    def _openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True,
                       stdin=subprocess.DEVNULL, capture_output=True)
