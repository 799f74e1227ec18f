# SPDX-License-Identifier: MIT
"""What the tests of images share: namespaces of their own, with which all that
they mounted, started and configured ends.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import tap  # noqa: E402  pylint: disable=wrong-import-position
from tap import ok, skip, skip_all  # noqa: E402, F401  pylint: disable=wrong-import-position,unused-import

_INSIDE = "BOOMERANG_IMAGE_TEST"
_UNSHARE = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child",
            "--mount-proc"]


def run(*command, **options):
    """A finished command, which must succeed if options do not tell
    otherwise."""
    return subprocess.run(command,
                          **{"check": True, "capture_output": True, **options})


def main(test, *tools):
    """Runs test(path), path being that of the program which this one's
    argument names, in a mount, network and process namespace of its own; or
    says that all is skipped: without root, or one of the tools. Ends."""
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} PROGRAM")
    if _INSIDE in os.environ:
        run("ip", "link", "set", "lo", "up")
        test(os.path.abspath(sys.argv[1]))
        tap.done()
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    missing = [tool for tool in tools if not shutil.which(tool)]
    if missing:
        skip_all(f"needs {', '.join(missing)}")
    if os.geteuid() != 0 or subprocess.run([*_UNSHARE, "true"], check=False,
                                           capture_output=True).returncode:
        skip_all("needs root and namespaces")
    os.environ[_INSIDE] = "1"
    os.execvp("unshare", [*_UNSHARE, sys.executable, *sys.argv])
