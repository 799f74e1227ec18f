#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The network worker in networks with IPv6, over veth pairs.

usage: test-network6.py WORKER BOOMERANG [TEST...]

Routers and DHCPv6 servers are dnsmasq, and scripted ones for what it does not
do: short leases, bad messages. Prints TAP.
"""
import contextlib
import http.server
import io
import json
import os
import socket
import struct
import subprocess
import sys
import tarfile
import tempfile
import threading
import time

import scripted
from network_worker import LIMIT_S, Lines, Worker, main, ok, run

SERVERS = "ff02::1:2"


def inet6(text):
    return socket.inet_pton(socket.AF_INET6, text)


def wait_for(condition, limit_s=LIMIT_S):
    """Whether it came true in time."""
    deadline = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def global_addresses(worker, name="eth0"):
    found = json.loads(worker.inside("ip", "-j", "-6", "address", "show",
                                     "dev", name, "scope", "global"))
    return sorted(f"{a['local']}/{a['prefixlen']}"
                  for link in found if link
                  for a in link["addr_info"] if a)


def routers(worker):
    """Through whom the default routes go."""
    return sorted(r["gateway"] for r in json.loads(
        worker.inside("ip", "-j", "-6", "route", "show", "default")))


def plug(worker, name="eth0", peer="srv0", address="fd77::1/64"):
    """A network that has IPv6 only."""
    run("ip", "link", "add", peer, "type", "veth", "peer", "name", name,
        "netns", str(worker.process.pid))
    worker.peers.append(peer)
    run("ip", "address", "add", address, "dev", peer, "nodad")
    run("ip", "link", "set", peer, "addrgenmode", "none")
    run("ip", "address", "add", "fe80::1/64", "dev", peer, "nodad")
    run("ip", "link", "set", peer, "up")


def replug(worker, prefix="fd77::", router="fe80::1", peer="srv0"):
    """Link down and up, perhaps with another network behind it: a link that
    is set down loses its addresses, which are the router's."""
    run("ip", "link", "set", peer, "down")
    ok(wait_for(lambda: worker.link("eth0")["operstate"] == "DOWN"),
       "the cable is out")
    run("ip", "address", "flush", "dev", peer)
    run("ip", "address", "add", f"{prefix}1/64", "dev", peer, "nodad")
    run("ip", "address", "add", f"{router}/64", "dev", peer, "nodad")
    run("ip", "link", "set", peer, "up")


@contextlib.contextmanager
def dnsmasq(*options):
    """A real router and server on srv0: its log."""
    with tempfile.TemporaryDirectory(prefix="boomerang-netns-") as place:
        process = subprocess.Popen(
            ["dnsmasq", "--no-daemon", "--conf-file=/dev/null",
             *([] if "--port=53" in options else ["--port=0"]),
             "--interface=srv0", "--user=root", "--log-dhcp", "--enable-ra",
             "--no-ping", f"--dhcp-leasefile={place}/leases", *options],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            yield Lines(process.stderr)
        finally:
            process.kill()
            process.wait()


# --- router advertisements, by hand ---

def prefix_option(prefix, lifetime_s=3600):
    return (struct.pack(">BBBBIII", 3, 4, 64, 0xc0, lifetime_s, lifetime_s, 0) +
            inet6(prefix))


def dns_option(*servers, lifetime_s=600):
    return (struct.pack(">BBHI", 25, 1 + 2 * len(servers), 0, lifetime_s) +
            b"".join(map(inet6, servers)))


def advert(*options, managed=False, other=False, lifetime_s=1800):
    return (struct.pack(">BBHBBHII", 134, 0, 0, 64,
                        0x80 * managed | 0x40 * other, lifetime_s, 0, 0) +
            b"".join(options))


def join(made, group, peer):
    """Of a multicast group on that link, whose number it returns."""
    index = socket.if_nametoindex(peer)
    made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                    inet6(group) + struct.pack("@I", index))
    return index


class Router(scripted.Listener):
    """Sends advertisements on a peer: when asked to, and to who solicits."""

    def __init__(self, message, peer="srv0", hops=255):
        self.message = message
        self.solicited = 0
        made = scripted.bound_to(peer, socket.AF_INET6, socket.SOCK_RAW,
                                 socket.IPPROTO_ICMPV6)
        for option in socket.IPV6_MULTICAST_HOPS, socket.IPV6_UNICAST_HOPS:
            made.setsockopt(socket.IPPROTO_IPV6, option, hops)
        self.index = join(made, "ff02::2", peer)
        super().__init__(made)

    def send(self):
        self.socket.sendto(self.message, ("ff02::1", 0, 0, self.index))

    def received(self, data, sender):
        if data[0] == 133:
            self.solicited += 1
            self.send()


# --- DHCPv6, by hand ---

SOLICIT, ADVERTISE, REQUEST, CONFIRM, RENEW, REBIND, REPLY = range(1, 8)
INFORMATION_REQUEST = 11


def option(code, value):
    return struct.pack(">HH", code, len(value)) + value


class Message6:
    """What a client sent."""

    def __init__(self, data):
        self.type = data[0]
        self.xid = data[1:4]
        self.options = {}
        at = 4
        while at < len(data):
            code, size = struct.unpack_from(">HH", data, at)
            self.options[code] = data[at + 4:at + 4 + size]
            at += 4 + size


def reply6(message, kind, *addresses, valid_s=3600, more=b"", xid=None,
           status=None, server=b"\0\3\0\1server"):
    """addresses: those of the IA_NA, the first with no time left when there
    are two."""
    packet = bytes([kind]) + (xid or message.xid)
    packet += option(1, message.options[1]) + option(2, server)
    if 3 in message.options:
        inside = b""
        for i, address in enumerate(addresses):
            gone = i < len(addresses) - 1
            inside += option(5, inet6(address) + struct.pack(
                ">II", *((0, 0) if gone else (valid_s, valid_s))))
        if status is not None:
            inside += option(13, struct.pack(">H", status))
        packet += option(3, message.options[3][:4] + bytes(8) + inside)
    return packet + more


class Server6(scripted.Server):
    """A DHCPv6 server on a peer that answers as decide(message) says."""

    def __init__(self, decide, peer="srv0"):
        made = scripted.bound_to(peer, socket.AF_INET6, socket.SOCK_DGRAM)
        made.bind(("::", 547))
        join(made, SERVERS, peer)
        super().__init__(made, Message6, decide)

    def kinds(self):
        return [m.type for m in self.got]

    def wait_kind(self, kind, limit_s=LIMIT_S):
        return self.wait(lambda m: m.type == kind, limit_s)


def generous(state):
    """Gives everyone state["address"] for state["valid_s"]."""
    more = option(23, inet6("fd77::53")) + option(24, b"\3lan\7example\0")

    def decide(message):
        if state.get("silent"):
            return []
        kind = ADVERTISE if message.type == SOLICIT else REPLY
        return [reply6(message, kind, *state["address"].split(),
                       valid_s=state.get("valid_s", 3600), more=more)]
    return decide


# --- the tests ---

def test_slaac():
    print("# a real router, IPv6 only: addresses, name servers, domains")
    with Worker("ip=auto6") as worker:
        plug(worker)
        with dnsmasq("--dhcp-range=fd77::,ra-only",
                     "--dhcp-option=option6:dns-server,[fd77::53]",
                     "--dhcp-option=option6:domain-search,lan.example"):
            line = worker.wait("UP eth0 fd77::")
            ok(line.endswith("/64 via fe80::1"), "with address and router",
               line)
            ok(worker.resolver() == ["search lan.example",
                                     "nameserver fd77::53"],
               "resolv.conf is written", worker.resolver())
            ok(worker.addresses() == [], "there is no IPv4")


@contextlib.contextmanager
def web_server(content):
    """Serves a tar with a file of this content on fd77::1: its port."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):  # pylint: disable=invalid-name
            found = self.path == "/image.tar"
            self.send_response(200 if found else 404)
            self.send_header("Content-Length", str(len(tar) if found else 0))
            self.end_headers()
            if found:
                self.wfile.write(tar)

        def log_message(self, *_):
            pass

    class Listener(http.server.ThreadingHTTPServer):
        address_family = socket.AF_INET6

    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        info = tarfile.TarInfo("content")
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    tar = file.getvalue()
    server = Listener(("fd77::1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def unpack(worker, url):
    """What `boomerang image unpack` makes of it where the worker is, with
    the name servers that it wrote."""
    place = os.path.join(worker.dir, "image")
    os.mkdir(place)
    script = (f"mount -t tmpfs -o mode=0755 image {place} && "
              f"mount --bind {worker.resolv_conf} /etc/resolv.conf && "
              f"{sys.argv[2]} image unpack {url} {place} >&2 && "
              f"cat {place}/tree/content")
    return subprocess.run(
        ["nsenter", "-t", str(worker.process.pid), "-n", "unshare", "--mount",
         "sh", "-c", script], capture_output=True, check=False,
        stdin=subprocess.DEVNULL)


def test_image():
    print("# an image by name, where there is IPv6 only")
    with Worker("ip=auto6") as worker:
        plug(worker)
        with dnsmasq("--port=53", "--bind-interfaces", "--no-resolv",
                     "--no-hosts", "--host-record=images.lan.example,fd77::1",
                     "--dhcp-range=fd77::,ra-only",
                     "--dhcp-option=option6:dns-server,[fd77::1]",
                     "--dhcp-option=option6:domain-search,lan.example"), \
                web_server(b"came by IPv6\n") as port:
            worker.wait("UP eth0 fd77::")
            for host in "[fd77::1]", "images.lan.example", "images":
                result = unpack(worker, f"http://{host}:{port}/image.tar")
                ok(result.stdout == b"came by IPv6\n", f"it comes from {host}",
                   result.stderr.decode())
                os.rmdir(os.path.join(worker.dir, "image"))


def test_default():
    print("# without ip=, in a network that has IPv6 only")
    with Worker("") as worker:
        plug(worker)
        with Router(advert(prefix_option("fd77::"), dns_option("fd77::53"))):
            start = time.monotonic()
            worker.wait("UP eth0 fd77::")
            took_s = time.monotonic() - start
            ok(2 < took_s < 8, "IPv4 gets some seconds, then it is up", took_s)


def test_both():
    print("# both families: one report, servers of both")
    with Worker("") as worker:
        plug(worker)
        run("ip", "address", "add", "10.77.0.1/24", "dev", "srv0")
        with dnsmasq("--dhcp-range=fd77::,ra-only",
                     "--dhcp-range=10.77.0.100,10.77.0.110,2m",
                     "--dhcp-option=option:dns-server,10.77.0.53,10.77.0.54,"
                     "10.77.0.55",
                     "--dhcp-option=option6:dns-server,[fd77::53]"):
            line = worker.wait("UP eth0 10.77.0.1")
            if " and " not in line:
                line = worker.wait("UP eth0 10.77.0.1")
            ok(" via 10.77.0.1 and fd77::" in line and
               line.endswith("/64 via fe80::1"), "both are told", line)
            ok(worker.resolver() == ["nameserver 10.77.0.53",
                                     "nameserver fd77::53",
                                     "nameserver 10.77.0.54"],
               "both have name servers", worker.resolver())


def test_stateless():
    print("# a router that says there is more by DHCPv6")
    with Worker("ip=auto6") as worker:
        plug(worker)
        with dnsmasq("--dhcp-range=fd77::,ra-stateless",
                     "--dhcp-option=option6:dns-server,[fd77::53]",
                     "--dhcp-option=option6:domain-search,lan.example") as log:
            asked = log.wait(lambda text: "DHCPINFORMATION-REQUEST" in text)
            ok(asked, "it asks", log.seen)
            worker.wait("UP eth0 fd77::")
            ok(wait_for(lambda: worker.resolver() == [
                "search lan.example", "nameserver fd77::53"]),
               "and gets it", worker.resolver())


def test_stateful():
    print("# a router that says addresses are by DHCPv6, a real server")
    with Worker("ip=auto6") as worker:
        plug(worker)
        with dnsmasq("--dhcp-range=fd77::100,fd77::1ff,64,2m",
                     "--dhcp-option=option6:dns-server,[fd77::53]") as log:
            line = worker.wait("UP eth0 fd77::1")
            ok("/128 via fe80::1" in line, "it has an address of the server's",
               line)
            ok(global_addresses(worker) == [line.split()[2]],
               "and no other one", global_addresses(worker))
            ok(worker.resolver() == ["nameserver fd77::53"],
               "with its name server", worker.resolver())
            ok(log.wait(lambda text: "DHCPREPLY" in text), "as it says",
               log.seen)
            worker.inside("ping", "-6", "-c1", "-W5", "fd77::1")
            ok(True, "the server is reached")


def test_lease():
    print("# DHCPv6: renewal, another address, rebinding, expiry")
    state = {"address": "fd77::5", "valid_s": 8}
    with Worker("ip=dhcp6") as worker:
        plug(worker)
        with Server6(generous(state)) as server:
            worker.wait("UP eth0 fd77::5/128")
            ok(wait_for(lambda: worker.resolver() == [
                "search lan.example", "nameserver fd77::53"]),
               "with name server and domain", worker.resolver())
            ok(server.wait_kind(RENEW), "it is renewed", server.kinds())
            state["address"] = "fd77::5 fd77::6"
            worker.wait("UP eth0 fd77::6/128")
            ok(wait_for(lambda: global_addresses(worker) == ["fd77::6/128"]),
               "another address takes its place", global_addresses(worker))
            state["silent"] = True
            worker.wait("WAITING waiting for DHCPv6 on eth0")
            ok(REBIND in server.kinds(), "any server was asked")
            ok(wait_for(lambda: global_addresses(worker) == []),
               "what expired is removed", global_addresses(worker))
            ok(worker.resolver() == [], "with its name server",
               worker.resolver())
            state.update(silent=False, address="fd77::7")
            worker.wait("UP eth0 fd77::7/128")


def test_confirm():
    print("# DHCPv6: a cable that is plugged in elsewhere")
    state = {"address": "fd77::5"}

    def decide(message):
        if message.type == CONFIRM:
            return [reply6(message, REPLY, more=option(
                13, struct.pack(">H", state["status"])))]
        return generous(state)(message)

    with Worker("ip=dhcp6") as worker:
        plug(worker)
        with Server6(decide) as server:
            worker.wait("UP eth0 fd77::5/128")
            state["status"] = 0
            replug(worker)
            ok(server.wait_kind(CONFIRM), "it asks whether its address holds",
               server.kinds())
            state.update(status=4, address="fd77::9")
            replug(worker)
            worker.wait("UP eth0 fd77::9/128")


def test_either():
    print("# either6 without a router")
    with Worker("ip=eth0:either6") as worker:
        plug(worker)
        with Server6(generous({"address": "fd77::5"})):
            worker.wait("UP eth0 fd77::5/128")


def test_static():
    print("# a static address")
    with Worker("ip=[fd77::20]::[fd77::1]:64:by-hand:eth0:none:[fd77::53]:"
                "9.9.9.9") as worker:
        plug(worker)
        worker.wait("UP eth0 fd77::20/64 via fd77::1")
        ok(worker.resolver() == ["nameserver fd77::53", "nameserver 9.9.9.9"],
           "resolv.conf is written", worker.resolver())
        ok(routers(worker) == ["fd77::1"], "the default route is there",
           routers(worker))
        ok(worker.inside("hostname").strip() == "by-hand",
           "the host has its name")
        worker.inside("ping", "-6", "-c1", "-W5", "fd77::1")
        ok(True, "the other end is reached")


def test_link_only():
    print("# link6")
    with Worker("ip=link6") as worker:
        plug(worker)
        with Router(advert(prefix_option("fd77::"),
                           dns_option("fd77::53"))) as router:
            worker.wait("UP eth0 fe80::")
            router.send()
            ok(global_addresses(worker) == [] and worker.resolver() == [],
               "routers are not listened to", global_addresses(worker))


def test_dns_expires():
    print("# name servers of a router: an end, and another one")
    local = dns_option("fe80::1")
    with Worker("ip=auto6") as worker:
        plug(worker)
        with Router(advert(prefix_option("fd77::"),
                           dns_option("fd77::53", lifetime_s=3))) as router:
            worker.wait("UP eth0 fd77::")
            ok(wait_for(lambda: worker.resolver() == []),
               "it goes after its time", worker.resolver())
            router.message = advert(prefix_option("fd77::"), local)
            router.send()
            ok(wait_for(lambda: worker.resolver() ==
                        ["nameserver fe80::1%eth0"]),
               "a link-local one has its link", worker.resolver())
            router.message = advert(dns_option("fe80::1", lifetime_s=0))
            router.send()
            ok(wait_for(lambda: worker.resolver() == []),
               "one that is taken back goes at once", worker.resolver())


def test_moved():
    print("# a cable that is plugged into another network")
    with Worker("ip=auto6") as worker:
        plug(worker)
        with Router(advert(prefix_option("fd77::"),
                           dns_option("fd77::53"))) as router:
            worker.wait("UP eth0 fd77::")
            ok(routers(worker) == ["fe80::1"], "there is a route",
               routers(worker))
            router.message = advert(prefix_option("fd88::"),
                                    dns_option("fd88::53"))
            replug(worker, "fd88::", "fe80::2")
            worker.wait("UP eth0 fd88::")
            ok(wait_for(lambda: all(a.startswith("fd88::") for a in
                                    global_addresses(worker))),
               "the old address is gone", global_addresses(worker))
            ok(wait_for(lambda: routers(worker) == ["fe80::2"]),
               "and the old router", routers(worker))
            ok(worker.resolver() == ["nameserver fd88::53"],
               "and its name server", worker.resolver())


def test_late_router():
    print("# a router that appears late")
    with Worker("ip=auto6") as worker:
        plug(worker)
        worker.wait("WAITING waiting for an IPv6 router on eth0")
        worker.wait("FAILED no IPv6 router on eth0 (link up)")
        with Router(advert(prefix_option("fd77::"))):
            worker.wait("UP eth0 fd77::")


def test_hostile():
    print("# hostile routers and servers")
    good = {"address": "fd77::5"}

    def decide(message):
        kind = ADVERTISE if message.type == SOLICIT else REPLY
        whole = reply6(message, kind, "fd66::6")
        return [
            b"", whole[:3], whole[:4], whole[:-1],
            reply6(message, kind, "fd66::6", xid=b"\0\0\0"),
            reply6(message, kind, "fe80::6"), reply6(message, kind, "ff02::6"),
            reply6(message, kind, "::1"),
            reply6(message, kind, "fd66::6", valid_s=1),
            reply6(message, 13, "fd66::6"),
            *generous(good)(message)]

    bad = [advert(b"\x19\0"), advert(dns_option("fd66::53"))[:-1],
           advert(dns_option("ff02::1", "::1", "::ffff:6.6.6.6")),
           advert(b"\x1f\x02\0\0\0\0\1\0\5$(rm)\0\0"), b"\x86\0\0\0"]
    with Worker("ip=auto6") as worker:
        plug(worker)
        with Server6(decide), \
                Router(advert(dns_option("fd66::53")), hops=64) as far, \
                Router(advert(managed=True)) as router:
            worker.wait("UP eth0 fd77::5/128")
            for message in bad:
                router.message = message
                router.send()
            far.send()
            router.message = advert(dns_option("fd77::54"))
            router.send()
            ok(wait_for(lambda: worker.resolver() == [
                "search lan.example", "nameserver fd77::53",
                "nameserver fd77::54"]), "only what is good is taken",
               worker.resolver())
            ok(global_addresses(worker) == ["fd77::5/128"],
               "and one address", global_addresses(worker))


if __name__ == "__main__":
    every = [test_slaac, test_image, test_default, test_both, test_stateless,
                   test_stateful, test_lease, test_confirm, test_either,
                   test_static, test_link_only, test_dns_expires, test_moved,
                   test_late_router, test_hostile]
    main([test for test in every if not sys.argv[3:] or
          test.__name__ in sys.argv[3:]])
