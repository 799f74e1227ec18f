# SPDX-License-Identifier: MIT
"""TAP, as the tests that are programs of their own print it: one line a check.
A program has this module once."""

import sys

_count = _failed = 0


def ok(good, what, detail=""):
    """One check; detail is shown when it fails. Whether it is good."""
    global _count, _failed
    _count += 1
    print(f"{'ok' if good else 'not ok'} {_count} - {what}", flush=True)
    if not good:
        _failed += 1
        for line in str(detail).splitlines():
            print("# " + line, flush=True)
    return good


def equal(have, want, what):
    """Checks that both are equal."""
    return ok(have == want, what, f"is {have!r}, wanted {want!r}")


def skip(what, why):
    """A check that cannot be made here."""
    global _count
    _count += 1
    print(f"ok {_count} - {what} # SKIP {why}", flush=True)


def skip_all(why):
    """Ends the program: no check can be made here."""
    print(f"1..0 # SKIP {why}", flush=True)
    sys.exit(0)


def done():
    """Ends the program: that were all."""
    print(f"1..{_count}", flush=True)
    sys.exit(1 if _failed else 0)
