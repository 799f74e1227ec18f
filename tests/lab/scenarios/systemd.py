# SPDX-License-Identifier: MIT
"""Debian with systemd, loaded as tar.gz and as squashfs by a machine that
booted over the network: login, devices, services, and every trace of it gone
after each return."""

import sys

from lab import images
from lab.guest import LOGIN_SHELL, PROMPT_ON_SCREEN, Shell, login
from lab.setups import Lab
from lab.tap import Scenario, check, equal

# Under emulation systemd needs up to a minute to its login prompt.
LOGIN_SECONDS = 240

SCENARIO = Scenario("Debian with systemd",
                    lambda: Lab("systemd", memory_mib=1536, limit=900))


@SCENARIO.case("PXE boot to the prompt on ttyS0, ttyS1 and tty1")
def prompts(lab):
    equal(lab.boot.status()["phase"], "bootstrap", "phase")
    lab.boot.command("help", console=lab.vm.ttyS1)
    lab.vm.type("help\n")
    lab.vm.expect_screen(PROMPT_ON_SCREEN, 20)
    lab.vm.expect_screen(r"poweroff", 20)


def _load(lab, kind):
    lab.boot.load(lab.url(images.systemd(kind)), r"^debsys login: ",
                  LOGIN_SECONDS)
    # The prompt is there already.
    lab.vm.ttyS0.cursor = lab.vm.ttyS0.text.rindex("debsys login: ")
    return login(lab.vm.ttyS0, "debsys")


@SCENARIO.case("tar.gz: systemd is PID 1, the system runs without a failed unit")
def tar_gz(lab):
    shell = _load(lab, "tar.gz")
    equal(shell.check("cat /proc/1/comm").strip(), "systemd", "PID 1")
    state = shell.run("systemctl is-system-running --wait", 180)[1].strip()
    equal(state, "running", "is-system-running")
    equal(shell.check("systemctl --failed --no-legend").strip(), "",
          "failed units")


@SCENARIO.case("the network works, and a login on the VT")
def devices(lab):
    shell = _attached(lab, "tar.gz")
    shell.check("ip -4 addr show scope global | grep -q 'inet 10.0.2.'")
    shell.check("exec 3<>/dev/tcp/10.0.2.2/%d && exec 3>&-" % lab.http.port)
    lab.vm.expect_screen(r"^debsys login:", 60)
    lab.vm.type("root\n")
    lab.vm.expect_screen(r"^Password:", 60)
    lab.vm.type(images.PASSWORD + "\n")
    lab.vm.expect_screen(r"root@debsys:~#", 120)
    lab.vm.type("echo on-the-$((40+2))\n")
    lab.vm.expect_screen(r"^on-the-42$", 60)


@SCENARIO.case("ttyS1 keeps the bootstrap's prompt meanwhile")
def prompt_aside(lab):
    _attached(lab, "tar.gz")
    status = lab.boot.status(lab.vm.ttyS1)
    equal(status["phase"], "target", "phase")
    equal(status["image"], lab.url(images.systemd("tar.gz")), "image")


@SCENARIO.case("return by the hotkey: the prompt, and nothing left")
def hotkey(lab):
    _attached(lab, "tar.gz")
    took, _ = lab.boot.return_by(lab.boot.hotkey)
    check(took < 10, f"the return took {took:.1f} s")


@SCENARIO.case("squashfs: nft, dm, links, addresses and sysctls left behind "
               "are undone and named")
def squashfs(lab):
    before = lab.boot.memory()
    shell = _load(lab, "squashfs")
    shell.check("nft add table inet left; nft add chain inet left c "
                "'{ type filter hook input priority 0; policy drop; }'")
    shell.check("dd if=/dev/zero of=/var/d bs=1M count=8 status=none && "
                "L=$(losetup -f --show /var/d) && "
                "echo 0 16384 linear $L 0 | dmsetup create left")
    shell.check("ip link add left0 type dummy && "
                "ip addr add 192.0.2.1/24 dev left0 && ip link set left0 up")
    shell.check("echo 3 > /proc/sys/vm/swappiness")
    _, status = lab.boot.return_by(lab.boot.magic)
    leaks = " | ".join(l["what"] for l in status["last_return"]["leaks"])
    for trace in ("left0", "loop", "swappiness", r"nft"):
        check(trace in leaks, f"no {trace!r} among the leaks: {leaks}")
    lost = before - lab.boot.memory()
    check(lost < before / 100,
          f"{lost >> 10} KiB of memory did not come back")


@SCENARIO.case("systemctl reboot in the target returns")
def reboot(lab):
    shell = _load(lab, "squashfs")
    lab.boot.return_by(lambda: shell.start("systemctl reboot"), 120)


@SCENARIO.case("systemctl poweroff in the target returns")
def poweroff(lab):
    shell = _load(lab, "squashfs")
    lab.boot.return_by(lambda: shell.start("systemctl poweroff"), 120)


@SCENARIO.case("/.bootstrap-return in the target returns")
def command(lab):
    shell = _load(lab, "squashfs")
    lab.boot.return_by(lambda: shell.start("/.bootstrap-return"))


def _attached(lab, kind):
    """The shell of the target that an earlier case left running; after a
    failure (a new machine) it is loaded again."""
    if lab.boot.status(lab.vm.ttyS1)["phase"] != "target":
        return _load(lab, kind)
    return Shell(lab.vm.ttyS0, LOGIN_SHELL)


if __name__ == "__main__":
    sys.exit(SCENARIO.main())
