#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""boomerang image unpack docker://, against a real registry.

usage: test-registry.py BOOMERANG

Runs in a mount and a network namespace of its own (loopback only), in a tmpfs;
all of it ends with this process. Prints TAP.
"""
import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import warnings

sys.dont_write_bytecode = True

import image_samples as samples  # noqa: E402
import isolated  # noqa: E402
from isolated import ok, run  # noqa: E402
from registry import (INDEX, Layout, Proxy, Registry,  # noqa: E402
                      TokenServer, daemons, push, tar_of)

CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
HERE = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]
ELSEWHERE = "arm64" if HERE == "amd64" else "amd64"
OPEN_PORT, BASIC_PORT, TOKEN_PORT, TLS_PORT, TLS_TOKEN_PORT = range(5000, 5005)
BIG = 3 << 20


class Bench:
    def __init__(self, boomerang, top):
        self.boomerang = boomerang
        self.top = top
        self.dir = f"{top}/dir"
        self.tree = f"{self.dir}/tree"
        self.auth = f"{top}/auth.json"
        self.authority = None

    def login(self, host, user):
        """The credentials for the next unpack; user None: none."""
        auth = {}
        if user:
            auth["auth"] = base64.b64encode(user.encode()).decode()
        samples.write(self.auth, json.dumps({"auths": {host: auth}}).encode())

    def unpack(self, reference):
        shutil.rmtree(self.dir, ignore_errors=True)
        os.mkdir(self.dir)
        return subprocess.run(
            [self.boomerang, "image", "unpack", reference, self.dir],
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=60, errors="replace",
            env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": self.top,
                 "REGISTRY_AUTH_FILE": self.auth})

    def content(self, name):
        try:
            with open(f"{self.tree}/{name}", "rb") as f:
                return f.read()
        except OSError:
            return None

    def good(self, reference, what, hostname=b"image\n"):
        result = self.unpack(reference)
        return ok(result.returncode == 0 and
                  self.content("etc/hostname") == hostname and
                  not os.path.exists(f"{self.tree}/gone"),
                  what, f"status {result.returncode}: {result.stderr}")

    def bad(self, reference, words, what):
        result = self.unpack(reference)
        error = result.stderr.strip()
        left = os.listdir(self.dir)
        ok(result.returncode == 1 and "\n" not in error and left == [] and
           all(word in error for word in words), what,
           f"status {result.returncode}: {error}; left: {left}")


# --- what is there ---


def make_layout(bench):
    layout = Layout(f"{bench.top}/layout")
    layers = [
        tar_of(etc=None, etc__hostname=b"lower\n", gone=b"x", sbin=None,
               sbin__init=b"#!/bin/sh\n"),
        tar_of(usr=None, usr__big=os.urandom(BIG)),
        tar_of(**{"etc__hostname": b"image\n", ".wh.gone": b""}),
    ]
    layout.name(layout.image(layers, HERE), "1.0")
    foreign = layout.image([tar_of(etc=None, etc__hostname=b"foreign\n")],
                           ELSEWHERE)
    native = layout.image([tar_of(etc=None, etc__hostname=b"native\n")], HERE)
    index = {"schemaVersion": 2, "mediaType": INDEX,
             "manifests": [foreign, native]}
    layout.name(layout.blob(INDEX, index), "both")
    layout.name(foreign, "foreign")
    layout.big = hashlib.sha256(layers[1]).hexdigest()
    return layout


def make_certificate(top, name, *options, kind="rsa:2048"):
    key, cert = f"{top}/{name}.key", f"{top}/{name}.crt"
    run("openssl", "req", "-x509", "-newkey", kind, "-nodes", "-days", "2",
        "-subj", f"/CN={name}", "-keyout", key, "-out", cert, *options)
    return key, cert


def htpasswd(top, user, password):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import crypt  # the registry takes bcrypt only
        salt = crypt.mksalt(crypt.METHOD_BLOWFISH)
        line = f"{user}:{crypt.crypt(password, salt)}\n"
    samples.write(f"{top}/htpasswd", line.encode())
    return {"htpasswd": {"realm": "the test", "path": f"{top}/htpasswd"}}


def token_auth(tokens, certificate):
    return {"token": {"realm": tokens.realm, "service": tokens.SERVICE,
                      "issuer": tokens.ISSUER, "rootcertbundle": certificate}}


# --- tests ---


def test_open(bench, layout):
    host = f"127.0.0.1:{OPEN_PORT}"
    plain = f"docker+http://{host}"
    bench.good(f"{plain}/debian:1.0", "a tag, by plain HTTP")
    theirs = f"{bench.top}/theirs"
    run("umoci", "raw", "unpack", "--image", f"{layout.path}:1.0", theirs)
    ours, wanted = samples.describe(bench.tree), samples.describe(theirs)
    ok(ours == wanted and len(ours) > 5, "the tree that umoci makes",
       f"{ours}\n{wanted}")
    bench.good(f"{plain}/debian", "no tag is latest")
    bench.good(f"{plain}/some/group/image:1.0", "a repository with a path")
    bench.good(f"{plain}/debian:both", "of two architectures, this one",
               b"native\n")
    digest = layout.entries[0]["digest"]
    bench.good(f"{plain}/debian@{digest}", "by its digest")
    bench.good(f"{plain}/debian:1.0#{digest}", "by tag, and with a digest")
    bench.bad(f"{plain}/debian@sha256:{64 * '0'}", ["no manifest sha256:000"],
              "by a digest that is not there")
    bench.bad(f"{plain}/debian:2.0",
              [host, "no tag 2.0", '"debian"', "it has", "1.0", "both"],
              "a tag that is not there")
    bench.bad(f"{plain}/ubuntu:1.0", [host, 'no repository "ubuntu"'],
              "a repository that is not there")
    bench.bad(f"docker://{host}/debian:1.0", ["plain HTTP", "docker+http://"],
              "https with a registry of http")
    bench.bad("docker+http://127.0.0.1:9/debian", ["Connection refused"],
              "nobody there")


def test_basic(bench):
    host = f"127.0.0.1:{BASIC_PORT}"
    reference = f"docker+http://{host}/debian:1.0"
    bench.login(host, None)
    bench.bad(reference, ["wants a login", f"skopeo login {host}"],
              "basic, without a login")
    bench.login(host, "me:wrong")
    bench.bad(reference, ["refuses the user name and password"],
              "basic, a wrong password")
    bench.login(host, "me:secret")
    bench.good(reference, "basic")
    bench.login(host + "0", "me:secret")
    bench.bad(reference, ["wants a login"], "basic, another's login")
    samples.write(bench.auth, b"{")
    bench.bad(reference, [bench.auth], "a damaged file of logins")
    os.unlink(bench.auth)


def test_token(bench, tokens):
    host = f"127.0.0.1:{TOKEN_PORT}"
    reference = f"docker+http://{host}/debian:1.0"
    bench.good(reference, "a token, as anybody")
    ok(len(tokens.requests) == 1 and tokens.requests[0][1] is None and
       "scope=repository%3Adebian%3Apull" in tokens.requests[0][0],
       "one token for all of it", tokens.requests)
    tokens.answer_key = "access_token"
    bench.good(reference, "as OAuth 2.0 calls it")
    tokens.answer_key = "tok"
    bench.bad(reference, ["no token"], "an answer without one")
    tokens.answer_key = "token"
    tokens.user = "me:secret"
    bench.bad(reference, ["wants a login", host], "a token, without a login")
    bench.login(host, "me:wrong")
    bench.bad(reference, ["refuses the user name and password"],
              "a token, a wrong password")
    bench.login(host, "me:secret")
    bench.good(reference, "a token, with a login")
    tokens.user = None
    os.unlink(bench.auth)


def test_token_ends(bench, tokens):
    """The first token is good for the documents only."""
    first = []

    def ended(handler):
        authorization = handler.headers.get("Authorization")
        if authorization and not first:
            first.append(authorization)
        blobs = len(handler.server.seen("/blobs/"))
        if ("/blobs/" not in handler.path or blobs < 2 or
                authorization != first[0]):
            return False
        handler.answer(401, {"WWW-Authenticate": "Bearer realm=nobody"})
        return True

    proxy = Proxy(f"127.0.0.1:{TOKEN_PORT}", ended)
    tokens.requests.clear()
    bench.good(f"docker+http://{proxy.host}/debian:1.0",
               "a token that ends before the layers come")
    ok(len(tokens.requests) > 1, "is replaced", tokens.requests)


def test_tls(bench, authority, tokens):
    good = f"docker://127.0.0.1:{TLS_PORT}/debian:1.0"
    bench.bad(good, ["certificate problem"], "an authority that is not known")
    run("mount", "--bind", authority, CA_BUNDLE)
    bench.good(good, "https")
    bench.good(f"docker://127.0.0.1:{TLS_TOKEN_PORT}/debian:1.0",
               "https, with a token")
    bench.bad(f"docker+http://127.0.0.1:{TLS_PORT}/debian:1.0",
              ["speaks TLS", "docker://"], "http with a registry of https")
    ok(len(tokens.requests) == 1, "of a token server by https",
       tokens.requests)
    run("umount", CA_BUNDLE)


def test_cleartext_realm(bench, authority, tls):
    """A registry by https names a token server by http."""
    def lure(handler):
        handler.answer(401, {"WWW-Authenticate":
                             f'Bearer realm="http://{trap.host}/token"'})
        return True

    trap = Proxy("", lambda handler: handler.answer(200, {}) or True)
    proxy = Proxy("", lure, tls=tls)
    run("mount", "--bind", authority, CA_BUNDLE)
    bench.login(proxy.host, "me:secret")
    bench.bad(f"docker://{proxy.host}/debian:1.0", ["not https"],
              "a token server without TLS for a registry with")
    ok(trap.requests == [], "is not asked", trap.requests)
    run("umount", CA_BUNDLE)
    os.unlink(bench.auth)


def test_redirect(bench, layout):
    """Blobs come from another host, as of most public registries."""
    def give(handler):
        with open(f"{layout.path}/blobs/sha256/{handler.path[1:]}", "rb") as f:
            handler.answer(200, {}, f.read())
        return True

    def redirect(handler):
        if "/blobs/" not in handler.path:
            return False
        digest = handler.path.rpartition(":")[2]
        handler.answer(307, {"Location": f"http://{store.host}/{digest}"})
        return True

    store = Proxy("", give, address="127.0.0.2")
    proxy = Proxy(f"127.0.0.1:{BASIC_PORT}", redirect)
    bench.login(proxy.host, "me:secret")
    bench.good(f"docker+http://{proxy.host}/debian:1.0",
               "blobs that are redirected")
    ok(len(store.requests) == 4 and
       all(authorization is None for _, authorization in store.requests),
       "their host sees no authorization", store.requests)
    ok(all(x[1] for x in proxy.seen("/blobs/")), "the registry does",
       proxy.requests)
    os.unlink(bench.auth)


def test_faults(bench, layout):
    def is_big(handler):
        return handler.path.endswith(layout.big)

    def cut(handler):
        if not is_big(handler) or handler.headers.get("Range"):
            return False
        handler.cut()
        return True

    def tamper(handler):
        if not is_big(handler):
            return False
        status, fields, body = handler.fetch()
        body = bytearray(body)
        body[BIG // 2] ^= 1
        handler.answer(status, fields, bytes(body))
        return True

    def tamper_manifest(handler):
        if "/manifests/" not in handler.path:
            return False
        status, fields, body = handler.fetch()
        handler.answer(status, fields, body + b" ")
        return True

    def says(status, kind="text/plain", body=b"no", pattern="/v2/", **fields):
        def fault(handler):
            if pattern not in handler.path:
                return False
            fields["Content-Type"] = kind
            handler.answer(status, {k.replace("_", "-"): v
                                    for k, v in fields.items()}, body)
            return True
        return fault

    def behind(fault):
        proxy = Proxy(f"127.0.0.1:{OPEN_PORT}", fault)
        return proxy, f"docker+http://{proxy.host}/debian:1.0"

    proxy, reference = behind(cut)
    bench.good(reference, "a blob that is cut half-way")
    ok(len(bench.content("usr/big") or "") == BIG and
       len(proxy.seen(layout.big)) == 2, "is fetched on", proxy.requests)
    for fault, words, what in (
            (tamper, ["sha256"], "a tampered blob"),
            (tamper_manifest, ["manifest", "digest"], "a tampered manifest"),
            (says(429, Retry_After="30"), ["fewer requests", "30"],
             "too many requests"),
            (says(200, "text/html", b"<html>"), ["web page"], "a web page"),
            (says(404, "text/html", b"<html>"), ["no registry"],
             "not a registry"),
            (says(503), ["503 Service Unavailable"], "overload"),
            (says(403), ["wants a login"], "forbidden"),
            (says(401), ["login", "does not know"], "401 without a challenge"),
            (says(401, WWW_Authenticate="Negotiate"), ["does not know"],
             "401 with another kind of login"),
            (says(200, "application/vnd.docker.distribution.manifest.v1"
                  "+prettyjws", b"{}"), ["schema 1"], "schema 1"),
            (says(200, "application/json", b"[" * 10000, "/manifests/"),
             ["docker+http://"], "a manifest that is none"),
            (says(200, "application/json", b" " * (5 << 20), "/manifests/"),
             ["larger than"], "a manifest of 5 MB")):
        proxy, reference = behind(fault)
        bench.bad(reference, words, what)


def main(boomerang):
    top = "/mnt"
    run("mount", "-t", "tmpfs", "-o", "size=1g", "test", top)
    os.umask(0o022)
    bench = Bench(boomerang, top)
    layout = make_layout(bench)
    open_registry = Registry(top, OPEN_PORT)
    for name, tag in (("debian:1.0", "1.0"), ("debian:latest", "1.0"),
                      ("some/group/image:1.0", "1.0"), ("debian:both", "both")):
        push(layout, tag, f"{open_registry.host}/{name}", "--all")
    authority = make_certificate(top, "authority")
    tls = make_certificate(
        top, "good", "-CA", authority[1], "-CAkey", authority[0], "-addext",
        "subjectAltName=IP:127.0.0.1", "-addext",
        "basicConstraints=critical,CA:FALSE")
    signer = make_certificate(top, "signer")
    tokens = TokenServer(*signer)
    tls_tokens = TokenServer(*signer, tls=tls)
    Registry(top, BASIC_PORT, htpasswd(top, "me", "secret"))
    Registry(top, TOKEN_PORT, token_auth(tokens, signer[1]))
    Registry(top, TLS_PORT, tls=tls)
    Registry(top, TLS_TOKEN_PORT, token_auth(tls_tokens, signer[1]), tls)
    test_open(bench, layout)
    test_basic(bench)
    test_token(bench, tokens)
    test_token_ends(bench, tokens)
    test_tls(bench, authority[1], tls_tokens)
    test_cleartext_realm(bench, authority[1], tls)
    test_redirect(bench, layout)
    test_faults(bench, layout)


if __name__ == "__main__":
    # Where there is a network: inside there is none.
    daemons.fetch("docker-registry")
    if not daemons.program("docker-registry"):
        isolated.skip_all("needs docker-registry")
    isolated.main(main, "skopeo", "umoci", "openssl")
