/* SPDX-License-Identifier: MIT */
/*
 * What a swap carries over, from an /etc, a /root and a /run of the test's own
 * in a mount namespace, into images of which some are hostile. Needs root.
 */
#include <fcntl.h>
#include <glob.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../unit/tap.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "takeover/carry.h"

#define KEY_GIVEN "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIgiven given"
#define KEY(name) "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" name " " name "\n"

static char scratch[] = "/tmp/boomerang-carry-XXXXXX";
static char image[64], outside[64];
static struct carried carried;
static struct failure failure;

static const struct carry everything = {
	.hostname = "",
	.ssh = true,
	.network = true,
};

static void put(const char *path, const char *text)
{
	char directory[256];

	(void)str_copy(directory, sizeof(directory), path);
	*strrchr(directory, '/') = '\0';
	if (path_mkdirs(directory, 0755) < 0 ||
	    file_create(AT_FDCWD, path, text) < 0)
		ok(false, path);
}

static char *in_image(const char *path)
{
	static char paths[4][256];
	static unsigned int next;
	char *at = paths[next++ % 4];

	snprintf(at, sizeof(paths[0]), "%s%s", image, path);
	return at;
}

static const char *text_of(const char *path)
{
	static char text[64 * 1024];

	return file_read(AT_FDCWD, path, text, sizeof(text)) < 0 ? NULL : text;
}

static unsigned int mode_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) < 0 ? 0 : st.st_mode & 07777;
}

/* An image with nothing but an SSH server. */
static void new_image(void)
{
	(void)!path_remove_tree(AT_FDCWD, image);
	(void)!path_remove_tree(AT_FDCWD, outside);
	put(in_image("/usr/sbin/sshd"), "");
	(void)mkdir(outside, 0755);
}

static int carry(const struct carry *what)
{
	_cleanup_fd int root = open(image, O_PATH | O_DIRECTORY | O_CLOEXEC);

	carried = (struct carried){ 0 };
	return carry_over(root, what, &carried, &failure);
}

static void test_plain(void)
{
	new_image();
	ok_int(carry(&everything), 0, "all is carried");
	ok_str(carried.hostname, "old-host", "the name");
	ok_str(text_of(in_image("/etc/hostname")), "old-host\n", "in a file");
	ok(strstr(text_of(in_image("/etc/hosts")), "127.0.1.1\told-host\n"),
	   "and among the hosts");
	ok_str(text_of(in_image("/etc/resolv.conf")),
	       "search example.org\nnameserver 192.0.2.53\n",
	       "name servers behind the stub");
	ok_str(text_of(in_image("/etc/ssh/ssh_host_ed25519_key")), "secret",
	       "the host key");
	ok_int(mode_of(in_image("/etc/ssh/ssh_host_ed25519_key")), 0600,
	       "which stays one");
	ok_int(mode_of(in_image("/etc/ssh/ssh_host_ed25519_key.pub")), 0644,
	       "and its public half");
	ok(!text_of(in_image("/etc/ssh/moduli")), "nothing else of it");
	ok_str(text_of(in_image("/root/.ssh/authorized_keys")),
	       KEY("Person") "command=\"exit\" " KEY("Person") KEY("Root"),
	       "the person's keys before root's, and only keys");
	ok_int(mode_of(in_image("/root/.ssh/authorized_keys")), 0600,
	       "for root alone");
	ok_int(mode_of(in_image("/root/.ssh")), 0700, "with their directory");
	ok(carried.has_ssh && carried.has_ssh_keys, "SSH is told to work");
	ok_str(carried.ssh_note, "", "without a but");
}

static void test_again(void)
{
	put(in_image("/root/.ssh/authorized_keys"), KEY("Image"));
	put(in_image("/etc/hosts"), "127.0.0.1 localhost # old-host");
	ok_int(carry(&everything), 0, "into an image with files of its own");
	ok(strstr(text_of(in_image("/root/.ssh/authorized_keys")),
		  KEY("Root") KEY("Image")),
	   "its keys stay");
	ok_str(text_of(in_image("/etc/hosts")),
	       "127.0.0.1 localhost # old-host\n127.0.1.1\told-host\n",
	       "its hosts, too");
}

static void test_given(void)
{
	static const char key_file[] = "/run/key.pub";
	static const char *const keys[] = { key_file, KEY_GIVEN };
	static const char *const bad[] = { "/run/private" };
	struct carry what = { .hostname = "new.example.org",
			      .ssh_keys = keys,
			      .ssh_key_count = 2 };

	put(key_file, "# mine\n" KEY("File"));
	put("/run/private", "-----BEGIN OPENSSH PRIVATE KEY-----\n");
	new_image();
	put(in_image("/etc/passwd"), "root:x:0:0::/home/admin:/bin/sh\n");
	ok_int(carry(&what), 0, "keys and a name that are given");
	ok_str(text_of(in_image("/home/admin/.ssh/authorized_keys")),
	       KEY("File") KEY_GIVEN "\n",
	       "are put into the home of the image's root");
	ok_str(text_of(in_image("/etc/hostname")), "new.example.org\n",
	       "the name is taken");
	ok(!text_of(in_image("/etc/ssh/ssh_host_ed25519_key")) &&
		   !text_of(in_image("/etc/resolv.conf")),
	   "and nothing that was not asked for");
	what.ssh_keys = bad;
	what.ssh_key_count = 1;
	ok_int(carry(&what), -EINVAL, "a private key is refused");
	what.ssh_key_count = 0;
	what.hostname = "a b";
	ok_int(carry(&what), -EINVAL, "and a bad name");
}

static void test_ssh_servers(void)
{
	static const char *const keys[] = { "command=\"exit\" " KEY("Only") };
	const struct carry forced = { .hostname = "",
				      .ssh_keys = keys,
				      .ssh_key_count = 1 };
	struct carry bootstrap = everything;

	new_image();
	put(in_image("/etc/ssh/sshd_config.d/x.conf"),
	    "# PermitRootLogin yes\n permitrootlogin\tno\n");
	put(in_image("/etc/ssh/sshd_config"), "PermitRootLogin yes\n");
	ok_int(carry(&everything), 0, "an sshd that refuses root");
	ok(strstr(carried.ssh_note, "refuses root"), "is told");
	put(in_image("/etc/ssh/sshd_config.d/x.conf"),
	    "Match User x\nPermitRootLogin no\n");
	ok_int(carry(&everything), 0, "one that refuses somebody");
	ok_str(carried.ssh_note, "", "is not");
	new_image();
	ok_int(carry(&forced), 0, "a key that only runs a command");
	ok(carried.has_ssh && !carried.has_ssh_keys, "lets nobody in");
	ok(strstr(carried.ssh_note, "no host key"),
	   "nor does an sshd without a host key");
	(void)unlink(in_image("/usr/sbin/sshd"));
	put(in_image("/usr/sbin/dropbear"), "");
	ok_int(carry(&everything), 0, "a dropbear");
	ok(carried.has_ssh && strstr(carried.ssh_note, "dropbear"),
	   "has another host key");
	(void)!path_remove_tree(AT_FDCWD, image);
	(void)mkdir(image, 0755);
	ok_int(carry(&everything), 0, "no SSH server at all");
	ok(!carried.has_ssh && !carried.has_ssh_keys, "is told");
	(void)!path_remove_tree(AT_FDCWD, image);
	(void)mkdir(image, 0755);
	bootstrap.bootstrap = true;
	ok_int(carry(&bootstrap), 0, "a bootstrap without one");
	ok(!text_of(in_image("/root/.ssh/authorized_keys")),
	   "gets no keys, for which it would start one");
}

static void test_resolved(void)
{
	new_image();
	(void)mkdir(in_image("/etc"), 0755);
	ok(symlink("../run/systemd/resolve/stub-resolv.conf",
		   in_image("/etc/resolv.conf")) == 0,
	   "a link to what is not there yet");
	ok_int(carry(&everything), 0, "without systemd-resolved");
	ok(strstr(text_of(in_image("/etc/resolv.conf")), "192.0.2.53"),
	   "is replaced");
	(void)unlink(in_image("/etc/resolv.conf"));
	(void)!symlink("../run/systemd/resolve/stub-resolv.conf",
		       in_image("/etc/resolv.conf"));
	put(in_image("/usr/lib/systemd/systemd-resolved"), "");
	ok_int(carry(&everything), 0, "with it");
	ok(!text_of(in_image("/etc/resolv.conf")), "it stays");
	ok(strstr(text_of(in_image(
			  "/etc/systemd/resolved.conf.d/boomerang.conf")),
		  "[Resolve]\nDomains=example.org\nDNS=192.0.2.53\n"),
	   "and the servers are told to that");
}

/* Whether nothing is in the directory. */
static bool is_empty(const char *path)
{
	return rmdir(path) == 0 && mkdir(path, 0755) == 0;
}

static void test_hostile(void)
{
	char victim[128], target[128];

	new_image();
	snprintf(victim, sizeof(victim), "%s/victim", outside);
	(void)mkdir(in_image("/etc"), 0755);
	(void)mkdir(in_image("/root"), 0755);
	/* Absolute and climbing links of directories lead nowhere outside. */
	snprintf(target, sizeof(target), "/../../..%s", outside);
	(void)!symlink(target, in_image("/etc/ssh"));
	(void)!symlink(outside, in_image("/root/.ssh"));
	(void)carry(&everything);
	ok(is_empty(outside), "links of directories do not lead outside");
	/* Links of files are replaced. */
	new_image();
	put(victim, "untouched");
	(void)!path_mkdirs(in_image("/etc/ssh"), 0755);
	(void)!path_mkdirs(in_image("/root/.ssh"), 0777);
	(void)!symlink(victim, in_image("/etc/hostname"));
	(void)!symlink(victim, in_image("/etc/hosts"));
	(void)!symlink(victim, in_image("/etc/ssh/ssh_host_ed25519_key"));
	(void)!symlink(victim, in_image("/root/.ssh/authorized_keys"));
	(void)mkfifo(in_image("/etc/resolv.conf"), 0666);
	(void)mkfifo(in_image("/etc/passwd"), 0666);
	ok_int(carry(&everything), 0, "links of files and pipes");
	ok_str(text_of(victim), "untouched", "are not followed");
	ok_str(text_of(in_image("/etc/hostname")), "old-host\n",
	       "but replaced");
	ok(strstr(text_of(in_image("/etc/resolv.conf")), "192.0.2.53"),
	   "pipes, too");
	ok_int(mode_of(in_image("/root/.ssh")), 0700,
	       "and keys are not where others may write");
	new_image();
	(void)!path_mkdirs(in_image("/etc/hostname/x"), 0755);
	ok(carry(&everything) < 0 && strstr(failure.text, "/etc/hostname"),
	   "a directory in the place of a file is told");
}

/* The modules that `make kernel-fetch` brought, as those of this kernel; over
 * a /usr/lib that may lack the directory. */
static bool mount_modules(void)
{
	char path[256], overlay[512];
	struct utsname kernel;
	glob_t found;
	bool good;

	if (uname(&kernel) < 0 ||
	    glob(".cache/kernel/lib/modules/*", 0, NULL, &found) != 0)
		return false;
	snprintf(overlay, sizeof(overlay),
		 "lowerdir=/usr/lib,upperdir=%s/upper,workdir=%s/work", scratch,
		 scratch);
	snprintf(path, sizeof(path), "%s/upper", scratch);
	(void)mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/work", scratch);
	(void)mkdir(path, 0755);
	snprintf(path, sizeof(path), "/lib/modules/%s", kernel.release);
	good = mount("overlay", "/usr/lib", "overlay", 0, overlay) == 0 &&
	       path_mkdirs(path, 0755) == 0 &&
	       mount(found.gl_pathv[0], path, NULL, MS_BIND, NULL) == 0;
	globfree(&found);
	return good;
}

static int carry_these(const char *list, uint64_t *ret_bytes)
{
	_cleanup_fd int root = open(image, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return carry_modules(root, list, ret_bytes, &failure);
}

static void test_modules(void)
{
	struct utsname kernel;
	char dep[256], command[512];
	uint64_t bytes = 1;

	new_image();
	if (uname(&kernel) < 0)
		return;
	snprintf(dep, sizeof(dep), "%s/usr/lib/modules/%s/modules.dep", image,
		 kernel.release);
	if (!mount_modules()) {
		ok(true, "carried # SKIP no .cache/kernel, or no overlayfs");
		return;
	}
	(void)mkdir(in_image("/usr"), 0755);
	(void)!path_mkdirs(in_image("/usr/lib"), 0755);
	ok(symlink("/usr/lib", in_image("/lib")) == 0,
	   "an image with /lib elsewhere");
	ok_int(carry_these("ext4\nnone-such\n", &bytes), 0, "carried");
	ok(bytes > MIB && bytes < 8 * MIB, "to the amount of some");
	ok(strstr(text_of(dep), "ext4.ko: ") && strstr(text_of(dep), "jbd2.ko"),
	   "with what they depend on");
	snprintf(command, sizeof(command),
		 "modprobe -d %s/usr --show-depends ext4 | grep -q %s.*jbd2.ko",
		 image, image);
	ok_int(system(command), 0, "modprobe finds them in the image");
	ok_int(carry_these("ext4\nxfs\n", &bytes), 0,
	       "an image that has modules");
	ok_int((int64_t)bytes, 0, "is left alone");
	ok(!strstr(text_of(dep), "xfs"), "as it is");
}

/* The running system, as far as it matters. */
static bool make_host(void)
{
	if (unshare(CLONE_NEWNS | CLONE_NEWUTS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    !mkdtemp(scratch))
		return false;
	if (mount("host", scratch, "tmpfs", 0, NULL) < 0 ||
	    mount("host", "/run", "tmpfs", 0, NULL) < 0 ||
	    mount("host", "/etc", "tmpfs", 0, NULL) < 0 ||
	    mount("host", "/root", "tmpfs", 0, NULL) < 0)
		return false;
	snprintf(image, sizeof(image), "%s/image", scratch);
	snprintf(outside, sizeof(outside), "%s/outside", scratch);
	put("/etc/passwd", "root:x:0:0::/root:/bin/sh\n"
			   "person:x:1000:1000::/run/person:/bin/sh\n");
	put("/etc/resolv.conf", "nameserver 127.0.0.53\n");
	put("/run/systemd/resolve/resolv.conf",
	    "# by resolved\nsearch example.org\nnameserver 192.0.2.53\n");
	put("/etc/ssh/ssh_host_ed25519_key", "secret");
	put("/etc/ssh/ssh_host_ed25519_key.pub", "public");
	put("/etc/ssh/moduli", "1");
	put("/root/.ssh/authorized_keys",
	    "command=\"exit\" " KEY("Person") KEY("Root") "junk\n");
	put("/run/person/.ssh/authorized_keys",
	    "root:$6$secret:1::::::\n" KEY("Person"));
	(void)setenv("SUDO_USER", "person", 1);
	return sethostname("old-host", 8) == 0;
}

int main(void)
{
	if (geteuid() != 0 || !make_host()) {
		printf("1..0 # SKIP this needs root and namespaces\n");
		return 0;
	}
	test_plain();
	test_again();
	test_given();
	test_ssh_servers();
	test_resolved();
	test_hostile();
	test_modules();
	(void)umount2(scratch, MNT_DETACH);
	(void)rmdir(scratch);
	return tap_done();
}
