# SPDX-License-Identifier: MIT
"""Networks that are not just DHCP: a bond whose cables are pulled and whose
members come late, VLANs, an image over IPv6, and what a target does to them.

The machine has three network cards. eth0 is in a network with a router of
IPv6, and takes IPv6 only; eth1 and eth2 are a bond in another network with
DHCP, where a fourth card is plugged in later. The other end of the VLAN is in
the machine itself, in a network namespace, behind a veth pair.
"""

import re
import socket
import sys
import threading
import time

from lab import images
from lab.guest import PROMPT, Shell
from lab.setups import Lab
from lab.tap import Scenario, check
from lab.vm import VM

UP = r"^busybox image: up$"
# QEMU's user network: its router of IPv6, behind which is our own ::1.
HOST6 = "fec0::2"
BOND_HOST = "10.0.3.2"
ARGUMENTS = ("ip=eth0:auto6 bond=bond0:eth1,eth2,eth3:mode=active-backup "
             "ip=bond0:dhcp vlan=va.9:va ip=10.9.0.2:::24::va.9:off "
             "ip=[fd09::2]:::64::va.9:off")
FAR = ("ip link add va type veth peer name vb && ip netns add far && "
       "ip link set vb netns far && ip -n far link set vb up && "
       "ip -n far link add vb.9 link vb type vlan id 9 && "
       "ip -n far address add 10.9.0.1/24 dev vb.9 && "
       "ip -n far address add fd09::1/64 dev vb.9 nodad && "
       "ip -n far link set vb.9 up")


class BondVM(VM):
    """With two more cards on one cable, and a place for a third."""

    def _hardware(self):
        hub = []
        for n in range(4):
            peer = ",netdev=u1" if n == 0 else ""
            hub += ["-netdev", f"hubport,hubid=1,id=h{n}{peer}"]
        return [*super()._hardware(),
                "-netdev", "user,id=u1,net=10.0.3.0/24,ipv6=off", *hub,
                "-device", "virtio-net-pci,netdev=h1,id=card1",
                "-device", "virtio-net-pci,netdev=h2,id=card2"]

    def cable(self, card, plugged):
        """Pulls the cable of a card out, or plugs it in."""
        self.monitor.execute("set_link", name=card, up=plugged)

    def add_card(self):
        """Plugs in the third card of the bond."""
        self.monitor.execute("device_add", driver="virtio-net-pci",
                             netdev="h3", id="card3")


class Relay:
    """Passes on what comes to a port of ::1 to the same port of 127.0.0.1."""

    def __init__(self, port):
        self.port = port
        self.connections = 0
        self.listener = socket.create_server(("::1", port),
                                             family=socket.AF_INET6)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        """Ends it."""
        self.listener.close()

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            far = socket.create_connection(("127.0.0.1", self.port))
            for pair in (near, far), (far, near):
                threading.Thread(target=self._pass, args=pair,
                                 daemon=True).start()

    @staticmethod
    def _pass(source, sink):
        try:
            while data := source.recv(1 << 16):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class NetworkLab(Lab):
    """The machine, and its server reached both ways."""

    def __init__(self, name="network", arguments=ARGUMENTS):
        self.relay = None
        super().__init__(name, memory_mib=768, limit=600, booted=False,
                         arguments=arguments)

    def _start_machine(self, directory):
        self.relay = Relay(self.http.port)
        self.vm = BondVM(self._name, directory, **self._vm_options)
        self.vm.start()

    def __enter__(self):
        super().__enter__()
        self.boot.booted()
        return self

    def __exit__(self, kind, value, traceback):
        super().__exit__(kind, value, traceback)
        if self.relay:
            self.relay.close()

    def url_at(self, host):
        """The image, by another address of this machine."""
        return self.url(images.busybox()).replace("//10.0.2.2", f"//{host}")

    def network(self, pattern, timeout=60):
        """Waits until status says so; returns it."""
        deadline = time.monotonic() + timeout
        while True:
            text = self.boot.status()["network"] or ""
            if re.search(pattern, text):
                return text
            check(time.monotonic() < deadline, f"no {pattern!r}: {text!r}")
            time.sleep(0.2)

    def shell(self, command, timeout=60):
        """Runs a command in the bootstrap, which must succeed."""
        status, output = self.boot.shell(command, timeout)
        check(status == 0, f"{command}: {status}: {output}")
        return output

    def load(self, host):
        """Loads the image from an address of the server's; the target's
        shell."""
        self.boot.load(self.url_at(host), UP, 120)
        shell = Shell(self.vm.ttyS0, r"target# $")
        shell.ready()
        return shell


SCENARIO = Scenario("networks", NetworkLab)


@SCENARIO.case("a bond by DHCP, IPv6 by its router, both in status")
def status(lab):
    text = lab.network(r"bond0 10\.0\.3\.\d+/24 via 10\.0\.3\.2")
    text = lab.network(r"eth0 fec0::[0-9a-f:]+/64 via fe80::")
    check("eth0 10." not in text, f"eth0 has IPv4: {text}")
    mode = lab.shell("cat /sys/class/net/bond0/bonding/mode")
    check("active-backup" in mode, mode)
    slaves = lab.shell("cat /sys/class/net/bond0/bonding/slaves").split()
    check({"eth1", "eth2"} <= set(slaves), slaves)


@SCENARIO.case("an image over IPv6")
def over_ipv6(lab):
    before = lab.relay.connections
    lab.load(f"[{HOST6}]")
    check(lab.relay.connections > before, "it came over IPv4")
    lab.boot.return_by(lab.boot.hotkey)
    lab.network(r"eth0 fec0::")


@SCENARIO.case("a cable of the bond is pulled, and another card plugged in")
def bond(lab):
    active = "cat /sys/class/net/bond0/bonding/active_slave"
    first = lab.shell(active).split()[-1]
    lab.vm.cable({"eth1": "card1", "eth2": "card2"}[first], False)
    lab.shell(f'until [ "$({active})" != {first} ]; do usleep 100000; done')
    lab.vm.add_card()
    lab.shell("until grep -q eth3 /sys/class/net/bond0/bonding/slaves; do "
              "usleep 100000; done")
    for card in "card1", "card2":
        lab.vm.cable(card, False)
    lab.shell(f'until [ "$({active})" = eth3 ]; do usleep 100000; done')
    lab.shell(f"ping -c1 -W5 {BOND_HOST}")


@SCENARIO.case("a VLAN whose device appears late")
def vlan(lab):
    lab.shell(FAR)
    lab.network(r"va\.9 10\.9\.0\.2/24 and fd09::2/64")
    lab.shell("ip -d link show va.9 | grep -q 'vlan protocol 802.1Q id 9'")
    lab.shell("ping -c1 -W5 10.9.0.1 && ping -c1 -W5 fd09::1")


@SCENARIO.case("what a target does to them is undone")
def undone(lab):
    shell = lab.load(BOND_HOST)
    for command in ("ip address flush dev va.9", "ip link set va.9 down",
                    "ip address flush dev bond0", "ip link set bond0 down",
                    "ip link set eth3 nomaster"):
        status, output = shell.run(command)
        check(status == 0, f"{command}: {output}")
    _, after = lab.boot.return_by(lab.boot.hotkey)
    check(after["last_return"]["leaks"], "nothing was found")
    lab.network(r"bond0 10\.0\.3\.\d+/24 via 10\.0\.3\.2")
    lab.network(r"va\.9 10\.9\.0\.2/24 and fd09::2/64")
    lab.shell("until ping -c1 -W5 10.9.0.1; do usleep 100000; done")
    lab.shell("until ping -c1 -W5 fd09::1; do usleep 100000; done")
    lab.shell(f"until ping -c1 -W5 {BOND_HOST}; do usleep 100000; done")


@SCENARIO.case("a VLAN that a target deletes is made anew")
def deleted(lab):
    shell = lab.load(BOND_HOST)
    status, output = shell.run("ip link delete va.9")
    check(status == 0, output)
    lab.boot.return_by(lab.boot.hotkey)
    lab.network(r"va\.9 10\.9\.0\.2/24 and fd09::2/64")
    lab.shell("until ping -c1 -W5 10.9.0.1; do usleep 100000; done")


@SCENARIO.case("a load waits for the network, until Ctrl+C or a cable")
def waits(lab):
    lab.vm.kill()
    with NetworkLab("network-late", "ip=eth3:dhcp") as late:
        console = late.boot.main
        image = late.url_at(BOND_HOST)
        waiting = r"waiting for the network: [^\r\n]*interface"
        console.line(f"load {image}")
        console.expect(waiting, 30)
        console.send("\x03")
        console.expect("load cancelled", 10)
        console.expect(PROMPT, 10)
        console.line(f"load {image}")
        console.expect(waiting, 30)
        late.vm.add_card()
        console.expect(UP, 120)


if __name__ == "__main__":
    sys.exit(SCENARIO.main())
