# SPDX-License-Identifier: MIT
"""A registry on this machine, and images for it.

The registry is Docker's own (docker-registry), on loopback, where the guest
reaches it as HOST; skopeo pushes what is made here, layer by layer, as an OCI
layout (image-spec image-layout.md).
"""

import gzip
import hashlib
import io
import json
import re
import subprocess
import tarfile
import time
import urllib.error
import urllib.request

from . import accel, daemons
from .console import Timeout
from .vm import HOST

_CONFIG = """\
version: 0.1
log: {{accesslog: {{disabled: false}}, level: warn}}
storage: {{filesystem: {{rootdirectory: {root}}}}}
http: {{addr: 127.0.0.1:{port}}}
"""

_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
_INDEX = {"schemaVersion": 2,
          "mediaType": "application/vnd.oci.image.index.v1+json"}


class Layout:
    """An OCI layout that is being written; its image is called "image"."""

    def __init__(self, directory):
        self.directory = directory
        self._layers = []
        self._diff_ids = []
        (directory / "blobs" / "sha256").mkdir(parents=True, exist_ok=True)

    def _blob(self, data, kind):
        digest = hashlib.sha256(data).hexdigest()
        (self.directory / "blobs" / "sha256" / digest).write_bytes(data)
        return {"mediaType": kind, "digest": f"sha256:{digest}",
                "size": len(data)}

    def add_layer(self, fill):
        """One more layer, whose tar fill(archive) writes."""
        raw = io.BytesIO()
        with tarfile.open(fileobj=raw, mode="w",
                          format=tarfile.GNU_FORMAT) as archive:
            fill(archive)
        data = raw.getvalue()
        self._diff_ids.append(
            "sha256:" + hashlib.sha256(data).hexdigest())
        self._layers.append(self._blob(gzip.compress(data, 1, mtime=0),
                                       _LAYER))

    @property
    def digests(self):
        """Of its layers."""
        return {layer["digest"] for layer in self._layers}

    def finish(self, config):
        """Writes the image: config as in its specification."""
        config = self._blob(json.dumps({
            "architecture": "amd64", "os": "linux", "config": config,
            "rootfs": {"type": "layers", "diff_ids": self._diff_ids},
        }).encode(), "application/vnd.oci.image.config.v1+json")
        manifest = self._blob(json.dumps({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": config, "layers": self._layers,
        }).encode(), "application/vnd.oci.image.manifest.v1+json")
        manifest["annotations"] = {
            "org.opencontainers.image.ref.name": "image"}
        (self.directory / "index.json").write_text(json.dumps(
            {**_INDEX, "manifests": [manifest]}))
        (self.directory / "oci-layout").write_text(
            '{"imageLayoutVersion": "1.0.0"}')


class Registry:
    """The registry; a context manager. port: where it listens, on loopback."""

    def __init__(self, work, port):
        self._port = port
        self._log = work / "registry.log"
        self._config = work / "registry.yml"
        self._config.write_text(_CONFIG.format(root=work / "registry",
                                               port=port))
        self._process = None

    def __enter__(self):
        daemons.fetch("docker-registry")
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(
                [daemons.program("docker-registry"), "serve",
                 str(self._config)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=accel.die_with_parent)
        deadline = time.monotonic() + 20
        while not self._answers():
            if self._process.poll() is not None or \
                    time.monotonic() > deadline:
                raise Timeout(f"docker-registry: {self._log.read_text()}")
            time.sleep(0.02)
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()

    def _answers(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/v2/"):
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False

    def push(self, layout, name):
        """Pushes a finished Layout as name ("lab/box:1"); returns the
        reference by which the guest finds it."""
        subprocess.run(
            ["skopeo", "copy", "--quiet", "--dest-tls-verify=false",
             f"oci:{layout.directory}:image",
             f"docker://127.0.0.1:{self._port}/{name}"],
            check=True, stdin=subprocess.DEVNULL)
        return f"docker+http://{HOST}:{self._port}/{name}"

    def layers_fetched(self, layout):
        """How often a layer of this image was asked for."""
        asked = re.findall(r'"GET /v2/\S+/blobs/(sha256:\w+)',
                           self._log.read_text())
        return sum(digest in layout.digests for digest in asked)
