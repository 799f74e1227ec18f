#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The network worker against DHCP servers, over veth pairs.

usage: test-network.py WORKER

Prints TAP.
"""
import contextlib
import os
import socket
import struct
import subprocess
import tempfile

import scripted
from network_worker import LIMIT_S, Lines, Worker, main, ok, run


@contextlib.contextmanager
def udhcpd(lease_s):
    """A real server on srv0: its log."""
    with tempfile.TemporaryDirectory(prefix="boomerang-netns-") as place:
        conf = os.path.join(place, "udhcpd.conf")
        leases = os.path.join(place, "leases")
        open(leases, "w", encoding="ascii").close()
        with open(conf, "w", encoding="ascii") as file:
            file.write(f"""\
start 10.77.0.100
end 10.77.0.110
interface srv0
lease_file {leases}
pidfile {place}/pid
min_lease 1
option subnet 255.255.255.0
option router 10.77.0.1
option dns 10.77.0.1 10.77.0.3
option domain lan.example
option hostname from-server
option mtu 1400
option lease {lease_s}
""")
        process = subprocess.Popen(["busybox", "udhcpd", "-f", conf],
                                   stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE)
        try:
            yield Lines(process.stderr)
        finally:
            process.kill()
            process.wait()


DISCOVER, OFFER, REQUEST, DECLINE, ACK, NAK = range(1, 7)
COOKIE = b"\x63\x82\x53\x63"


class Message:
    """What a client sent."""

    def __init__(self, data):
        self.xid = data[4:8]
        self.ciaddr = socket.inet_ntoa(data[12:16])
        self.chaddr = data[28:44]
        self.options = {}
        at = 240
        while data[at] != 255:
            if data[at] == 0:
                at += 1
                continue
            size = data[at + 1]
            self.options[data[at]] = data[at + 2:at + 2 + size]
            at += 2 + size
        self.type = self.options[53][0]

    def asked(self):
        if 50 in self.options:
            return socket.inet_ntoa(self.options[50])
        return self.ciaddr


def option(code, value):
    return bytes([code, len(value)]) + value


def reply(message, kind, address="0.0.0.0", lease_s=3600, more=b"",
          xid=None, chaddr=None):
    a = socket.inet_aton
    fixed = (b"\2\1\6\0" + (xid or message.xid) + bytes(8) + a(address) +
             bytes(8) + (chaddr or message.chaddr) + bytes(192) + COOKIE)
    options = option(53, bytes([kind])) + option(54, a("10.77.0.1"))
    if kind != NAK:
        options += option(51, struct.pack(">I", lease_s))
        options += option(1, a("255.255.255.0"))
    return fixed + options + more + b"\xff"


class Scripted(scripted.Server):
    """A server on a peer that answers as decide(message) says."""

    def __init__(self, decide, peer="srv0"):
        made = scripted.bound_to(peer, socket.AF_INET, socket.SOCK_DGRAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        made.bind(("", 67))
        super().__init__(made, Message, decide)

    def reply_to(self, sender):
        return "255.255.255.255", 68


def generous(address, lease_s=3600, more=b""):
    """Gives everyone this address."""
    def decide(message):
        if message.type == DISCOVER:
            return [reply(message, OFFER, address, lease_s, more)]
        if message.asked() == address:
            return [reply(message, ACK, address, lease_s, more)]
        return [reply(message, NAK)]
    return decide


def test_real_server():
    print("# a real server, an interface that appears late, renewals")
    with Worker("quiet") as worker:
        ok(worker.reports.seen == ["WAITING waiting for a network interface"],
           "it waits for an interface", worker.reports.seen)
        worker.plug(up=False)
        worker.wait("WAITING waiting for a link on eth0")
        with udhcpd(8) as log:
            run("ip", "link", "set", "srv0", "up")
            line = worker.wait("UP ")
            address = line.split()[2] if line else ""
            ok(line.startswith("UP eth0 10.77.0.1") and
               line.endswith("/24 via 10.77.0.1"), "with address and router",
               line)
            ok(worker.addresses() == [address], "the address is there",
               worker.addresses())
            routes = worker.default_routes()
            ok(len(routes) == 1 and routes[0]["gateway"] == "10.77.0.1" and
               routes[0]["metric"] == 512, "the default route is there",
               routes)
            ok(worker.resolver() == ["search lan.example",
                                     "nameserver 10.77.0.1",
                                     "nameserver 10.77.0.3"],
               "resolv.conf is written", worker.resolver())
            ok(worker.inside("hostname").strip() == "from-server",
               "the host has its name")
            link = worker.link("eth0")
            ok(link["mtu"] == 1400, "the MTU is set", link)
            link = worker.link("lo")
            ok("UP" in link["flags"], "the loopback is up", link)
            worker.inside("ip", "route", "delete", "default")
            sent = [log.wait(lambda text: "sending ACK" in text)
                    for _ in range(3)]
            ok(all(sent), "the lease is renewed twice", log.seen)
            ok(worker.addresses() == [address] and
               worker.default_routes() == [],
               "a renewal touches nothing that the target changed",
               worker.default_routes())


def test_late_server():
    print("# a server that appears late")
    with Worker("") as worker:
        worker.plug()
        worker.wait("WAITING waiting for DHCP on eth0")
        worker.wait("FAILED no DHCP answer on eth0 (link up)")
        with Scripted(generous("10.77.0.50")):
            worker.wait("UP eth0 10.77.0.50/24")


def test_renewal():
    print("# renewal by unicast, rebinding, expiry")
    state = {"silent": False}

    def decide(message):
        if state["silent"]:
            return []
        return generous("10.77.0.50", 8,
                        option(6, socket.inet_aton("10.77.0.1")))(message)

    with Worker("") as worker:
        worker.plug()
        with Scripted(decide) as server:
            worker.wait("UP eth0 10.77.0.50/24")
            renewal = server.wait(lambda m: m.ciaddr == "10.77.0.50")
            ok(renewal and renewal.sender == "10.77.0.50",
               "a renewal comes from the address itself")
            state["silent"] = True
            seen = len(server.got)
            worker.wait("WAITING waiting for DHCP on eth0")
            ok(worker.addresses() == [], "an expired address is removed",
               worker.addresses())
            ok(worker.default_routes() == [] and worker.resolver() == [],
               "with its routes and name servers", worker.resolver())
            kinds = [m.type for m in server.got[seen:]]
            ok(REQUEST in kinds, "after another REQUEST", kinds)
            state["silent"] = False
            worker.wait("UP eth0 10.77.0.50/24")


def test_refused_renewal():
    print("# a server that refuses a renewal")
    state = {"address": "10.77.0.50"}

    def decide(message):
        return generous(state["address"], 6)(message)

    with Worker("") as worker:
        worker.plug()
        with Scripted(decide):
            worker.wait("UP eth0 10.77.0.50/24")
            state["address"] = "10.77.0.60"
            worker.wait("WAITING")
            worker.wait("UP eth0 10.77.0.60/24")
            ok(worker.addresses() == ["10.77.0.60/24"],
               "the old address is gone, the new one there",
               worker.addresses())


def test_link_lost():
    print("# a cable that is plugged into another network")
    state = {"address": "10.77.0.50"}

    def decide(message):
        return generous(state["address"])(message)

    def asks_again(message):
        return message.type == REQUEST and 54 not in message.options

    with Worker("") as worker:
        worker.plug()
        with Scripted(decide) as server:
            worker.wait("UP eth0 10.77.0.50/24")
            worker.replug()
            ok(server.wait(asks_again), "it asks whether its address holds")
            state["address"] = "10.77.0.60"
            worker.replug()
            worker.wait("UP eth0 10.77.0.60/24")
            run("ip", "link", "delete", "srv0")
            worker.wait("WAITING waiting for a network interface")


def test_hostile():
    print("# hostile answers before each good one")
    more = option(6, socket.inet_aton("10.77.0.1"))
    good = generous("10.77.0.50", more=more +
                    option(15, b"a\nnameserver 6.6.6.6") +
                    option(12, b"$(reboot)") + option(26, b"\0\1"))

    def decide(message):
        kind = OFFER if message.type == DISCOVER else ACK
        whole = reply(message, kind, "10.66.0.6")
        return [
            b"", whole[:100], whole[:240], whole[:250],
            whole[:-1] + b"\x34\1\3\x0c",
            reply(message, kind, "10.66.0.6", xid=b"\0\0\0\0"),
            reply(message, kind, "10.66.0.6", chaddr=bytes(16)),
            reply(message, kind, "127.0.0.1"),
            reply(message, kind, "255.255.255.255"),
            reply(message, kind, "0.0.0.0"),
            reply(message, kind, "10.66.0.6", lease_s=1),
            reply(message, kind, "10.66.0.6",
                  more=option(1, b"\xff\0\xff\0")),
            reply(message, NAK, xid=b"\1\1\1\1"),
        ] + good(message)

    with Worker("") as worker:
        worker.plug()
        with Scripted(decide):
            worker.wait("UP eth0 10.77.0.50/24")
            ok(worker.addresses() == ["10.77.0.50/24"],
               "only the good address is there", worker.addresses())
            ok(worker.resolver() == ["nameserver 10.77.0.1"],
               "no line is smuggled into resolv.conf", worker.resolver())
            ok(worker.inside("hostname").strip() != "$(reboot)",
               "nor a command into the host name")


def test_static():
    print("# a static address")
    with Worker("nameserver=2001:db8::1 ip=10.88.0.2::10.88.0.1:"
                "255.255.255.0:by-hand:eth0:off:9.9.9.9") as worker:
        worker.plug("eth1", "srv1")
        worker.plug()
        with Scripted(lambda message: []) as server:
            worker.wait("UP eth0 10.88.0.2/24 via 10.88.0.1")
            ok(worker.addresses() == ["10.88.0.2/24"], "the address is there",
               worker.addresses())
            ok(worker.default_routes()[0]["gateway"] == "10.88.0.1",
               "the default route is there")
            ok(worker.resolver() == ["nameserver 2001:db8::1",
                                     "nameserver 9.9.9.9"],
               "resolv.conf has nameserver= first", worker.resolver())
            ok(worker.inside("hostname").strip() == "by-hand",
               "the host has its name")
            ok(server.got == [], "no server was asked")
            link = worker.link("eth1")
            ok("UP" not in link["flags"], "another interface is left alone")


def test_unnamed_static():
    print("# a static address for the first interface with a link")
    with Worker("ip=10.88.0.2:::255.255.255.0") as worker:
        worker.plug("eth0", "srv0", up=False)
        worker.plug("eth1", "srv1")
        worker.wait("UP eth1 10.88.0.2/24")
        run("ip", "link", "set", "srv0", "up")
        run("ip", "link", "delete", "srv1")
        worker.wait("WAITING")
        ok(worker.addresses() == [], "no other one gets it meanwhile",
           worker.addresses())


def test_off():
    print("# ip=off")
    with Worker("ip=off") as worker:
        worker.plug()
        worker.wait("OFF ip= leaves all interfaces alone")


def test_wrong_parameter():
    print("# an ip= that is wrong")
    with Worker("ip=nonsense") as worker:
        worker.plug()
        with Scripted(generous("10.77.0.50")):
            worker.wait("UP eth0 10.77.0.50/24")


def test_two():
    print("# two interfaces")
    more = option(3, socket.inet_aton("10.77.0.1"))
    with Worker("") as worker:
        worker.plug("eth0", "srv0")
        worker.plug("eth1", "srv1")
        with Scripted(generous("10.77.0.51", more=more), "srv1"):
            worker.wait("UP eth1 10.77.0.51/24 via 10.77.0.1")
            with Scripted(generous("10.77.0.50", more=more), "srv0"):
                worker.wait("UP eth1 10.77.0.51/24 via 10.77.0.1, "
                            "eth0 10.77.0.50/24 via 10.77.0.1")
            routes = worker.default_routes()
            ok([(r["dev"], r["metric"]) for r in routes] ==
               [("eth1", 512), ("eth0", 513)], "the first one wins", routes)
            run("ip", "link", "delete", "srv1")
            worker.wait("UP eth0 10.77.0.50/24 via 10.77.0.1")


def test_hardware_only():
    print("# virtual interfaces that nobody named")
    with Worker("ip=eth1:dhcp", "named") as worker:
        worker.plug("eth0", "srv0")
        worker.plug("eth1", "srv1")
        with Scripted(generous("10.77.0.51"), "srv1"):
            worker.wait("UP eth1 10.77.0.51/24")
        link = worker.link("eth0")
        ok("UP" not in link["flags"], "are left alone", link)
    with Worker("", "named") as worker:
        worker.plug("eth0", "srv0")
        worker.wait("FAILED no network interface found")


if __name__ == "__main__":
    main([test_real_server, test_late_server, test_renewal,
          test_refused_renewal, test_link_lost, test_hostile, test_static,
          test_unnamed_static, test_off, test_wrong_parameter, test_two,
          test_hardware_only])
