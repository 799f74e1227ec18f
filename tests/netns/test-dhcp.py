#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The boot server's DHCP and PXE, by packets made by hand and by real clients.

usage: test-dhcp.py SERVER NETWORK-WORKER

The server's host has other hosts beside it: `pxe`, from which packets as of
every firmware are sent, and `router` with an ordinary DHCP server. Prints TAP.
"""
import contextlib
import os
import re
import socket
import struct
import subprocess
import sys
import tempfile

from dhcp_client import ROUTER, Client, in_host
from dhcp_packets import (ACK, DISCOVER, INFORM, MENU_ITEM, NAK, OFFER,
                          RELEASE, REQUEST, USE_FILE, firmware, ipxe, kind,
                          mac, mac_name, option, request)
from serving import LIMIT_S, SERVER, Host, Server, inside, run, tap

CLIENT = "10.77.0.50"
SILENCE_S = 0.3


def silent(client, what, options, **fields):
    message, _ = client.ask(options, limit_s=SILENCE_S, **fields)
    tap.ok(message is None, what, message and message.options)


def loader(chaddr, name):
    return f"loader/{mac_name(chaddr)}/{name}"


def test_offers(client):
    print("# OFFERs to each kind of firmware")
    script = f"http://{SERVER}/script/{mac_name(mac(1))}.ipxe"
    url = f"http://{SERVER}/{loader(mac(1), 'snponly.efi')}"
    uefi = loader(mac(1), "snponly.efi")
    rows = [
        ("BIOS", firmware(0), b"PXEClient", "", None),
        ("BIOS without option 97", firmware(0, uuid=False), b"PXEClient", "",
         None),
        ("UEFI x64", firmware(7), b"PXEClient", uefi, b""),
        ("UEFI x64 as 9", firmware(9), b"PXEClient", uefi, b""),
        ("HTTP Boot", firmware(16, http=True), b"HTTPClient", url, b""),
        ("iPXE on BIOS", ipxe(0), b"PXEClient", script, USE_FILE),
        ("iPXE on UEFI", ipxe(7), b"PXEClient", script, USE_FILE),
        ("pixiecore's iPXE", ipxe(0, user_class=b"pixiecore"), b"PXEClient",
         script, USE_FILE),
        ("iPXE by option 175 alone", ipxe(7, user_class=None), b"PXEClient",
         script, USE_FILE),
        ("iPXE without HTTP", ipxe(0, features=(33, 34)), b"PXEClient",
         loader(mac(1), "undionly.kpxe"), USE_FILE),
    ]
    for what, options, name, file, vendor in rows:
        message, sender = client.ask(kind(DISCOVER) + options)
        if not tap.ok(message and message.type == OFFER and message.op == 2,
                      f"{what} gets an OFFER"):
            continue
        tap.equal(sender, (SERVER, 67), "from port 67")
        tap.equal((message.options[54], message.options[60], message.siaddr),
                  (socket.inet_aton(SERVER), name, SERVER), "naming itself")
        tap.equal(message.name, file, "and the file")
        tap.ok(message.yiaddr == "0.0.0.0" and message.flags == 0x8000,
               "no address, broadcast")
        if vendor is not None:
            tap.equal(message.options.get(43, b""), vendor, "option 43")
        else:
            sub = message.sub()
            tap.equal((sub[6], sub[8], sub[9][:2], sub[10][0]),
                      (b"\3", b"\x80\0\1" + socket.inet_aton(SERVER),
                       b"\x80\0", 0), "a menu that takes itself")
    silent(client, "an ordinary client is left alone",
           kind(DISCOVER) + option(60, b"MSFT 5.0"))
    silent(client, "one that does not say what it is",
           kind(DISCOVER) + option(60, b"PXEClient"))
    silent(client, "one for which there is no loader",
           kind(DISCOVER) + firmware(10), chaddr=mac(2))


def test_boot_server(client):
    print("# port 4011")
    item0 = option(43, b"\x47\4\0\0\0\0\xff")
    bare = option(93, b"\0\0") + option(60, b"PXEClient")
    rows = [
        ("iPXE as a PXE client, transaction 0", 68, 0,
         firmware(0) + option(43, MENU_ITEM), "undionly.kpxe", MENU_ITEM),
        ("the bare PXEClient of undionly", 68, 7, bare, "undionly.kpxe", b""),
        ("an item of type 0", 68, 8, firmware(0) + item0, "undionly.kpxe",
         item0[2:]),
        ("edk2, from port 4011", 4011, 9, firmware(7), "snponly.efi", b""),
    ]
    for what, source, xid, options, file, vendor in rows:
        client.drain()
        message, sender = client.ask(kind(REQUEST) + options, to=SERVER,
                                     port=4011, source=source, xid=xid,
                                     ciaddr=CLIENT)
        if not tap.ok(message and message.type == ACK, f"{what} gets an ACK"):
            continue
        tap.equal(sender, (SERVER, 4011), "from port 4011")
        tap.equal((message.file, message.siaddr, message.ciaddr),
                  (loader(mac(1), file), SERVER, CLIENT), "naming the file")
        tap.equal(message.options.get(43, b""), vendor, "and the item")
    silent(client, "HTTP Boot has no business there",
           kind(REQUEST) + firmware(16, http=True), to=SERVER, port=4011,
           ciaddr=CLIENT)
    silent(client, "a DISCOVER neither", kind(DISCOVER) + firmware(0),
           to=SERVER, port=4011, ciaddr=CLIENT)


def test_requests(client):
    print("# other messages to port 67")
    us, router = option(54, socket.inet_aton(SERVER)), option(
        54, socket.inet_aton(ROUTER))
    message, _ = client.ask(kind(REQUEST) + us + firmware(0))
    tap.ok(message and message.type == ACK and
           message.file == loader(mac(1), "undionly.kpxe"),
           "a REQUEST that names us is acknowledged")
    message, _ = client.ask(kind(INFORM) + firmware(7), ciaddr=CLIENT)
    tap.ok(message and message.type == ACK and message.ciaddr == CLIENT and
           message.file == loader(mac(1), "snponly.efi"),
           "an INFORM is answered to its address")
    silent(client, "a REQUEST to the router is the router's",
           kind(REQUEST) + router + firmware(0))
    silent(client, "one to nobody is not ours", kind(REQUEST) + firmware(0))
    silent(client, "a RELEASE needs no answer", kind(RELEASE) + us +
           firmware(0))
    silent(client, "a reply is no request", kind(OFFER) + firmware(0), op=2)


def test_relay(client):
    print("# through a relay")
    circuit = b"\1\4port\2\6remote"
    message, sender = client.ask(
        kind(DISCOVER) + firmware(7) + option(82, circuit), to=SERVER,
        source=67, giaddr=CLIENT, hops=1)
    tap.ok(message and message.type == OFFER, "the relay gets an OFFER")
    tap.equal(sender, (SERVER, 67), "from port 67")
    tap.equal((message.giaddr, message.options.get(82), message.order[-1]),
              (CLIENT, circuit, 82), "with its own information, last")
    tap.ok(client.receive(SILENCE_S)[0] is None, "and nobody else does")


def test_lengths(client):
    print("# options of every length")
    wrong = []
    for size in range(256):
        value = bytes(range(size))
        message, _ = client.ask(kind(DISCOVER) + firmware(7, uuid=False) +
                                option(97, value) + option(82, value),
                                limit_s=2)
        if (message is None or message.options.get(97) != value or
                message.options.get(82) != value):
            wrong.append(size)
    tap.ok(not wrong, "97 and 82 are echoed as they came", wrong)
    xid, sent = client.new_xid(), 0
    for code in (43, 50, 53, 54, 55, 57, 60, 61, 77, 82, 93, 94, 97, 175):
        for size in range(256):
            for filler in (b"\0", b"\xff", b"\1"):
                client.send(request(mac(3), kind(DISCOVER) + firmware(7) +
                                    option(code, filler * size), xid=xid))
                sent += 1
        client.drain()
    message, _ = client.ask(kind(DISCOVER) + firmware(7))
    tap.ok(message, f"{sent} packets with odd options change nothing")


def test_malformed(client, server):
    print("# what is not DHCP")
    whole = request(mac(4), kind(DISCOVER) + firmware(7) +
                    option(97, bytes(200)))
    for size in range(len(whole)):
        client.send(whole[:size])
        client.send(whole[:size], SERVER, 4011)
    for at in range(len(whole)):
        client.send(whole[:at] + bytes([whole[at] ^ 0xff]) + whole[at + 1:])
        client.send(whole[:at] + b"\xff" + whole[at + 1:])
        if at % 64 == 0:
            client.drain()
    client.send(whole + bytes(2000 - len(whole)))
    client.send(bytes(2000))
    client.drain()
    message, _ = client.ask(kind(DISCOVER) + firmware(7))
    tap.ok(message, "a good packet after them is answered")
    tap.ok(server.has_printed(lambda e: "malformed" in e.get("text", "")),
           "they are counted", server.lines[-5:])
    told = [e for e in server.lines if "malformed" in e.get("text", "")]
    tap.ok(len(told) <= 10, "in few lines", told)


def udhcpc(host):
    """The lease of a real client, as the lines of its script."""
    with tempfile.NamedTemporaryFile("w", suffix=".sh", dir="/run",
                                     delete=False) as script:
        script.write("#!/bin/sh\nenv | grep -E '^(ip|siaddr|boot_file|"
                     "serverid|router|subnet|dns|lease)='\necho $1\n")
    os.chmod(script.name, 0o755)
    return host.try_run("busybox", "udhcpc", "-i", "eth0", "-n", "-q", "-f",
                        "-t", "5", "-T", "1", "-s", script.name)


@contextlib.contextmanager
def dnsmasq(arguments, command=lambda *c: list(c), lease_start="10.77.0.100"):
    """An ordinary DHCP server."""
    with tempfile.TemporaryDirectory(dir="/run") as place:
        process = subprocess.Popen(
            command("dnsmasq", "-k", "--conf-file=/dev/null", "--port=0",
                    "--no-ping", f"--dhcp-leasefile={place}/leases",
                    "--user=root", f"--pid-file={place}/pid",
                    f"--dhcp-range={lease_start},10.77.0.199,1h",
                    "--log-facility=-", *arguments),
            stderr=subprocess.PIPE)
        # It says so when it listens.
        for line in process.stderr:
            if b"DHCP, IP range" in line or b"DHCP, sockets bound" in line:
                break
        try:
            yield
        finally:
            process.kill()
            process.wait()
            process.stderr.close()


def test_beside(client, router):
    print("# beside an ordinary DHCP server")
    with dnsmasq([f"--dhcp-option=3,{ROUTER}"], router.command):
        client.drain()
        xid = client.new_xid()
        client.send(request(mac(5), kind(DISCOVER) + firmware(7), xid=xid,
                            flags=0x8000))
        offers = {}
        while set(offers) != {ROUTER, SERVER}:
            message, sender = client.receive(5)
            if message is None:
                break
            if message.xid == xid:
                offers[sender[0]] = message
        both = tap.ok(set(offers) == {ROUTER, SERVER}, "both make an OFFER",
                      list(offers))
        tap.ok(both and offers[ROUTER].yiaddr.startswith("10.77.0.1") and
               offers[SERVER].yiaddr == "0.0.0.0",
               "the address is the router's")
        other = Host("plain")
        lease = udhcpc(other)
        tap.ok(f"serverid={ROUTER}" in lease.stdout and
               "boot_file" not in lease.stdout,
               "an ordinary client meets the router alone",
               lease.stdout + lease.stderr)


def test_no_bind(program, arguments, client):
    print("# --dhcp-no-bind beside a DHCP server of the same host")
    with dnsmasq(["--interface=br0", "--bind-interfaces"]):
        with Server(program, "--dhcp-no-bind", *arguments) as server:
            client.drain()
            xid = client.new_xid()
            client.send(request(mac(6), kind(DISCOVER) + firmware(7),
                                xid=xid, flags=0x8000))
            found = {}
            while len(found) < 2:
                message, sender = client.receive(5)
                if message is None:
                    break
                if message.xid == xid:
                    found[message.yiaddr != "0.0.0.0"] = (message, sender)
            if tap.ok(len(found) == 2, "both make an OFFER", found):
                message, sender = found[False]
                tap.equal((sender, message.file),
                          ((SERVER, 67), loader(mac(6), "snponly.efi")),
                          "ours from port 67")
            message, sender = client.ask(
                kind(DISCOVER) + firmware(7) + option(82, b"\1\1x"),
                chaddr=mac(7), flags=0x8000, to=SERVER, source=67, giaddr=CLIENT)
            # dnsmasq answers first or second; ours is the one without address
            if message and message.yiaddr != "0.0.0.0":
                message, sender = client.receive(5, 67)
            tap.ok(message and message.yiaddr == "0.0.0.0" and
                   sender == (SERVER, 67), "a relay is answered")
            send_broken_udp(client, server)


def send_broken_udp(client, server):
    """IP packets whose UDP header is cut, or lies."""
    host = client.host
    with in_host(host):
        s = socket.socket(socket.AF_INET, socket.SOCK_RAW,
                          socket.IPPROTO_UDP)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    body = request(mac(8), kind(DISCOVER) + firmware(7))
    header = struct.pack("!HHHH", 68, 67, 8 + len(body), 0)
    for size in range(len(header)):
        s.sendto(header[:size], (SERVER, 0))
    for length in (0, 7, 8, 9, 4000, 65535):
        s.sendto(struct.pack("!HHHH", 68, 67, length, 0) + body, (SERVER, 0))
    s.sendto(struct.pack("!HHHH", 68, 67, 8 + len(body), 0x1234) + body,
             (SERVER, 0))
    s.close()
    client.drain()
    message, _ = client.ask(kind(DISCOVER) + ipxe(7), chaddr=mac(9),
                            flags=0x8000)
    while message and message.yiaddr != "0.0.0.0":
        message, _ = client.receive(5)
    tap.ok(message, "broken UDP headers change nothing",
           server.errors())


def test_interfaces(program, arguments):
    print("# interfaces and addresses")
    for name, address in (("left", "10.88.0"), ("right", "10.99.0")):
        run("ip", "link", "add", name, "type", "bridge")
        run("ip", "addr", "add", f"{address}.2/24", "dev", name)
        run("ip", "link", "set", name, "up")
    left, right = Host("hl", "10.88.0.50"), Host("hr", "10.99.0.50")
    run("ip", "link", "set", "vhl", "master", "left")
    run("ip", "link", "set", "vhr", "master", "right")
    left, right = Client(left), Client(right)
    ask = kind(DISCOVER) + firmware(7)
    with Server(program, "--interface", "left", *arguments):
        message, _ = left.ask(ask)
        tap.ok(message and message.siaddr == "10.88.0.2",
               "a machine gets the address of the side it is on")
        silent(right, "an interface that was not named is not served", ask)
    with Server(program, "--listen", "10.99.0.2", *arguments):
        message, _ = right.ask(ask)
        tap.ok(message and message.siaddr == "10.99.0.2", "--listen")
        silent(left, "an address that was not named is not served", ask)
    with Server(program, *arguments):
        message, _ = left.ask(ask)
        tap.ok(message and message.siaddr == "10.88.0.2", "two sides, one")
        message, _ = right.ask(ask)
        tap.ok(message and message.siaddr == "10.99.0.2", "and the other")
        run("ip", "addr", "flush", "dev", "left")
        # With a label, as old configurations have it.
        run("ip", "addr", "add", "10.88.0.7/24", "dev", "left", "label",
            "left:1")
        # The kernel may tell the server of it after the first packet.
        answers = (left.ask(ask, limit_s=2)[0] for _ in range(5))
        tap.ok(any(m and m.siaddr == "10.88.0.7" for m in answers),
               "a new address is used from then on")
    left.close()
    right.close()


MACHINES = f"""\
[{mac(20).hex(':')}]
local = yes
[{mac(21).hex(':')}]
ignore = yes
[{mac(22).hex(':')}]
kernel = %(place)s/kernel
loader = mine.efi
[*]
kernel = %(place)s/kernel
"""


def test_plans(program, place, client):
    print("# plans, and loaders that do not work")
    path = os.path.join(place, "machines.ini")
    with open(path, "w", encoding="ascii") as file:
        file.write(MACHINES % {"place": place})
    with Server(program, "--machines", path, "--tftp-root", place):
        disk = {"chaddr": mac(20)}
        message, _ = client.ask(kind(DISCOVER) + firmware(0), **disk)
        tap.ok(message and message.sub().get(9, b"")[:2] == b"\0\0" and
               message.sub()[10][0] == 0 and not message.file,
               "BIOS gets a menu of its disk")
        message, _ = client.ask(kind(DISCOVER) + firmware(7), **disk)
        tap.ok(message and message.options.get(43) == USE_FILE and
               not message.name, "UEFI an OFFER without a file")
        message, _ = client.ask(kind(REQUEST) + firmware(7), to=SERVER,
                                port=4011, source=4011, ciaddr=CLIENT, **disk)
        tap.ok(message and message.options.get(43) == USE_FILE and
               not message.name, "and an ACK without one: PXE-E21")
        message, _ = client.ask(kind(DISCOVER) + ipxe(7), **disk)
        tap.ok(message and message.file.endswith(".ipxe"),
               "iPXE is told by its script")
        silent(client, "one that is to be ignored hears nothing",
               kind(DISCOVER) + firmware(0), chaddr=mac(21))
        message, _ = client.ask(kind(DISCOVER) + firmware(7), chaddr=mac(22))
        tap.equal(message and message.file, loader(mac(22), "mine.efi"),
                  "a loader by the machines file")
        test_fallback(client, mac(23))


def test_fallback(client, chaddr):
    def offered():
        message, _ = client.ask(kind(DISCOVER) + firmware(7), chaddr=chaddr)
        return message and message.file

    def fetch(path):
        client.host.run("curl", "-sf", "-o", "/dev/null",
                        f"http://{SERVER}/{path}")

    tap.equal(offered(), loader(chaddr, "snponly.efi"), "the first loader")
    tap.equal(offered(), loader(chaddr, "snponly.efi"),
              "and again while it was not fetched")
    fetch(offered())
    tap.equal(offered(), loader(chaddr, "ipxe.efi"),
              "the next when it was fetched in vain")
    fetch(offered())
    fetch(f"script/{mac_name(chaddr)}.ipxe")
    tap.equal(offered(), loader(chaddr, "ipxe.efi"),
              "which is kept when it asked for its script")


def test_whole(program, arguments, client, worker):
    print("# as a whole DHCP server")
    lease = ("--dhcp-server", "10.77.0.100-10.77.0.199/24,"
             "router=10.77.0.1,dns=10.77.0.1,dns=10.77.0.3,lease=120")
    with Server(program, *lease, *arguments) as server:
        tap.ok(any("gives away 10.77.0.100 to 10.77.0.199" in e["text"]
                   for e in server.lines), "which it says", server.lines)
        message, _ = client.ask(kind(DISCOVER) + firmware(7), chaddr=mac(30))
        offered = message and message.yiaddr
        tap.ok(message and offered.startswith("10.77.0.1") and
               message.file == loader(mac(30), "snponly.efi") and
               message.options[60] == b"PXEClient" and
               message.options[51] == b"\0\0\0\x78" and
               message.options[1] == socket.inet_aton("255.255.255.0") and
               message.options[6] == socket.inet_aton("10.77.0.1") +
               socket.inet_aton("10.77.0.3"),
               "one OFFER has address and loader",
               message and message.options)
        chosen = (option(54, socket.inet_aton(SERVER)) +
                  option(50, socket.inet_aton(offered)))
        message, _ = client.ask(kind(REQUEST) + chosen + firmware(7),
                                chaddr=mac(30))
        tap.ok(message and message.type == ACK and
               message.yiaddr == offered and
               message.file == loader(mac(30), "snponly.efi"), "and one ACK")
        message, _ = client.ask(kind(DISCOVER) + ipxe(7) + option(
            61, b"\1" + mac(30)), chaddr=mac(30))
        tap.ok(message and message.yiaddr == offered and
               message.file.endswith(".ipxe"),
               "iPXE gets the same address, and its script")
        message, _ = client.ask(kind(REQUEST) + chosen, chaddr=mac(31),
                                flags=0x8000)
        tap.ok(message and message.type == NAK and
               message.yiaddr == "0.0.0.0", "another machine a NAK")
        message, _ = client.ask(kind(INFORM), ciaddr=CLIENT, chaddr=mac(32))
        tap.ok(message and message.type == ACK and 51 not in message.options
               and 6 in message.options, "an INFORM the rest")
        client.close()
        host = Host("whole")
        found = udhcpc(host)
        tap.ok(f"serverid={SERVER}" in found.stdout and
               "ip=10.77.0.1" in found.stdout and
               "router=10.77.0.1" in found.stdout and
               "boot_file" not in found.stdout,
               "an ordinary client gets a lease",
               found.stdout + found.stderr)
        again = udhcpc(host)
        tap.ok([x for x in found.stdout.split() if x.startswith("ip=")] ==
               [x for x in again.stdout.split() if x.startswith("ip=")],
               "and the same again")
        test_worker(host, worker)


def test_worker(host, worker):
    """The bootstrap's own client."""
    with tempfile.TemporaryDirectory(dir="/run") as place:
        process = host.popen(worker, f"{place}/resolv.conf", "", "any",
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        line = b""
        while not line.startswith(b"UP") and process.poll() is None:
            line = process.stdout.readline()
        tap.ok(line.startswith(b"UP eth0 10.77.0.1") and
               b"/24 via 10.77.0.1" in line, "and so does the bootstrap",
               line)
        process.stdin.close()
        process.wait(LIMIT_S)
        process.stdout.close()


def test_perfdhcp(pxe):
    def lost():
        """UDP packets for which this network's sockets had no room."""
        with open("/proc/net/snmp", encoding="ascii") as file:
            names, values = [line.split() for line in file
                             if line.startswith("Udp:")]
        return values[names.index("RcvbufErrors")]

    print("# perfdhcp")
    before = lost()
    ran = pxe.try_run(
        "perfdhcp", "-4", "-i", "-l", "eth0", "-r", "2000", "-R", "100",
        "-p", "2", "-W", "500000",
        "-o", "60," + b"PXEClient:Arch:00007:UNDI:003000".hex(),
        "-o", "93,0007", "-o", "94,010300",
        "-o", "97,0000112233445566778899aabbccddeeff")
    received = re.search(r"received packets: (\d+)", ran.stdout)
    tap.ok(received and int(received[1]) > 1000,
           "perfdhcp is answered", ran.stdout + ran.stderr)
    tap.ok(lost() == before, "and nothing is lost", ran.stdout)


def test_flood(client, server):
    print("# machines that do not exist")

    def flood(count, start):
        for i in range(count):
            client.send(request((start + i).to_bytes(6, "big"),
                                kind(DISCOVER) + firmware(7), xid=i))
            if i % 100 == 0:
                client.drain()

    def boots():
        """As firmware does, it repeats itself, if more patiently."""
        return all(any(client.ask(kind(DISCOVER) + step, chaddr=mac(10),
                                  limit_s=2)[0] for _ in range(3))
                   for step in (firmware(0), ipxe(0)))

    flood(20000, 0x020000000000)
    tap.ok(boots(), "a real one boots meanwhile")
    flood(60000, 0x020000100000)
    tap.ok(boots(), "and when the table is full")
    before = server.memory_kib()
    flood(60000, 0x020000200000)
    tap.ok(boots(), "again")
    grown = server.memory_kib() - before
    tap.ok(grown < 4096, "memory does not grow any more", f"{grown} KiB")
    tap.ok(server.memory_kib() < 192 * 1024, "nor is it much",
           f"{server.memory_kib()} KiB")


def main():
    program = sys.argv[1]
    inside()
    pxe, router = Host("pxe", CLIENT), Host("router", ROUTER)
    with tempfile.TemporaryDirectory(dir="/run") as place:
        os.chmod(place, 0o755)
        for name in ("kernel", "undionly.kpxe", "snponly.efi", "ipxe.efi"):
            with open(os.path.join(place, name), "w") as file:
                file.write(name)
        arguments = ("--kernel", os.path.join(place, "kernel"),
                     "--tftp-root", place)
        client = Client(pxe)
        with Server(program, *arguments) as server:
            test_offers(client)
            test_boot_server(client)
            test_requests(client)
            test_relay(client)
            test_lengths(client)
            test_malformed(client, server)
            test_beside(client, router)
            client.close()
            test_perfdhcp(pxe)
            client = Client(pxe)
            test_flood(client, server)
        test_plans(program, place, client)
        test_no_bind(program, arguments, client)
        test_interfaces(program, arguments)
        test_whole(program, arguments, client, sys.argv[2])
    tap.done()


main()
