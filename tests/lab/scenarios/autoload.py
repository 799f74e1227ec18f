# SPDX-License-Identifier: MIT
"""Words of the kernel command line: image_url=, image_init=, ip=."""

import sys

from lab import hostile, images
from lab.guest import PROMPT, Shell
from lab.setups import Lab
from lab.tap import Scenario, check, equal


class Autoload:
    """Machines whose command line differs from case to case."""

    def __init__(self):
        self.vm = None

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        pass

    def lab(self, arguments):
        """A machine not yet turned on; arguments(lab) gives its words."""
        lab = Lab("autoload", booted=False, limit=240, memory_mib=768)
        lab.set_arguments(arguments(lab))
        return lab


SCENARIO = Scenario("kernel command line", Autoload)


@SCENARIO.case("image_url= loads by itself, the return leads to the prompt")
def image_url(shared):
    with shared.lab(lambda lab: f"image_url={lab.url(images.busybox())}"
                    ) as lab:
        shared.vm = lab.vm
        lab.vm.ttyS0.expect(r"^busybox image: up$", 150)
        Shell(lab.vm.ttyS0, r"target# $").ready()
        lab.boot.return_by(lab.boot.hotkey)
        equal(lab.boot.status()["image"], lab.url(images.busybox()), "image")


@SCENARIO.case("image_url= that fails leads to the prompt and says why; "
               "ip= sets the address")
def bad_url(shared):
    with shared.lab(lambda lab: "ip=10.0.2.77::10.0.2.2:255.255.255.0::eth0:"
                    f"off image_url={lab.url(hostile.no_init())}") as lab:
        shared.vm = lab.vm
        lab.vm.ttyS0.expect(r"(?i)no init|/sbin/init", 150)
        lab.vm.ttyS0.expect(PROMPT, 30)
        status = lab.boot.status()
        equal(status["phase"], "bootstrap", "phase")
        check("10.0.2.77" in status["network"], status["network"])


@SCENARIO.case("reboot at the prompt reboots, poweroff turns off")
def machine(shared):
    with shared.lab(lambda lab: "") as lab:
        shared.vm = lab.vm
        lab.boot.booted()
        lab.vm.ttyS0.line("reboot")
        lab.vm.wait_reset(30)
        lab.boot.booted()
        lab.vm.ttyS0.line("poweroff")
        lab.vm.wait_off(30)


if __name__ == "__main__":
    sys.exit(SCENARIO.main())
