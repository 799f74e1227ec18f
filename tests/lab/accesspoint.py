# SPDX-License-Identifier: MIT
"""A bootstrap for Wi-Fi, and access points for it in the same machine.

The kernel simulates radios (mac80211_hwsim) that hear each other. One is the
bootstrap's; the other is moved to a network namespace of its own, where
hostapd makes an access point of it for each of NETWORKS, with a DHCP server
and a web server behind them. Whatever passes between the two goes through the
air of the kernel.

The programs for that are no part of the bootstrap: they come in an archive of
their own behind bootstrap.img.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from . import daemons, images
from .console import LabError
from .tap import Skip
from .vm import OUT, ROOT

BUILD = Path(os.environ.get("BUILD", ROOT / "build"))

ADDRESS = "192.168.77.1"

# Of IEEE 802.11-2020, J.4.2's function: sixteen times "a" in the network
# "stub". The access point gets this, the bootstrap the passphrase.
STUB_PASSPHRASE = "a" * 16
_STUB_KEY = "e270ba95a72c6d922e902f65dfa23315f7ba43b69debc75167254acd778f2fe9"

PASSPHRASE = 'corr"ect \\horse $battery'
WPA3_PASSWORD = "päss 3"  # neither ASCII nor long enough for WPA2

# A name that would clear the screen, end a line and begin another reply, if
# it were printed or parsed as it is; 32 bytes, with a zero at its end.
HOSTILE = (b"\x1b[2Jid=9\nssid=fake\n\x9b1m\xff\xff\xff\xff\xff\xff\xff"
           b"\x00").ljust(32, b"\x00")[:32]

_PSK = "wpa=2\nwpa_key_mgmt=WPA-PSK\nrsn_pairwise=CCMP\n"
_SAE = ("wpa=2\nwpa_key_mgmt=SAE\nrsn_pairwise=CCMP\nieee80211w=2\n"
        "sae_pwe=2\n")

# Name (bytes) and settings of hostapd.
NETWORKS = [
    (b"stub", f"{_PSK}wpa_psk={_STUB_KEY}\n"),
    (b"lab net", f"{_PSK}wpa_passphrase={PASSPHRASE}\n"),
    (b"lab wpa3", f"{_SAE}sae_password={WPA3_PASSWORD}\n"),
    (b"lab both", "wpa=2\nwpa_key_mgmt=WPA-PSK SAE\nrsn_pairwise=CCMP\n"
     f"ieee80211w=1\nwpa_passphrase={PASSPHRASE}\n"),
    (b"lab open", ""),
    (b"lab hidden", f"{_PSK}ignore_broadcast_ssid=1\n"
     f"wpa_passphrase={PASSPHRASE}\n"),
    (HOSTILE, ""),
]

_RADIO = "interface=wlan1\ndriver=nl80211\nhw_mode=g\nchannel=1\n"

_UDHCPD = f"""\
interface br0
start 192.168.77.50
end 192.168.77.60
lease_file /run/lab/leases
pidfile /run/lab/udhcpd.pid
option subnet 255.255.255.0
option router {ADDRESS}
"""

# Run in the bootstrap's shell: `/lab/ap start` once, then quiet and air.
# /usr/bin/ip, as busybox prefers its own.
_AP = f"""\
#!/bin/sh
set -e
inside() {{
	/usr/bin/ip netns exec ap "$@"
}}
start() {{
	mkdir -p /run/lab
	/usr/bin/ip netns add ap
	iw phy "$(cat /sys/class/net/wlan1/phy80211/name)" set netns name ap
	inside /usr/bin/ip link add br0 type bridge
	inside /usr/bin/ip addr add {ADDRESS}/24 dev br0
	inside /usr/bin/ip link set br0 up
	: > /run/lab/leases
	inside busybox udhcpd -S /lab/udhcpd.conf
	inside busybox httpd -p 80 -h /lab/www
}}
air() {{
	inside /lab/hostapd -B -P /run/lab/hostapd.pid /lab/hostapd.conf
}}
case $1 in
start)
	start
	air
	;;
air)
	air
	;;
quiet)
	kill "$(cat /run/lab/hostapd.pid)"
	while [ -e /run/lab/hostapd.pid ]; do usleep 50000; done
	;;
esac
"""


def _hostapd_conf():
    """All in one radio and one bridge."""
    text = _RADIO
    for number, (name, settings) in enumerate(NETWORKS):
        if number:
            text += f"\nbss=wlan1_{number}\n"
        text += f"bridge=br0\nssid2={name.hex()}\n{settings}"
    return text


def _iw():
    path = shutil.which("iw", path="/usr/sbin:/usr/bin:/sbin")
    if not path:
        raise Skip("there is no iw")
    return path


def _archive():
    """The programs, as an archive for the kernel."""
    daemons.fetch("hostapd")
    hostapd = daemons.program("hostapd")
    if not hostapd:
        raise Skip("there is no hostapd")
    with tempfile.TemporaryDirectory() as where:
        lab = Path(where, "lab")
        (lab / "www").mkdir(parents=True)
        shutil.copy(hostapd, lab / "hostapd")
        (lab / "hostapd.conf").write_text(_hostapd_conf())
        (lab / "udhcpd.conf").write_text(_UDHCPD)
        (lab / "ap").write_text(_AP)
        (lab / "ap").chmod(0o755)
        shutil.copy(images.busybox(), lab / "www" / "busybox.tar.gz")
        tool = Path(where, "usr", "bin", "iw")
        tool.parent.mkdir(parents=True)
        shutil.copy(_iw(), tool)
        names = sorted(str(path.relative_to(where))
                       for path in Path(where).rglob("*"))
        return subprocess.run(
            ["cpio", "--quiet", "-o", "-H", "newc", "-R", "0:0"], check=True,
            input="\n".join(names).encode(), stdout=subprocess.PIPE,
            cwd=where).stdout


def build(where):
    """What boots a bootstrap for Wi-Fi, with the access points' programs, in
    this directory; returns it."""
    command = [BUILD / "boomerang", "build", "--wifi", "--level", "1",
               "-o", where]
    done = subprocess.run(command, cwd=ROOT, check=False, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True)
    if done.returncode:
        raise LabError(f"boomerang build --wifi: {done.stderr.strip()}")
    with open(where / "bootstrap.img", "ab") as image:
        # Archives one behind the other begin at multiples of four.
        image.write(b"\0" * (-image.tell() % 4) + _archive())
    # The loaders of firmware, which only tests of these need.
    if (OUT / "loaders").exists() and not (where / "loaders").exists():
        (where / "loaders").symlink_to(OUT / "loaders")
    return where
