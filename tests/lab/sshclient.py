# SPDX-License-Identifier: MIT
"""The OpenSSH client, against a machine whose port is forwarded."""

import os
import pty
import re
import select
import subprocess
import threading
import time

from .console import LabError, Timeout

# What ssh ends with when it is not the command that failed.
REFUSED = 255

_OPTIONS = [
    "-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes",
    "-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=5",
    "-o", "ServerAliveCountMax=6", "-o", "IdentitiesOnly=yes",
    "-o", "GlobalKnownHostsFile=none", "-o", "LogLevel=ERROR"]

_TARGET = "root@127.0.0.1"


def make_key(path):
    """A private key at path, and the public one beside it."""
    for left in (path, path.with_suffix(".pub")):
        left.unlink(missing_ok=True)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C",
                    f"lab {path.name}", "-f", path], check=True)
    return path


class SshClient:
    """root's logins at a port of this machine with a key, where the host key
    in a file is expected, and no other is taken."""

    def __init__(self, port, key, host_key, known_hosts):
        self._port = str(port)
        known_hosts.write_text(
            f"[127.0.0.1]:{port} {host_key.read_text()}")
        self._options = [*_OPTIONS, "-i", str(key),
                         "-o", f"UserKnownHostsFile={known_hosts}"]

    def _command(self, *words, options=()):
        return ["ssh", *options, *self._options, "-p", self._port, *words]

    def run(self, command, timeout=60, stdin=None, options=()):
        """(exit status, what it printed, both streams). stdin: bytes."""
        try:
            done = subprocess.run(
                self._command(_TARGET, command, options=options),
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                timeout=timeout, check=False,
                **({"input": stdin} if stdin is not None else
                   {"stdin": subprocess.DEVNULL}))
        except subprocess.TimeoutExpired as error:
            raise Timeout(f"ssh {command!r}: over {timeout} s; it said "
                          f"{error.stdout!r}") from error
        return done.returncode, done.stdout.decode(errors="replace")

    def check(self, command, timeout=60, stdin=None):
        """Runs a command that must succeed; returns what it printed."""
        status, output = self.run(command, timeout, stdin)
        if status:
            raise LabError(f"ssh {command!r} ended with {status}: {output!r}")
        return output

    def wait(self, timeout, command="true"):
        """Until a login works and the command succeeds. A server that is not
        there cannot tell when it will be, so it is asked again and again."""
        deadline = time.monotonic() + timeout
        while True:
            status, output = self.run(command, timeout)
            if status == 0:
                return output
            if time.monotonic() > deadline:
                raise Timeout(f"ssh {command!r}: no success in {timeout} s: "
                              f"{output!r}")
            time.sleep(0.2)

    def _transfer(self, argv, **more):
        done = subprocess.run(argv, capture_output=True, text=True,
                              timeout=60, check=False, **more)
        if done.returncode:
            raise LabError(f"{argv[0]} ended with {done.returncode}: "
                           f"{done.stderr}")
        return done.stdout

    def copy(self, source, target, options=()):
        """scp."""
        self._transfer(["scp", "-q", *options, *self._options, "-P",
                        self._port, str(source), str(target)],
                       stdin=subprocess.DEVNULL)

    def sftp(self, batch):
        """sftp with these commands."""
        return self._transfer(["sftp", "-q", "-b", "-", *self._options, "-P",
                               self._port, _TARGET], input=batch)

    def interrupt(self, command, pattern, timeout=60):
        """Runs a command on a terminal, and presses Ctrl+C when it has
        printed pattern: (exit status, what it printed)."""
        with subprocess.Popen(
                self._command("-tt", _TARGET, command),
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT) as process:
            limit = threading.Timer(timeout, process.kill)
            limit.start()
            text = b""
            while pattern.encode() not in text:
                data = process.stdout.read1()
                if not data:
                    break
                text += data
            if pattern.encode() in text:
                process.stdin.write(b"\x03")
                process.stdin.flush()
            text += process.stdout.read()
            limit.cancel()
        return process.returncode, text.decode(errors="replace")

    def terminal(self, *command):
        """A login on a terminal, with a command or without."""
        return Terminal(self._command("-tt", _TARGET, *command))

    def stream(self, command):
        """A command that gives back the lines that it is given."""
        return Stream(self._command(_TARGET, command))


class Terminal:
    """A process on a terminal; a context manager that ends it."""

    def __init__(self, argv):
        self._fd, theirs = pty.openpty()
        self._text = ""
        self._process = subprocess.Popen(
            argv, stdin=theirs, stdout=theirs, stderr=theirs,
            start_new_session=True)
        os.close(theirs)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.kill()
        os.close(self._fd)

    def kill(self):
        """Ends it without a word to the other side."""
        self._process.kill()
        self._process.wait()

    def send(self, text):
        """Types."""
        os.write(self._fd, text.encode())

    def line(self, text):
        """Types a line."""
        self.send(text + "\r")

    def _read(self, seconds):
        if not select.select([self._fd], [], [], max(seconds, 0))[0]:
            return False
        try:
            data = os.read(self._fd, 65536)
        except OSError:
            return False
        self._text += data.decode(errors="replace")
        return bool(data)

    def expect(self, pattern, timeout=30):
        """Waits for pattern; what comes before it is forgotten."""
        wanted = re.compile(pattern, re.MULTILINE)
        deadline = time.monotonic() + timeout
        while True:
            match = wanted.search(self._text)
            if match:
                self._text = self._text[match.end():]
                return match
            if not self._read(deadline - time.monotonic()):
                raise Timeout(f"ssh: no {pattern!r}, but {self._text!r}")

    def wait(self, timeout):
        """Its exit status, when it has ended."""
        deadline = time.monotonic() + timeout
        while self._read(deadline - time.monotonic()):
            pass
        try:
            return self._process.wait(max(deadline - time.monotonic(), 1))
        except subprocess.TimeoutExpired as error:
            raise Timeout(f"ssh: not over in {timeout} s: "
                          f"{self._text!r}") from error


class Stream:
    """A connection that is held open, to see whether it still is."""

    def __init__(self, argv):
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._process.kill()
        self._process.communicate()

    def echo(self, text, timeout=20):
        """Sends a line and waits until it is back."""
        line = text.encode() + b"\n"
        self._process.stdin.write(line)
        self._process.stdin.flush()
        back = b""
        deadline = time.monotonic() + timeout
        while not back.endswith(b"\n"):
            left = max(deadline - time.monotonic(), 0)
            ready = select.select([self._process.stdout], [], [], left)[0]
            data = os.read(self._process.stdout.fileno(), 4096) if ready else b""
            if not data:
                raise LabError(f"ssh: the connection does not answer ({text})")
            back += data
        if back != line:
            raise LabError(f"ssh: {back!r} came back, not {line!r}")
