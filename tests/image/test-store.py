#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""boomerang images and image load on a store of their own.

usage: test-store.py BOOMERANG

Runs in a mount namespace of its own, in a tmpfs; all of it ends with this
process. Prints TAP.
"""
import hashlib
import http.server
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import threading
import time

sys.dont_write_bytecode = True

import isolated  # noqa: E402
from isolated import ok  # noqa: E402

TOP = "/mnt"
STORE = f"{TOP}/store"
MB = 1_000_000


class Program:
    def __init__(self, path):
        self.path = path

    def run(self, *words):
        return subprocess.run([self.path, *words], text=True,
                              capture_output=True, check=False)

    def load(self, name, *options):
        return self.run("image", "load", "--store", STORE, *options,
                        f"{TOP}/{name}")

    def images(self, *words):
        return self.run("images", *words, "--store", STORE)

    def listed(self):
        return json.loads(self.images("--json").stdout)

    def names(self):
        """Of the images, the one used last first."""
        return [os.path.basename(image["reference"])
                for image in self.listed()["images"]]


def make_image(name, size):
    """A tar of one file of random bytes."""
    with open(f"{TOP}/content", "wb") as file:
        file.write(os.urandom(size))
    with tarfile.open(f"{TOP}/{name}", "w") as archive:
        archive.add(f"{TOP}/content", "content")


def make_layer(*entries):
    """An uncompressed tar of (name, content); content None: a directory."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in entries:
            info = tarfile.TarInfo(name)
            info.mode = 0o750
            if content is None:
                info.type = tarfile.DIRTYPE
            else:
                info.size = len(content)
            archive.addfile(info, io.BytesIO(content or b""))
    return out.getvalue()


def make_layout(name, *layers):
    """An image of these layers, as a layout's directory."""
    blobs = f"{TOP}/{name}/blobs/sha256"
    os.makedirs(blobs)

    def blob(kind, content):
        digest = hashlib.sha256(content).hexdigest()
        with open(f"{blobs}/{digest}", "wb") as file:
            file.write(content)
        return {"mediaType": f"application/vnd.oci.image.{kind}",
                "digest": f"sha256:{digest}", "size": len(content)}

    def document(kind, **content):
        return blob(kind, json.dumps(content).encode())
    ids = ["sha256:" + hashlib.sha256(layer).hexdigest() for layer in layers]
    manifest = document(
        "manifest.v1+json", schemaVersion=2,
        config=document("config.v1+json", architecture="amd64", os="linux",
                        rootfs={"type": "layers", "diff_ids": ids}),
        layers=[blob("layer.v1.tar", layer) for layer in layers])
    with open(f"{TOP}/{name}/index.json", "w") as file:
        json.dump({"schemaVersion": 2, "manifests": [manifest]}, file)
    with open(f"{TOP}/{name}/oci-layout", "w") as file:
        json.dump({"imageLayoutVersion": "1.0.0"}, file)


def left_in_new():
    return os.listdir(f"{STORE}/new")


def check_empty(program):
    result = program.images()
    ok(result.returncode == 1 and "store of images" in result.stderr,
       "there is no store", result)
    result = program.images("drop", "x")
    ok(result.returncode == 1 and not os.path.exists(STORE),
       "and dropping makes none", result)


def check_load(program):
    for name in ("one.tar", "two.tar", "three.tar"):
        make_image(name, 2 * MB)
        result = program.load(name)
        ok(result.returncode == 0, f"{name} is loaded", result.stderr)
    ok(program.names() == ["three.tar", "two.tar", "one.tar"],
       "the one used last is first", program.names())
    result = program.load("one.tar")
    ok("0 B fetched" in result.stdout, "a second load fetches nothing",
       result)
    ok(program.names() == ["one.tar", "three.tar", "two.tar"],
       "and is a use", program.names())
    result = program.load("one.tar", "--sha256", "0" * 64)
    ok(result.returncode == 1 and "sha256" in result.stderr,
       "not when another sha256 is wanted", result)
    text = program.images().stdout
    ok("just now" in text and "one.tar" in text and "2.0 MB" in text,
       "they are listed for a person", text)
    ok(left_in_new() == [], "nothing is left")


def check_changed(program):
    """The file of a reference has changed: it is another image."""
    before = program.listed()["images"][0]["id"]
    make_image("one.tar", 2 * MB)
    ok(program.load("one.tar").returncode == 0, "a changed file is loaded")
    after = program.listed()["images"]
    ok(len(after) == 4 and after[0]["id"] != before, "as another image",
       after)
    result = program.images("drop", f"{TOP}/one.tar")
    ok(result.returncode == 0 and "4.0 MB freed" in result.stdout,
       "both go by their reference", result)


def contents(program):
    """Of the image used last: what is seen through its layers."""
    ids = program.listed()["images"][0]["layers"]
    lowers = ":".join(f"{STORE}/layers/{i}/tree" for i in reversed(ids))
    at = f"{TOP}/merged"
    os.makedirs(at, exist_ok=True)
    os.makedirs(f"{TOP}/upper/work", exist_ok=True)
    os.makedirs(f"{TOP}/upper/up", exist_ok=True)
    subprocess.run(["mount", "-t", "overlay", "-o", f"lowerdir={lowers},"
                    f"upperdir={TOP}/upper/up,workdir={TOP}/upper/work",
                    "test", at], check=True)
    seen = sorted(name for name in os.listdir(at)
                  if os.path.lexists(f"{at}/{name}"))
    modes = {name: os.lstat(f"{at}/{name}").st_mode & 0o777 for name in seen}
    subprocess.run(["umount", at], check=True)
    return modes


def check_forms(program):
    """The same blob as a root, as the lowest layer and above another."""
    blob = make_layer((".wh.gone", b""), ("new", b"x"), ("dir/below", b"y"))
    base = make_layer(("dir", None), ("gone", b"x"), ("stays", b"x"))
    with open(f"{TOP}/blob.tar", "wb") as file:
        file.write(blob)
    make_layout("lowest", blob)
    make_layout("above", base, blob)
    make_layout("twice", blob, base, blob)
    wanted = {
        f"{TOP}/blob.tar": {".wh.gone", "new", "dir"},
        f"oci:{TOP}/lowest": {"new", "dir"},
        f"oci:{TOP}/above": {"new", "dir", "stays"},
        f"oci:{TOP}/twice": {"new", "dir", "stays"},
    }
    for order in (list(wanted), list(wanted)[::-1]):
        for reference in order:
            result = program.run("image", "load", "--store", STORE, reference)
            seen = contents(program) if result.returncode == 0 else {}
            ok(set(seen) == wanted[reference],
               f"{reference} is what it is, whatever else has its blob",
               f"{result.stderr} {seen}")
            if "stays" in wanted[reference]:
                ok(seen.get("dir") == 0o750, "  a directory that it does not "
                   "have keeps its mode", seen)
        ok(program.images("drop", *wanted).returncode == 0, "they go")
    ok(left_in_new() == [], "nothing is left", left_in_new())


class SameTag(http.server.BaseHTTPRequestHandler):
    """Every file has the ETag "1", as that of a server that counts."""

    def do_GET(self):
        if self.headers.get("If-None-Match") == '"1"':
            self.send_response(304)
            self.end_headers()
            return
        try:
            with open(TOP + self.path, "rb") as file:
                content = file.read()
        except FileNotFoundError:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("ETag", '"1"')
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


def check_moved(program):
    """What one URL's server says of an image is not said of another URL."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), SameTag)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    for name in ("here.tar", "there.tar"):
        make_image(name, MB)
    with open(f"{TOP}/here.tar", "rb") as file:
        sha256 = hashlib.sha256(file.read()).hexdigest()

    def load(name, *options):
        return program.run("image", "load", "--store", STORE, *options,
                           f"{url}/{name}")
    ok(load("here.tar").returncode == 0, "an image of a URL")
    ok("0 B fetched" in load("here.tar").stdout, "which has not changed")
    ok(load("there.tar", "--sha256", sha256).returncode == 0,
       "it is wanted of another, too")
    result = load("there.tar")
    ok(result.returncode == 0 and "0 B fetched" not in result.stdout,
       "whose own image is fetched", result)
    server.shutdown()
    ok(program.images("drop", sha256[:16], f"{url}/there.tar").returncode == 0,
       "they go")


def check_running(program):
    image = program.listed()["images"][0]
    with open(f"{STORE}/running", "w") as file:
        file.write(f"{image['id']}\nwork\n")
    os.makedirs(f"{STORE}/keep/work/upper")
    with open(f"{STORE}/keep/work/image", "w") as file:
        file.write(image["id"] + "\n")
    listed = program.listed()
    ok([i["running"] for i in listed["images"]] == [True, False],
       "what runs is marked", listed)
    ok([(k["name"], k["image"], k["running"]) for k in listed["kept"]]
       == [("work", image["id"], True)], "and its changes", listed)
    for which in (image["id"], image["id"][:6], image["reference"], "work"):
        result = program.images("drop", which)
        ok(result.returncode == 1 and "runs now" in result.stderr,
           f"{which} is not dropped", result)
    result = program.images("drop", "--all")
    ok(result.returncode == 0 and len(program.names()) == 1,
       "nor with all", result)
    os.unlink(f"{STORE}/running")
    result = program.images("drop", "wrok", "work", image["id"][:6])
    ok(result.returncode == 1 and "did you mean work?" in result.stderr
       and result.stdout.count("dropped") == 2,
       "of several the good ones go", result)
    ok(program.listed()["images"] == program.listed()["kept"] == []
       and os.listdir(f"{STORE}/layers") == [], "nothing is left")


def check_full(program):
    """Of 64 MB: the third image of 25 MB takes the place of the first."""
    for name in ("four.tar", "five.tar", "six.tar"):
        make_image(name, 25 * MB)
        result = program.load(name)
        ok(result.returncode == 0, f"{name} is loaded", result.stderr)
    ok(program.names() == ["six.tar", "five.tar"],
       "the one that was not used for longest made room", program.names())
    make_image("huge.tar", 70 * MB)
    result = program.load("huge.tar")
    ok(result.returncode == 1 and "needs" in result.stderr
       and "\n" not in result.stderr.strip(), "what cannot fit is refused",
       result)
    ok(left_in_new() == [], "nothing is left")


def check_bound(program):
    """Said at run time."""
    program.images("drop", "--all")
    for name in ("seven.tar", "eight.tar"):
        make_image(name, 5 * MB)
        ok(program.load(name).returncode == 0, f"{name} is loaded")
    for size in ("", "5X", "101%", "-1"):
        result = program.images("--cache-size", size)
        ok(result.returncode == 2 and "is no size" in result.stderr,
           f"'{size}' is no bound", result)
    ok(len(program.names()) == 2, "and changes nothing", program.names())
    result = program.images("--cache-size", "8M")
    ok(result.returncode == 0 and program.names() == ["eight.tar"],
       "a bound of 8 MB leaves the image used last", program.names())
    make_image("nine.tar", 5 * MB)
    ok(program.load("nine.tar").returncode == 0 and
       program.listed()["bound"] == 8 << 20, "it stays",
       program.listed())
    program.images("trim")
    ok(program.names() == ["nine.tar"], "for later loads", program.names())
    result = program.images("--cache-size", "8M", "drop", "--all")
    ok(result.returncode == 2, "it stands alone", result)
    ok(program.images("--cache-size", "100%").returncode == 0, "and back")


def check_killed(program):
    """A load that is killed leaves no image, and the next one sweeps."""
    with subprocess.Popen([program.path, "image", "load", "--store", STORE,
                           "-"], stdin=subprocess.PIPE,
                          stdout=subprocess.DEVNULL) as process:
        end = time.monotonic() + 10
        while not left_in_new() and time.monotonic() < end:
            time.sleep(0.01)
        result = program.images("drop", "--all")
        ok(result.returncode == 1 and "being loaded" in result.stderr,
           "nothing is dropped while a load goes on", result)
        ok(program.images().returncode == 0, "but listed")
        process.send_signal(signal.SIGKILL)
    make_image("seven.tar", MB)
    result = program.load("seven.tar")
    ok(result.returncode == 0 and program.names()[0] == "seven.tar"
       and left_in_new() == [], "after a killed load the next one sweeps",
       result)


def main(boomerang):
    program = Program(boomerang)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256m", "test", TOP],
                   check=True)
    check_empty(program)
    os.mkdir(STORE)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "store", STORE],
                   check=True)
    check_load(program)
    check_changed(program)
    check_forms(program)
    check_moved(program)
    check_running(program)
    check_full(program)
    check_bound(program)
    check_killed(program)


if __name__ == "__main__":
    isolated.main(main)
