#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test-build BOOMERANG: builds bootstraps of the fetched kernel with it, and
judges them by other programs: GNU cpio, zstd, a chroot."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import tap  # noqa: E402  pylint: disable=wrong-import-position
from tap import ok  # noqa: E402  pylint: disable=wrong-import-position

BOOMERANG = Path(sys.argv[1]).resolve()
KERNELS = Path(".cache/kernel")
HOST_KEY = "etc/ssh/ssh_host_ed25519_key"
NOBODY = 65534


def run(*argv, **more):
    return subprocess.run([str(a) for a in argv], capture_output=True,
                          text=True, errors="replace", **more)


def build(out, *more):
    return run(BOOMERANG, "build", "-o", out, "--level", "1", *more)


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def unpack(image, root):
    root.mkdir()
    archive = root.with_suffix(".cpio")
    ok(run("zstd", "-dqf", image, "-o", archive).returncode == 0,
       "zstd decompresses it")
    with archive.open("rb") as stream:
        listing = run("cpio", "-itv", stdin=stream)
        stream.seek(0)
        done = run("cpio", "-id", "--no-absolute-filenames", stdin=stream,
                   cwd=root)
    ok(done.returncode == 0, "GNU cpio unpacks it", done.stderr)
    done = run("unsquashfs", "-quiet", "-no-progress", "-force", "-dest",
               root / "usr", root / "boot/usr.squashfs")
    ok(done.returncode == 0, "and unsquashfs its /usr", done.stderr)
    return listing.stdout.splitlines()


def test_listing(lines):
    owners = {tuple(line.split()[2:4]) for line in lines}
    ok(owners == {("root", "root")}, "root owns everything", owners)
    nodes = [line.split() for line in lines if line.startswith(("c", "b"))]
    ok([(n[0], n[4], n[5], n[-1]) for n in nodes] ==
       [("crw-------", "5,", "1", "dev/console"),
        ("crw-rw-rw-", "1,", "3", "dev/null")],
       "the device nodes are there, made without root", nodes)
    usr = [line.split()[-1] for line in lines if "d" == line[0] and
           " usr/" in line]
    ok(usr == ["usr/bin", "usr/lib", "usr/lib64", "usr/sbin"] and
       not any(" usr/" in line for line in lines if line[0] == "-"),
       "of /usr there are the directories for what others add", usr)


def stripped(path, original):
    """Whether a program is the same up to its sections, which the end of its
    ELF header counts and places."""
    have, want = path.read_bytes(), original.read_bytes()
    return (have[:40] == want[:40] and have[64:] == want[64:len(have)] and
            len(have) < len(want))


def test_files(root, release):
    """What was copied is what it was copied from."""
    ok(stripped(root / "usr/bin/boomerang", BOOMERANG),
       "boomerang is in it, without what is for debuggers")
    ok(stripped(root / "init", BOOMERANG.parent / "boomerang-init"),
       "boomerang-init is /init")
    shipped = root / "usr/lib/modules" / release
    original = KERNELS / "lib/modules" / release
    modules = [p.relative_to(shipped) for p in shipped.rglob("*.ko*")]
    different = [p for p in modules
                 if digest(shipped / p) != digest(original / p)]
    ok(len(modules) > 300 and not different,
       "kernel modules are shipped unchanged, with their signatures",
       f"{len(modules)} modules, different: {different}")
    known = {line.split(":")[0]
             for line in (shipped / "modules.dep").read_text().splitlines()}
    ok(known == {str(p) for p in modules},
       "modules.dep knows those and no others")
    needed = [name for line in (shipped / "modules.dep").read_text().splitlines()
              for name in line.split(":")[1].split()]
    ok(all((shipped / name).exists() for name in needed),
       "all that they depend on is there")
    early = sorted((root / "boot/modules" / release).iterdir())
    ok([p.name for p in early] == ["00", "01", "02"] and
       [digest(p) for p in early] ==
       [digest(next(original.rglob(f"{name}.ko")))
        for name in ("loop", "squashfs", "overlay")],
       "those that mount /usr are there without it", early)
    broken = [p for p in root.rglob("*") if p.is_symlink()
              and not os.path.lexists(resolve(root, p)) and p.name != "mtab"]
    ok(not broken, "no symlink leads nowhere", broken)
    ok((root / "root").stat().st_mode & 0o7777 == 0o700, "/root is private")
    ok((root / "tmp").stat().st_mode & 0o7777 == 0o1777, "/tmp is shared")


def resolve(root, link):
    target = os.readlink(link)
    if target.startswith("/"):
        return root / target[1:]
    return link.parent / target


def in_root(root, *argv):
    return run("chroot", root, *argv, env={"PATH": "/usr/sbin:/usr/bin",
                                           "LC_ALL": "C.UTF-8"})


def test_chroot(root, release):
    if os.geteuid() != 0:
        print("ok - programs in a chroot # SKIP needs root")
        return
    for what, argv, want in [
            ("boomerang", ["boomerang", "--version"], "boomerang "),
            ("ip", ["ip", "-V"], "iproute2"),
            ("ss", ["ss", "-V"], "iproute2"),
            ("curl", ["curl", "--version"], "OpenSSL"),
            ("lsblk", ["lsblk", "--version"], "util-linux"),
            ("fdisk", ["fdisk", "--version"], "util-linux"),
            ("ethtool", ["ethtool", "--version"], "ethtool"),
            ("ssh", ["sh", "-c", "ssh -V 2>&1"], "OpenSSH"),
            ("scp", ["sh", "-c", "scp 2>&1 || true"], "usage: scp"),
            ("sftp", ["sh", "-c", "sftp 2>&1 || true"], "usage: sftp"),
            ("ssh-keygen", ["sh", "-c", "ssh-keygen -l -f /nothing 2>&1 || "
                            "true"], "No such file"),
            ("root's shell", ["/usr/bin/boomerang-login", "-c", "echo it"],
             "it"),
            ("ping, which is not busybox's", ["ping", "-V"], "iputils"),
            ("modprobe, which is not busybox's", ["modprobe", "-V"], "kmod"),
            ("busybox's shell", ["sh", "-c", "echo it | awk '{print $1}'"],
             "it"),
            ("resolver, files", ["ping", "-c", "1", "-W", "5", "localhost"],
             " 0% packet loss")]:
        done = in_root(root, *argv)
        ok(done.returncode == 0 and want in done.stdout, f"{what} runs",
           done.stdout + done.stderr)
    for module in ["virtio_net", "e1000e", "r8169", "ax88179_178a", "nvme",
                   "ahci", "usb_storage", "virtio_blk", "hid_generic", "evdev",
                   "usbhid", "xhci_pci", "loop", "squashfs", "overlay",
                   "erofs", "isofs", "vfat", "ext4", "nd_pmem", "nd_e820",
                   "dm_mod", "raid1", "bonding", "nft_chain_nat",
                   "pci:v00008086d000010D3sv00008086sd0000A01Fbc02sc00i00"]:
        done = in_root(root, "modprobe", "-nv", "-S", release, module)
        ok(done.returncode == 0 and "insmod" in done.stdout,
           f"modprobe finds {module}", done.stderr)


def test_ssh(work, base):
    key = work / "key"
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
    public = (work / "key.pub").read_text().strip()
    out = work / "ssh"
    done = build(out, "--ssh-key", public, "--ssh-key", work / "key.pub",
                 "--cmdline", "image_url=http://h/?a&b")
    if not ok(done.returncode == 0, "a build with keys", done.stderr):
        return
    host_key = digest(out / "ssh_host_ed25519_key")
    root = work / "ssh-root"
    unpack(out / "bootstrap.img", root)
    keys = root / "root/.ssh/authorized_keys"
    ok(keys.read_text() == (public + "\n") * 2, "both keys open it")
    ok(keys.stat().st_mode & 0o7777 == 0o600 and
       keys.parent.stat().st_mode & 0o7777 == 0o700, "and are root's alone")
    ok(digest(root / HOST_KEY) == host_key, "its host key is in it")
    if os.geteuid() == 0:
        (root / "run/sshd").mkdir()
        done = in_root(root, "/usr/sbin/sshd", "-t")
        ok(done.returncode == 0, "sshd accepts its configuration", done.stderr)
        done = in_root(root, "/usr/sbin/sshd", "-T")
        ok("\npasswordauthentication no\n" in done.stdout and
           "\nkbdinteractiveauthentication no\n" in done.stdout,
           "and lets nobody in by password")
    ok("image_url=http://h/?a&b" in (out / "boot.ipxe").read_text(),
       "--cmdline is in boot.ipxe")
    ok("'image_url=http://h/?a&b'" in (out / "grub.cfg").read_text(),
       "and quoted in grub.cfg")
    done = build(out, "--ssh-key", key)
    ok(done.returncode == 1 and "not a public key" in done.stderr,
       "a private key is refused", done.stderr)
    ok(digest(out / "ssh_host_ed25519_key") == host_key,
       "the host key is kept")
    ok(digest(base / "vmlinuz") == digest(out / "vmlinuz"),
       "the kernel is the same")


def test_minimal(work, base):
    key = work / "host-key"
    run("ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", key)
    public = work / "host-key.pub"
    done = build(work / "minimal", "--profile", "minimal")
    ok(done.returncode == 0, "a minimal build", done.stderr)
    root = work / "minimal-root"
    unpack(work / "minimal/bootstrap.img", root)
    names = {path.name for path in root.rglob("*") if not path.is_dir()}
    ok(not names & {"sshd", "ssh", "curl", "lsblk", "ethtool", "gpgv",
                    "sshd_config", "authorized_keys", "vmlinuz",
                    "ssh_host_ed25519_key"},
       "has no SSH, no tools and no kernel in it", names)
    ok({"boomerang", "kmod", "busybox", "ca-certificates.crt"} <= names,
       "but what it takes to load an image")
    ok(os.readlink(root / "usr/bin/ping").endswith("busybox"),
       "busybox stands for what is not there")
    if os.geteuid() == 0:
        done = in_root(root, "boomerang", "--version")
        ok(done.returncode == 0, "boomerang runs in it", done.stderr)
    sizes = [(out / "bootstrap.img").stat().st_size
             for out in (base, work / "minimal")]
    ok(sizes[1] < sizes[0] * 0.6, "it is much smaller", sizes)
    done = build(work / "minimal-ssh", "--profile", "minimal", "--ssh-key",
                 public, "--host-key", key)
    ok(done.returncode == 0, "a minimal build with keys", done.stderr)
    root = work / "minimal-ssh-root"
    unpack(work / "minimal-ssh/bootstrap.img", root)
    ok((root / "usr/sbin/sshd").exists() and
       digest(root / HOST_KEY) == digest(key) and
       not (work / "minimal-ssh/ssh_host_ed25519_key").exists(),
       "has sshd, and the host key that was given")


def test_sizes(done, out):
    """The table adds up, roughly, as it is rounded."""
    rows = {}
    for line in done.stdout.splitlines():
        match = re.match(r"  (.{22}) (.{10}) +([\d.]+) (MB|kB)$", line)
        if match:
            rows[match[1].strip()] = (float(match[3]) *
                                      {"MB": 1000, "kB": 1}[match[4]])
    whole = (out / "bootstrap.img").stat().st_size / 1000
    ok(abs(rows["bootstrap.img"] - whole) < 500 and
       abs(rows["vmlinuz"] + whole - rows["both"]) < 600,
       "the sizes of what is loaded", done.stdout)
    parts = {"vmlinuz, to be another", "programs, libraries", "SSH",
             "kernel modules", "certificates", "other"}
    ok(parts < set(rows) and
       abs(sum(rows[name] for name in parts) - whole) < 1500,
       "and of each part of it", done.stdout)


def test_reproducible(work):
    """Another folder, time zone, umask, locale and user."""
    key = work / "key"
    options = ["--ssh-key", (work / "key.pub").read_text().strip(),
               "--host-key", "host-key"]
    for name, more in (("plain", []), ("keys", options)):
        outs = []
        for number, settings in enumerate([
                {}, {"umask": 0o077, "extra": {
                    "LC_ALL": "C.UTF-8", "LANG": "de_DE.UTF-8",
                    "TZ": "Pacific/Kiritimati", "SOURCE_DATE_EPOCH": "1",
                    "PATH": "/sbin:/bin:/usr/sbin:/usr/bin",
                    "HOME": "/nonexistent", "USER": "somebody"}}]):
            where = work / f"reproducible-{name}-{number}"
            where.mkdir(mode=0o755)
            shutil.copy(key, where / "host-key")
            temporary = where / "a longer name for a temporary directory"
            temporary.mkdir()
            user = {}
            if number and os.geteuid() == 0 and readable_by_nobody():
                user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
                for path in (where, where / "host-key", temporary):
                    os.chown(path, NOBODY, NOBODY)
            out = where / "deep/er"
            kernels = KERNELS.resolve()
            release = sorted((kernels / "lib/modules").iterdir())[-1].name
            done = run(BOOMERANG, "build", "-o", out, "--level", "1",
                       "--kernel", kernels / f"boot/vmlinuz-{release}",
                       "--modules", kernels / "lib/modules" / release, *more,
                       cwd=where, umask=settings.get("umask", 0o022),
                       env={**os.environ, "TMPDIR": str(temporary),
                            **settings.get("extra", {})}, **user)
            ok(done.returncode == 0, f"a build, {name}, {number}", done.stderr)
            outs.append(out)
        names = [sorted(path.name for path in out.iterdir()) for out in outs]
        ok(names[0] == names[1] and
           all(digest(outs[0] / name) == digest(outs[1] / name)
               for name in names[0]),
           f"{name}: both are equal byte for byte", names)


def readable_by_nobody():
    """Whether another user can run what is built here."""
    return run("test", "-x", BOOMERANG, "-a", "-r", KERNELS.resolve() / "boot",
               user=NOBODY, group=NOBODY, extra_groups=[]).returncode == 0


def test_authorities(work):
    pem = work / "ca.pem"
    pem.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n"
                   "-----END CERTIFICATE-----\n")
    out = work / "ca"
    done = build(out, "--ca", pem)
    ok(done.returncode == 0, "a build with our own authority", done.stderr)
    root = work / "ca-root"
    unpack(out / "bootstrap.img", root)
    bundle = (root / "etc/ssl/certs/ca-certificates.crt").read_text()
    ok(bundle.count("BEGIN CERTIFICATE") > 50 and
       bundle.endswith(pem.read_text() + "\n"), "it is in the bundle")


def test_policy(work, base):
    public = work / "minisign.pub"
    other = work / "other.pub"
    for path in (public, other):
        run("minisign", "-G", "-W", "-p", path, "-s", path.with_suffix(".key"))
    line = other.read_text().splitlines()[1]
    auth = work / "auth.json"
    auth.write_text('{"auths": {"registry.test": {"auth": "bWU6c2VjcmV0"}}}')
    done = build(work / "policy", "--trust", public, "--trust", line,
                 "--require-signature", "--cache-size", "30%", "--auth", auth)
    ok(done.returncode == 0, "a build with keys to trust", done.stderr)
    root = work / "policy-root"
    unpack(work / "policy/bootstrap.img", root)
    directory = root / "etc/boomerang"
    keys = sorted(path.read_text() for path in directory.glob("trust/*.pub"))
    ok(keys == sorted([public.read_text(), other.read_text()]),
       "both are in it, as minisign writes them", keys)
    names = {path.stem for path in directory.glob("trust/*")}
    ok(names == {key.split()[5] for key in keys}, "named by their ids", names)
    ok((directory / "require-signature").exists(), "signatures are required")
    ok((directory / "cache-size").read_text() == "30%\n",
       "the size of the cache is said")
    inside = directory / "auth.json"
    ok(inside.read_bytes() == auth.read_bytes() and
       inside.stat().st_mode & 0o777 == 0o600,
       "and who to be at registries, for root only")
    build(work / "policy-again", "--auth", auth, "--cache-size", "30%",
          "--trust", line, "--trust", public, "--trust", other,
          "--require-signature")
    ok(digest(work / "policy/bootstrap.img") ==
       digest(work / "policy-again/bootstrap.img"),
       "keys in another order, one twice, give the same bytes")
    ok(not (base / "etc/boomerang").exists(), "without options there is none")


def test_distros(work):
    """A machine with a table of its own, which only this build sees."""
    etc = work / "etc"
    shutil.copytree("/etc", etc, symlinks=True)
    table = etc / "boomerang/distros.ini"
    table.parent.mkdir(exist_ok=True)

    def with_table(out):
        return run("unshare", "--mount", "sh", "-c",
                   'mount --bind "$0" /etc && exec "$@"', etc, BOOMERANG,
                   "build", "-o", out, "--level", "1", "--profile", "minimal")

    shutil.copy("data/distros.ini", table)
    done = with_table(work / "table")
    ok(done.returncode == 0, "a build with a table of distributions",
       done.stderr)
    unpack(work / "table/bootstrap.img", work / "table-root")
    inside = work / "table-root/etc/boomerang/distros.ini"
    ok(inside.exists() and inside.read_bytes() == table.read_bytes(),
       "has it")
    table.write_text("[debian\n")
    done = with_table(work / "no-table")
    ok(done.returncode == 1 and "/etc/boomerang/distros.ini" in done.stderr
       and not (work / "no-table/bootstrap.img").exists(),
       "one that is damaged is refused", done.stderr)


def test_wifi(work, base, release):
    if not shutil.which("wpa_supplicant", path="/usr/sbin:/sbin"):
        ok(True, "Wi-Fi # SKIP needs wpa_supplicant")
        return
    firmware = work / "firmware"
    there = {"rt2870.bin": b"plain", "rtlwifi/rtl8192cufw.bin.xz": b"xz",
             "brcm/brcmfmac43430-sdio.some-board.txt": b"a board's",
             "unrelated.bin": b"nobody's"}
    for name, content in there.items():
        (firmware / name).parent.mkdir(parents=True, exist_ok=True)
        (firmware / name).write_bytes(content)
    done = build(work / "wifi", "--wifi", "--firmware", firmware)
    ok(done.returncode == 0, "a build for Wi-Fi", done.stderr)
    ok("3 of " in done.stdout, "says how much firmware there is", done.stdout)
    root = work / "wifi-root"
    unpack(work / "wifi/bootstrap.img", root)
    inside = {str(path.relative_to(root / "usr/lib/firmware")):
              path.read_bytes()
              for path in (root / "usr/lib/firmware").rglob("*")
              if path.is_file()}
    del there["unrelated.bin"]
    ok(inside == there, "the firmware that drivers name, by pattern too",
       inside)
    names = {path.name.partition(".")[0].replace("-", "_") for path in
             (root / "usr/lib/modules" / release).rglob("*.ko*")}
    ok({"mac80211", "iwlwifi", "iwlmvm", "ccm", "virtio_net"} <= names,
       "the drivers besides all others")
    ok("orinoco" not in names, "but not those of the last century")
    ok((root / "usr/sbin/wpa_supplicant").exists(), "wpa_supplicant")
    if os.geteuid() == 0:
        done = in_root(root, "wpa_supplicant", "-v")
        ok("wpa_supplicant v" in done.stdout, "which runs in there",
           done.stderr)
    ok(not (base / "usr/lib/firmware").exists() and
       not (base / "usr/sbin/wpa_supplicant").exists(),
       "without --wifi there is none of it")


def test_refused(work, release):
    modules = KERNELS / "lib/modules" / release
    image = KERNELS / "boot" / f"vmlinuz-{release}"
    other = work / "lib/modules/1.2.3"
    shutil.copytree(modules, other, ignore=lambda d, names: ["kernel"])
    for what, status, text, argv in [
            ("a kernel without modules", 2, "go together",
             ["--kernel", image]),
            ("a sysroot without programs", 2, "go together",
             ["--sysroot", "/"]),
            ("programs that are none", 1, "tests/boomerang-init",
             ["--sysroot", "/", "--programs", "tests"]),
            ("an unknown option", 2, "--colour is not an option",
             ["--colour"]),
            ("a level too high", 2, "--level", ["--level", "20"]),
            ("firmware without Wi-Fi", 2, "--wifi", ["--firmware", "."]),
            ("firmware that is not there", 1, "nonsense",
             ["--wifi", "--firmware", "nonsense"]),
            ("a profile that is none", 2, "--profile", ["--profile", "big"]),
            ("a host key that is none", 1, "--host-key meson.build",
             ["--host-key", "meson.build"]),
            ("a host key that is not there", 1, "--host-key nonsense",
             ["--host-key", "nonsense"]),
            ("an argument", 2, "takes no argument", ["more"]),
            ("a quote in --cmdline", 2, "--cmdline", ["--cmdline", "a'b"]),
            ("a key that is none", 1, "nonsense", ["--ssh-key", "nonsense"]),
            ("an authority that is none", 1, "no certificate",
             ["--ca", "meson.build"]),
            ("a key of minisign that is none", 1, "meson.build: this is no",
             ["--trust", "meson.build"]),
            ("a key of minisign that is not there", 1, "nonsense",
             ["--trust", "nonsense"]),
            ("signatures required without a key", 2, "--trust",
             ["--require-signature"]),
            ("credentials that are none", 1, "meson.build: this is no",
             ["--auth", "meson.build"]),
            ("a size that is none", 1, "--cache-size",
             ["--cache-size", "much"]),
            ("a kernel that is none", 1, "not a kernel image",
             ["--kernel", "meson.build", "--modules", modules]),
            ("modules of another kernel", 1, "has the modules of 1.2.3",
             ["--kernel", image, "--modules", other])]:
        out = work / "refused"
        done = build(out, *argv)
        ok(done.returncode == status and text in done.stderr and
           len(done.stderr.splitlines()) == 1,
           f"{what}: status {status} and one line", done.stderr)
        left = [p for p in out.glob("*")] if out.exists() else []
        ok(not left, f"{what}: nothing is left", left)


def main():
    kernels = sorted(KERNELS.glob("boot/vmlinuz-*"))
    if not kernels or not (BOOMERANG.parent / "boomerang-init").exists():
        tap.skip_all("needs make kernel-fetch and boomerang-init")
    release = kernels[-1].name.removeprefix("vmlinuz-")
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        work.chmod(0o755)  # another user builds in there, too
        out = work / "out"
        done = build(out)
        if ok(done.returncode == 0, "a build", done.stderr):
            ok(sorted(p.name for p in out.iterdir()) ==
               ["boot.ipxe", "bootstrap.img", "cmdline", "grub.cfg",
                "vmlinuz"], "leaves its five files")
            done_again = build(
                work / "again", "--sysroot", "/", "--programs",
                BOOMERANG.parent, "--kernel",
                KERNELS / "boot" / f"vmlinuz-{release}", "--modules",
                KERNELS / "lib/modules" / release)
            ok(done_again.returncode == 0 and
               digest(out / "bootstrap.img") ==
               digest(work / "again/bootstrap.img"),
               "a second build, with this machine for its sysroot, gives the "
               "same bytes", done_again.stderr)
            root = work / "root"
            test_listing(unpack(out / "bootstrap.img", root))
            test_files(root, release)
            test_chroot(root, release)
            test_sizes(done, out)
            test_ssh(work, out)
            test_minimal(work, out)
            test_reproducible(work)
            test_authorities(work)
            test_policy(work, root)
            test_distros(work)
            test_wifi(work, root, release)
            test_refused(work, release)
    tap.done()


sys.exit(main())
