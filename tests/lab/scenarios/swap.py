# SPDX-License-Identifier: MIT
"""`boomerang swap` of Debian 12 with systemd, with everything on its disks
that holds disks: refused and failed ones, which leave no trace, and others,
after which the disks are free."""

import sys
import time

from lab import disks, hostile, images
from lab.guest import PROMPT, Bootstrap, Shell
from lab.swaplab import BOOT_SECONDS, SWAP_SECONDS, SwapLab, same, state
from lab.tap import Scenario, check, equal

# As a person does who looks for what an init is busy with.
_TRACE = "strace -q -p 1 -o /dev/null & " \
         "until grep -q '^TracerPid:.*[1-9]' /proc/1/status; do " \
         "sleep 0.1; done; "

DISKS = ("vda", "vdb")

# Nobody would let a machine go over to what cannot be logged in to by SSH
# without a way back.
ALONE = "--watchdog 900"


def _ready(lab):
    lab.ssh.wait(BOOT_SECONDS)
    equal(lab.ssh.run("systemctl is-system-running --wait", 120)[1].strip(),
          "running", "the system on the disk")
    lab.install()


SCENARIO = Scenario("swap of Debian with systemd",
                    lambda: SwapLab("swap", disks.systemd, _ready,
                                    memory_mib=1024, processors=2,
                                    limit=900))


# -- nothing is done -----------------------------------------------------------

def _unchanged(lab, action):
    """Calls action() in a machine that has just booted, after which all is
    as it was."""
    lab.begin()
    before = state(lab.ssh.check)
    result = action()
    same(before, state(lab.ssh.check))
    return result


@SCENARIO.case("--dry-run prints every check and the plan, and does nothing")
def dry_run(lab):
    url = lab.url(images.busybox())
    status, text = _unchanged(
        lab, lambda: lab.ssh.run(f"boomerang swap --dry-run {ALONE} {url}"))
    print("# " + text.replace("\n", "\n# "))
    equal(status, 0, f"exit status of {text!r}")
    for words in ("The plan", "take over PID 1 (systemd, by ptrace)",
                  "release vda", "release vdb", "keep the network",
                  "start /sbin/init"):
        check(words in text, f"no {words!r} in {text!r}")


def _fails(lab, arguments, pattern, before="", timeout=120):
    """A swap that must end with a line that says why."""
    arguments = f"{ALONE} {arguments}"

    def action():
        return lab.ssh.run(f"{before} boomerang swap --yes {arguments}; "
                           "status=$?; kill $! 2>/dev/null; wait; "
                           "exit $status", timeout)
    status, text = _unchanged(lab, action)
    check(status not in (0, 255), f"exit status {status} of {text!r}")
    check(pattern in text, f"no {pattern!r} in {text!r}")


@SCENARIO.case("an image that is not there leaves no trace")
def missing(lab):
    _fails(lab, lab.http.url("nothing.tar.gz"), "404")


@SCENARIO.case("an image that does not fit leaves no trace")
def too_big(lab):
    _fails(lab, lab.url(hostile.huge(4096)), "huge")


@SCENARIO.case("an init of another architecture leaves no trace")
def foreign(lab):
    _fails(lab, lab.url(hostile.foreign_init()), "it is for arm64")


@SCENARIO.case("an image without an init leaves no trace")
def no_init(lab):
    _fails(lab, lab.url(hostile.no_init()), "init")


@SCENARIO.case("a PID 1 that somebody traces leaves no trace")
def traced(lab):
    _fails(lab, "--method ptrace " + lab.url(images.busybox()), "trace",
           _TRACE)


@SCENARIO.case("a bootstrap whose /usr this kernel cannot mount leaves no trace")
def no_squashfs(lab):
    _fails(lab, "--bootstrap " + lab.http.url("bootstrap.img"),
           "/usr cannot be mounted",
           "sysctl -qw kernel.modprobe=/bin/false; ")


@SCENARIO.case("Ctrl+C amid the download leaves no trace")
def interrupted(lab):
    url = lab.url(images.busybox(), "rate=100000")
    status, text = _unchanged(lab, lambda: lab.ssh.interrupt(
        f"boomerang swap --yes {ALONE} {url}", "kB of"))
    check(status not in (0, 255), f"exit status {status} of {text!r}")
    check("cancelled" in text, f"it said {text!r}")


@SCENARIO.case("Ctrl+C while services are stopped leaves no trace")
def interrupted_late(lab):
    url = lab.url(images.busybox())
    status, text = _unchanged(lab, lambda: lab.ssh.interrupt(
        f"boomerang swap --yes {ALONE} {url}", "stopping"))
    check(status not in (0, 255), f"exit status {status} of {text!r}")
    check("interrupt" in text, f"it said {text!r}")


@SCENARIO.case("an exec in PID 1 that fails leaves no trace")
def exec_fails(lab):
    _fails(lab, lab.url(images.busybox()), "PID 1",
           "(until [ -e /run/boomerang/swap/tree/.boomerang/init ]; do "
           "sleep 0.02; done; rm /run/boomerang/swap/tree/.boomerang/init) "
           ">/dev/null 2>&1 & ")


@SCENARIO.case("a session that would be cut for good is not")
def alone(lab):
    url = lab.url(images.busybox())
    status, text = _unchanged(
        lab, lambda: lab.ssh.run(f"boomerang swap --yes {url}"))
    check(status not in (0, 255), f"exit status {status} of {text!r}")
    check("session" in text, f"it said {text!r}")


# -- swaps ----------------------------------------------------------------------

@SCENARIO.case("by ptrace into Debian with systemd: the same SSH host key, "
               "all disks free, the old root's made anew")
def systemd(lab):
    lab.begin()
    image = images.converted("disksys", disks.systemd_tar(), "squashfs")
    start = time.monotonic()
    lab.swap(f"--keep-ssh --hostname swapped {lab.url(image)}")
    lab.ssh.wait(BOOT_SECONDS, "test $(hostname) = swapped")
    print(f"# {time.monotonic() - start:.1f} s to SSH in the new system")
    lab.ssh.run("systemctl is-system-running --wait", 120)
    lab.ssh.check("mkdir -p /lab && cat > /lab/exclusive && "
                  "chmod +x /lab/exclusive", stdin=images.compile_helper(
                      "exclusive").read_bytes())
    equal(lab.ssh.check("systemctl is-system-running").strip(), "running",
          "the new system")
    lab.released(lab.ssh.check, *DISKS)
    lab.ssh.check("echo 'size=100M' | sfdisk -q --wipe always /dev/vda && "
                  "mkfs.ext4 -q -F /dev/vda1 && mount /dev/vda1 /mnt && "
                  "echo new > /mnt/file && umount /mnt")
    lab.ssh.run("systemctl reboot")
    lab.vm.wait_reset(90)
    # As it should be: that disk has another system's file systems now.
    lab.console.expect(r"^lab: there is no disk to boot from$", 60)


@SCENARIO.case("by the exitrd into an OCI image: its Entrypoint runs, disks "
               "and network are its own")
def exitrd(lab):
    lab.begin()
    start = time.monotonic()
    lab.swap(f"--method exitrd {ALONE} {lab.box}")
    shell = _box_shell(lab, 180)
    print(f"# {time.monotonic() - start:.1f} s to the Entrypoint")
    lab.released(shell.check, *DISKS)
    shell.check(f"wget -q -O /dev/null {lab.url(images.busybox())}")


def _box_shell(lab, timeout):
    """The shell of the OCI image, once its Entrypoint runs as it should."""
    printed = lab.console.expect(r"^box: up$", timeout).before
    for line in ("arguments: 2 [one two] [three]",
                 "environment: light blue", "process: 1"):
        check(line in printed, f"no {line!r} in {printed!r}")
    shell = Shell(lab.console, r"target# $")
    shell.ready()
    return shell


@SCENARIO.case("--bootstrap: its prompt, from which load and return work")
def bootstrap(lab):
    lab.begin()
    lab.swap(f"--bootstrap {ALONE} {lab.http.url('bootstrap.img')}")
    boot = Bootstrap(lab.vm)
    lab.console.expect(PROMPT, SWAP_SECONDS)
    boot.online()
    boot.load(lab.url(images.busybox()), r"^busybox image: up$")
    Shell(lab.console, r"target# $").ready()
    boot.return_by(boot.magic)
    code, text = boot.shell("cat /proc/partitions")
    check("vda" in text, f"partitions: {text!r}")


if __name__ == "__main__":
    sys.exit(SCENARIO.main())
