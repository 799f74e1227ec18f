# SPDX-License-Identifier: MIT
"""Servers of others, which tests use and benches compare ours with.

Where apt installs a daemon it starts it as well, on a port that this machine
may need, and some exclude each other. So those that are not there are only
unpacked from their packages, into .cache/daemons. The libraries that they
need are in the group bench of tools/packages.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

_CACHE = Path(__file__).resolve().parents[2] / ".cache" / "daemons"

# By the server's name: its package, and the program in it.
_PACKAGES = {
    "atftpd": ("atftpd", "usr/sbin/atftpd"),
    "dnsmasq": ("dnsmasq-base", "usr/sbin/dnsmasq"),
    "docker-registry": ("docker-registry", "usr/bin/docker-registry"),
    "hostapd": ("hostapd", "usr/sbin/hostapd"),
    "nginx": ("nginx", "usr/sbin/nginx"),
    "tftpd-hpa": ("tftpd-hpa", "usr/sbin/in.tftpd"),
}


def program(name):
    """The server's program as it is installed or was fetched; None: neither."""
    package, path = _PACKAGES[name]
    return shutil.which(f"/{path}") or shutil.which(_CACHE / package / path)


def _download(package, place):
    # apt's own user cannot write here when root does the download.
    return subprocess.run(
        ["apt-get", "-qq", "-o", "APT::Sandbox::User=", "download", package],
        cwd=place, check=False, capture_output=True, text=True)


def _unpack(package):
    new = _CACHE / f"{package}.new"
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    done = _download(package, new)
    if done.returncode and os.geteuid() == 0:
        # Package lists that are missing or stale are the common cause.
        subprocess.run(["apt-get", "-qq", "update"], check=False)
        done = _download(package, new)
    if done.returncode:
        shutil.rmtree(new)
        return done.stderr.strip()
    for archive in new.glob("*.deb"):
        subprocess.run(["dpkg", "-x", archive, new], check=True)
        archive.unlink()
    shutil.rmtree(_CACHE / package, ignore_errors=True)
    new.rename(_CACHE / package)
    return ""


def fetch(*names):
    """Fetches those that are not there; says of which it cannot, and why."""
    for name in names:
        if not program(name):
            why = _unpack(_PACKAGES[name][0])
            if why:
                print(f"{name} cannot be fetched: {why}", file=sys.stderr)
