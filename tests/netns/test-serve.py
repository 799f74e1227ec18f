#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""boomerang serve as an operator meets it: how it starts, what it says, what
it refuses, what it may do afterwards.

usage: test-serve.py SERVER
"""
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

import serving
from serving import SERVER, Host, Server, tap

MAC = "52:54:00:12:34:56"
PROGRAM = os.path.abspath(sys.argv[1])


def serve(*arguments, cwd="/", **options):
    """The finished server, which was to end by itself."""
    return subprocess.run([PROGRAM, *arguments], cwd=cwd, check=False,
                          capture_output=True, text=True, timeout=30,
                          stdin=subprocess.DEVNULL, **options)


def refused(arguments, words, status=1, **options):
    """It ends with one line that has all the words."""
    result = serve(*arguments, **options)
    tap.ok(result.returncode == status and
           result.stderr.count("\n") == 1 and not result.stdout and
           all(word in result.stderr for word in words),
           f"refused: {' '.join(arguments)}",
           f"status {result.returncode}: {result.stdout}{result.stderr}")


def make_out(top):
    """A directory as boomerang build makes it; boots nothing."""
    out = top / "out"
    (out / "loaders").mkdir(parents=True)
    for name in ("vmlinuz", "bootstrap.img", "loaders/undionly.kpxe",
                 "loaders/snponly.efi"):
        (out / name).write_bytes(os.urandom(4000))
    (out / "cmdline").write_text("quiet panic=10\n")
    return out


def test_refused(top, out):
    refused(["--bogus"], ["--bogus is not an option"], status=2)
    refused(["nosuch"], ["nosuch: No such file", "boomerang build -o nosuch"])
    refused(["--api", "http://192.0.2.1", "nosuch"],
            ["cannot serve nosuch", "No such file"])
    refused([str(top / "empty")], ["vmlinuz", "boomerang build"])
    refused(["--kernel", "nosuch"], ["nosuch", "No such file"])
    refused(["--machines", "nosuch.ini"], ["nosuch.ini", "No such file"])
    refused(["--machines", "/"], ["--machines /", "directory"])
    refused(["--tftp-root", "nosuch", str(out)], ["nosuch", "No such file"])
    refused(["--interface", "eth77", str(out)], ["no eth77", "ip link"])
    refused(["--listen", "192.0.2.77", str(out)],
            ["192.0.2.77", "no interface of this machine"])
    nobody = {"user": 65534, "group": 65534}
    refused([str(out)], ["port 67", "as root"], **nobody)


def test_taken(out):
    me = f"{Path('/proc/self/comm').read_text().strip()} (PID {os.getpid()})"
    for kind, port, words in (
            (socket.SOCK_DGRAM, 67, ["UDP port 67", "--dhcp-no-bind"]),
            (socket.SOCK_DGRAM, 4011, ["UDP port 4011"]),
            (socket.SOCK_DGRAM, 69, ["UDP port 69"]),
            (socket.SOCK_STREAM, 80, ["TCP port 80", "--http-port"])):
        with socket.socket(socket.AF_INET, kind) as taken:
            taken.bind(("0.0.0.0", port))
            if kind == socket.SOCK_STREAM:
                taken.listen()
            refused([str(out)], [*words, me])


def test_start(out, client):
    with Server(PROGRAM, str(out)) as server:
        tap.ok(any(f"listening on br0 {SERVER}: DHCP 67, PXE 4011, TFTP 69, "
                   "HTTP 80" == line["text"] for line in server.lines),
               "it says where it listens", server.lines)
        status = Path(f"/proc/{server.process.pid}/status").read_text()
        facts = dict(line.split(":\t", 1) for line in status.splitlines())
        tap.equal(facts["Uid"], "65534\t65534\t65534\t65534", "it is nobody")
        tap.equal([facts[cap] for cap in ("CapPrm", "CapEff", "CapBnd")],
                  ["0" * 16] * 3, "it has no capabilities")
        tap.equal(facts["NoNewPrivs"], "1", "and no way to new ones")
        got = client.try_run("curl", "-sf", f"http://{SERVER}/vmlinuz",
                             "-o", "/dev/null", "-w", "%{size_download}")
        tap.equal(got.stdout, "4000", "it serves the directory")
        server.process.send_signal(signal.SIGTERM)
        tap.equal(server.process.wait(10), 0, "it ends in order")
    with Server(PROGRAM, "--http-port", "8080", str(out)):
        got = client.try_run("curl", "-sf", f"http://{SERVER}:8080/script/"
                             f"{MAC}.ipxe")
        tap.ok(f"http://{SERVER}:8080/file/" in got.stdout,
               "with another port the script says so", got.stdout)


def test_user(out):
    secret = out.parent / "secret"
    secret.write_bytes(b"kernel")
    secret.chmod(0o600)
    with Server(PROGRAM, "--kernel", str(secret)) as server:
        tap.ok("only root can read" in server.lines[-1]["text"],
               "what only root can read is served as root", server.lines)
        status = Path(f"/proc/{server.process.pid}/status").read_text()
        tap.ok("CapEff:\t0000000000000000" in status,
               "but without capabilities")
    os.environ.update(SUDO_UID="1000", SUDO_GID="1000")
    with Server(PROGRAM, str(out)) as server:
        status = Path(f"/proc/{server.process.pid}/status").read_text()
        tap.ok("Uid:\t1000\t1000\t1000\t1000" in status,
               "under sudo it is who called it")
    del os.environ["SUDO_UID"], os.environ["SUDO_GID"]


def test_password(out):
    with Server(PROGRAM, "--api", "http://me:secret@192.0.2.1/x",
                str(out)) as server:
        tap.ok(any("boots what is told by 192.0.2.1/x" in e["text"]
                   for e in server.lines) and
               "secret" not in str(server.lines),
               "the journal has no password", server.lines)


def test_interface(out):
    serving.run("ip", "link", "add", "br1", "type", "bridge")
    serving.run("ip", "address", "add", "10.78.0.2/24", "dev", "br1")
    serving.run("ip", "link", "set", "br1", "up")

    def asks(address):
        return subprocess.run(
            ["curl", "-sf", "-o", "/dev/null", f"http://{address}/vmlinuz"],
            check=False).returncode == 0

    with Server(PROGRAM, "--interface", "br0", str(out)) as server:
        tap.equal([asks(at) for at in (SERVER, "127.0.0.1", "10.78.0.2")],
                  [True, True, False],
                  "HTTP keeps to --interface and this host")
        # Its request is there before the server hears of the connection.
        server.process.send_signal(signal.SIGSTOP)
        with socket.create_connection(("10.78.0.2", 80), timeout=10) as early:
            early.sendall(f"GET /script/{MAC}.ipxe HTTP/1.1\r\n"
                          "Host: x\r\n\r\n".encode())
            server.process.send_signal(signal.SIGCONT)
            tap.equal(early.recv(100), b"", "an early request is not heard")
        seen = serving.run("curl", "-sf", f"http://{SERVER}/v1/machines")
        tap.equal(json.loads(seen)["machines"], [], "in no way")
    serving.run("ip", "link", "delete", "br1")


def test_notify(top, out):
    path = str(top / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(path)
        os.chmod(path, 0o666)
        listener.settimeout(10)
        os.environ["NOTIFY_SOCKET"] = path
        with Server(PROGRAM, str(out)):
            tap.equal(listener.recv(64), b"READY=1", "systemd is told")
        del os.environ["NOTIFY_SOCKET"]


def test_dry_run(out):
    nobody = {"user": 65534, "group": 65534}
    result = serve("--dry-run", MAC, str(out), **nobody)
    for words in ("BIOS: offered undionly.kpxe",
                  "UEFI x86_64: offered snponly.efi",
                  f"http://{SERVER}/script/",
                  "no loader for arm64", "quiet panic=10"):
        tap.ok(words in result.stdout, f"--dry-run says: {words}",
               result.stdout + result.stderr)
    tap.equal(result.returncode, 0, "and needs no rights")


def test_reload(top, client):
    machines = top / "machines.ini"
    url = f"http://{SERVER}/script/{MAC}.ipxe"
    machines.write_text("[default]\nkernel = out/vmlinuz\n")
    with Server(PROGRAM, "--machines", str(machines), cwd=top) as server:
        tap.ok("/vmlinuz" in client.run("curl", "-s", url), "a machines file")
        machines.write_text("[default]\nkernel = out/bootstrap.img\n")
        server.reload()
        tap.ok(server.wait(lambda e: "read again" in e.get("text", "")),
               "SIGHUP reads it again")
        tap.ok("/bootstrap.img" in client.run("curl", "-s", url),
               "and it is in force")
        machines.write_text("[default]\nkernal = out/vmlinuz\n")
        server.reload()
        tap.ok(server.wait(lambda e: "kernal" in e.get("text", "") and
                           e["level"] == "error"),
               "a bad one is refused, and why is said")
        tap.ok("/bootstrap.img" in client.run("curl", "-s", url),
               "what was in force stays")


def test_stopped_terminal(out, client):
    """Nothing reads what it prints, and it goes on serving."""
    read_end, write_end = os.pipe()
    with subprocess.Popen([PROGRAM, str(out)], stdout=write_end,
                          stdin=subprocess.DEVNULL) as process:
        os.close(write_end)
        with os.fdopen(read_end) as lines:
            while "runs as" not in lines.readline():
                pass
            done = client.try_run(
                "sh", "-c", "for i in $(seq 4000); do echo url = "
                f"http://{SERVER}/loader/52:54:00:00:$(printf %02x:%02x "
                "$((i / 256)) $((i % 256)))/undionly.kpxe; "
                "echo output = /dev/null; done | curl -sf -K -")
            tap.equal(done.returncode, 0,
                      "a stopped terminal stops nothing")
            process.kill()


def main():
    serving.inside()
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        top.chmod(0o755)
        (top / "empty").mkdir()
        out = make_out(top)
        client = Host("client", "10.77.0.5")
        test_refused(top, out)
        test_taken(out)
        test_start(out, client)
        test_user(out)
        test_password(out)
        test_interface(out)
        test_notify(top, out)
        test_dry_run(out)
        test_reload(top, client)
        test_stopped_terminal(out, client)
    tap.done()


main()
