#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The network of a swap: saved, taken down and put back.

usage: test-keep.py KEEPER

In a network namespace of its own, where links are veth pairs.
What ip(8) lists after the return has to be what it listed before. Prints TAP.
"""
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import tap  # noqa: E402  pylint: disable=wrong-import-position
from tap import ok  # noqa: E402  pylint: disable=wrong-import-position

INSIDE = "BOOMERANG_KEEP_TEST"
LIMIT_S = 10


# What changes by itself, or is meant to.
PASSING = {"preferred_life_time", "valid_life_time", "dynamic", "tentative",
           "nodad", "expires", "cache", "linkdown"}

NETWORK = """
link add eth0 type veth peer name far0
link add eth1 type veth peer name far1
link add eth2 type veth peer name far2
link add idle0 type veth peer name idle1
link set eth0 mtu 1400
link set eth1 mtu 9000
link set far1 mtu 9000
link set lo up
link set far0 up
link set far2 up
link set eth0 up
link set eth1 up
link set far1 up
link set eth2 up
addr add 192.0.2.7/24 brd + dev eth0
addr add 192.0.2.8/24 dev eth0
addr add 198.51.100.7/25 dev eth0 label eth0:web
addr add 203.0.113.9/32 dev lo
addr add 10.9.0.1 peer 10.9.0.2 dev eth1
addr add 10.8.0.1/16 dev eth2 metric 700
addr add 10.7.0.1/16 dev eth2 noprefixroute
addr add 192.0.2.77/24 dev eth2 valid_lft 3600 preferred_lft 1800
addr add 2001:db8:1::7/64 dev eth0 nodad
addr add 2001:db8:2::7/64 dev eth1 valid_lft 3600 preferred_lft 0
addr add 2001:db8:3::7/128 dev eth2
route add default via 192.0.2.1 dev eth0 metric 100 proto dhcp
route add default via 10.9.0.2 dev eth1 metric 200
route add 10.7.0.0/16 dev eth2 proto kernel scope link metric 101
route add 172.16.0.0/12 via 100.64.0.1 dev eth0 onlink
route add 172.31.0.0/16 nexthop via 192.0.2.2 dev eth0 weight 3 nexthop via 10.9.0.2 dev eth1
route add 172.30.0.0/16 via 172.29.0.1 dev eth2 onlink mtu 1300 advmss 1200
route append 172.28.0.0/16 via 192.0.2.3 metric 5
route append 172.28.0.0/16 via 192.0.2.4 metric 5
route add blackhole 10.66.0.0/16
route add unreachable 10.67.0.0/16 table 77
route add default via 192.0.2.1 dev eth0 table 77
route add 10.50.0.0/24 dev eth0 src 198.51.100.7
route add 100.100.0.0/16 via inet6 fe80::1 dev eth0
-6 route add default via fe80::1 dev eth0 metric 1024 pref high
-6 route add 2001:db8:f::/48 via 2001:db8:1::1
-6 route add 2001:db8:e::/48 nexthop via 2001:db8:1::2 nexthop via fe80::2 dev eth1
-6 route add 2001:db8:d::/48 dev eth0 src 2001:db8:1::7 table 78
-6 route add 2001:db8:c::/48 via fe80::9 dev eth0 expires 600
-6 route add prohibit 2001:db8:b::/48
rule add from 198.51.100.0/25 lookup 77 priority 100
rule add fwmark 0x10/0xff iif eth1 lookup 77 priority 110
rule add not to 10.0.0.0/8 sport 1-1024 ipproto tcp lookup main suppress_prefixlength 0 priority 120
-6 rule add from 2001:db8:1::/64 lookup 78 priority 130
"""

NEXTHOPS = """
nexthop add id 11 via 192.0.2.5 dev eth0
nexthop add id 12 via 10.9.0.2 dev eth1
nexthop add id 5 group 11/12,4
route add 172.27.0.0/16 nhid 5
route add 172.26.0.0/16 nhid 11
"""


def ip(words):
    return subprocess.run(["ip", *words.split()], check=True,
                          capture_output=True, text=True).stdout


def lasting(value):
    """The value without what is passing."""
    if isinstance(value, dict):
        return {key: lasting(item) for key, item in value.items()
                if key not in PASSING}
    if isinstance(value, list):
        return [lasting(item) for item in value if item != "linkdown"]
    return value


def listed(words):
    """What ip lists, one text for each thing, sorted."""
    things = json.loads(ip("-j -d " + words) or "[]")
    return sorted(json.dumps(lasting(thing), sort_keys=True)
                  for thing in things if thing)


def links():
    return sorted((link["ifname"], link["mtu"], "UP" in link["flags"])
                  for link in json.loads(ip("-j link")))


def addresses():
    """In the order of each link: the first is the one to be used."""
    return [(link["ifname"], [lasting(one) for one in link["addr_info"]
                              if one["scope"] != "link" or
                              one["family"] == "inet"])
            for link in json.loads(ip("-j addr"))]


def state():
    return {
        "links": links(),
        "addresses": addresses(),
        "routes": listed("route show table all type unicast"),
        "multipath and others": [
            listed(f"route show table all type {kind}")
            for kind in ("blackhole", "unreachable", "prohibit")],
        "IPv6 routes": listed("-6 route show table all type unicast"),
        "other IPv6 routes": listed("-6 route show table all type prohibit"),
        "rules": listed("rule"),
        "IPv6 rules": listed("-6 rule"),
        "nexthops": listed("nexthop"),
    }


def settled():
    """The state when duplicate address detection is over."""
    deadline = time.monotonic() + LIMIT_S
    while "tentative" in ip("-6 addr") and time.monotonic() < deadline:
        time.sleep(0.05)
    return state()


def same(now, before, when):
    for name, want in before.items():
        is_same = now[name] == want
        detail = ""
        if not is_same:
            gone = [x for x in want if x not in now[name]]
            new = [x for x in now[name] if x not in want]
            detail = f"gone: {gone}\nnew: {new}"
        ok(is_same, f"{when}: {name}", detail)


def keeper(*words):
    return subprocess.run([sys.argv[1], *words], capture_output=True,
                          text=True, check=False)


def build(commands):
    for line in commands.strip().splitlines():
        try:
            ip(line)
        except subprocess.CalledProcessError as error:
            print(f"# passed over, {error.stderr.strip()}: ip {line}")


def lives(text):
    return [one["valid_life_time"]
            for link in json.loads(ip("-j addr")) for one in link["addr_info"]
            if one.get("local") == text]


def take_down():
    for rule in (100, 110, 120):
        ip(f"rule del priority {rule}")
    ip("-6 rule del priority 130")
    keeper("flush")


def test_flush(saved, before):
    take_down()
    now = state()
    ok(not any("UP" in link["flags"] for link in json.loads(ip("-j link"))
               if link["ifname"] != "lo"), "a flush takes the links down")
    ok(not any(infos for name, infos in now["addresses"] if name != "lo"),
       "and removes the addresses", now["addresses"])
    ok(not now["routes"] and not now["nexthops"], "and the routes",
       now["routes"])
    ip("link set eth0 mtu 1500")
    back = keeper("restore", saved)
    ok(back.returncode == 0 and back.stdout == "0\n",
       "all of it is taken back", back.stdout + back.stderr)
    same(settled(), before, "restored")
    ok(lives("2001:db8:2::7") == [2**32 - 1], "lifetimes are endless")
    ok("expires" not in ip("-6 route show 2001:db8:c::/48"),
       "also those of routes")


def test_renumbered(saved, before):
    """The links come back under other indexes."""
    take_down()
    for link in "eth0", "eth2":
        ip(f"link del {link}")
    ip("link add other0 type veth peer name other1")
    for number in 2, 0:
        ip(f"link add eth{number} type veth peer name far{number}")
    back = keeper("restore", saved)
    ok(back.stdout == "0\n", "links with new indexes are found",
       back.stdout + back.stderr)
    ip("link del other0")
    now = settled()
    # IPv6's own names for links have numbers in them.
    same({**now, "addresses": sorted(map(str, now["addresses"])),
          "nexthops": sorted(now["nexthops"])},
         {**before, "addresses": sorted(map(str, before["addresses"]))},
         "renumbered")


def test_broken(saved):
    with open(saved, "rb") as file:
        whole = file.read()
    for name, broken in (("empty", b""), ("foreign", b"x" * 64),
                         ("cut", whole[:-4]),
                         ("with another type", whole[:12] + b"\xff\x7f" +
                          whole[14:])):
        with open(saved + ".broken", "wb") as file:
            file.write(broken)
        back = keeper("restore", saved + ".broken")
        ok(back.returncode == 1 and "not a saved network" in back.stderr,
           f"a file that is {name} is refused", back.stderr)
    back = keeper("restore", saved + ".none")
    ok(back.returncode == 1 and "No such file" in back.stderr,
       "one that is missing is told")


def inside():
    build(NETWORK)
    build(NEXTHOPS)
    with tempfile.TemporaryDirectory(prefix="boomerang-keep-") as directory:
        saved = os.path.join(directory, "network")
        before = settled()
        result = keeper("save", saved)
        ok(result.returncode == 0, "the network is saved", result.stderr)
        ok(lives("192.0.2.77")[0] < 2**32 - 1, "a lease ends")
        for time_text in "once", "twice":
            back = keeper("restore", saved)
            ok(back.stdout == "0\n", f"restored where it is, {time_text}",
               back.stdout + back.stderr)
            same(settled(), before, f"unchanged {time_text}")
        ok(lives("192.0.2.77") == [2**32 - 1], "the lease is endless")
        test_flush(saved, before)
        test_renumbered(saved, before)
        test_broken(saved)
    tap.done()


def main():
    if os.environ.get(INSIDE):
        return inside()
    os.environ[INSIDE] = "1"
    unshare = ["unshare", "--net", "--mount"]
    if subprocess.run([*unshare, "mount", "-t", "sysfs", "sysfs", "/sys"],
                      capture_output=True, check=False).returncode:
        tap.skip_all("this needs the right to make namespaces")
    return subprocess.run([*unshare, sys.executable, *sys.argv],
                          check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
