#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""One machine from its first request to the return, and what the boot server
tells of it: doc/timeline.md, tried.

usage: test-timeline.py SERVER BOOMERANG
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

import serving
from dhcp_packets import DISCOVER, kind, option, request
from reporting import (BOOTSTRAP, IMAGE, NEXT_TARGET, PROGRESS, RETURN, TARGET,
                       Reporter)
from serving import SERVER, Host, Server, tap

MAC = "52:54:00:12:34:56"
URL = f"http://{SERVER}"
EVENTS = f"{URL}/v1/machines/{MAC}/events"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
MACHINE_FIELDS = {"mac", "address", "arch", "firmware", "uuid", "stage",
                  "since", "last", "boots", "stalled"}
EVENT_FIELDS = {"seq", "time", "boot", "stage", "level", "text", "count"}
SEND = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
s.bind(("", 68))
s.sendto(bytes.fromhex(sys.argv[1]), ("255.255.255.255", 67))
"""


def make_out(top):
    """A directory as boomerang build makes it; boots nothing."""
    out = Path(top) / "out"
    (out / "loaders").mkdir(parents=True)
    out.parent.chmod(0o755)
    for name in ("vmlinuz", "bootstrap.img", "loaders/undionly.kpxe",
                 "loaders/snponly.efi"):
        (out / name).write_bytes(os.urandom(4000))
    (out / "cmdline").write_text("quiet panic=10\n")
    return out


def discover(host, ipxe=False):
    """Firmware, or iPXE, asks by DHCP."""
    options = (kind(DISCOVER) + option(60, b"PXEClient:Arch:00007") +
               option(93, b"\0\x07") + option(97, b"\0" + bytes(range(1, 17))))
    if ipxe:
        options += option(77, b"iPXE")
    packet = request(bytes.fromhex(MAC.replace(":", "")), options,
                     flags=0x8000)
    host.run("ip", "route", "replace", "default", "dev", "eth0")
    host.run(sys.executable, "-c", SEND, packet.hex())


def fetch(host, url, *options):
    """The body, or "" when there is none."""
    return host.try_run("curl", "-sf", *options, url).stdout


def machine(host):
    """What is told of the machine; {}: nothing."""
    found = json.loads(fetch(host, f"{URL}/v1/machines"))["machines"]
    return found[0] if found else {}


def wait_stage(host, stage):
    """The machine, when it came to the stage."""
    deadline = time.monotonic() + serving.LIMIT_S
    while time.monotonic() < deadline:
        found = machine(host)
        if found.get("stage") == stage:
            return found
        time.sleep(0.02)
    return {}


def boot(host):
    """To its kernel; returns its iPXE script."""
    discover(host)
    tap.ok(wait_stage(host, "dhcp"), "its first request makes it known")
    fetch(host, f"{URL}/loader/{MAC.replace(':', '-')}/snponly.efi", "-o",
          "/dev/null")
    tap.ok(wait_stage(host, "loader"), "a loader brings it further")
    discover(host, ipxe=True)
    script = fetch(host, f"{URL}/script/{MAC}.ipxe")
    for url in re.findall(r"http://\S+/file/\S+", script):
        fetch(host, url, "-o", "/dev/null")
    tap.ok(wait_stage(host, "kernel"), "so does its kernel", script)
    return script


def check_json(host):
    known = machine(host)
    tap.equal(set(known), MACHINE_FIELDS, "a machine has these fields")
    tap.equal([known[f] for f in ("mac", "address", "arch", "firmware", "uuid",
                                  "boots", "stalled")],
              [MAC, "10.77.0.10", "x86_64", "uefi",
               "04030201-0605-0807-090a-0b0c0d0e0f10", 1, None],
              "with these values")
    tap.ok(TIME.fullmatch(known["since"]) and TIME.fullmatch(known["last"]),
           "and times", known)
    told = json.loads(fetch(host, EVENTS))
    tap.equal((set(told), told["mac"]), ({"mac", "last", "events"}, MAC),
              "its events are told")
    tap.ok(all(set(e) == EVENT_FIELDS and TIME.fullmatch(e["time"])
               for e in told["events"]), "they have these fields", told)
    numbers = [e["seq"] for e in told["events"]]
    tap.ok(numbers == sorted(set(numbers)) and numbers[-1] == told["last"],
           "their numbers rise", numbers)
    later = json.loads(fetch(host, f"{EVENTS}?since={numbers[1]}"))
    tap.equal([e["seq"] for e in later["events"]], numbers[2:],
              "since leaves out what was seen")
    unknown = host.try_run("curl", "-s", "-o", "/dev/null", "-w",
                           "%{http_code}",
                           EVENTS.replace("34:56", "34:57")).stdout
    tap.equal(unknown, "404", "a machine that was never seen")


def check_bootstrap(host, program):
    """The bootstrap reports, and somebody follows."""
    last = json.loads(fetch(host, EVENTS))["last"]
    follower = host.popen("curl", "-sN", f"{EVENTS}?follow=1&since={last}",
                          stdout=subprocess.PIPE, text=True)
    reporter = Reporter(program, URL, host.command())
    said = [(BOOTSTRAP, "prompt after 4.2 s, 512 MB free", 0, "bootstrap"),
            (IMAGE, "loading http://192.0.2.1/x 42 %", PROGRESS, "image"),
            (IMAGE, "loaded in 3.1 s", NEXT_TARGET, "image"),
            (TARGET, "runs /sbin/init", 0, "target"),
            (RETURN, "back after 0.60 s by hotkey; 2 leaks, 2 undone", 0,
             "return")]
    for stage, text, expected, _ in said:
        reporter.say(stage, text, expected)
    events = [json.loads(follower.stdout.readline()) for _ in said]
    follower.kill()
    follower.wait()
    tap.equal([(e["stage"], e["text"]) for e in events],
              [(stage, text) for _, text, _, stage in said],
              "a stream tells what the bootstrap reports")
    tap.equal(machine(host)["stage"], "return", "and where the machine is")
    reporter.end()
    post = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-d",
            '{"stage":"image","text":"x"}', EVENTS.replace("34:56", "34:99")]
    tap.equal(host.run(*post), "403", "nobody speaks for another machine")
    tap.equal(serving.run(*post), "404", "or makes one by posting")


def check_told(host, top):
    """The script's answer is an event, for who comes by HTTP as for DHCP."""
    told = {"52:54:00:00:00:01": ("info", "told to boot from its disk"),
            "52:54:00:00:00:02": ("warning", "left alone (m.ini [default])")}
    machines = Path(top) / "m.ini"
    machines.write_text(f"[{min(told)}]\nlocal = yes\n"
                        "[default]\nignore = yes\n")
    with Server(sys.argv[1], "--machines", str(machines)):
        for mac, (level, text) in told.items():
            fetch(host, f"{URL}/script/{mac}.ipxe")
            events = json.loads(fetch(
                host, f"{URL}/v1/machines/{mac}/events"))["events"]
            tap.equal([(e["stage"], e["level"], e["text"])
                       for e in events[-1:]], [("loader", level, text)],
                      f"{text}, says its timeline")


def main():
    serving.inside()
    host = Host("machine", "10.77.0.10", MAC)
    with tempfile.TemporaryDirectory() as top:
        with Server(sys.argv[1], str(make_out(top))) as server:
            script = boot(host)
            tap.ok(f"boomerang_server={URL}" in script and
                   "BOOTIF=01-52-54-00-12-34-56" in script,
                   "the bootstrap is told where to report, and as whom",
                   script)
            check_json(host)
            check_bootstrap(host, os.path.abspath(sys.argv[2]))
            discover(host)
            tap.ok(wait_stage(host, "dhcp").get("boots") == 2,
                   "firmware that asks again begins another boot",
                   machine(host))
            tap.ok(server.has_printed(
                lambda e: e.get("mac") == MAC and e.get("stage") == "target"),
                "the operator sees it, too", server.lines)
        check_told(host, top)
    tap.done()


if __name__ == "__main__":
    main()
