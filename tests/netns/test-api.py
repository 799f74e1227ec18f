#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The boot API: whole answers, and an API that fails in every way.

usage: test-api.py SERVER

The API is in this program. Which machine it answers how is in the machine's
number: FAULTS and ANSWERS are tables of it. Prints TAP.
"""
import ctypes
import http.server
import json
import os
import re
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from dhcp_packets import (DISCOVER, OFFER, Message, firmware, kind, mac,
                          request)
from serving import SERVER, Host, Server, fetch, inside, run, tap

CLIENT = "10.77.0.50"
API_PORT = 4242
API = f"http://{SERVER}:{API_PORT}/boot"
CLONE_NEWNET = 0x40000000
SO_RCVBUFFORCE = 33
SILENCE_S = 0.3
# Sanitizers need memory of their own.
SANITIZED = b"__asan_init" in Path(sys.argv[1]).read_bytes()
MEMORY_KIB = (64 + 448 * SANITIZED) * 1024
SLOW_S = 10
SLOW, FAST, CROWD, ENDLESS = 0x1000, 0x2000, 0x3000, 0x4000
FLOOD = 0x110000  # one million of them, apart from the others
FLOOD_RATE = 10000


def mac_text(number):
    return mac(number).hex(":")


# --- the API ---

FILES = {"/k": b"kernel" * 50000, "/boot/i1": b"one" * 1000,
         "/i2": b"two" * 1000, "/ks.cfg": b"kickstart"}

ANSWERS = {}  # machine: object
FAULTS = {}  # machine: (what a handler does, the reason that is told)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    asked = []  # targets
    lock = threading.Lock()
    dead = False

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass

    def reply(self, body, status=200, length=None):
        self.send_response(status)
        self.send_header("Content-Length",
                         str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):  # pylint: disable=invalid-name
        if self.dead:  # connections that were kept
            self.close_connection = True
            return
        path = self.path.split("?")[0]
        if path in FILES:
            self.reply(FILES[path])
            return
        with self.lock:
            self.asked.append(self.path)
        number = int(path.rsplit("/", 1)[1].replace(":", "")[-6:], 16)
        try:
            if number in FAULTS:
                FAULTS[number][0](self)
            elif number in ANSWERS:
                self.reply(json.dumps(ANSWERS[number]).encode())
            elif number & ~0xfff == SLOW:
                time.sleep(SLOW_S)
                self.reply(b'{"kernel": "/k"}')
            elif number & ~0xfff == ENDLESS:
                endless(self)
            else:
                self.reply(b'{"kernel": "/k"}')
        except OSError:
            self.close_connection = True


class Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def handle_error(self, *_):
        pass


def start_api():
    listener = Listener(("", API_PORT), Handler)
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    return listener


def times_asked(number):
    return sum(mac_text(number) in target for target in Handler.asked)


def endless(handler):
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b" " * 65536)


def drip(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    for _ in range(1000):
        handler.wfile.write(b" ")
        time.sleep(0.1)


def say(text):
    def fault(handler):
        handler.wfile.write(text)
        handler.close_connection = True
    return fault


def with_status(status, body=b"{}"):
    return lambda handler: handler.reply(body, status)


def redirect(to):
    def fault(handler):
        handler.send_response(302)
        handler.send_header("Location", to)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
    return fault


def body(text):
    return lambda handler: handler.reply(text)


FAULTS.update(enumerate([
    (with_status(404), "API: 404 Not Found"),
    (with_status(500), "API: 500 Internal Server Error"),
    (with_status(204, b""), "API: 204"),
    (body(b"<html>"), "API: not JSON"),
    (body(b""), "API: not JSON"),
    (body(os.urandom(5000)), "API: not JSON"),
    (body(b"[" * 200000), "API: not JSON"),
    (body(b"null"), "API: not JSON"),
    (body(b"{}"), "API: no kernel"),
    (body(b'{"kernel": "/k", "initrd": "/i"}'),
     "API: initrd is not a list"),
    (body(b'{"kernel": "/k", "cmdline": "a\\nboot"}'),
     "API: cmdline: has a line end"),
    (body(b'{"kernel": "/k", "cmdline": "{{ EXEC \\"x\\" }}"}'),
     'API: cmdline: template: there is no function "EXEC"'),
    (body(b'{"kernel": "/etc/passwd", "image": "/x"}'),
     "API: kernel and image at once"),
    (say(b"\0\1\2\3" * 50), f"API: {SERVER}: no answer in HTTP"),
    (say(b""), f"API: {SERVER}: "),
    (lambda h: h.reply(b"{", length=100) or say(b"")(h),
     f"API: {SERVER}: "),
    (redirect("file:///etc/passwd"), "API: the server: no answer in HTTP, or "
     "a redirect to something else"),
    (redirect("#"), f"API: {SERVER}: "),
    (drip, f"API: {SERVER}: no answer in time"),
    (endless, "API: an answer of more than 256 KiB"),
    (lambda h: time.sleep(SLOW_S), f"API: {SERVER}: no answer in time"),
], start=0x100))


# --- the machines ---

class Machines:
    """Firmware of many machines, on one host."""

    def __init__(self, host):
        libc = ctypes.CDLL(None, use_errno=True)
        with open("/proc/self/ns/net", "rb") as home, \
                open(f"/run/netns/{host.name}", "rb") as there:
            libc.setns(there.fileno(), CLONE_NEWNET)
            try:
                self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                self.socket.setsockopt(socket.SOL_SOCKET,
                                       socket.SO_BROADCAST, 1)
                self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE,
                                       16 << 20)
                self.socket.setsockopt(socket.SOL_SOCKET,
                                       socket.SO_BINDTODEVICE, b"eth0")
                self.socket.bind(("", 68))
            finally:
                libc.setns(home.fileno(), CLONE_NEWNET)

    def discover(self, number):
        self.socket.sendto(request(mac(number), kind(DISCOVER) + firmware(7),
                                   xid=number), ("255.255.255.255", 67))

    def drain(self):
        """Forgets what came: OFFERs are broadcast, everybody's come."""
        while select.select([self.socket], [], [], SILENCE_S)[0]:
            self.socket.recv(2048)

    def offers(self, limit_s, wanted=1):
        """{machine: when} of the OFFERs that come."""
        found = {}
        deadline = time.monotonic() + limit_s
        while len(found) < wanted:
            left = max(deadline - time.monotonic(), 0)
            if not select.select([self.socket], [], [], left)[0]:
                break
            message = Message(self.socket.recv(2048))
            if message.op == 2 and message.type == OFFER:
                found[message.xid] = time.monotonic()
        return found


def script(number):
    return fetch(f"/script/{mac_text(number)}.ipxe")[1].decode()


# --- tests ---

def test_whole_answer(machines, place):
    print("# an answer with everything")
    ANSWERS[1] = {
        "kernel": "/k", "initrd": ["i1", "/i2", f"file://{place}/local"],
        "cmdline": ' a="b  c" ks={{ URL "/ks.cfg" -}}   ;d || reboot\n',
        "message": "Hello ${net0/ip} && reboot\nthere"}
    machines.discover(1)
    tap.ok(1 in machines.offers(5), "the machine gets an OFFER")
    target = Handler.asked[-1]
    tap.ok(target.startswith(f"/boot/v1/boot/{mac_text(1)}?arch=x86_64&"
                             "firmware=uefi&uuid=") and
           "&class=PXEClient%3AArch%3A00007" in target,
           "the API is told what it is", target)
    text = script(1)
    tap.equal(len(Handler.asked), 1, "and is asked once for the whole boot")
    tap.ok("\necho Hello $(net0/ip} ${ampersand:string}& reboot\n"
           "echo there\n" in text, "the message is only a message", text)
    paths = re.findall(r"^(?:kernel|initrd) --name \S+ http://[^/]+(/file/\S+)",
                       text, re.M)
    got = [fetch(path) for path in paths]
    tap.equal(got, [(200, FILES["/k"]), (200, FILES["/boot/i1"]),
                    (200, FILES["/i2"]), (200, b"local")],
              "kernel and initrds come through the server")
    boot = re.search(r"^boot kernel (.*) \|\| goto failed$", text, re.M)
    words = boot[1] if boot else ""
    url = re.search(r" ks=http://[^/]+(/file/[^ ;]+/ks\.cfg);d ", words)
    tap.ok(url and fetch(url[1]) == (200, FILES["/ks.cfg"]),
           "and what the command line names", text)
    tap.ok(words.startswith('initrd=initrd0 initrd=initrd1 initrd=initrd2 '
                            'a="b${space:string}${space:string}c" ks=') and
           words.endswith(" ${bar:string}| reboot"),
           "the command line cannot be more than that", words)
    forged = re.sub(r"(/file/.{40})(.)", lambda m: m[1] + (
        "A" if m[2] != "A" else "B"), paths[0])
    longer = re.sub(r"/([^/]+)$", r"A/\1", paths[0])
    tap.equal([fetch(forged)[0], fetch(longer)[0]], [404, 404],
              "a name that was changed is none")


def test_grub():
    print("# the same for GRUB")
    check = shutil.which("grub-script-check")
    for name in ("grub.cfg", f"{mac_text(1)}.cfg"):
        status, text = fetch(f"/grub/{name}")
        tap.equal(status, 200, name)
        if check:
            done = subprocess.run([check], input=text, capture_output=True,
                                  check=False)
            tap.ok(done.returncode == 0, "is what GRUB can read", text)
    paths = re.findall(r" (/file/[^ ;]+)", text.decode())
    tap.equal(fetch(paths[-1]), (200, b"local"),
              "and names a file of this host")
    tap.ok("echo 'Hello ${net0/ip} && reboot'\n" in text.decode(),
           "the message is only a message", text)


def test_kinds(machines):
    print("# other answers")
    raw = "#!ipxe\n# as it is\nchain http://x/${y}\n"
    ANSWERS[2] = {"ipxe-script": raw, "kernel": 1}
    ANSWERS[3] = {"local": True}
    ANSWERS[4] = {"image": "http://files.example/i.tar.zst",
                  "cmdline": "more=1"}
    for number in (2, 4):
        machines.discover(number)
    tap.equal(sorted(machines.offers(5, 2)), [2, 4], "each gets an OFFER")
    tap.equal(script(2), raw, "a script goes through as it is")
    tap.ok("boots from its own disk" in script(3), "local", script(3))
    text = script(4)
    tap.ok(re.search(r"^boot kernel initrd=initrd0 from=cmdline "
                     r"image_url=http://files.example/i.tar.zst more=1 "
                     r"boomerang_server=http://10.77.0.2(:80)? ", text, re.M),
           "an image is loaded by the bootstrap", text)


def test_faults(machines):
    print("# an API that fails")
    for number in FAULTS:
        machines.discover(number)
    tap.equal(machines.offers(SILENCE_S), {}, "no fault is an OFFER")
    machines.discover(FAST)
    tap.ok(FAST in machines.offers(2), "meanwhile others boot")
    for number, (_, reason) in FAULTS.items():
        text = script(number)
        tap.ok(f"left alone: {reason}" in text and
               text.endswith("\nexit 1\n"), reason, text)
    number = min(FAULTS)
    tap.ok(FAULTS[number][1] in fetch(
        f"/v1/machines/{mac_text(number)}/events")[1].decode(),
        "the timeline tells the reason")


def test_keeping(machines, server):
    print("# how often it is asked")
    machines.discover(FAST)
    tap.ok(FAST in machines.offers(2), "an answer that is fresh")
    before = times_asked(FAST)
    for _ in range(20):
        machines.discover(FAST)
    tap.ok(machines.offers(2), "a known answer is given again")
    tap.equal(times_asked(FAST), before, "without asking")
    server.reload()
    tap.ok(server.wait(lambda e: "read again" in e.get("text", "")),
           "SIGHUP")
    machines.offers(SILENCE_S, 100)
    machines.discover(FAST)
    tap.ok(FAST in machines.offers(2), "an OFFER again")
    tap.equal(times_asked(FAST), before + 1, "now it is asked again")


def test_endless(machines, server):
    print("# a thousand machines, answers without an end")
    before = server.memory_kib()
    most = before
    for number in range(ENDLESS, ENDLESS + 1000):
        machines.discover(number)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and not machines.offers(0.05):
        most = max(most, server.memory_kib())
    machines.discover(FAST)
    tap.ok(FAST in machines.offers(2), "others boot")
    tap.ok(most - before < MEMORY_KIB, "memory is bounded",
           f"{before} KiB, {most} KiB")


def test_slow(machines):
    print("# an API that takes 10 s for some")
    asked = len(Handler.asked)
    start = time.monotonic()
    slow = range(SLOW, SLOW + 20)
    for number in slow:
        machines.discover(number)
    waits = []
    for number in range(CROWD, CROWD + 50):
        begin = time.monotonic()
        machines.discover(number)
        came = machines.offers(2).get(number)
        waits.append(came - begin if came else 9)
        for other in slow:
            machines.discover(other)
    tap.ok(max(waits) < 0.5, "50 others are answered at once",
           f"{max(waits):.3f} s")
    tap.equal(len(Handler.asked) - asked, 70, "one question a machine")
    status, data = fetch("/v1/machines")
    tap.ok(status == 200 and len(json.loads(data)) > 0, "HTTP goes on")
    found = {}
    while len(found) < len(slow) and time.monotonic() < start + 2 * SLOW_S:
        for number in slow:
            machines.discover(number)
        found.update(machines.offers(1, len(slow)))
    tap.equal(sorted(found), list(slow), "the slow ones are answered, too")
    tap.ok(min(found.values(), default=start) > start + SLOW_S - 1,
           "when their answer is there")


def test_flood(machines, flooder, server):
    print("# 10,000 invented machines a second")
    before = server.memory_kib()
    asked = len(Handler.asked)
    stop = threading.Event()
    sent = [0]

    def flood():
        start = time.monotonic()
        while not stop.is_set():
            if sent[0] < (time.monotonic() - start) * FLOOD_RATE:
                flooder.discover(FLOOD + sent[0])
                sent[0] += 1
            else:
                time.sleep(0.001)  # a rate

    thread = threading.Thread(target=flood)
    thread.start()
    while len(Handler.asked) - asked < 500:
        machines.offers(0.1)
    begin = time.monotonic()
    took = {}
    # As firmware does: again after 1 s (iPXE) and 4 s (edk2).
    for wait in (1, 4, 8):
        for number in range(CROWD + 200, CROWD + 210):
            if number not in took:
                machines.discover(number)
        deadline = time.monotonic() + wait
        while time.monotonic() < deadline and len(took) < 10:
            for number, when in machines.offers(0.2).items():
                if CROWD + 200 <= number < CROWD + 210:
                    took.setdefault(number, when - begin)
    seconds = time.monotonic() - begin
    stop.set()
    thread.join()
    machines.drain()
    print(f"# {sent[0]} DISCOVERs, the API asked {len(Handler.asked) - asked} "
          f"times, real machines took {max(took.values(), default=seconds):.1f}"
          f" s at most")
    tap.equal(len(took), 10, "10 real machines among them boot")
    tap.ok(server.memory_kib() - before < MEMORY_KIB, "memory is bounded",
           f"{before} KiB, {server.memory_kib()} KiB")


def test_dead(machines, listener, server):
    print("# no API at all")
    server.reload()
    tap.ok(server.wait(lambda e: "read again" in e.get("text", "")),
           "nothing is known")
    machines.discover(CROWD)
    tap.ok(CROWD in machines.offers(2), "but one machine")
    Handler.dead = True
    listener.shutdown()
    listener.server_close()
    machines.discover(CROWD + 100)
    tap.equal(machines.offers(SILENCE_S), {}, "new machines are left alone")
    machines.discover(CROWD)
    tap.ok(CROWD in machines.offers(2), "that one boots")
    text = script(CROWD + 100)
    tap.ok(f"left alone: API: {SERVER}: cannot connect: Connection refused"
           in text, "and the reason is told", text)


def test_dead_resolver(program, common):
    print("# a name server that is silent")
    conf = "/run/resolv.conf"
    with open(conf, "w", encoding="ascii") as file:
        file.write(f"nameserver {SERVER}\n")
    run("mount", "--bind", conf, "/etc/resolv.conf")
    silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    silent.bind((SERVER, 53))
    with Server(program, "--api-timeout", "1s", "--api",
                "http://api.example:4242", *common) as server:
        for number in (1, 2):
            start = time.monotonic()
            text = script(number)
            took = time.monotonic() - start
            tap.ok("API: api.example: " in text and 0.5 < took < 3,
                   "does not hold what else there is", f"{took:.1f} s {text}")
        start = time.monotonic()
    tap.ok(time.monotonic() - start < 3, "nor its end")
    tap.equal(server.errors(), "", "nothing on standard error")
    silent.close()
    run("umount", "/etc/resolv.conf")


def main():
    program = sys.argv[1]
    inside()
    machines = Machines(Host("pxe", CLIENT))
    flooder = Machines(Host("flooder", "10.77.0.51"))
    with tempfile.TemporaryDirectory(dir="/run") as place:
        os.chmod(place, 0o755)
        for name in ("snponly.efi", "vmlinuz", "bootstrap.img", "local"):
            with open(os.path.join(place, name), "w", encoding="ascii") as f:
                f.write(name)
        with open(os.path.join(place, "cmdline"), "w", encoding="ascii") as f:
            f.write("from=cmdline\n")
        listener = start_api()
        files = ("--tftp-root", place, place)
        common = ("--api", API, *files)
        with Server(program, "--api-timeout", "2s", *common) as server:
            test_whole_answer(machines, place)
            test_grub()
            test_kinds(machines)
            test_faults(machines)
            test_keeping(machines, server)
            test_endless(machines, server)
            test_flood(machines, flooder, server)
        tap.equal(server.errors(), "", "nothing on standard error")
        with Server(program, "--api-timeout", "15s", *common) as server:
            test_slow(machines)
            test_dead(machines, listener, server)
        test_dead_resolver(program, files)
    tap.done()


main()
