# SPDX-License-Identifier: MIT
"""The bootstrap and its targets, as a person at the consoles has them."""

import json
import re
import time

from .console import LabError, Timeout
from .images import PASSWORD
from .tap import check, equal

PROMPT = r"\[bootstrap\] # "
# The loop devices of the bootstrap but for its own, which has its modules.
LOOPS = "grep -Hv /boot/usr.squashfs /sys/block/loop*/loop/backing_file 2>/dev/null"

PROMPT_ON_SCREEN = r"^\[bootstrap\] #$"

# From power-on: firmware, PXE, TFTP, kernel, modules, under emulation.
BOOT_SECONDS = 120

LOGIN_SHELL = r"root@\w+:[^\n]*# $"

PAGE = 4096

MAGIC = "RETURN_TO_BOOTSTRAP"


class Bootstrap:
    """The bootstrap in a machine, over its main console (ttyS0, which a
    target takes) and the other (ttyS1, which keeps the prompt).
    boot_seconds: from power-on to its prompt, at most."""

    def __init__(self, vm, boot_seconds=BOOT_SECONDS):
        self.vm = vm
        self.boot_seconds = boot_seconds
        self.main = vm.ttyS0
        self.aside = vm.ttyS1

    # -- the prompt -----------------------------------------------------------

    def booted(self, timeout=None):
        """Waits for the first prompts; returns the seconds since power-on
        of the main one."""
        match = self.main.expect(PROMPT, timeout or self.boot_seconds)
        self.aside.expect(PROMPT, 20)
        return match.time - self.vm.started

    def command(self, line, timeout=20, console=None):
        """Types a command at the prompt; returns what it printed."""
        console = console or self.main
        console.skip()
        console.line(line)
        output = console.expect(PROMPT, timeout).before
        return output.partition("\n")[2]

    def shell(self, command, timeout=30, console=None):
        """Runs a command in the bootstrap's shell: (exit status, output)."""
        console = console or self.main
        console.skip()
        console.line("shell")
        shell = Shell(console)
        shell.ready()
        result = shell.run(command, timeout)
        console.line("exit")
        console.expect(PROMPT, 20)
        return result

    def status(self, console=None):
        """What `status --json` says, as a dict."""
        console = console or self.main
        # A message of the kernel may stand in the midst of it.
        for last in (False, False, True):
            text = self.command("status --json", console=console)
            start = text.find("{")
            try:
                return json.JSONDecoder().raw_decode(text[start:])[0]
            except ValueError as error:
                if last:
                    raise LabError(f"status --json: {text!r}") from error
        return None

    def memory(self):
        """The bytes that a program could have, as the kernel would count
        them if it looked everywhere: MemAvailable and the free pages that
        wait on each processor's own lists, up to 4 % of a small machine,
        which come and go and are in no line of /proc/meminfo. What the store
        of images holds is not lost, and is dropped first."""
        _, text = self.shell("boomerang images drop --all; "
                             "cat /proc/meminfo /proc/zoneinfo", 120)
        available = int(re.search(r"MemAvailable: *(\d+)", text)[1]) << 10
        lists = re.findall(r"^ +count: (\d+)", text, re.MULTILINE)
        return available + sum(map(int, lists)) * PAGE

    def settled(self, timeout=20):
        """Waits until nothing is going on any more (a load that was
        cancelled is still being cleaned up after); returns the status."""
        deadline = time.monotonic() + timeout
        while True:
            status = self.status()
            if status["phase"] == "bootstrap":
                return status
            check(time.monotonic() < deadline,
                  f"phase {status['phase']} for {timeout} s")

    def online(self, timeout=60):
        """Waits until it has an address: on a busy host the prompt is there
        before the network card's driver."""
        deadline = time.monotonic() + timeout
        while True:
            network = self.status()["network"]
            if re.search(r"\d+\.\d+\.\d+\.\d+", network or ""):
                return
            check(time.monotonic() < deadline,
                  f"no address in {timeout} s: {network}")
            time.sleep(0.2)

    # -- load and return ------------------------------------------------------

    def load(self, ref, pattern, timeout=120, options=""):
        """Loads an image and waits for pattern on the main console; returns
        the seconds it took."""
        start = time.monotonic()
        self.main.skip()
        self.main.line(f"load {options + ' ' if options else ''}{ref}")
        index, match = self.main.expect_any([pattern, PROMPT], timeout)
        if index == 1:
            raise LabError(f"load {ref}: {match.before.strip()}")
        return match.time - start

    def load_fails(self, ref, pattern, timeout=120):
        """Loads an image that must be refused with a line that matches
        pattern, and nothing may be left; returns the line."""
        output = self.command(f"load {ref}", timeout)
        lines = [line for line in output.splitlines() if line.strip()]
        found = [line for line in lines if re.search(pattern, line)]
        check(found, f"load {ref}: no {pattern!r} in {output!r}")
        check(len(found[0]) < 320, f"too long for one line: {found[0]!r}")
        status = self.settled()
        check(status["last_failure"], "status names no failure")
        check(re.search(pattern, status["last_failure"]),
              f"last_failure: {status['last_failure']!r}")
        return found[0]

    def returned(self, since, timeout=30):
        """Waits for the prompt on the main console; returns the seconds
        since then."""
        match = self.main.expect(PROMPT, timeout)
        return match.time - since

    def return_by(self, how, timeout=30):
        """Calls how(), waits for the prompt, judges the audit; returns
        (seconds, status)."""
        self.main.skip()
        start = time.monotonic()
        how()
        took = self.returned(start, timeout)
        status = self.status()
        equal(status["phase"], "bootstrap", "phase")
        remaining = [leak["what"] for leak in status["last_return"]["leaks"]
                     if not leak["undone"]]
        check(not remaining, f"remains after the return: {remaining}")
        return took, status

    # -- the ways back ----------------------------------------------------------

    def hotkey(self):
        """Ctrl+Alt+F12 on the keyboard."""
        self.vm.keys("ctrl", "alt", "f12")

    def magic(self):
        """The serial string."""
        self.main.send(MAGIC)

    def return_command(self):
        """`return` at the prompt on the other console."""
        self.aside.line("return")


class Shell:
    """A root shell on a console."""

    def __init__(self, console, prompt=r"[#$] $"):
        self.console = console
        self.prompt = prompt

    def ready(self, timeout=30):
        """Waits for its prompt."""
        self.console.expect(self.prompt, timeout)

    def run(self, command, timeout=30):
        """Runs a command: (exit status, what it printed)."""
        self.console.skip()
        # Typed with quotes in them and printed without, so that the echo
        # (which a long line breaks anywhere) is not taken for the marks.
        self.console.line(f'echo "[be""gin]"; {command}; '
                          'echo "[do""ne:"$?"]"')
        self.console.expect(r"^\[begin\]\n", timeout)
        match = self.console.expect(r"\[done:(\d+)\]", timeout)
        self.ready()
        return int(match[1]), match.before

    def check(self, command, timeout=30):
        """Runs a command that must succeed; returns what it printed."""
        status, output = self.run(command, timeout)
        equal(status, 0, f"exit status of {command!r} ({output.strip()!r})")
        return output

    def start(self, command):
        """Types a command and waits for nothing."""
        self.console.line(command)


def login(console, host, timeout=300):
    """Logs in as root at a getty's login; returns the Shell."""
    console.expect(rf"^{host} login: ", timeout)
    console.line("root")
    console.expect(r"Password: ", 60)
    console.line(PASSWORD)
    index, _ = console.expect_any([LOGIN_SHELL, "incorrect"], 120)
    if index:
        raise Timeout(f"{host}: the password was refused")
    shell = Shell(console, LOGIN_SHELL)
    shell.check("export PAGER=cat SYSTEMD_PAGER=cat")
    return shell
