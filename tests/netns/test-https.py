#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Files of other servers by HTTPS: the certificate counts.

usage: test-https.py SERVER

The certificates that this host trusts are replaced in the test's namespace.
Prints TAP.
"""
import http.server
import re
import ssl
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from serving import SERVER, Server, fetch, inside, run, tap

PORT = 4443
TRUSTED = "/etc/ssl/certs/ca-certificates.crt"
SCRIPT = "/script/52:54:00:12:34:56.ipxe"
KERNEL = b"kernel" * 50000


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass

    def do_GET(self):  # pylint: disable=invalid-name
        self.send_response(200)
        self.send_header("Content-Length", str(len(KERNEL)))
        self.end_headers()
        self.wfile.write(KERNEL)


def start_upstream(top):
    """For the name SERVER; returns its certificate."""
    key, certificate = top / "key.pem", top / "certificate.pem"
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
        "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj",
        f"/CN={SERVER}", "-addext", f"subjectAltName=IP:{SERVER}",
        "-keyout", key, "-out", certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listener = http.server.ThreadingHTTPServer(("", PORT), Handler)
    listener.socket = context.wrap_socket(listener.socket, server_side=True)
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    return certificate


def fetch_all(program):
    """Kernel and initrd, by the certificate's name and by another."""
    with Server(program, "--kernel", f"https://{SERVER}:{PORT}/k",
                "--initrd", f"https://127.0.0.1:{PORT}/i"):
        script = fetch(SCRIPT)[1].decode()
        return [fetch(path) for path in
                re.findall(r"http://[^/ ]+(/file/\S+)", script)]


def refused(got):
    return got[0] == 502 and b"this host trusts" in got[1]


def main():
    inside()
    with tempfile.TemporaryDirectory() as top:
        try:
            certificate = start_upstream(Path(top))
            Path(TRUSTED).stat()
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"1..0 # SKIP {error}")
            return
        got = fetch_all(sys.argv[1])
        tap.equal(len(got), 2, "a kernel and an initrd")
        tap.ok(all(map(refused, got)),
               "a certificate that nobody signed is refused and named", got)
        run("mount", "--bind", certificate, TRUSTED)
        try:
            kernel, initrd = fetch_all(sys.argv[1])
        finally:
            run("umount", TRUSTED)
        tap.ok(kernel == (200, KERNEL), "one that is trusted is not", kernel)
        tap.ok(refused(initrd), "but for the name that it has", initrd)
    tap.done()


if __name__ == "__main__":
    main()
