# SPDX-License-Identifier: MIT
"""A serial console of a virtual machine, read all the time.

A thread reads the console's unix socket from the moment the machine starts,
writes every byte to a log file, and keeps the text (without escape sequences
and carriage returns) in a buffer with the time each piece arrived. expect()
searches from a cursor that only moves forward over what was matched, so what
came before the question was asked is found too, and nothing is polled.
"""

import bisect
import os
import re
import socket
import threading
import time

# What may never appear on any console, whatever the scenario.
FATAL = re.compile(
    r"Kernel panic|^.*\bBUG: |\bOops: |general protection fault"
    r"|rcu: INFO: .*(stall|starved)|watchdog: .* soft lockup"
    r"|(Address|Leak|UndefinedBehavior)Sanitizer|runtime error: "
    r"|Attempted to kill init", re.MULTILINE)

_ESCAPE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"          # CSI
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC
    r"|\x1b[()#][0-9A-Za-z]"            # character sets
    r"|\x1b[=>78cDEHM]"                 # single ones
    r"|\r")
_PARTIAL_ESCAPE = re.compile(r"\x1b(\[[0-?]*[ -/]*|\][^\x07\x1b]*\x1b?|[()#])?$")


class LabError(Exception):
    """The machine did not do what it was asked, or is not there any more."""


class Timeout(LabError):
    """What was expected did not come in time."""


class Match:
    """What expect() found: the groups, the text before it, its time."""

    def __init__(self, match, before, when):
        self.match = match
        self.before = before
        self.time = when

    def __getitem__(self, group):
        return self.match[group]


class Console:
    """One serial port: our end of its socket, and where to log."""

    def __init__(self, name, sock, log):
        self.name = name
        self.text = ""
        self.cursor = 0
        self._held = ""
        self._offsets = []
        self._times = []
        self.finished = threading.Event()
        self._copy_fd = None
        self._log = open(log, "wb", buffering=0)
        self._changed = threading.Condition()
        self._closed = None
        self._fatal = None
        self._allowed = None
        self._socket = sock
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        while True:
            try:
                data = self._socket.recv(65536)
            except OSError:
                data = b""
            if not data:
                break
            self._log.write(data)
            if self._copy_fd is not None:
                os.write(self._copy_fd, data)
            self._append(data)
        self.end("the machine is gone")

    def _append(self, data):
        text = self._held + data.decode("utf-8", "replace")
        partial = _PARTIAL_ESCAPE.search(text)
        self._held = partial[0] if partial else ""
        if partial:
            text = text[:partial.start()]
        text = _ESCAPE.sub("", text)
        with self._changed:
            start = self.text.rfind("\n") + 1
            self._offsets.append(len(self.text))
            self._times.append(time.monotonic())
            self.text += text
            if not self._fatal:
                self._fatal = self._look_for_fatal(start)
            self._changed.notify_all()

    def _look_for_fatal(self, start):
        # A line may come in pieces: what is allowed is known at its end.
        for line in self.text[start:].split("\n")[:-1]:
            if FATAL.search(line) and not (self._allowed and
                                           self._allowed.search(line)):
                return line
        return None

    def allow(self, pattern):
        """Lines that look fatal and match pattern are none (say why)."""
        self._allowed = re.compile(pattern)

    def copy_to(self, descriptor):
        """Writes every byte there too, as it comes."""
        self._copy_fd = descriptor

    @property
    def fatal(self):
        """The first line that no machine may ever print, or None."""
        return self._fatal

    def end(self, why):
        """Wakes every expect(): nothing more will come."""
        with self._changed:
            if self._closed is None:
                self._closed = why
            self._changed.notify_all()
        self.finished.set()

    def close(self):
        """Stops reading. The text stays readable."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._thread.join(timeout=5)
        self._socket.close()
        self._log.close()

    def send(self, text):
        """Types text as it is."""
        data = text.encode() if isinstance(text, str) else text
        self._socket.sendall(data)

    def line(self, text):
        """Types text and Enter."""
        self.send(text + "\r")

    def expect(self, pattern, timeout):
        """Waits for pattern (a multi-line regular expression) after the
        cursor and moves the cursor behind it. Raises Timeout, or LabError
        at once when the machine died or printed what it may never print.
        """
        index, match = self.expect_any([pattern], timeout)
        del index
        return match

    def expect_any(self, patterns, timeout):
        """Waits for the earliest match of any pattern: (index, Match)."""
        compiled = [re.compile(p, re.MULTILINE) for p in patterns]
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                found = self._search(compiled)
                if found:
                    return found
                self._raise_if_over(patterns)
                left = deadline - time.monotonic()
                if left <= 0:
                    raise Timeout(
                        f"{self.name}: no {' or '.join(map(repr, patterns))} "
                        f"in {timeout:g} s; last lines:\n{self._tail()}")
                self._changed.wait(left)

    def _search(self, compiled):
        best = None
        for index, pattern in enumerate(compiled):
            match = pattern.search(self.text, self.cursor)
            if match and (not best or match.start() < best[1].start()):
                best = (index, match)
        if not best:
            return None
        index, match = best
        before = self.text[self.cursor:match.start()]
        self.cursor = match.end()
        return index, Match(match, before, self._time_of(match.end()))

    def _time_of(self, end):
        return self._times[bisect.bisect_left(self._offsets, end) - 1]

    def _raise_if_over(self, patterns):
        wanted = " or ".join(map(repr, patterns))
        if self._fatal:
            raise LabError(f"{self.name}: {self._fatal} (waiting for {wanted})")
        if self._closed:
            raise LabError(f"{self.name}: {self._closed} while waiting for "
                           f"{wanted}; last lines:\n{self._tail()}")

    def _tail(self):
        return "\n".join("    | " + line
                         for line in self.text.splitlines()[-12:])

    def seen(self, pattern):
        """Whether pattern is anywhere after the cursor, now."""
        with self._changed:
            return re.search(pattern, self.text[self.cursor:], re.MULTILINE)

    def skip(self):
        """Moves the cursor to the end: what came so far is of no interest."""
        with self._changed:
            self.cursor = len(self.text)

    def quiet(self, pattern, seconds):
        """Waits seconds and raises LabError if pattern comes (or came)
        after the cursor; does not move the cursor."""
        cursor = self.cursor
        try:
            match = self.expect(pattern, seconds)
        except Timeout:
            return
        finally:
            self.cursor = cursor
        raise LabError(f"{self.name}: {match[0]!r} came, and should not")
