# SPDX-License-Identifier: MIT
"""Wi-Fi in the bootstrap: a simulated radio, access points of all kinds, and
no other network."""

import re
import sys
import time

from lab import accesspoint
from lab.accesspoint import (ADDRESS, PASSPHRASE, STUB_PASSPHRASE,
                             WPA3_PASSWORD)
from lab.guest import PROMPT, Shell
from lab.setups import Lab
from lab.tap import Scenario, check, equal
from lab.vm import WORK

UP = r"^busybox image: up$"
ASKED = r"Passphrase: $"
# From within a network, under emulation.
SCAN_SECONDS = 100
CONNECTED = r"^wlan0: connected to %s as 192\.168\.77\.5\d$"
# Of wpa_supplicant, with what another of its kind was given.
CONFIG = "/etc/boomerang/wifi.conf"


class WifiLab(Lab):
    """A machine whose cable is left alone, with two radios; one of them is
    that of the access points."""

    def __init__(self):
        work = WORK / "wifi" / "out"
        work.mkdir(parents=True, exist_ok=True)
        self._on_air = False
        super().__init__("wifi", memory_mib=1024, limit=1200, booted=False,
                         arguments="ip=dhcp ip=:::::eth0:off",
                         out=accesspoint.build(work))

    def __enter__(self):
        super().__enter__()
        self.boot.booted()
        return self

    def on_air(self):
        """There are radios and access points from here on; returns this."""
        if not self._on_air:
            self.shell("until modprobe mac80211_hwsim radios=2 2>/dev/null; do "
                       "usleep 200000; done; until boomerang "
                       "wifi status -i wlan0; do usleep 200000; done", 60)
            self.shell("/lab/ap start", 60)
            self._on_air = True
        return self

    def on_net(self):
        """And it is in "lab net"."""
        self.on_air()
        if not re.search(r"network +lab net$", self.wifi("status"),
                         re.MULTILINE):
            self.connected("lab net", PASSPHRASE)
        return self

    def wifi(self, words, timeout=SCAN_SECONDS):
        """What a command that asks nothing prints."""
        return self.boot.command(f"wifi {words}", timeout)

    def connect(self, name, passphrase=None, options=""):
        """Types `wifi connect`; returns what comes out in the end."""
        console = self.boot.main
        console.skip()
        console.line(f"wifi connect {options} '{name}'")
        if passphrase is not None:
            console.expect(ASKED, SCAN_SECONDS)
            console.line(passphrase)
        output = console.expect(PROMPT, 200).before
        if passphrase:
            check(passphrase not in output, "the passphrase was shown")
        return output

    def connected(self, name, *arguments, shown=None, **options):
        """The same, and it must succeed."""
        output = self.connect(name, *arguments, **options)
        check(re.search(CONNECTED % re.escape(shown or name), output,
                        re.MULTILINE), output)

    def shell(self, command, timeout=30):
        """Runs a command in the bootstrap that must succeed."""
        status, output = self.boot.shell(command, timeout)
        equal(status, 0, f"{command} ({output.strip()})")
        return output

    def state(self, *patterns, timeout=40):
        """Waits until `wifi status` matches all of these."""
        deadline = time.monotonic() + timeout
        while True:
            output = self.wifi("status")
            if all(re.search(p, output, re.MULTILINE) for p in patterns):
                return output
            check(time.monotonic() < deadline,
                  f"no {patterns} in {timeout} s: {output}")
            time.sleep(0.3)

    def fetches(self):
        """Something comes over the air."""
        self.shell(f"wget -q -O /dev/null http://{ADDRESS}/busybox.tar.gz")


SCENARIO = Scenario("wifi", WifiLab)


@SCENARIO.case("without a radio, `wifi` says that there is none")
def no_radio(lab):
    output = lab.wifi("list")
    check("no wireless interface" in output, output)
    equal(len(output.strip().splitlines()), 1, "lines")


@SCENARIO.case("radios that appear are taken up, networks are listed, and a "
               "hostile name is harmless")
def listed(lab):
    lab.on_air()
    network = lab.boot.status()["network"]
    check("Wi-Fi" in network or "joined no network" in network, network)
    log = lab.vm.work / "ttyS0.log"
    before = log.stat().st_size
    output = lab.wifi("list")
    raw = log.read_bytes()[before:]
    rows = {match[3]: match[2].strip() for match in re.finditer(
        r"-\d+ dBm  2\.4 GHz  ((.{15})  )(.*)$", output, re.MULTILINE)}
    equal(rows.get("stub"), "WPA2", f"security of stub in {output}")
    equal(rows.get("lab wpa3"), "WPA3", "security")
    equal(rows.get("lab both"), "WPA2/WPA3", "security")
    equal(rows.get("lab open"), "open", "security")
    check("lab hidden" not in output, "a hidden network is listed")
    check(r"\x1b[2Jid=9\x0assid=fake\x0a\x9b1m\xff" in output, output)
    check(b"\x1b[2Jid" not in raw and b"\x9b1m" not in raw,
          "a name's bytes reached the terminal")
    check(not re.search(r"  fake$", output, re.MULTILINE), output)


@SCENARIO.case("a passphrase that is wrong, or cannot be one, is told")
def wrong(lab):
    lab.on_air()
    output = lab.connect("stub", "b" * 16)
    check("the passphrase is another one" in output, output)
    output = lab.connect("stub", "short")
    check("8 to 63" in output, output)
    output = lab.connect("lab wpa3", "something else")
    check("the passphrase is another one" in output, output)
    output = lab.connect("nowhere")
    check("no such network is in reach" in output, output)
    output = lab.wifi("status")
    check(re.search(r"network +none", output), f"it is in one: {output}")


@SCENARIO.case("WPA2: the key of a known passphrase; an address by DHCP")
def wpa2(lab):
    lab.on_air()
    lab.connected("stub", STUB_PASSPHRASE)
    lab.state(r"network +stub$", r"security +WPA2-PSK$",
              r"address +192\.168\.77\.")
    check("wlan0 192.168.77." in lab.boot.status()["network"], "status")
    lab.fetches()


@SCENARIO.case("WPA3, both, open, hidden; names and passphrases of all kinds")
def others(lab):
    lab.on_air()
    lab.connected("lab wpa3", WPA3_PASSWORD)
    lab.state(r"security +SAE$")
    lab.connected("lab net", PASSPHRASE)
    lab.state(r"security +WPA2-PSK$")
    lab.connected("lab both", PASSPHRASE)
    lab.state(r"security +(SAE|WPA2-PSK)$")
    lab.connected("lab hidden", PASSPHRASE, options="--hidden")
    lab.connected("lab open")
    name = "".join(f"\\x{byte:02x}" for byte in accesspoint.HOSTILE)
    output = lab.connect(name)
    check(r"connected to \x1b[2Jid=9\x0a" in output, output)
    lab.fetches()


@SCENARIO.case("the wizard: a menu, and a passphrase that is asked for again")
def wizard(lab):
    lab.on_air()
    lab.wifi("forget")
    lab.state(r"network +none")
    console = lab.boot.main
    console.skip()
    console.line("wifi")
    console.expect(r"Wi-Fi networks", SCAN_SECONDS)
    console.expect(r"lab net", 20)
    console.send("/lab net\r")
    console.send("\r")
    console.expect(ASKED, 20)
    console.line("not this one")
    console.expect(r"the passphrase is another one", 60)
    console.expect(ASKED, 20)
    console.line(PASSPHRASE)
    console.expect(CONNECTED % "lab net", 60)
    console.expect(PROMPT, 20)


@SCENARIO.case("the wizard and a join can be left by Ctrl+C")
def leave(lab):
    lab.on_net()
    console = lab.boot.main
    console.skip()
    console.line("wifi connect stub")
    console.expect(ASKED, SCAN_SECONDS)
    console.send("\x03")
    console.expect(PROMPT, 20)
    lab.shell("stty -a | grep -q ' echo '")  # what is typed is shown again
    lab.state(r"network +lab net$", r"address +192")


@SCENARIO.case("passphrases are in no argument and no log, and root's alone")
def secrets(lab):
    lab.on_net()
    equal(lab.shell(f"stat -c %a {CONFIG} /run/boomerang/wifi").split(),
          ["600", "700"], "modes")
    check(PASSPHRASE.partition("$")[0] in lab.shell(f"cat {CONFIG}"),
          "the configuration was not saved")
    lab.shell("! cat /proc/[0-9]*/cmdline | grep -aq '[h]orse'")
    lab.shell("! dmesg | grep -aq -e '[h]orse' -e 'aaaaaaa[a]'")
    lab.shell("! grep -arlq 'ct .horse' /run /tmp /var /root")


@SCENARIO.case("wpa_supplicant that is killed comes back, and its network")
def killed(lab):
    lab.on_net()
    lab.shell("kill -9 $(pidof wpa_supplicant)")
    lab.state(r"network +lab net$", r"address +192", timeout=60)
    lab.fetches()


@SCENARIO.case("an access point that goes and comes back is joined again")
def away(lab):
    lab.on_net()
    lab.shell("/lab/ap quiet")
    lab.state(r"network +none")
    lab.shell("/lab/ap air")
    lab.state(r"network +lab net$", timeout=90)
    lab.shell(f"until ping -c1 -W1 {ADDRESS} >/dev/null; do :; done", 60)
    lab.fetches()


@SCENARIO.case("an image comes over the air and runs, and so does the return")
def image(lab):
    lab.on_net()
    lab.boot.load(f"http://{ADDRESS}/busybox.tar.gz", UP, 120)
    shell = Shell(lab.vm.ttyS0, r"target# $")
    shell.ready()
    shell.check(f"ping -c1 -W5 {ADDRESS}")
    shell.check("! test -e /etc/boomerang/wifi.conf")
    lab.boot.return_by(lab.boot.hotkey)
    lab.state(r"network +lab net$")
    lab.fetches()


@SCENARIO.case("a radio that software switched off is switched on")
def rfkill(lab):
    lab.on_net()
    lab.shell("for f in /sys/class/rfkill/*/soft; do echo 1 > $f; done")
    lab.state(r"network +lab net$", timeout=60)


@SCENARIO.case("what is forgotten is not joined again")
def forgotten(lab):
    lab.on_net()
    output = lab.wifi("forget 'lab net'")
    check("1 network forgotten" in output, output)
    lab.state(r"network +none")
    check("horse" not in lab.shell(f"cat {CONFIG}"), "it is remembered")
    output = lab.wifi("forget 'lab net'")
    check("no such network was joined" in output, output)


@SCENARIO.case("a radio that is unplugged is gone; plugged in again, it has "
               "its network again")
def unplugged(lab):
    lab.on_net()
    lab.shell("/usr/bin/ip netns add away && iw phy $(cat "
              "/sys/class/net/wlan0/phy80211/name) set netns name away")
    lab.shell("until boomerang wifi status 2>&1 | grep -q 'no wireless'; "
              "do usleep 200000; done")
    lab.shell("/usr/bin/ip netns del away")
    lab.shell("until boomerang wifi status -i wlan0; do usleep 200000; done")
    lab.state(r"network +lab net$", timeout=60)


if __name__ == "__main__":
    sys.exit(SCENARIO.main())
