# SPDX-License-Identifier: MIT
"""Whether hardware virtualisation works here, found by using it.

/dev/kvm may exist, open, answer its ioctls and still run a guest hundreds of
times too slowly (nested in a hypervisor that emulates it). So a kernel is
booted with it, and it must print its first line within a few seconds; where
it does not, software emulation is used. The verdict holds for one run of the
tests: BOOMERANG_LAB_ACCEL carries it to the other processes of the run, and
sets it by hand (kvm or tcg).
"""

import ctypes
import os
import selectors
import signal
import subprocess
import time

VARIABLE = "BOOMERANG_LAB_ACCEL"
_PROBE_SECONDS = 6
_PR_SET_PDEATHSIG = 1


def die_with_parent():
    """For preexec_fn: the child is killed when this thread is gone."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _kvm_boots(kernel):
    process = subprocess.Popen(
        ["qemu-system-x86_64", "-accel", "kvm", "-cpu", "host", "-m", "256",
         "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
         "-serial", "stdio", "-kernel", kernel,
         "-append", "console=ttyS0 earlyprintk=ttyS0 panic=-1"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)
    deadline = time.monotonic() + _PROBE_SECONDS
    text = b""
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            # The command line is printed by the running kernel, well after
            # the boot loader's part.
            while b"Command line:" not in text:
                left = deadline - time.monotonic()
                if left <= 0 or not selector.select(left):
                    return False
                data = os.read(process.stdout.fileno(), 4096)
                if not data:
                    return False
                text += data
        return True
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def choose(kernel):
    """Returns "kvm" or "tcg"; probes at most once in a run."""
    verdict = os.environ.get(VARIABLE)
    if verdict not in ("kvm", "tcg"):
        usable = os.access("/dev/kvm", os.R_OK | os.W_OK)
        verdict = "kvm" if usable and _kvm_boots(kernel) else "tcg"
        os.environ[VARIABLE] = verdict
    return verdict
