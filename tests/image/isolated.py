# SPDX-License-Identifier: MIT
"""What the tests of images share: checks, printed as TAP, and namespaces of
their own, with which all that they mounted, started and configured ends.
"""

import os
import shutil
import subprocess
import sys

_INSIDE = "BOOMERANG_IMAGE_TEST"
_UNSHARE = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child",
            "--mount-proc"]

_checks = _failed = 0


def ok(good, what, detail=""):
    """One check; detail is shown when it fails. Whether it is good."""
    global _checks, _failed
    _checks += 1
    print(f"{'ok' if good else 'not ok'} {_checks} - {what}", flush=True)
    if not good:
        _failed += 1
        for line in str(detail).splitlines():
            print("# " + line, flush=True)
    return good


def skip(what, why):
    """One check that cannot be made here."""
    global _checks
    _checks += 1
    print(f"ok {_checks} - {what} # SKIP {why}", flush=True)


def run(*command, **options):
    """A finished command, which must succeed if options do not tell
    otherwise."""
    return subprocess.run(command,
                          **{"check": True, "capture_output": True, **options})


def skip_all(why):
    """Ends: no check can be made here."""
    print(f"1..0 # SKIP {why}")
    sys.exit(0)


def main(test, *tools):
    """Runs test(path), path being that of the program which this one's
    argument names, in a mount, network and process namespace of its own; or
    says that all is skipped: without root, or one of the tools. Ends."""
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} PROGRAM")
    if _INSIDE in os.environ:
        run("ip", "link", "set", "lo", "up")
        test(os.path.abspath(sys.argv[1]))
        print(f"1..{_checks}")
        sys.exit(_failed > 0)
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    missing = [tool for tool in tools if not shutil.which(tool)]
    if missing:
        skip_all(f"needs {', '.join(missing)}")
    if os.geteuid() != 0 or subprocess.run([*_UNSHARE, "true"], check=False,
                                           capture_output=True).returncode:
        skip_all("needs root and namespaces")
    os.environ[_INSIDE] = "1"
    os.execvp("unshare", [*_UNSHARE, sys.executable, *sys.argv])
