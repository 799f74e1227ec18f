# SPDX-License-Identifier: MIT
"""Images from a registry and disk images; the store; changes that are kept;
checks."""

import hashlib
import io
import json
import shutil
import socket
import subprocess
import sys
import tarfile

from lab import images
from lab.guest import PROMPT, Shell
from lab.registry import Layout, Registry
from lab.setups import Lab
from lab.tap import Scenario, check, equal

NAME = "lab/box:1"
UP = r"^box: up$"
BIG_MIB = 280  # two of them do not fit into the machine

_RUN = """\
#!/bin/sh
echo "arguments: $# [$1] [$2]"
echo "environment: $COLOUR $HOME $TERM"
echo "directory: $(pwd)"
echo "user: $(id -u) $(id -g) $(id -G)"
echo "process: $$, terminal $(tty)"
ls /old /opaque /link
echo "box: up"
PS1='target# ' sh
exit 3
"""


def _base(archive):
    for name in ("bin", "etc", "app", "old", "opaque", "tmp"):
        images.add(archive, name, mode=0o1777 if name == "tmp" else 0o755,
                   type=tarfile.DIRTYPE)
    images.add_busybox(archive)
    images.add(archive, "etc/passwd",
               "root:x:0:0::/root:/bin/sh\nweb:x:33:34::/srv:/bin/sh\n")
    images.add(archive, "etc/group", "web:x:34:\nextra:x:44:web\n")
    images.add(archive, "old/removed", "x")
    images.add(archive, "old/kept", "x")
    images.add(archive, "opaque/below", "x")


def _change(archive):
    images.add(archive, "old/.wh.removed")
    images.add(archive, "opaque", mode=0o755, type=tarfile.DIRTYPE)
    images.add(archive, "opaque/.wh..wh..opq")
    images.add(archive, "opaque/above", "x")


def _program(archive):
    images.add(archive, "app/run", _RUN, mode=0o755)
    images.add(archive, "link", type=tarfile.SYMTYPE, linkname="app/run")


def _box(where):
    shutil.rmtree(where, ignore_errors=True)
    layout = Layout(where)
    for fill in (_base, _change, _program):
        layout.add_layer(fill)
    layout.finish({"Entrypoint": ["run", "one two"], "Cmd": ["three"],
                   "Env": ["PATH=/bin:/app", "COLOUR=light blue"],
                   "WorkingDir": "/not/there", "User": "web"})
    return layout


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class ImagesLab(Lab):
    """With a registry beside it."""

    def __init__(self):
        super().__init__("images", memory_mib=768, limit=900)
        shutil.rmtree(self.work / "registry", ignore_errors=True)
        self.registry = Registry(self.work, _free_port())
        self.layout = None
        self.box = None
        self.first_load = None

    def __enter__(self):
        self.registry.__enter__()
        try:
            self.layout = _box(self.work / "box")
            self.box = self.registry.push(self.layout, NAME)
            return super().__enter__()
        except BaseException:
            self.registry.__exit__()
            raise

    def __exit__(self, *error):
        super().__exit__(*error)
        self.registry.__exit__()

    def load_box(self, options=""):
        """Runs it; returns its shell, what it printed and the seconds."""
        took = self.boot.load(self.box, UP, 120, options)
        printed = self.vm.ttyS0.text
        shell = Shell(self.vm.ttyS0, r"target# $")
        shell.ready()
        return shell, printed[printed.rindex("arguments: "):], took

    def images(self):
        """What `images --json` lists."""
        _, text = self.boot.shell("boomerang images --json")
        return json.loads(text[text.index("{"):text.rindex("}") + 1])

    def references(self):
        """Of the images in the store."""
        return [image["reference"] for image in self.images()["images"]]


SCENARIO = Scenario("images and the store", ImagesLab)


@SCENARIO.case("an image of a registry runs the program that it names")
def program(lab):
    shell, printed, lab.first_load = lab.load_box()
    for line in ("arguments: 2 [one two] [three]",
                 "environment: light blue /srv vt220",
                 "directory: /not/there", "user: 33 34 34 44",
                 "process: 1, terminal /dev/console"):
        check(line in printed, f"no {line!r} in {printed!r}")
    check("below" not in printed and "removed" not in printed,
          f"whiteouts: {printed!r}")
    check("above" in printed and "kept" in printed, f"layers: {printed!r}")
    shell.check("touch /tmp/changed")
    shell.check("echo out > /dev/stdout && echo err > /dev/stderr")
    check("localhost" in shell.check("cat /etc/hosts"), "no /etc/hosts")
    _, status = lab.boot.return_by(lambda: shell.start("exit"))
    equal(status["last_return"]["reason"],
          "the program ended with status 3", "why it returned")
    equal(status["last_failure"], None, "no load failed")


@SCENARIO.case("the second load fetches no layer, is faster and pristine")
def second(lab):
    before = lab.registry.layers_fetched(lab.layout)
    check(before >= 3, f"{before} layers were fetched at first")
    shell, _, took = lab.load_box()
    equal(lab.registry.layers_fetched(lab.layout), before, "layers fetched")
    if lab.first_load:
        print(f"# first load {lab.first_load:.1f} s, second {took:.1f} s")
        check(took < lab.first_load, "it is slower than the first")
    shell.check("test ! -e /tmp/changed")
    lab.boot.return_by(lab.boot.hotkey)


@SCENARIO.case("what runs can be listed and not dropped")
def running(lab):
    lab.load_box()
    text = lab.boot.command("images", console=lab.boot.aside)
    check(lab.box in text, f"images: {text!r}")
    text = lab.boot.command(f"images drop {lab.box}", console=lab.boot.aside)
    check("run" in text, f"images drop: {text!r}")
    lab.boot.return_by(lab.boot.hotkey)


@SCENARIO.case("load --keep keeps changes across returns, killed or not")
def keep(lab):
    shell, _, _ = lab.load_box("--keep mine")
    shell.check("test ! -e /tmp/changed && echo once > /tmp/changed && "
                "mkdir /tmp/d && rm -r /tmp/d")
    lab.boot.return_by(lab.boot.hotkey)
    shell, _, _ = lab.load_box("--keep mine")
    equal(shell.check("cat /tmp/changed").strip(), "once", "kept")
    shell.check("echo twice >> /tmp/changed")
    lab.boot.return_by(lambda: shell.start("exit"))
    shell, _, _ = lab.load_box("--keep mine")
    equal(shell.check("cat /tmp/changed").split(), ["once", "twice"], "kept")
    lab.boot.return_by(lab.boot.hotkey)
    shell, _, _ = lab.load_box()
    shell.check("test ! -e /tmp/changed")
    lab.boot.return_by(lab.boot.hotkey)


@SCENARIO.case("changes are exported by HTTP PUT as a layer")
def export(lab):
    url = lab.http.url("changes.tar")
    code, text = lab.boot.shell(f"boomerang image export mine {url}", 60)
    equal(code, 0, f"exit status of the export ({text!r})")
    layer = tarfile.open(fileobj=io.BytesIO(lab.http.uploads["changes.tar"]))
    names = {name.removeprefix("./") for name in layer.getnames()}
    check("tmp/changed" in names, f"exported: {names}")
    check(".bootstrap-return" not in names, f"ours is exported: {names}")
    member = [m for m in layer.getmembers() if m.name.endswith("changed")][0]
    equal(layer.extractfile(member).read(), b"once\ntwice\n", "content")
    equal(member.uid, 33, "owner")


@SCENARIO.case("changes of another image are not mixed in, and can be dropped")
def another(lab):
    url = lab.url(images.busybox())
    lab.load_box("--keep other")
    lab.boot.return_by(lab.boot.hotkey)
    lab.boot.load_fails(f"--keep other {url}", r"another image .*images drop")
    lab.boot.command("images drop other")
    lab.boot.load(url, r"^busybox image: up$", 120, "--keep other")
    lab.boot.return_by(lab.boot.hotkey)


@SCENARIO.case("a digest that differs is refused and nothing is left")
def digest(lab):
    image = images.busybox("tar.zst")
    right = hashlib.sha256(image.read_bytes()).hexdigest()
    wrong = "0" + right[1:] if right[0] != "0" else "1" + right[1:]
    url = lab.url(image)
    lab.boot.load_fails(f"{url}#sha256:{wrong}", r"sha256")
    lab.boot.load_fails(f"--sha256 {wrong} {url}", r"sha256")
    check(not any(url in ref for ref in lab.references()),
          f"it is in the store: {lab.references()}")
    _, text = lab.boot.shell("ls /run/boomerang/images/new")
    equal(text.split(), [], "what is left")
    lab.boot.load(f"{url}#sha256:{right}", r"^busybox image: up$", 120)
    lab.boot.return_by(lab.boot.hotkey)


def _trust(lab, key):
    lab.boot.main.skip()
    lab.boot.main.line("shell")
    shell = Shell(lab.vm.ttyS0)
    shell.ready()
    shell.check("mkdir -p /etc/boomerang/trust")
    for line in key.read_text().splitlines():
        shell.check(f"echo '{line}' >> /etc/boomerang/trust/lab.pub")
    lab.vm.ttyS0.line("exit")
    lab.vm.ttyS0.expect(PROMPT, 20)


@SCENARIO.case("--require-signature takes what a trusted key signed")
def signature(lab):
    signed = lab.work / "signed.tar.gz"
    signed.write_bytes(images.busybox().read_bytes())
    key, secret = lab.work / "lab.pub", lab.work / "lab.key"
    for old in (key, secret, lab.work / "signed.tar.gz.minisig"):
        old.unlink(missing_ok=True)
    subprocess.run(["minisign", "-G", "-W", "-p", key, "-s", secret],
                   check=True, stdin=subprocess.DEVNULL, capture_output=True)
    subprocess.run(["minisign", "-S", "-H", "-s", secret, "-m", signed],
                   check=True, stdin=subprocess.DEVNULL, capture_output=True)
    lab.http.directories.append(lab.work)
    _trust(lab, key)
    lab.boot.load_fails("--require-signature " + lab.url(images.busybox()),
                        r"(?i)sign")
    lab.boot.load(lab.url(signed), r"^busybox image: up$", 120,
                  "--require-signature")
    lab.boot.return_by(lab.boot.hotkey)


def _register(kind):
    @SCENARIO.case(f"{kind}")
    def load(lab):
        lab.boot.load(lab.url(images.disk(kind)), r"^busybox image: up$", 120)
        Shell(lab.vm.ttyS0, r"target# $").ready()
        lab.boot.return_by(lab.boot.hotkey)


for _kind in images.DISKS:
    _register(_kind)


@SCENARIO.case("images that were not used for longest go for a big one")
def eviction(lab):
    urls = [lab.url(images.big(number, BIG_MIB)) for number in (1, 2)]
    for url in urls:
        lab.boot.load(url, r"^busybox image: up$", 240)
        lab.boot.return_by(lab.boot.hotkey)
    references = lab.references()
    check(urls[1] in references, f"the store has {references}")
    check(urls[0] not in references, f"the store still has {references}")


if __name__ == "__main__":
    sys.exit(SCENARIO.main())
