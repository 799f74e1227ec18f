# SPDX-License-Identifier: MIT
"""A table of distributions (boomerang-distros(5)) with one row, whose list of
checksums is signed by a key of this run."""

import base64
import hashlib
import os
import subprocess
import tempfile

_ROW = """\
[table]
date = 2026-01-02

[key lab]
fingerprint = {fingerprint}
{data}

[lab]
title = Live system of the lab
url = {url}
checksums = SHA256SUMS
signature = SHA256SUMS.sign
keys = lab
"""


class _Key:
    """A key of OpenPGP, for as long as a with block."""

    def __enter__(self):
        self._home = tempfile.TemporaryDirectory()
        self._environment = {**os.environ, "GNUPGHOME": self._home.name}
        self._gpg("--quick-generate-key", "Lab <lab@example.org>", "ed25519",
                  "sign", "never")
        listed = self._gpg("--with-colons", "--list-keys").decode()
        self.fingerprint = [line.split(":")[9] for line in listed.splitlines()
                            if line.startswith("fpr:")][0]
        return self

    def __exit__(self, *_):
        # gpg leaves its agent running.
        subprocess.run(["gpgconf", "--kill", "gpg-agent"], check=False,
                       env=self._environment, stdin=subprocess.DEVNULL)
        self._home.cleanup()

    def _gpg(self, *arguments, data=b""):
        return subprocess.run(
            ["gpg", "--batch", "--quiet", "--pinentry-mode", "loopback",
             "--passphrase", "", *arguments], check=True, input=data,
            stdout=subprocess.PIPE, env=self._environment).stdout

    def certificate(self):
        """The public key, as lines of base64."""
        data = self._gpg("--export-options", "export-minimal", "--export")
        return base64.encodebytes(data).decode().split()

    def sign(self, data):
        """A detached signature."""
        return self._gpg("--detach-sign", data=data)


def make(directory, iso, url):
    """Writes table.ini, SHA256SUMS and its signature; iso: the file which
    has the base name of url."""
    digest = hashlib.sha256(iso.read_bytes()).hexdigest()
    sums = f"{digest}  {url.rpartition('/')[2]}\n".encode()
    (directory / "SHA256SUMS").write_bytes(sums)
    with _Key() as key:
        (directory / "SHA256SUMS.sign").write_bytes(key.sign(sums))
        data = "\n".join(f"data = {line}" for line in key.certificate())
        (directory / "table.ini").write_text(_ROW.format(
            fingerprint=key.fingerprint, data=data, url=url))
