# SPDX-License-Identifier: MIT
"""An HTTP server on loopback that serves files well, or badly on purpose.

The first component of a path chooses the fault, the rest names the file:

  /ok/F        ranges, ETag
  /plain/F     no ranges, no validator
  /chunked/F   no Content-Length
  /cut/F       the first request breaks half-way; the rest is served
  /cutplain/F  breaks half-way, no ranges
  /cutalways/F every request brings a little and breaks, then nothing
  /cutother/F  breaks half-way; the file is another one at the second request
  /short/F     the first 3/4 with a Content-Length that says so
  /status/N    answers N
  /hop/N/P     redirects N times, then to P
  /to-file     redirects to a file: URL
  /silent      accepts and closes without an answer
"""

import http.server
import os
import re
import socket
import ssl
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        fault, _, rest = self.path[1:].partition("/")
        self.server.requests.append((self.path, self.headers.get("Range")))
        self.close_connection = True
        try:
            getattr(self, "do_" + fault.replace("-", "_"))(rest)
        except FileNotFoundError:
            self.do_status(404)

    # --- helpers ---

    def file(self, name):
        with open(os.path.join(self.server.directory, name), "rb") as f:
            return f.read()

    def count(self):
        return sum(1 for path, _ in self.server.requests if path == self.path)

    def head(self, status, fields):
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name, str(value))
        self.send_header("Connection", "close")
        self.end_headers()

    def body(self, data):
        try:
            for at in range(0, len(data), 65536):
                self.wfile.write(data[at : at + 65536])
                self.server.sent += len(data[at : at + 65536])
        except (BrokenPipeError, ConnectionResetError):
            pass

    def cut(self):
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)

    def serve(self, data, etag='"one"', stop=None):
        """Serves data or the range asked for; breaks after stop bytes."""
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        condition = self.headers.get("If-Range")
        fields = {"Accept-Ranges": "bytes", "ETag": etag}
        if asked and (condition is None or condition == etag):
            first = int(asked[1])
            last = int(asked[2]) if asked[2] else len(data) - 1
            part = data[first : last + 1]
            fields["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
            fields["Content-Length"] = len(part)
            self.head(206, fields)
        else:
            part = data
            fields["Content-Length"] = len(part)
            self.head(200, fields)
        self.body(part if stop is None else part[:stop])
        if stop is not None:
            self.cut()

    # --- faults ---

    def do_ok(self, name):
        self.serve(self.file(name))

    def do_plain(self, name):
        data = self.file(name)
        self.head(200, {"Content-Length": len(data)})
        self.body(data)

    def do_chunked(self, name):
        self.head(200, {"Transfer-Encoding": "chunked"})
        data = self.file(name)
        for at in range(0, len(data), 50000):
            piece = data[at : at + 50000]
            self.body(b"%x\r\n" % len(piece) + piece + b"\r\n")
        self.body(b"0\r\n\r\n")

    def is_tail(self):
        """The request for the last bytes, which has an end."""
        return re.fullmatch(r"bytes=\d+-\d+", self.headers.get("Range", ""))

    def bodies(self):
        return sum(
            1
            for path, asked in self.server.requests
            if path == self.path and not re.fullmatch(r"bytes=\d+-\d+", asked or "")
        )

    def do_cut(self, name):
        data = self.file(name)
        first = self.bodies() == 1 and not self.is_tail()
        self.serve(data, stop=len(data) // 2 if first else None)

    def do_cutplain(self, name):
        data = self.file(name)
        self.head(200, {"Content-Length": len(data)})
        self.body(data[: len(data) // 2])
        self.cut()

    def do_cutalways(self, name):
        data = self.file(name)
        if self.is_tail():
            self.serve(data)
        else:
            self.serve(data, stop=len(data) // 4 if self.bodies() < 3 else 0)

    def do_cutother(self, name):
        data = self.file(name)
        if self.bodies() == 1 and not self.is_tail():
            self.serve(data, stop=len(data) // 2)
        else:
            self.serve(data, etag='"two"')

    def do_short(self, name):
        data = self.file(name)
        self.serve(data[: len(data) * 3 // 4])

    def do_status(self, status):
        self.head(int(status), {"Content-Length": 3})
        self.body(b"no\n")

    def do_hop(self, rest):
        left, _, path = rest.partition("/")
        to = f"/hop/{int(left) - 1}/{path}" if int(left) > 1 else "/" + path
        self.head(302, {"Location": to, "Content-Length": 0})

    def do_to_file(self, _):
        self.head(302, {"Location": "file:///etc/passwd", "Content-Length": 0})

    def do_silent(self, _):
        self.cut()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, directory, tls=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.directory = directory
        self.requests = []
        self.sent = 0
        scheme = "http"
        if tls:
            scheme = "https"
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.url = f"{scheme}://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        pass  # a client that does not trust us hangs up

    def reset(self):
        self.requests.clear()
        self.sent = 0
