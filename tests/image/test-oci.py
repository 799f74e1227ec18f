#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""boomerang image unpack of layouts and archives, whole and damaged.

usage: test-oci.py BOOMERANG

The tree of each form must be the one that umoci unpacks; the archives are
skopeo's. Runs in a mount namespace of its own, in a tmpfs. Prints TAP.
"""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile

sys.dont_write_bytecode = True

import image_samples as samples  # noqa: E402
import isolated  # noqa: E402
from isolated import ok, run  # noqa: E402

TOP = "/mnt"
OCI = "application/vnd.oci.image."
HERE = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]
FOREIGN = "s390x"


# --- making layouts ---

class Layout:
    def __init__(self, path):
        self.path = path
        self.entries = []
        os.makedirs(f"{path}/blobs/sha256")
        with open(f"{path}/oci-layout", "w") as f:
            f.write('{"imageLayoutVersion":"1.0.0"}')

    def file(self, descriptor):
        return f"{self.path}/blobs/sha256/{descriptor['digest'][7:]}"

    def blob(self, kind, data):
        if not isinstance(data, bytes):
            data = json.dumps(data).encode()
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        descriptor = {"mediaType": OCI + kind, "digest": digest, "size": len(data)}
        with open(self.file(descriptor), "wb") as f:
            f.write(data)
        return descriptor

    def image(self, layers, **manifest):
        """Descriptors of manifest, config and layers, which are tars."""
        blobs, diff_ids = [], []
        for path in layers:
            with open(path, "rb") as f:
                data = f.read()
            diff_ids.append("sha256:" + hashlib.sha256(data).hexdigest())
            blobs.append(self.blob("layer.v1.tar", data))
        config = self.blob("config.v1+json", {
            "os": "linux", "architecture": HERE, "config": {"Cmd": ["/x"]},
            "rootfs": {"type": "layers", "diff_ids": diff_ids}})
        content = {"schemaVersion": 2, "mediaType": OCI + "manifest.v1+json",
                   "config": config, "layers": blobs, **manifest}
        return self.blob("manifest.v1+json", content), config, blobs

    def index(self, *entries):
        return self.blob("index.v1+json", {
            "schemaVersion": 2, "manifests": list(entries)})

    def name(self, descriptor, tag):
        self.entries.append({**descriptor, "annotations": {
            "org.opencontainers.image.ref.name": tag}})
        with open(f"{self.path}/index.json", "w") as f:
            json.dump({"schemaVersion": 2, "manifests": self.entries}, f)


def platform(descriptor, architecture, os_name="linux"):
    return {**descriptor,
            "platform": {"os": os_name, "architecture": architecture}}


def make_layers():
    os.mkdir("source")
    samples.make_tree("source")
    run("tar", "-C", "source", "--format=pax", "--xattrs", "--numeric-owner",
        "-cf", "base.tar", ".")
    samples.archive("upper.tar",
                    samples.entry("etc", tarfile.DIRTYPE, mode=0o755, mtime=5),
                    samples.entry("etc/.wh.empty"),
                    samples.entry("etc/new", data=b"new", mode=0o600, mtime=7),
                    format=tarfile.PAX_FORMAT)
    return ["base.tar", "upper.tar"]


# --- what is checked ---

class Program:
    def __init__(self, path):
        self.path = path

    def unpack(self, reference):
        shutil.rmtree("out", ignore_errors=True)
        os.mkdir("out")
        return subprocess.run([self.path, "image", "unpack", reference, "out"],
                              capture_output=True, text=True, timeout=120,
                              stdin=subprocess.DEVNULL)

    def good(self, reference, wanted, what):
        result = self.unpack(reference)
        tree = samples.describe("out/tree") if result.returncode == 0 else {}
        differ = [k for k in {*tree, *wanted} if tree.get(k) != wanted.get(k)]
        ok(result.returncode == 0 and not differ, what,
           f"{result.stderr}\n{differ[:5]}\n"
           f"{[(tree.get(k), wanted.get(k)) for k in differ[:2]]}")

    def bad(self, reference, words, what):
        result = self.unpack(reference)
        error = result.stderr.strip()
        ok(result.returncode == 1 and "\n" not in error and words in error and
           os.listdir("out") == [], what, f"{result.returncode}: {error}")


def old_docker_save(path, layers):
    """VERSION/layer.tar, and one that is a link to another, as before 25."""
    diff_ids = []
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as tar:
        for i, layer in enumerate(layers):
            with open(layer, "rb") as f:
                diff_ids.append("sha256:" + hashlib.sha256(f.read()).hexdigest())
            tar.add(layer, f"{i:064x}/layer.tar")
        info = tarfile.TarInfo("f" * 64 + "/layer.tar")
        info.type, info.linkname = tarfile.SYMTYPE, f"../{1:064x}/layer.tar"
        tar.addfile(info)
        config = {"os": "linux", "architecture": HERE,
                  "rootfs": {"type": "layers",
                             "diff_ids": [*diff_ids, diff_ids[1]]}}
        names = [f"{0:064x}/layer.tar", f"{1:064x}/layer.tar",
                 "f" * 64 + "/layer.tar"]
        for name, content in (("c.json", config), ("manifest.json", [
                {"Config": "c.json", "RepoTags": ["old:1"], "Layers": names}])):
            with open("part", "w") as f:
                json.dump(content, f)
            tar.add("part", name)


def test_forms(program, layers, wanted):
    run("skopeo", "copy", "oci:layout:a", "oci-archive:oci.tar:a")
    run("skopeo", "copy", "oci:layout:a", "docker-archive:docker.tar:own:1")
    old_docker_save("old.tar", layers)
    for kind in ("gz", "zst", "xz", "lz4"):
        samples.compress("docker.tar", kind)
    samples.compress("oci.tar", "gz")
    for reference in ("oci:layout:a", "oci-archive:oci.tar:a",
                      "oci-archive:oci.tar", "oci-archive:oci.tar.gz",
                      "docker-archive:docker.tar",
                      "docker-archive:docker.tar:own:1",
                      "docker-archive:docker.tar.gz",
                      "docker-archive:docker.tar.zst",
                      "docker-archive:docker.tar.xz",
                      "docker-archive:docker.tar.lz4",
                      "docker-archive:old.tar:old:1"):
        program.good(reference, wanted, reference)


def test_indexes(program, layers, wanted):
    layout = Layout("indexes")
    image, _, _ = layout.image(layers)
    other = [platform({**image, "digest": "sha256:" + "0" * 64}, FOREIGN)]
    attested = platform(other[0], "unknown", "unknown")
    nested = layout.index(*other * 1000, attested, platform(image, HERE))
    layout.name(nested, "nested")
    for depth in range(3):
        nested = layout.index(nested)
        layout.name(nested, f"deep{depth}")
    layout.name(layout.index(*other), "foreign")
    program.good("oci:indexes:nested", wanted, "an index of 1002 entries")
    program.good("oci:indexes:deep1", wanted, "three indexes deep")
    program.bad("oci:indexes:deep2", "more than 3 deep", "four indexes deep")
    program.bad("oci:indexes:foreign",
                f"has linux/{FOREIGN}; this machine is linux/{HERE}",
                "an image of another machine")
    program.bad("oci:indexes:none", "it has nested, deep0",
                "a wrong name is answered by those there are")
    program.bad("oci:indexes", "say which of nested", "no name of several")


def damaged(layers, change):
    """A layout of one image, changed."""
    shutil.rmtree("damaged", ignore_errors=True)
    layout = Layout("damaged")
    image, config, blobs = layout.image(layers)
    layout.name(image, "a")
    change(layout, image, config, blobs)


def overwrite(path, at=100):
    with open(path, "r+b") as f:
        f.seek(at)
        byte = f.read(1)
        f.seek(at)
        f.write(bytes([byte[0] ^ 1]))


def test_damage(program, layers):
    cases = {
        "a changed layer": (
            lambda l, m, c, b: overwrite(l.file(b[1]), 1536), "sha256"),
        "a changed config": (
            lambda l, m, c, b: overwrite(l.file(c)), "was changed"),
        "a changed manifest": (
            lambda l, m, c, b: overwrite(l.file(m)), "was changed"),
        "a missing layer": (
            lambda l, m, c, b: os.unlink(l.file(b[0])), "there is no blobs"),
        "a missing config": (
            lambda l, m, c, b: os.unlink(l.file(c)), "there is no blobs"),
        "a layer that is too short": (
            lambda l, m, c, b: os.truncate(l.file(b[1]), 1024), "instead of"),
        "a manifest that is too long": (
            lambda l, m, c, b: os.truncate(l.file(m), 5000), "instead of"),
        "a layer that is a symbolic link": (
            lambda l, m, c, b: (os.unlink(l.file(b[0])),
                                os.symlink("/base.tar", l.file(b[0]))),
            "cannot open"),
        "an index that is no JSON": (
            lambda l, m, c, b: os.truncate(f"{l.path}/index.json", 20),
            "not valid JSON"),
        "no oci-layout": (
            lambda l, m, c, b: os.unlink(f"{l.path}/oci-layout"),
            "there is no oci-layout"),
    }
    for what, (change, words) in cases.items():
        damaged(layers, change)
        program.bad("oci:damaged:a", words, what)


def test_archives(program):
    for size, words in ((1000, "truncated"), (200_000, "truncated"), (0, "empty")):
        shutil.copy("docker.tar", "cut.tar")
        os.truncate("cut.tar", size)
        program.bad("docker-archive:cut.tar", words, f"{size} bytes of an archive")
    program.bad("docker-archive:docker.tar:x", "it has docker.io/library/own:1",
                "a wrong name in an archive")
    program.bad("docker-archive:oci.tar", "this archive is oci-archive:FILE",
                "an OCI archive by the wrong name")
    program.bad("oci-archive:docker.tar", "this archive is docker-archive:FILE",
                "a docker archive by the wrong name")
    program.bad("oci-archive:base.tar", "not an image's archive",
                "a root as an archive")
    program.bad("oci-archive:layout", "this is a directory", "a layout as an archive")


def test_inserted(program):
    """umoci insert leaves out the padding of the last file of a layer."""
    os.mkdir("inserted")
    samples.write("inserted/file", b"abc")
    run("umoci", "init", "--layout", "umoci")
    run("umoci", "new", "--image", "umoci:x")
    run("umoci", "insert", "--image", "umoci:x", "inserted", "/inserted")
    run("umoci", "insert", "--image", "umoci:x", "inserted/file", "/last")
    result = program.unpack("oci:umoci:x")
    seen = {}
    for name in ("inserted/file", "last"):
        if os.path.exists(f"out/tree/{name}"):
            with open(f"out/tree/{name}", encoding="ascii") as f:
                seen[name] = f.read()
    ok(result.returncode == 0 and seen == {"inserted/file": "abc",
                                           "last": "abc"},
       "layers that umoci inserts", f"{result.stderr} {seen}")


def main(boomerang):
    run("mount", "-t", "tmpfs", "test", TOP)
    os.chdir(TOP)
    os.environ["TMPDIR"] = TOP
    os.umask(0o022)
    program = Program(boomerang)
    layers = make_layers()
    layout = Layout("layout")
    layout.name(layout.image(layers)[0], "a")
    run("umoci", "raw", "unpack", "--image", "layout:a", "judge")
    wanted = samples.describe("judge")
    test_forms(program, layers, wanted)
    test_indexes(program, layers, wanted)
    test_damage(program, layers)
    test_archives(program)
    test_inserted(program)
    ok(not [n for n in os.listdir(TOP) if n.startswith(".boomerang")],
       "no temporary file is left")


if __name__ == "__main__":
    isolated.main(main, "umoci", "skopeo")
