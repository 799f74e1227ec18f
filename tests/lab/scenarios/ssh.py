# SPDX-License-Identifier: MIT
"""Logging in to the bootstrap by SSH, with the real client: who may, what the
shell is, and whose the port is while an image runs."""

import re
import subprocess
import sys
import time
from pathlib import Path

from lab import images
from lab.bootserver import BUILD
from lab.console import LabError
from lab.diskvm import free_port
from lab.guest import BOOT_SECONDS, PROMPT
from lab.server import Server
from lab.setups import Lab
from lab.sshclient import REFUSED, SshClient, make_key
from lab.tap import Scenario, check, equal
from lab.vm import ROOT

# An image whose own init is the server, so that it asks for the port at once.
TARGET_INIT = """\
#!/bin/sh
mkdir -p /run/sshd
mount -t devpts devpts /dev/pts 2>/dev/null
/usr/sbin/sshd -e
echo "ssh image: server $?"
while :; do sleep 1000; done
"""


def _libraries(program):
    text = subprocess.run(["ldd", program], check=True, text=True,
                          capture_output=True).stdout
    return re.findall(r"(/\S+) \(0x", text)


def target(key, login):
    """The image: busybox with this machine's sshd, the host key of the file
    key, and who may log in."""
    def fill(archive):
        images.busybox_members(archive, TARGET_INIT)
        for path in ["/usr/sbin/sshd", *_libraries("/usr/sbin/sshd")]:
            images.add(archive, path[1:], Path(path).read_bytes(), mode=0o755)
        images.add(archive, "etc/ssh/ssh_host_ed25519_key", key.read_bytes(),
                   mode=0o600)
        images.add(archive, "etc/ssh/sshd_config",
                   "UsePAM no\nPermitRootLogin yes\nStrictModes no\n")
        images.add(archive, "etc/passwd",
                   "root:*:0:0:root:/root:/bin/sh\n"
                   "sshd:*:100:65534::/run/sshd:/bin/false\n")
        images.add(archive, "root/.ssh/authorized_keys", login, mode=0o600)
    return images.small_tar("sshtarget", fill, key.read_text(), login,
                            TARGET_INIT)


class SshLab(Lab):
    """A machine whose bootstrap was built with one key; another stands on its
    command line, and a third will be at a URL there."""

    def __init__(self):
        self.port = free_port()
        super().__init__("ssh", memory_mib=1024, limit=1200, booted=False,
                         network=f"hostfwd=tcp:127.0.0.1:{self.port}-:22",
                         out=None)
        self.keys = {name: make_key(self.work / name) for name in
                     ("built", "told", "fetched", "stranger", "target")}
        self._out = self.work / "out"
        subprocess.run(
            [BUILD / "boomerang", "build", "--level", "1", "-o", self._out,
             "--ssh-key", self.keys["built"].with_suffix(".pub")],
            check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
        self.host_key = self._out / "ssh_host_ed25519_key.pub"
        self.web_directory = self.work / "web"
        self.web_directory.mkdir(exist_ok=True)
        for left in self.web_directory.iterdir():
            left.unlink()
        self.web = Server(self.web_directory)

    def public(self, name):
        """The line of a key."""
        return self.keys[name].with_suffix(".pub").read_text().strip()

    def client(self, name="built", host_key=None):
        """Logins with this key on a machine that has that host key."""
        return SshClient(self.port, self.keys[name],
                         host_key or self.host_key,
                         self.work / f"known-{name}")

    def __enter__(self):
        self.web.__enter__()
        self.set_arguments(f'ssh_key="{self.public("told")}" '
                           f"ssh_key={self.web.url('keys')}")
        super().__enter__()
        self.boot.booted(3 * BOOT_SECONDS)
        self.client().wait(60)
        return self

    def __exit__(self, *error):
        super().__exit__(*error)
        self.web.__exit__(*error)


SCENARIO = Scenario("ssh", SshLab)


@SCENARIO.case("a key that was built in opens it, no other and no password")
def who(lab):
    ssh = lab.client()
    equal(ssh.run("true")[0], 0, "the built-in key")
    status, text = lab.client("stranger").run("true")
    equal(status, REFUSED, "another key")
    check("Permission denied (publickey)" in text, text)
    status, text = ssh.run("true", options=[
        "-o", "PubkeyAuthentication=no", "-o", "PreferredAuthentications="
        "password,keyboard-interactive"])
    equal(status, REFUSED, "no key")
    check("Permission denied (publickey)" in text, text)


@SCENARIO.case("ssh_key= gives keys: one that stands there, one at a URL as "
               "soon as it is there, and only as a whole")
def told(lab):
    equal(lab.client("told").run("true")[0], 0, "the key of the command line")
    fetched = lab.client("fetched")
    keys = lab.web_directory / "keys"
    keys.write_text(f"<html>\n{lab.public('fetched')}\n")
    before = lab.web.requests["keys"]
    deadline = time.monotonic() + 40
    while lab.web.requests["keys"] < before + 2:
        check(time.monotonic() < deadline, "it is not asked for again")
        time.sleep(0.1)
    equal(fetched.run("true")[0], REFUSED, "a key amid something else")
    keys.write_text(f"# somebody\n{lab.public('fetched')}\n")
    fetched.wait(40)


@SCENARIO.case("a command is the prompt's, or else the shell's, and its "
               "status comes back")
def commands(lab):
    ssh = lab.client()
    check('"phase": "bootstrap"' in ssh.check("status --json"), "status")
    for command, status, pattern in [
            ("ls /init", 0, r"^/init$"),
            ("echo a b | tr a-z A-Z; exit 7", 7, r"^A B$"),
            ("echo $SHELL $LANG $HOME", 0, r"^/bin/sh C.UTF-8 /root$"),
            ("laod x", 127, "not found"),
            ("load", 2, "which image"),
            ("load 'unclosed", 2, "quote"),
            ("return", 1, "no image is running"),
            (f"load {lab.url(Path('none'))}", 1, "404"),
            ("shell", 0, r"^$")]:
        have, text = ssh.run(command)
        equal(have, status, f"status of {command!r} ({text!r})")
        check(re.search(pattern, text, re.MULTILINE), f"{command}: {text!r}")


@SCENARIO.case("a login is at the prompt")
def prompt(lab):
    with lab.client().terminal() as terminal:
        terminal.expect(PROMPT)
        terminal.line("status")
        terminal.expect(r"network +\S+ 10\.0\.2\.")
        terminal.expect(PROMPT)
        terminal.line("shell")
        terminal.expect(r"# ")
        terminal.line("echo $((6*7)); exit")
        terminal.expect(r"^42\r$")
        terminal.expect(PROMPT)
        terminal.line("exit")
        equal(terminal.wait(10), 0, "status of the login")


@SCENARIO.case("sftp and scp, in both directions and both protocols")
def files(lab):
    ssh = lab.client()
    sent = lab.work / "sent"
    sent.write_bytes(bytes(range(256)) * 1000)
    back = lab.work / "back"
    for number, options in enumerate(([], ["-O"])):
        back.unlink(missing_ok=True)
        ssh.copy(sent, f"root@127.0.0.1:/tmp/it{number}", options)
        ssh.copy(f"root@127.0.0.1:/tmp/it{number}", back, options)
        check(back.read_bytes() == sent.read_bytes(), f"scp {options}")
    text = ssh.sftp(f"put {sent} /tmp/other\nls -l /tmp/other\n")
    check("256000" in text, text)


@SCENARIO.case("the tools of a rescue system")
def tools(lab):
    ssh = lab.client()
    (lab.web_directory / "hello").write_text("hello\n")
    rows = [("ssh -V", "OpenSSH"), ("ip -V", "iproute2"),
            ("ping -V", "iputils"), ("ping -c 1 -W 5 10.0.2.2",
                                     " 0% packet loss"),
            ("ss -tln", r":22\b"), ("ethtool -i eth0", "driver: virtio_net"),
            ("lsblk --version", "util-linux"),
            ("fdisk --version", "util-linux"),
            (f"curl -sS {lab.web.url('hello')}", "hello")]
    text = ssh.check("exec 2>&1; " + "; echo =====; ".join(
        command for command, _ in rows), 60)
    for (command, pattern), said in zip(rows, text.split("=====\n")):
        check(re.search(pattern, said), f"{command}: {said!r}")


@SCENARIO.case("Ctrl+C on a terminal ends a load, and a connection that is "
               "cut ends its prompt")
def interrupted(lab):
    image = images.busybox()
    with lab.client().terminal(
            f"load {lab.url(image, 'rate=20000')}") as terminal:
        terminal.expect(r"MB|kB")
        terminal.send("\x03")
        equal(terminal.wait(20), 1, "status of a load that was cancelled")
    lab.boot.settled()
    with lab.client().terminal() as terminal:
        terminal.expect(PROMPT)
        terminal.line(f"load {lab.url(image, 'rate=20000&again')}")
        terminal.expect(r"MB|kB")
        terminal.kill()
    lab.boot.settled()
    ssh = lab.client()
    deadline = time.monotonic() + 20
    while "boomerang-login" in ssh.check("ps"):
        check(time.monotonic() < deadline, "its prompt is still there")
        time.sleep(0.2)


@SCENARIO.case("a server that ends is started again")
def again(lab):
    ssh = lab.client()
    ssh.check("kill $(cat /run/sshd.pid)")
    ssh.wait(20)


@SCENARIO.case("an image's own server gets the port, who is logged in stays, "
               "and after the return it is the bootstrap's again")
def port(lab):
    image = target(lab.keys["target"], lab.public("target"))
    its_key = lab.keys["target"].with_suffix(".pub")
    before = lab.client()
    with before.stream("cat") as stream:
        stream.echo("before")
        status, text = lab.client().run(f"load {lab.url(image)}", 90)
        equal(status, 0, f"status of the load ({text!r})")
        lab.vm.ttyS0.expect(r"^ssh image: server 0$", 30)
        stream.echo("while it runs")
        inside = lab.client("target", its_key)
        # It takes the port only after it has become a daemon.
        equal(inside.wait(20, "readlink /proc/1/exe").strip(), "/bin/busybox",
              "who answers")
        check(before.run("true")[0] != 0, "the bootstrap answers, too")
        _, status = lab.boot.return_by(lab.boot.return_command)
        equal(status["last_return"]["leaks"], [], "what is left")
        stream.echo("after the return")
    check('"phase": "bootstrap"' in before.wait(20, "status --json"),
          "status after the return")


@SCENARIO.case("the return by SSH; a load over a terminal stays at the prompt")
def return_by_ssh(lab):
    with lab.client().terminal() as terminal:
        terminal.expect(PROMPT)
        terminal.line(f"load {lab.url(images.busybox())}")
        lab.vm.ttyS0.expect(r"^busybox image: up$", 60)
        terminal.expect(r"entering [^\n]*\n")
        terminal.expect(PROMPT)
        lab.vm.ttyS0.skip()
        terminal.line("return")
        terminal.expect(PROMPT)
        lab.vm.ttyS0.expect(PROMPT, 30)
        equal(lab.boot.status()["last_return"]["reason"], "command", "reason")
        terminal.line("exit")
        terminal.wait(10)


@SCENARIO.case("the host key that was built in is the same at the next boot")
def next_boot(lab):
    ssh = lab.client()
    # The prompt may be back before the server.
    ssh.wait(20)
    ssh.run("reboot")
    lab.vm.wait_reset(30)
    for console in (lab.vm.ttyS0, lab.vm.ttyS1):
        console.skip()
    lab.boot.booted(3 * BOOT_SECONDS)
    lab.client().wait(60)


@SCENARIO.case("without a host key it makes one and says its fingerprint")
def host_key(lab):
    ssh = lab.client()
    ssh.check("rm /etc/ssh/ssh_host_ed25519_key; kill $(cat /run/sshd.pid)")
    deadline = time.monotonic() + 30
    said = shown = None
    while not (said and shown):
        check(time.monotonic() < deadline, f"said {said}, shown {shown}")
        _, text = lab.boot.shell("dmesg")
        said = re.search(r"(SHA256:\S+) bootstrap ", text)
        key = subprocess.run(
            ["ssh-keyscan", "-T", "5", "-p", str(lab.port), "127.0.0.1"],
            check=False, capture_output=True).stdout
        shown = re.search(rb"(SHA256:\S+)", subprocess.run(
            ["ssh-keygen", "-l", "-f", "-"], check=False, input=key,
            capture_output=True).stdout)
    equal(shown[1].decode(), said[1], "the fingerprint")


if __name__ == "__main__":
    sys.exit(SCENARIO.main())
