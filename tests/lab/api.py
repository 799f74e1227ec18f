# SPDX-License-Identifier: MIT
"""A boot API that answers what a scenario wants it to, machine by machine."""

import http.server
import json
import threading
from urllib.parse import parse_qs, unquote, urlsplit

_PREFIX = "/v1/boot/"


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        """What was asked is kept by the Api."""

    def do_GET(self):  # pylint: disable=invalid-name
        status, body = self.server.owner.answer(self.path)
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class Api:
    """A context manager. answers: what a machine (its MAC) is told; without
    one it is 404. asked: the query of each question, by machine."""

    def __init__(self, address):
        self.answers = {}
        self.asked = {}
        self._listener = http.server.ThreadingHTTPServer((address, 0),
                                                         _Handler)
        self._listener.owner = self
        port = self._listener.server_address[1]
        self.url = f"http://{address}:{port}"

    def __enter__(self):
        threading.Thread(target=self._listener.serve_forever,
                         daemon=True).start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown()
        self._listener.server_close()

    def answer(self, path):
        """(status, what is sent as JSON)."""
        parts = urlsplit(path)
        mac = unquote(parts.path.removeprefix(_PREFIX)).lower()
        query = {k: v[0] for k, v in parse_qs(parts.query).items()}
        self.asked.setdefault(mac, []).append(query)
        if mac in self.answers:
            return 200, self.answers[mac]
        return 404, {"error": "no such machine"}
