#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The TFTP server with real clients and with bad ones, over a veth pair.

usage: test-tftp.py WORKER CLIENT [BOOMERANG-SERVER]

Everything lives in namespaces that this script makes for itself; they end with
it, whatever happens. WORKER is the server with stand-ins around it, CLIENT our
own client; with BOOMERANG-SERVER some of it is done with the real one, too.
Prints TAP.
"""
import contextlib
import ctypes
import os
import random
import resource
import select
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

from serving import inside, run, tap

LIMIT_S = 60
SERVER, SECOND = "10.88.0.1", "10.88.0.9"
CLIENT = "10.88.1.1"
CLIENTS = 40
MAC = "52:54:00:12:34:56"
RRQ, WRQ, DATA, ACK, ERROR, OACK = range(1, 7)

ok = tap.ok


class Network:
    """The clients' namespace; this process is in the server's."""

    def __init__(self):
        self.holder = subprocess.Popen(["unshare", "--net", "cat"],
                                       stdin=subprocess.PIPE)
        home = os.readlink("/proc/self/ns/net")
        while os.readlink(f"/proc/{self.holder.pid}/ns/net") == home:
            time.sleep(0.01)
        self.home = os.open("/proc/self/ns/net", os.O_RDONLY)
        self.away = os.open(f"/proc/{self.holder.pid}/ns/net", os.O_RDONLY)
        run("ip", "link", "add", "name", "srv0", "type", "veth", "peer",
            "name", "cli0", "netns", str(self.holder.pid))
        for address in (SERVER, SECOND):
            run("ip", "address", "add", f"{address}/16", "dev", "srv0")
        run("ip", "link", "set", "srv0", "up")
        self.run("ip", "link", "set", "lo", "up")
        self.run("ip", "link", "set", "cli0", "up")
        for n in range(1, CLIENTS + 1):
            self.run("ip", "address", "add", f"10.88.1.{n}/16", "dev", "cli0")

    @contextlib.contextmanager
    def inside(self):
        """Sockets opened meanwhile are the clients'."""
        libc = ctypes.CDLL(None, use_errno=True)
        assert libc.setns(self.away, 0) == 0
        try:
            yield
        finally:
            assert libc.setns(self.home, 0) == 0

    def enter(self, *command):
        return ["nsenter", "-t", str(self.holder.pid), "-n", *command]

    def run(self, *command):
        return run(*self.enter(*command), timeout=LIMIT_S)

    @contextlib.contextmanager
    def lossy(self, percent):
        """Drops so many packets of each direction, at random, where they
        arrive: who sends them must not know."""
        rules = f"""
            table ip bad {{
                chain arriving {{ type filter hook input priority 0;
                    udp length > 0 numgen random mod 100 < {percent} drop; }}
            }}"""
        run("nft", rules)
        self.run("nft", rules)
        try:
            yield
        finally:
            run("nft", "delete table ip bad")
            self.run("nft", "delete table ip bad")


class Server:
    """A server program, its lines as they come, and what it uses."""

    def __init__(self, command, ready):
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        self.seen, self.rest = [], b""
        if not self.wait(ready):
            raise OSError(f"{command[0]}: {self.seen}")

    def wait(self, text, limit_s=LIMIT_S):
        """The first new line with this text in it, or None."""
        deadline = time.monotonic() + limit_s
        while True:
            while b"\n" in self.rest:
                line, self.rest = self.rest.split(b"\n", 1)
                self.seen.append(line.decode(errors="replace"))
                if text in self.seen[-1]:
                    return self.seen[-1]
            left = deadline - time.monotonic()
            ready, _, _ = select.select([self.process.stdout], [], [],
                                        max(left, 0))
            data = os.read(self.process.stdout.fileno(), 65536) if ready \
                else b""
            if not data:
                return None
            self.rest += data

    def lines(self):
        """All lines so far."""
        self.wait("\0", 0)
        return self.seen

    def resident_kib(self):
        with open(f"/proc/{self.process.pid}/status",
                  encoding="ascii") as file:
            for line in file:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1])
        return 0

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def has_closed(self, most, limit_s=LIMIT_S):
        """Whether no more descriptors than these are left, soon."""
        deadline = time.monotonic() + limit_s
        while self.descriptors() > most and time.monotonic() < deadline:
            time.sleep(0.05)
        return self.descriptors() <= most

    def alive(self):
        return self.process.poll() is None

    def stop(self):
        self.process.stdin.close()
        try:
            return self.process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return "killed"


def request(name, *options, opcode=RRQ, mode=b"octet"):
    words = [name.encode(), mode, *(str(o).encode() for o in options)]
    return struct.pack(">H", opcode) + b"\0".join(words) + b"\0"


class Peer:
    """A client by hand."""

    def __init__(self, network, address=CLIENT, server=SERVER):
        with network.inside():
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 0))
        self.socket.settimeout(5)
        self.server = (server, 69)
        self.tid = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, packet, to=None):
        self.socket.sendto(packet, to or self.tid or self.server)

    def ask(self, name, *options, **more):
        self.send(request(name, *options, **more), self.server)
        return self.get()

    def get(self, timeout=5):
        """(opcode, the two bytes behind it, the rest), or None."""
        self.socket.settimeout(timeout)
        try:
            data, self.tid = self.socket.recvfrom(65536)
        except socket.timeout:
            return None
        opcode, number = struct.unpack(">HH", data[:4])
        if opcode == OACK:
            words = data[2:].split(b"\0")[:-1]
            return opcode, dict(zip(words[::2], words[1::2])), b""
        return opcode, number, data[4:]

    def ack(self, block):
        self.send(struct.pack(">HH", ACK, block & 0xffff))

    def error(self, code, text=b"User aborted the transfer"):
        self.send(struct.pack(">HH", ERROR, code) + text + b"\0")

    def fetch(self, first, blksize=512, block=0):
        """The rest of a transfer of which first was got, and block before."""
        data, got = b"", first
        while got:
            opcode, number, rest = got
            if opcode == OACK:
                self.ack(0)
            elif opcode == DATA:
                if number == (block + 1) & 0xffff:
                    block += 1
                    data += rest
                self.ack(block)
                if len(rest) < blksize:
                    return data
            else:
                return None
            got = self.get()
        return None


class Files:
    """What is served."""

    def __init__(self, place):
        self.place = place
        for name, size in (("small", 100000), ("empty", 0), ("one", 1),
                           ("exact", 16 * 1468 * 4), ("exact512", 512 * 20),
                           ("wrap", 34 * 1000 * 1000), ("meg", 1000000),
                           ("some", 30000)):
            self.write(name, random.randbytes(size))
        os.mkdir(self.path("dir"))
        self.write("dir/in", b"inside")
        os.symlink("/etc/passwd", self.path("leak"))
        os.mkfifo(self.path("fifo"))

    def path(self, name):
        return os.path.join(self.place, name)

    def write(self, name, data):
        with open(self.path(name), "wb") as file:
            file.write(data)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()


class Lab:
    """All of it."""

    def __init__(self, network, files, server):
        self.network, self.files, self.server = network, files, server
        self.out = tempfile.mkdtemp(prefix="boomerang-netns-")

    def fetched(self, name, what, *command, tries=1):
        """Runs a client that writes to the file "got"."""
        while True:
            tries -= 1
            good, detail = self._fetch(name, command)
            if good or tries == 0:
                return ok(good, what, detail)

    def _fetch(self, name, command):
        got = os.path.join(self.out, "got")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(got)
        done = subprocess.run(self.network.enter(*command), cwd=self.out,
                              capture_output=True, check=False,
                              timeout=LIMIT_S)
        same = False
        with contextlib.suppress(FileNotFoundError):
            with open(got, "rb") as file:
                same = file.read() == self.files.read(name)
        return (done.returncode == 0 and same,
                f"{done.returncode} {done.stdout[-300:]} "
                f"{done.stderr[-300:]}")

    def ours(self, name, what, *options, server=SERVER):
        return self.fetched(name, what, sys.argv[2], *options, "-o", "got",
                            server, name)

    def peer(self, **options):
        return Peer(self.network, **options)


def curl(name, *options):
    return ["curl", "-sS", "--max-time", "50", *options, "-o", "got",
            f"tftp://{SERVER}/{name}"]


def atftp(name, *options):
    words = [word for option in options for word in ("--option", option)]
    return ["atftp", *words, "-g", "-r", name, "-l", "got", SERVER]


def tftp_hpa(name):
    return ["tftp", "-m", "binary", SERVER, "-c", "get", name, "got"]


def busybox(name, *options):
    return ["busybox", "tftp", *options, "-g", "-r", name, "-l", "got",
            SERVER]


def test_packaged_clients(lab):
    print("# packaged clients")
    cases = [
        ("curl", "small", curl("small")),
        ("curl, blocks of 8", "exact512",
         curl("exact512", "--tftp-blksize", "8")),
        ("curl, blocks of 1468", "exact",
         curl("exact", "--tftp-blksize", "1468")),
        ("curl, blocks of 4000", "small",
         curl("small", "--tftp-blksize", "4000")),
        ("curl, no options", "exact512",
         curl("exact512", "--tftp-no-options")),
        # curl 7.88 itself fails with an empty file.
        ("atftp", "small", atftp("small")),
        ("atftp", "empty", atftp("empty")),
        ("atftp, blocks of 8", "exact512", atftp("exact512", "blksize 8")),
        ("atftp, blocks of 1468, tsize", "exact",
         atftp("exact", "blksize 1468", "tsize 0")),
        ("atftp, blocks of 4000, timeout", "meg",
         atftp("meg", "blksize 4000", "timeout 3")),
        ("atftp, windows of 8", "meg",
         atftp("meg", "windowsize 8", "blksize 1428")),
        ("tftp-hpa", "small", tftp_hpa("small")),
        ("tftp-hpa", "empty", tftp_hpa("empty")),
        ("tftp-hpa, a multiple of 512", "exact512", tftp_hpa("exact512")),
        ("tftp-hpa, 34 MB in blocks of 512", "wrap", tftp_hpa("wrap")),
        ("busybox", "meg", busybox("meg")),
        ("busybox, blocks of 4000", "meg", busybox("meg", "-b", "4000")),
        ("busybox, blocks of 64", "exact512",
         busybox("exact512", "-b", "64")),
    ]
    for what, name, command in cases:
        if shutil.which(command[0]):
            lab.fetched(name, f"{what}: {name}", *command)
        else:
            tap.skip(what, f"{command[0]} is not installed")


def test_own_client(lab):
    print("# windows, with our own client")
    for options in (["-w", "16", "-b", "1468"], ["-w", "64"],
                    ["-w", "65535", "-b", "1468"], ["-w", "4", "-b", "8"],
                    ["-w", "16", "-b", "4000"], ["-b", "65464"],
                    ["-w", "3", "-b", "65464"], ["-w", "1", "-s"]):
        for name in ("meg", "exact", "exact512", "empty", "one"):
            lab.ours(name, f"{' '.join(options)}: {name}", *options)
    lab.ours("wrap", "34 MB in blocks of 512, windows of 16", "-w", "16")


def test_agreed(lab):
    print("# what is agreed on")
    with lab.peer() as peer:
        got = peer.ask("small", "tsize", 0, "blksize", 1468, "windowsize", 4,
                       "timeout", 2, "multicast", "")
        ok(got == (OACK, {b"tsize": b"100000", b"blksize": b"1468",
                          b"windowsize": b"4", b"timeout": b"2"}, b""),
           "options are agreed on, unknown ones left out", got)
        peer.error(8)
    with lab.peer() as peer:
        got = peer.ask("small", "BlkSize", 70000, "windowsize", 65535)
        ok(got == (OACK, {b"blksize": b"65464", b"windowsize": b"1"}, b""),
           "blocks and windows that are too large become the largest", got)
        peer.error(8)
    with lab.peer() as peer:
        got = peer.ask("small", "blksize", 7, "timeout", 0, "windowsize", 0)
        ok(got and got[0] == DATA and len(got[2]) == 512,
           "values that are not allowed are left out", got)
        peer.error(0)
    for mtu, asked, agreed in ((1400, 1468, 1368), (1400, 4000, 4000)):
        run("ip", "link", "set", "srv0", "mtu", str(mtu))
        with lab.peer() as peer:
            got = peer.ask("small", "blksize", asked)
            ok(got == (OACK, {b"blksize": str(agreed).encode()}, b""),
               f"MTU {mtu}: {asked} becomes {agreed}", got)
            peer.error(8)
    run("ip", "link", "set", "srv0", "mtu", "1500")
    with lab.peer() as peer:
        got = peer.ask("dir/in", mode=b"OCTET")
        ok(got == (DATA, 1, b"inside"), "the mode's case does not matter", got)
        peer.ack(1)


def test_refused(lab):
    print("# what is refused")
    names = ["nothing", "../etc/passwd", "/etc/passwd", "dir/../../etc/passwd",
             "leak", "fifo", "dir", "autoexec.ipxe", "a/" * 300,
             "..\\..\\etc\\passwd", "\x1b[31m"]
    for name in names:
        with lab.peer() as peer:
            got = peer.ask(name)
            ok(got and got[0] == ERROR and got[1] in (1, 2) and
               b"root:" not in got[2], f"{name[:40]!r}", got)
    for what, code, packet in (
            ("a WRQ", 2, request("new", opcode=WRQ)),
            ("netascii", 0, request("small", mode=b"netascii")),
            ("mail", 4, request("small", mode=b"mail"))):
        with lab.peer() as peer:
            peer.send(packet)
            got = peer.get()
            ok(got and got[:2] == (ERROR, code), f"{what}: ERROR {code}", got)
    ok(not os.path.exists(lab.files.path("new")), "nothing was written")
    began = time.monotonic()
    with lab.peer() as peer:
        peer.ask("autoexec.ipxe")
    ok(time.monotonic() - began < 1, "unknown names are answered at once")
    with lab.peer() as peer:
        got = peer.ask("dir\\in")
        ok(got == (DATA, 1, b"inside"), "backslashes are slashes", got)
        peer.ack(1)


def test_sizes_probe(lab):
    print("# edk2 asks for the size first, and ends that with an ERROR")
    before = len(lab.server.lines())
    with lab.peer() as peer:
        got = peer.ask("small", "tsize", 0, "blksize", 1468, "windowsize", 4)
        peer.error(8)
        got = peer.ask("small", "blksize", 1468, "windowsize", 1)
        ok(peer.fetch(got, 1468) == lab.files.read("small"),
           "then the file comes, to the same port")
    lab.server.wait("fetched small")
    news = [line for line in lab.server.lines()[before:] if "small" in line]
    ok(len(news) == 1, "and only that is told", news)
    with lab.peer() as peer:
        peer.ask("small", "tsize", 0)
        peer.error(8)
        got = peer.ask("small", "tsize", 0)
        ok(got and got[0] == OACK, "the very same request after the ERROR",
           got)
        peer.error(8)


def test_multihoming(lab):
    print("# a server with two addresses")
    for server in (SERVER, SECOND):
        with lab.peer(server=server) as peer:
            peer.fetch(peer.ask("one"))
            ok(peer.tid[0] == server, f"a file comes from {server}", peer.tid)
            peer.ask("nothing")
            ok(peer.tid[0] == server, f"an ERROR comes from {server}",
               peer.tid)
    lab.ours("small", "our client gets it from the second", server=SECOND)


def test_repeats(lab):
    print("# what comes twice, late or from others")
    with lab.peer() as peer:
        first = peer.ask("small")
        tid = peer.tid
        peer.send(request("small"), peer.server)
        peer.send(request("small"), peer.server)
        ok(peer.get(0.5) is None, "a request that comes again is absorbed")
        with lab.peer() as other:
            other.ask("small", "tsize", 0)
            got = other.ask("one", "tsize", 0)
            ok(got and got[1] == {b"tsize": b"1"},
               "another one from the same port is not", got)
            other.ack(0)
            other.get()
            time.sleep(1.1)
            got = other.ask("one", "tsize", 0)
            ok(got and got[0] == OACK, "nor one of a machine that began anew",
               got)
            other.error(0)
        peer.tid = tid
        peer.ack(1)
        got = peer.get()
        ok(first[1] == 1 and got[:2] == (DATA, 2), "block 2 comes", got)
        peer.ack(1)
        peer.ack(0)
        peer.ack(40000)
        ok(peer.get(0.15) is None, "an old ACK gets no answer")
        again = peer.get()
        ok(again == got, "block 2 comes again when the time is over", again)
        with lab.peer() as stranger:
            stranger.send(struct.pack(">HH", ACK, 2), tid)
            answer = stranger.get()
            ok(answer and answer[:2] == (ERROR, 5) and stranger.tid == tid,
               "a stranger gets ERROR 5 from that port", answer)
        with lab.peer(address="10.88.1.2") as stranger:
            stranger.send(struct.pack(">HH", ERROR, 0) + b"x\0", tid)
            ok(stranger.get(0.2) is None, "but not for an ERROR")
        peer.ack(2)
        got = peer.get()
        ok(got and got[:2] == (DATA, 3), "which did not disturb", got)
        ok(peer.fetch(got, block=2) == lab.files.read("small")[1024:],
           "and it goes on to the end")


def test_windows_by_hand(lab):
    print("# holes in windows")
    with lab.peer() as peer:
        peer.ask("small", "windowsize", 8)
        peer.ack(0)
        blocks = [peer.get()[1] for _ in range(8)]
        ok(blocks == list(range(1, 9)), "a window of 8", blocks)
        peer.ack(3)
        blocks = [peer.get()[1] for _ in range(8)]
        ok(blocks == list(range(4, 12)), "block 4 was lost: 4 to 11", blocks)
        for _ in range(5):
            peer.ack(3)
        ok(peer.get(0.15) is None, "said again, it is not sent again")
        peer.ack(11)
        blocks = [peer.get()[1] for _ in range(8)]
        ok(blocks == list(range(12, 20)), "then 12 to 19", blocks)
        peer.error(0)


def test_time(lab):
    print("# times")
    for options, least, most in (((), 1.5, 3), (("timeout", 1), 0.8, 1.8)):
        with lab.peer() as peer:
            first = peer.ask("small", *options)
            began = time.monotonic()
            again = peer.get(4)
            took = time.monotonic() - began
            ok(again == first and least < took < most,
               f"{options or 'no options'}: again after {took:.1f} s", again)
            peer.error(0)
    with lab.peer() as peer:
        peer.ask("small", "timeout", 1)
        peer.ack(0)
        peer.get()
        began = time.monotonic()
        took = []
        for _ in range(2):
            peer.get()
            took.append(round(time.monotonic() - began))
        ok(took == [1, 3], "each time it waits twice as long", took)
        peer.error(0)


def test_loss(lab):
    print("# one in ten packets is lost, each way")
    with lab.network.lossy(10):
        for options in (["-b", "1468"], ["-b", "1468", "-w", "16"],
                        ["-w", "8"]):
            # Longer than the server waits when a block is lost three times.
            lab.ours("some", f"{' '.join(options)}: it arrives whole",
                     "-t", "1000", *options)
        for what, command in (
                ("atftp", atftp("some", "blksize 1468", "timeout 1")),
                ("atftp, windows of 8",
                 atftp("some", "blksize 1468", "windowsize 8", "timeout 1")),
                ("busybox", busybox("some", "-b", "1468"))):
            if shutil.which(command[0]):
                # atftp 0.8 ends when the ACK of its OACK was lost.
                lab.fetched("some", f"{what}: it arrives whole", *command,
                            tries=5 if command[0] == "atftp" else 1)
            else:
                tap.skip(what, f"{command[0]} is not installed")


def test_silent_beside_others(lab):
    print("# clients that stop acknowledging, beside 20 that do not")
    for options in (["-x", "5"], ["-x", "5", "-w", "16", "-b", "1468"]):
        lab.network.run(sys.argv[2], *options, "-n", "10", "-a", "10.88.1.21",
                        SERVER, "meg")
    began = time.monotonic()
    done = lab.network.run(sys.argv[2], "-b", "1468", "-n", "20", "-a",
                           CLIENT, SERVER, "meg")
    took = time.monotonic() - began
    ok(done.startswith("20000000 bytes") and took < 5,
       f"20 times 1 MB in {took:.2f} s", done)


def test_changed_files(lab):
    print("# files that change while they are sent")
    lab.files.write("shrinks", random.randbytes(1000000))
    with lab.peer() as peer:
        peer.ask("shrinks", "windowsize", 16)
        peer.ack(0)
        for _ in range(16):
            peer.get()
        os.truncate(lab.files.path("shrinks"), 100)
        peer.ack(16)
        got = peer.get()
        ok(got and got[0] == ERROR, "truncated: an ERROR", got)
    ok(lab.server.alive(), "the server lives")
    lab.files.write("grows", random.randbytes(1000))
    with lab.peer() as peer:
        peer.ask("grows")
        lab.files.write("grows", random.randbytes(1100))
        peer.ack(1)
        got = peer.get()
        ok(got and got[0] == ERROR, "written anew: an ERROR at its end", got)
    with lab.peer() as peer:
        ok(peer.fetch(peer.ask("grows")) == lab.files.read("grows"),
           "asked for again, it is the new one")


def test_texts(lab):
    print("# texts that have to be made first")
    before = lab.server.descriptors()
    with lab.peer() as peer:
        began = time.monotonic()
        peer.send(request(f"script/{MAC}.ipxe", "tsize", 0))
        peer.send(request(f"script/{MAC}.ipxe", "tsize", 0))
        with lab.peer(address="10.88.1.2") as other:
            ok(other.fetch(other.ask("one")) is not None and
               time.monotonic() - began < 0.25, "others do not wait")
        got = peer.get()
        ok(got and got[0] == OACK, "the OACK tells its size", got)
        text = peer.fetch(got)
        ok(text == f"#!ipxe\n# {MAC} http://{SERVER}:80\n".encode(),
           "it names the machine and how the server was reached", text)
        ok(peer.get(0.4) is None, "the request that came twice made one")
    with lab.peer() as peer:
        got = peer.ask("script/ff:54:00:12:34:56.ipxe")
        ok(got and got[0] == ERROR and b"nobody knows" in got[2],
           "what cannot be made is an ERROR that says why", got)
    with lab.peer() as peer:
        ok(peer.fetch(peer.ask("grub/grub.cfg")) ==
           b"configfile /grub/start\n", "grub.cfg")
    with lab.peer() as peer:
        ok(peer.fetch(peer.ask(f"loader/{MAC}/one")) is not None,
           "a name in a loader directory")
    ok(lab.server.wait(f"script asked by {MAC}", 1) or
       f"script asked by {MAC}" in lab.server.lines(), "the script is told")
    # The last ACK may still be on its way to it.
    ok(lab.server.has_closed(before, 2), "no socket is left over",
       f"{before} {lab.server.descriptors()}")


def test_caps(lab):
    print("# more transfers than one host may have")
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(lab.peer(address="10.88.1.35"))
                 for _ in range(17)]
        answers = [peer.ask("meg") for peer in peers[:16]]
        ok(all(answers), "16 are served")
        peers[16].send(request("meg"))
        ok(peers[16].get(0.5) is None, "the 17th is left for later")
        with lab.peer() as other:
            ok(other.fetch(other.ask("one")) is not None,
               "other hosts are served")
        time.sleep(2)
        got = peers[16].ask("meg")
        ok(got and got[0] == DATA,
           "when one of them was quiet for long, it gives way", got)
    ok(lab.server.wait("too many transfers at once from 10.88.1.35", 1) or
       any("too many" in line for line in lab.server.lines()), "it is told")


def test_full_table(lab):
    print("# more transfers than there may be")
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    before = lab.server.resident_kib()
    with contextlib.ExitStack() as stack:
        # The server's own loopback has all the hosts that are needed.
        sockets = []
        for n in range(2048 + 16):
            sock = stack.enter_context(
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            sock.bind((f"127.0.1.{n // 16 + 1}", 0))
            sock.settimeout(0.5)
            sock.sendto(request("meg"), ("127.0.0.1", 69))
            sockets.append(sock)
            # Not faster than they are taken.
            if n % 16 == 0 and n < 2048:
                sock.recv(1024)
        answered = 0
        for sock in sockets[2033:]:
            with contextlib.suppress(socket.timeout):
                sock.recv(1024)
                answered += 1
        ok(answered == 15, "2048 are served, the others left for later",
           answered)
        after = lab.server.resident_kib()
        ok(after - before < 8192, f"memory: {before} kB, then {after} kB")
        time.sleep(2)
        with lab.peer() as peer:
            ok(peer.fetch(peer.ask("one")) is not None,
               "a new one takes the place of one that was quiet for long")


def test_malformed(lab):
    print("# 10,000 malformed packets")
    with lab.peer() as peer:
        before = lab.server.resident_kib()
        for n in range(10001):
            peer.send(b"\0\1no end", peer.server)
            # An answer means that all before it were taken.
            if n % 100 == 0 and not peer.ask("nothing"):
                ok(False, "others are served meanwhile")
        ok(lab.server.wait("malformed 10001"), "all of them were counted")
        after = lab.server.resident_kib()
        ok(after - before < 512, f"memory: {before} kB, then {after} kB")


def test_garbage(lab):
    print("# garbage to both ports, while a file is fetched")
    with lab.peer() as peer, lab.peer(address="10.88.1.2") as noise:
        got = peer.ask("small")
        tid = peer.tid
        for n in range(2000):
            data = random.randbytes(random.randrange(64))
            noise.send(data, noise.server)
            if n % 10 == 0:
                noise.send(data, tid)
                peer.send(data[:1], tid)
                peer.send(b"\0\3" + data, tid)
        ok(peer.fetch(got) == lab.files.read("small"), "it arrives whole")
    ok(lab.server.alive(), "the server lives")


def real_server(network, files):
    """The same names from the whole program."""
    print("# boomerang-server")
    served = tempfile.mkdtemp(prefix="boomerang-netns-")
    kernel = os.path.join(served, "kernel")
    with open(kernel, "wb") as file:
        file.write(b"kernel")
    server = Server([sys.argv[3], "--tftp-root", files.place, "--kernel",
                     kernel, "--http-port", "8080"], "runs as")
    try:
        lab = Lab(network, files, server)
        lab.fetched("small", "curl", *curl("small", "--tftp-blksize", "1468"))
        lab.ours("meg", "windows of 16", "-w", "16", "-b", "1468")
        with lab.peer() as peer:
            text = peer.fetch(peer.ask(f"script/{MAC}.ipxe", "blksize", 1468),
                              1468)
            ok(text and text.startswith(b"#!ipxe"), "a script", text)
        before = server.resident_kib()
        with lab.peer() as peer:
            for n in range(10000):
                peer.send(b"\0\1no end", peer.server)
                if n % 100 == 0:
                    peer.ask("nothing")
        after = server.resident_kib()
        ok(after - before < 1024, f"memory: {before} kB, then {after} kB")
        lines = [line for line in server.lines() if "malformed" in line]
        ok(len(lines) == 1, "10,000 malformed packets, one line", lines)
    finally:
        server.process.terminate()
        server.process.wait(LIMIT_S)
        shutil.rmtree(served)
        shutil.rmtree(lab.out)


def given_up(lab, silent):
    """A client that was never heard after its request, a minute ago."""
    count = 1
    while silent.get(0.1):
        count += 1
    ok(count == 4, "a client that is never heard is sent an OACK 4 times",
       count)
    ok(any("not acknowledged" in line for line in lab.server.lines()) or
       lab.server.wait("not acknowledged"),
       "of one that does not acknowledge the last block this is said")
    # Whatever the others left.
    ok(lab.server.has_closed(10), "no socket and no file is left open",
       lab.server.descriptors())


def with_worker(network, files):
    server = Server([sys.argv[1], files.place], "ready")
    lab = Lab(network, files, server)
    silent = lab.peer(address="10.88.1.40")
    silent.ask("small", "timeout", 1)
    hasty = lab.peer(address="10.88.1.39")
    hasty.ask("exact512")
    for block in range(1, 21):
        hasty.ack(block)
        hasty.get()
    for test in (test_packaged_clients, test_own_client, test_agreed,
                 test_refused, test_sizes_probe, test_multihoming,
                 test_repeats, test_windows_by_hand, test_time, test_loss,
                 test_silent_beside_others, test_changed_files, test_texts,
                 test_caps, test_malformed, test_garbage):
        began = time.monotonic()
        try:
            test(lab)
        except (OSError, subprocess.SubprocessError, TypeError) as error:
            ok(False, test.__name__,
               f"{error!r}\n{getattr(error, 'stderr', '')}")
        print(f"# {time.monotonic() - began:.1f} s", flush=True)
        if not server.alive():
            ok(False, f"the server lives after {test.__name__}", server.seen)
            break
    given_up(lab, silent)
    test_full_table(lab)
    ok(server.stop() == 0, "the server ends", server.seen[-5:])
    shutil.rmtree(lab.out)


def main():
    inside()
    sys.argv[1:] = [os.path.abspath(program) for program in sys.argv[1:]]
    network = Network()
    with tempfile.TemporaryDirectory(prefix="boomerang-netns-") as place:
        os.chmod(place, 0o755)
        files = Files(place)
        with_worker(network, files)
        if len(sys.argv) > 3:
            try:
                real_server(network, files)
            except OSError as error:
                ok(False, "boomerang-server", error)
    tap.done()


if __name__ == "__main__":
    main()
