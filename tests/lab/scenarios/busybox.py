# SPDX-License-Identifier: MIT
"""The busybox image: every way back, and every trace a target can leave."""

import hashlib
import sys
import time

from lab import hostile, images
from lab.guest import LOOPS, MAGIC, PROMPT_ON_SCREEN, Shell
from lab.setups import Lab
from lab.tap import Scenario, check, equal

UP = r"^busybox image: up$"
PASTE_BYTES = 1_000_000

SCENARIO = Scenario("busybox",
                    lambda: Lab("busybox", memory_mib=768, limit=900,
                                processors=2))


def _load(lab, image=None):
    lab.boot.load(lab.url(image or images.busybox()), UP, 60)
    shell = Shell(lab.vm.ttyS0, r"target# $")
    shell.ready()
    return shell


def _leaks(status, *words):
    """Every word is named among the leaks, and each of them was undone."""
    found = [leak["what"] for leak in status["last_return"]["leaks"]]
    for word in words:
        check(any(word in what for what in found),
              f"{word!r} is not among the leaks: {found}")


@SCENARIO.case("init is PID 1, the bootstrap's consoles are its own")
def runs(lab):
    shell = _load(lab)
    equal(shell.check("readlink /proc/1/exe").strip(), "/bin/busybox",
          "PID 1")
    lab.vm.expect_screen(r"^target#", 20)
    lab.vm.type("echo vt-$((6*7))\n")
    lab.vm.expect_screen(r"^vt-42$", 20)
    _, status = lab.boot.return_by(lab.boot.hotkey)
    equal(status["last_return"]["leaks"], [], "what this target left behind")


@SCENARIO.case("return by the serial string, typed amid other input")
def magic(lab):
    _load(lab)
    lab.boot.return_by(lambda: lab.vm.ttyS0.send("echo RETURN_" + MAGIC))


@SCENARIO.case("return by the serial string, a byte at a time")
def magic_slowly(lab):
    _load(lab)

    def send():
        for char in MAGIC:
            lab.vm.ttyS0.send(char)
            time.sleep(0.05)  # a person types; there is nothing to wait for
    lab.boot.return_by(send)


@SCENARIO.case("return by `return` at the prompt on the other console")
def return_command(lab):
    _load(lab)
    lab.boot.return_by(lab.boot.return_command)


@SCENARIO.case("return by `return` at the prompt on VT 11")
def return_vt(lab):
    _load(lab)
    lab.vm.keys("ctrl", "alt", "f11")
    lab.vm.expect_screen(PROMPT_ON_SCREEN, 20)
    lab.boot.return_by(lambda: lab.vm.type("return\n"))


@SCENARIO.case("return by /.bootstrap-return")
def return_program(lab):
    shell = _load(lab)
    lab.boot.return_by(lambda: shell.start("/.bootstrap-return"))


@SCENARIO.case("return by reboot, poweroff and halt in the target")
def ends(lab):
    for command in ("reboot", "poweroff", "halt", "reboot -f", "poweroff -f"):
        shell = _load(lab)
        # A blank, as all three are also commands of the bootstrap's prompt.
        lab.boot.return_by(lambda: shell.start(f" {command}"), 60)


@SCENARIO.case("return by the hotkey on a keyboard plugged in later")
def late_keyboard(lab):
    shell = _load(lab)
    lab.vm.plug_keyboard("late")
    shell.check("until grep -q 'USB Keyboard' /proc/bus/input/devices; do "
                "usleep 100000; done")
    lab.boot.return_by(lab.boot.hotkey)
    lab.vm.unplug("late")


@SCENARIO.case("return by the hotkey while the VT is in graphics mode with "
               "the keyboard off")
def graphics(lab):
    shell = _load(lab)
    shell.start("/lab/kdgraphics &")
    lab.vm.ttyS0.expect(r"kdgraphics: done$", 20)
    lab.boot.return_by(lab.boot.hotkey)
    lab.vm.expect_screen(PROMPT_ON_SCREEN, 20)
    lab.vm.type("status\n")
    lab.vm.expect_screen(r"bootstrap", 20)


@SCENARIO.case("a megabyte of near-misses pasted on serial arrives intact")
def paste(lab):
    shell = _load(lab)
    near = (MAGIC[:-1] + "\n" + MAGIC[:7] + MAGIC[:10] + "_").encode()
    data = (near * (PASTE_BYTES // len(near) + 1))[:PASTE_BYTES]
    shell.start("stty raw -echo; echo st\"\"arts; "
                f"head -c {PASTE_BYTES} | md5sum; stty sane")
    lab.vm.ttyS0.expect(r"^starts$", 20)
    lab.vm.ttyS0.send(data)
    match = lab.vm.ttyS0.expect(r"^([0-9a-f]{32})  -", 120)
    equal(match[1], hashlib.md5(data).hexdigest(), "what arrived")
    shell.ready()
    lab.boot.return_by(lab.boot.hotkey)


@SCENARIO.case("loop devices on a file of its own root are released")
def leak_loop(lab):
    before = lab.boot.memory()
    shell = _load(lab)
    shell.check("/lab/leak-loop")
    _, status = lab.boot.return_by(lab.boot.hotkey)
    _leaks(status, "loop")
    lost = before - lab.boot.memory()
    check(lost < 8 << 20, f"{lost >> 10} KiB of memory did not come back")
    _, text = lab.boot.shell(LOOPS)
    check(not text.strip(), f"loop devices: {text}")


@SCENARIO.case("swap on a loop device is released")
def leak_swap(lab):
    shell = _load(lab)
    shell.check("/lab/leak-swap")
    _, status = lab.boot.return_by(lab.boot.hotkey)
    _leaks(status, "swap")


@SCENARIO.case("links, addresses, routes and rules are put back")
def leak_network(lab):
    shell = _load(lab)
    shell.check("/lab/leak-network")
    _, status = lab.boot.return_by(lab.boot.hotkey)
    _leaks(status, "leak0", "192.0.2.99")
    _, text = lab.boot.shell("ip link; ip addr; ip rule; "
                             "ip route show table all")
    for trace in ("leak0", "192.0.2.", "198.51.100.", "203.0.113."):
        check(trace not in text, f"{trace} is still there: {text}")


@SCENARIO.case("a network that the target took down works again")
def break_network(lab):
    shell = _load(lab)
    shell.check("/lab/break-network")
    lab.boot.return_by(lab.boot.hotkey)
    _load(lab)
    lab.boot.return_by(lab.boot.hotkey)


@SCENARIO.case("sysctls are put back")
def leak_sysctl(lab):
    shell = _load(lab)
    shell.check("/lab/leak-sysctl")
    _, status = lab.boot.return_by(lab.boot.hotkey)
    _leaks(status, "file-max", "swappiness", "ip_forward", "core_pattern")


@SCENARIO.case("mounts and daemons in them are gone")
def leak_mounts(lab):
    before = lab.boot.memory()
    shell = _load(lab)
    shell.check("/lab/leak-mounts")
    lab.boot.return_by(lab.boot.hotkey)
    lost = before - lab.boot.memory()
    check(lost < 8 << 20, f"{lost >> 10} KiB of memory did not come back")


@SCENARIO.case("cgroups of the target are removed")
def leak_cgroup(lab):
    shell = _load(lab)
    shell.check("/lab/leak-cgroup")
    lab.boot.return_by(lab.boot.hotkey)
    _, text = lab.boot.shell("find /sys/fs/cgroup -mindepth 1 -type d")
    check("/a/b" not in text, f"cgroups are left: {text}")


@SCENARIO.case("a target that ignores signals is ended")
def deaf(lab):
    lab.boot.load(lab.url(hostile.deaf_init()), r"^deaf-init: up$", 60)
    took, _ = lab.boot.return_by(lab.boot.hotkey)
    check(took < 10, f"the return took {took:.1f} s")


@SCENARIO.case("a fork bomb in the target is ended")
def fork_bomb(lab):
    shell = _load(lab)
    shell.start("/lab/fork-bomb")
    lab.vm.ttyS0.expect(r"^fork-bomb: starting$", 20)
    # It is at its worst once forks are refused.
    lab.vm.ttyS0.expect(r"can't fork", 120)
    lab.boot.return_by(lab.boot.hotkey, 120)


@SCENARIO.case("every load is pristine, the second one too")
def pristine(lab):
    for _ in range(2):
        shell = _load(lab)
        shell.check("test ! -e /mark && touch /mark && rm /bin/awk")
        lab.boot.return_by(lab.boot.hotkey)


@SCENARIO.case("the bootstrap's tree is out of the target's reach")
def isolation(lab):
    shell = _load(lab)
    shell.check("test ! -e /proc/1/root/usr/bin/boomerang")
    shell.check("! unshare -m sh -c 'umount -l / ; ls /usr/bin/boomerang'")
    lab.boot.return_by(lab.boot.hotkey)


if __name__ == "__main__":
    sys.exit(SCENARIO.main())
