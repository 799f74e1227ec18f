#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What stands beside an image: sums by sha256sum, signatures
by minisign, over HTTP and in a directory; and what it must be.

usage: test-verify.py BOOMERANG

Runs in a mount and a network namespace of its own (loopback only), in a tmpfs;
all of it ends with this process. Prints TAP.
"""
import hashlib
import http.server
import os
import shutil
import subprocess
import sys
import threading
import time
import urllib.parse

sys.dont_write_bytecode = True

import isolated  # noqa: E402
from isolated import ok, run  # noqa: E402

NO_DIGEST = "0" * 64


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves the directory; server.page answers what is not there, and
    server.silent has names that get no answer."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        self.server.requests.append(self.path)
        name = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)
        path = self.server.directory + name
        self.close_connection = True
        if any(name.endswith(silent) for silent in self.server.silent):
            time.sleep(30)
            return
        there = os.path.isfile(path)
        if there:
            with open(path, "rb") as file:
                body = file.read()
        else:
            body = self.server.page
        self.send_response(200 if there or self.server.page else 404)
        self.send_header("Content-Type", "application/octet-stream" if there
                         else self.server.page_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, directory):
        super().__init__(("127.0.0.1", 0), Handler)
        self.directory = directory
        self.reset()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def reset(self):
        self.requests, self.silent = [], []
        self.page, self.page_type = b"", "text/plain"

    def url(self, name):
        return f"http://127.0.0.1:{self.server_address[1]}/{name}"


class Bench:
    """A directory of images, keys, a server and the program."""

    def __init__(self, boomerang, top):
        self.boomerang = boomerang
        self.files = f"{top}/files"
        self.dir = f"{top}/dir"
        self.keys = f"{top}/keys"
        self.source = f"{top}/image.tar"
        for directory in (self.files, self.dir, self.keys, f"{top}/root/etc"):
            os.makedirs(directory)
        with open(f"{top}/root/etc/hostname", "w") as file:
            file.write("verified\n")
        run("tar", "-C", f"{top}/root", "-cf", self.source, ".")
        with open(self.source, "rb") as file:
            self.sha256 = hashlib.sha256(file.read()).hexdigest()
        for name in ("a", "b"):
            run("minisign", "-G", "-W", "-p", self.key(name), "-s",
                f"{self.keys}/{name}.key")
        self.server = Server(self.files)
        self.name = "image.tar"

    def key(self, name):
        return f"{self.keys}/{name}.pub"

    def key_id(self, name):
        with open(self.key(name)) as file:
            return file.readline().split()[-1]

    def path(self, name):
        return f"{self.files}/{name}"

    def fresh(self, name="image.tar"):
        """A directory with nothing but the image in it."""
        shutil.rmtree(self.files)
        os.makedirs(os.path.dirname(self.path(name)))
        shutil.copy(self.source, self.path(name))
        self.server.reset()
        self.name = name

    def write(self, name, text):
        with open(self.path(name), "wb") as file:
            file.write(text.encode() if isinstance(text, str) else text)

    def sums(self, name, *argv):
        """What sha256sum says of the image, into the file name."""
        done = run("sha256sum", *argv, self.name, cwd=self.files)
        self.write(name, done.stdout)
        return done.stdout

    def sign(self, key="a", form="-H", comment="the comment"):
        run("minisign", "-S", form, "-s", f"{self.keys}/{key}.key", "-t",
            comment, "-m", self.path(self.name))

    def flip(self):
        """One byte of the hostname is another one."""
        with open(self.path(self.name), "r+b") as file:
            data = file.read()
            file.seek(data.index(b"verified"))
            file.write(b"V")

    def references(self):
        quoted = urllib.parse.quote(self.name)
        return [self.server.url(quoted), self.path(self.name),
                "file://" + urllib.parse.quote(self.path(self.name))]

    def unpack(self, reference, *options, **more):
        for name in os.listdir(self.dir):
            shutil.rmtree(f"{self.dir}/{name}")
        started = time.monotonic()
        done = subprocess.run([self.boomerang, "image", "unpack", *options,
                               "--", reference, self.dir], capture_output=True,
                              text=True, timeout=60, **more)
        done.seconds = time.monotonic() - started
        return done

    def good(self, what, *options, references=None):
        for reference in references or self.references():
            done = self.unpack(reference, *options)
            ok(done.returncode == 0 and
               os.path.exists(f"{self.dir}/tree/etc/hostname"),
               f"{what}: {reference.partition(':')[0][:5]}",
               f"{done.returncode}: {done.stderr}")

    def bad(self, what, words, *options, references=None):
        """One line with all the words, and nothing is left."""
        for reference in references or self.references():
            done = self.unpack(reference, *options)
            left = os.listdir(self.dir)
            ok(done.returncode == 1 and
               len(done.stderr.strip().splitlines()) == 1 and
               all(word in done.stderr for word in words) and left == [],
               f"{what}: {reference.partition(':')[0][:5]}",
               f"{done.returncode}: {done.stderr}; left: {left}")


def test_asked(b):
    b.fresh()
    b.good("the sha256 asked for", "--sha256", b.sha256)
    b.bad("another sha256 than asked for",
          ["sha256 differs", "the request", NO_DIGEST, b.sha256],
          "--sha256", NO_DIGEST)
    good = [f"{r}#sha256:{b.sha256}" for r in b.references()]
    bad = [f"{r}#sha256:{NO_DIGEST}" for r in b.references()]
    b.good("that of the reference", references=good)
    b.bad("another one than that of the reference",
          ["sha256 differs", "the reference", NO_DIGEST, b.sha256],
          references=bad)
    b.bad("two that differ", ["two"], "--sha256", NO_DIGEST, references=good)
    with open(b.source, "rb") as stream:
        done = b.unpack(f"-#sha256:{NO_DIGEST}", stdin=stream)
    ok(done.returncode == 1 and "sha256 differs" in done.stderr and
       not os.listdir(b.dir), "of standard input too", done.stderr)


def test_lists(b):
    forms = {"text": [], "binary": ["-b"], "--tag": ["--tag"]}
    for where in ("image.tar.sha256", "SHA256SUMS"):
        for form, argv in forms.items():
            b.fresh()
            text = b.sums(where, *argv)
            b.good(f"{where}, {form}")
            b.write(where, b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n"))
            b.good(f"{where}, {form}, by Windows")
            b.flip()
            b.bad(f"{where}, {form}, of another image",
                  ["sha256 differs", f"{where} says", b.sha256])
        b.fresh()
        b.write(where, f"{NO_DIGEST}  other.tar\n")
        b.good(f"{where} of other files")
        b.write(where, f"{NO_DIGEST}  image.tar\n{b.sha256}  image.tar\n")
        b.bad(f"{where} that says two things", ["two different sha256"])
    b.fresh()
    b.write("image.tar.sha256", b.sha256 + "\n")
    b.good("digits alone")
    b.flip()
    b.bad("digits alone, of another image", ["image.tar.sha256 says"])
    b.fresh()
    b.sums("SHA256SUMS")
    b.write("image.tar.sha256", f"{NO_DIGEST}  image.tar\n")
    b.bad("two lists that differ", ["image.tar.sha256 says"])
    b.good("the one who asks knows better", "--sha256", b.sha256)


def test_names(b):
    for name in ("a b.tar", "back\\slash.tar", "line\nend.tar", "per%cent.tar",
                 "dir/ima#ge.tar", "ümlaut.tar"):
        b.fresh(name)
        done = run("sha256sum", os.path.basename(name),
                   cwd=os.path.dirname(b.path(name)))
        where = os.path.dirname(name)
        b.write(os.path.join(where, "SHA256SUMS"), done.stdout)
        b.good(f"a list with {name!r}")
        b.flip()
        b.bad(f"a list with {name!r}, another image", ["SHA256SUMS says"])
    b.fresh()
    url = b.server.url("image.tar?token=a/b")
    b.good("a URL with a query", "--trust", b.key("a"), references=[url])
    asked = {r for r in b.server.requests}
    ok(asked == {"/image.tar?token=a/b", "/image.tar.sha256?token=a/b",
                 "/SHA256SUMS?token=a/b", "/image.tar.minisig?token=a/b"},
       "the query goes with every question", asked)


def test_signatures(b):
    trust = ["--trust", b.key("a")]
    required = [*trust, "--require-signature"]
    b.fresh()
    b.good("unsigned, not required", *trust)
    b.bad("unsigned, required", ["a signature is required", ".minisig"],
          *required)
    b.bad("required, and no key", ["no key is trusted"], "--require-signature")
    b.sign()
    b.good("signed, required", *required)
    b.good("signed, one of two keys", "--trust", b.key("b"), *required)
    b.bad("signed by another, required",
          [b.key_id("a"), "not trusted"], "--trust", b.key("b"),
          "--require-signature")
    b.good("signed by another, not required", "--trust", b.key("b"))
    b.flip()
    for options in (trust, required):
        b.bad("signed, then changed", ["signature", b.key_id("a")], *options)
    b.good("nobody is trusted, nobody is asked")
    ok(not any("minisig" in r for r in b.server.requests[-2:]), "indeed",
       b.server.requests)


def test_bad_signatures(b):
    trust = ["--trust", b.key("a")]
    b.fresh()
    b.sign(form="-l")
    b.bad("signed in the old format", ["minisign -S -H"], *trust)
    b.good("by somebody else it does not matter", "--trust", b.key("b"))
    b.sign()
    with open(b.path("image.tar.minisig")) as file:
        text = file.read()
    b.write("image.tar.minisig", text.replace("the comment", "a comment"))
    b.bad("another trusted comment", ["signature"], *trust)
    b.write("image.tar.minisig", text[:150])
    b.bad("a damaged signature", ["damaged"], *trust)
    b.write("image.tar.minisig", "some text")
    b.good("no signature at all, not required", *trust)
    b.bad("no signature at all, required", ["a signature is required"], *trust,
          "--require-signature")
    b.write("image.tar.minisig", text)
    shutil.copy(b.source, b.path("other.tar"))
    os.rename(b.path("image.tar.minisig"), b.path("other.tar.minisig"))
    with open(b.path("other.tar"), "ab") as file:
        file.write(bytes(10240))
    b.name = "other.tar"
    b.bad("a signature of another file", ["signature"], *trust)
    for what, key in ("a key that is none", b.source), ("no key", "/nonsense"):
        b.bad(what, [key], "--trust", key)


def test_layers(b):
    required = ["--trust", b.key("a"), "--require-signature"]
    b.bad("a registry's image, signature required",
          ["a signature is required", "registry"], *required,
          references=["docker://localhost:1/a@sha256:" + b.sha256])
    b.bad("a layout, signature required", ["a signature is required"],
          *required, references=["oci:" + b.files])
    b.bad("standard input, signature required", ["a signature is required"],
          *required, references=["-"])


def test_servers(b):
    trust = ["--trust", b.key("a")]
    b.fresh()
    url = b.server.url("image.tar")
    for kind in ("text/html", "text/html; charset=utf-8", "text/plain"):
        b.server.page, b.server.page_type = b"<p>welcome\n" * 9, kind
        b.good(f"a server that answers everything with {kind}", *trust,
               references=[url])
    b.fresh()
    b.server.silent = [".sha256", "SUMS", ".minisig"]
    done = b.unpack(url, *trust)
    ok(done.returncode == 0 and done.seconds < 9,
       "a server that does not answer for what is beside it costs seconds",
       f"{done.seconds} s: {done.stderr}")
    done = b.unpack(url, *trust, "--require-signature")
    ok(done.returncode == 1 and done.seconds < 9 and not os.listdir(b.dir),
       "and an image whose signature does not come is refused", done.stderr)
    b.bad("a server that is not there", ["cannot connect"], *trust,
          references=["http://127.0.0.1:9/image.tar"])


def main(boomerang):
    top = "/mnt"
    run("mount", "-t", "tmpfs", "-o", "size=1g", "test", top)
    os.umask(0o022)
    b = Bench(boomerang, top)
    for test in (test_asked, test_lists, test_names, test_signatures,
                 test_bad_signatures, test_layers, test_servers):
        test(b)


if __name__ == "__main__":
    isolated.main(main, "minisign")
