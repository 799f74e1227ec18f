# SPDX-License-Identifier: MIT
"""Files that take long to make, kept between runs, and directories of them.

A file's name holds a hash of its recipe (everything that decides what comes
out, as a string), so a changed recipe makes a new file and an old one is
never taken for it. Files are made under another name and moved into place.
"""

import fcntl
import hashlib
import os
import shutil
from contextlib import contextmanager
from pathlib import Path

from .vm import ROOT

CACHE = Path(os.environ.get("BOOMERANG_LAB_CACHE", ROOT / ".cache" / "lab"))


def _remove(path):
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def _alone(name):
    """Keeps other scenarios from making the same file meanwhile."""
    with open(CACHE / f".{name}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def cached(name, recipe, make):
    """The path of the file called name, made by make(path) when missing.

    make() may make a directory as well. name keeps its suffixes behind the
    hash. Older files of the same name are removed.
    """
    CACHE.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(repr(recipe).encode()).hexdigest()[:12]
    stem, dot, suffix = name.partition(".")
    path = CACHE / f"{stem}-{digest}{dot}{suffix}"
    with _alone(name):
        if path.exists():
            return path
        partial = CACHE / f"{stem}-{digest}.new{dot}{suffix}"
        _remove(partial)
        make(partial)
        for old in CACHE.glob(f"{stem}-????????????{dot}{suffix}"):
            _remove(old)
        partial.rename(path)
        return path
