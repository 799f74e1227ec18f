# SPDX-License-Identifier: MIT
"""Scenarios: cases that share one machine, told as TAP.

A scenario is a module with one Scenario, the context manager that makes what
its cases share (a machine at the bootstrap's prompt, servers), and the cases,
run in the order in which they stand. After a case that failed the others get
a new machine, so each failure is one of its own.
"""

import argparse
import sys
import time
import traceback

from .console import LabError


class Skip(Exception):
    """The case cannot run here; the text says why."""


def check(condition, what):
    """Fails the case unless condition holds."""
    if not condition:
        raise LabError(what)


def equal(have, want, what):
    """Fails the case unless both are equal."""
    check(have == want, f"{what}: {have!r}, not {want!r}")


def _diagnostics(text):
    for line in text.rstrip().splitlines():
        print("# " + line)


class Scenario:
    """A named list of cases. make: a function that returns the context
    manager of what they share; it has a .vm."""

    def __init__(self, name, make):
        self.name = name
        self._make = make
        self._cases = []
        self._context = None
        self._shared = None

    def case(self, description):
        """Decorates a case: a function of what is shared."""
        def register(function):
            self._cases.append((description, function))
            return function
        return register

    def _begin(self):
        if not self._context:
            context = self._make()
            self._shared = context.__enter__()
            self._context = context
        return self._shared

    def _end(self, error=None):
        if self._context:
            context, self._context = self._context, None
            kind = type(error) if error else None
            context.__exit__(kind, error,
                             error.__traceback__ if error else None)

    def _run_case(self, function):
        """None when it passed, a Skip, or what went wrong."""
        try:
            shared = self._begin()
            function(shared)
            if shared.vm and shared.vm.fatal:
                raise LabError(f"on the console: {shared.vm.fatal}")
        except Skip as reason:
            return reason
        except Exception as error:  # pylint: disable=broad-except
            self._end(error)
            return error
        return None

    def main(self):
        """Runs the cases named on the command line (parts of their
        descriptions), or all. The exit status tells whether all passed."""
        parser = argparse.ArgumentParser(description=self.name)
        parser.add_argument("part", nargs="*")
        wanted = parser.parse_args().part
        cases = [c for c in self._cases
                 if not wanted or any(part in c[0] for part in wanted)]
        print(f"TAP version 13\n1..{len(cases)}", flush=True)
        failed = 0
        for number, (description, function) in enumerate(cases, 1):
            start = time.monotonic()
            result = self._run_case(function)
            took = f"{time.monotonic() - start:.1f} s"
            if isinstance(result, Skip):
                print(f"ok {number} - {description} # SKIP {result}")
            elif result:
                failed += 1
                print(f"not ok {number} - {description} ({took})")
                if isinstance(result, LabError):
                    _diagnostics(f"{_where(result)}{result}")
                else:
                    _diagnostics("".join(traceback.format_exception(result)))
            else:
                print(f"ok {number} - {description} ({took})")
            sys.stdout.flush()
        self._end()
        return 1 if failed else 0


def _where(error):
    """The line of the scenario in which error came up."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__)
              if "scenarios" in frame.filename]
    return f"line {frames[-1].lineno}: " if frames else ""
