# SPDX-License-Identifier: MIT
"""A real registry on loopback, and what stands around one: a token server,
a proxy that misbehaves, images in OCI layouts to push."""

import base64
import hashlib
import http.client
import http.server
import io
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import tarfile
import threading
import time
import urllib.parse
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lab import daemons  # noqa: E402

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"


# --- images ---


def tar_of(**files):
    """A layer: NAME=CONTENT, None is a directory; "__" in a name is "/"."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name.replace("__", "/"))
            info.mode = 0o755
            info.mtime = 1_700_000_000
            if content is None:
                info.type = tarfile.DIRTYPE
                tar.addfile(info)
            else:
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


class Layout:
    """An OCI layout that is written blob by blob."""

    def __init__(self, path):
        self.path = path
        self.entries = []
        os.makedirs(f"{path}/blobs/sha256")
        with open(f"{path}/oci-layout", "w", encoding="ascii") as f:
            f.write('{"imageLayoutVersion":"1.0.0"}')

    def blob(self, kind, data):
        if not isinstance(data, bytes):
            data = json.dumps(data).encode()
        digest = hashlib.sha256(data).hexdigest()
        with open(f"{self.path}/blobs/sha256/{digest}", "wb") as f:
            f.write(data)
        return {"mediaType": kind, "size": len(data),
                "digest": "sha256:" + digest}

    def image(self, layers, architecture="amd64"):
        """The manifest's descriptor."""
        config = {
            "architecture": architecture,
            "os": "linux",
            "config": {"Cmd": ["/sbin/init"]},
            "rootfs": {
                "type": "layers",
                "diff_ids": ["sha256:" + hashlib.sha256(x).hexdigest()
                             for x in layers],
            },
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self.blob(CONFIG, config),
            "layers": [self.blob(LAYER, layer) for layer in layers],
        }
        entry = self.blob(MANIFEST, manifest)
        entry["platform"] = {"os": "linux", "architecture": architecture}
        return entry

    def name(self, entry, tag):
        named = dict(entry)
        named["annotations"] = {"org.opencontainers.image.ref.name": tag}
        self.entries.append(named)
        with open(f"{self.path}/index.json", "w", encoding="ascii") as f:
            json.dump({"schemaVersion": 2, "manifests": self.entries}, f)


def push(layout, tag, to, *options):
    subprocess.run(
        ["skopeo", "copy", "--quiet", "--insecure-policy",
         "--dest-tls-verify=false", "--preserve-digests", *options,
         f"oci:{layout.path}:{tag}", f"docker://{to}"],
        check=True, capture_output=True)


# --- servers ---


def wait_for(port, process):
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


class Registry:
    """docker-registry(1) over a storage that several of them may share."""

    def __init__(self, top, port, auth=None, tls=None):
        config = {
            "version": 0.1,
            "log": {"level": "error", "accesslog": {"disabled": True}},
            "storage": {
                "filesystem": {"rootdirectory": f"{top}/storage"},
                "delete": {"enabled": True},
            },
            "http": {"addr": f"127.0.0.1:{port}", "secret": "of the test"},
        }
        if auth:
            config["auth"] = auth
        if tls:
            config["http"]["tls"] = {"key": tls[0], "certificate": tls[1]}
        path = f"{top}/registry-{port}.yml"
        with open(path, "w", encoding="ascii") as f:
            json.dump(config, f)  # JSON is YAML
        self.host = f"127.0.0.1:{port}"
        with open(f"{top}/registry-{port}.log", "wb") as log:
            self.process = subprocess.Popen(
                [daemons.program("docker-registry"), "serve", path],
                stdout=log, stderr=log)
        wait_for(port, self.process)

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, fields, body=b""):
        self.close_connection = True
        self.send_response(status)
        fields = {"Content-Length": len(body), "Connection": "close", **fields}
        for name, value in fields.items():
            self.send_header(name, str(value))
        self.end_headers()
        try:
            self.wfile.write(body)
            self.wfile.flush()
        except OSError:
            pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, handler, address="127.0.0.1", tls=None):
        super().__init__((address, 0), handler)
        self.requests = []  # (path, Authorization)
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls[1], tls[0])
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.host = f"{address}:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        pass  # a client that hangs up


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class TokenServer(Server):
    """Gives what is asked for, to anybody or to one user; signs with openssl.

    key, certificate: PEM files of RSA, the registry's rootcertbundle.
    """

    SERVICE, ISSUER = "registry of the test", "the test"

    def __init__(self, key, certificate, tls=None):
        super().__init__(TokenHandler, tls=tls)
        self.key = key
        with open(certificate, encoding="ascii") as f:
            der = ssl.PEM_cert_to_DER_cert(f.read())
        self.chain = [base64.b64encode(der).decode()]
        self.user = None  # "name:password", None: anybody
        self.seconds = 60
        self.answer_key = "token"
        self.realm = f"{'https' if tls else 'http'}://{self.host}/token"

    def sign(self, access):
        now = int(time.time())
        head = {"typ": "JWT", "alg": "RS256", "x5c": self.chain}
        claims = {
            "iss": self.ISSUER, "sub": "", "aud": self.SERVICE,
            "jti": str(len(self.requests)),
            "nbf": now - 10, "iat": now, "exp": now + 600, "access": access,
        }
        signed = ".".join(base64url(json.dumps(x).encode())
                          for x in (head, claims))
        signature = subprocess.run(
            ["openssl", "dgst", "-sha256", "-sign", self.key],
            input=signed.encode(), check=True, capture_output=True).stdout
        return signed + "." + base64url(signature)


class TokenHandler(Handler):
    def do_GET(self):
        server = self.server
        authorization = self.headers.get("Authorization")
        server.requests.append((self.path, authorization))
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        if server.user is not None:
            wanted = "Basic " + base64.b64encode(server.user.encode()).decode()
            if authorization != wanted:
                self.answer(401, {"WWW-Authenticate": "Basic realm=tokens"})
                return
        access = []
        for scope in query.get("scope", []):
            kind, name, actions = scope.split(":")
            access.append({"type": kind, "name": name,
                           "actions": actions.split(",")})
        if query["service"] != [server.SERVICE]:
            access = []
        token = server.sign(access)
        body = {server.answer_key: token, "expires_in": server.seconds}
        self.answer(200, {"Content-Type": "application/json"},
                    json.dumps(body).encode())


class Proxy(Server):
    """In front of a registry. fault(handler) answers and returns True, or
    leaves the request to the registry."""

    def __init__(self, registry, fault, **options):
        super().__init__(ProxyHandler, **options)
        self.registry = registry
        self.fault = fault

    def seen(self, pattern):
        return [x for x in self.requests if re.search(pattern, x[0])]


class ProxyHandler(Handler):
    def fetch(self):
        """What the registry answers: status, fields, body."""
        upstream = http.client.HTTPConnection(self.server.registry)
        fields = {k: v for k, v in self.headers.items() if k != "Host"}
        upstream.request("GET", self.path, headers=fields)
        got = upstream.getresponse()
        body = got.read()
        upstream.close()
        kept = ("content-type", "docker-content-digest", "www-authenticate",
                "content-range", "etag", "accept-ranges")
        return got.status, {k: v for k, v in got.getheaders()
                            if k.lower() in kept}, body

    def do_GET(self):
        authorization = self.headers.get("Authorization")
        self.server.requests.append((self.path, authorization))
        if not self.server.fault(self):
            self.answer(*self.fetch())

    def cut(self):
        """Half of the body, then the connection breaks."""
        status, fields, body = self.fetch()
        fields["Content-Length"] = len(body)
        self.answer(status, fields, body[: len(body) // 2])
        self.connection.shutdown(socket.SHUT_RDWR)
