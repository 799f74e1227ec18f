/* SPDX-License-Identifier: MIT */
#include "initramfs/contents.h"

#include <errno.h>
#include <limits.h>

#include "base/cleanup.h"
#include "base/host.h"
#include "base/text.h"
#include "initramfs/program.h"
#include "initramfs/system.h"
#include "initramfs/tools.h"
#include "wire/ssh.h"
#include "wire/view.h"

#define TEXT_MAX    (16 * MIB)
#define BUSYBOX_MAX (64 * MIB)

static const struct {
	const char *path;
	mode_t mode;
} directories[] = {
	{ "/dev", 0755 },     { "/etc", 0755 },	      { "/mnt", 0755 },
	{ "/proc", 0555 },    { "/root", 0700 },      { "/run", 0755 },
	{ "/sys", 0555 },     { "/tmp", 01777 },      { "/usr/bin", 0755 },
	{ "/usr/lib", 0755 }, { "/usr/lib64", 0755 }, { "/usr/sbin", 0755 },
	{ "/var/log", 0755 }, { "/var/tmp", 01777 },  { "/var/empty", 0755 },
};

static const struct {
	const char *path, *target;
} links[] = {
	{ "/bin", "usr/bin" },	   { "/lib", "usr/lib" },
	{ "/lib64", "usr/lib64" }, { "/sbin", "usr/sbin" },
	{ "/var/run", "../run" },  { "/etc/mtab", "../proc/self/mounts" },
};

void contents_add_skeleton(struct manifest *m)
{
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
		manifest_directory(m, directories[i].path, directories[i].mode);
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		manifest_symlink(m, links[i].path, links[i].target);
	manifest_char_device(m, "/dev/console", 0600, 5, 1);
	manifest_char_device(m, "/dev/null", 0666, 1, 3);
}

static const struct {
	const char *path, *text;
} texts[] = {
	/* No password opens any of these: keys and consoles only. */
	{ "/etc/passwd", "root:*:0:0:root:/root:" SSH_SHELL "\n"
			 "sshd:*:100:65534::/run/sshd:/usr/sbin/nologin\n"
			 "nobody:*:65534:65534:nobody:/nonexistent:"
			 "/usr/sbin/nologin\n" },
	{ "/etc/group", "root:x:0:\n"
			"tty:x:5:\n"
			"disk:x:6:\n"
			"nogroup:x:65534:\n" },
	{ "/etc/shells", "/bin/sh\n"
			 "/bin/ash\n" SSH_SHELL "\n" },
	{ "/etc/nsswitch.conf", "passwd: files\n"
				"group: files\n"
				"hosts: files dns\n" },
	{ "/etc/hosts", "127.0.0.1 localhost\n"
			"::1 localhost ip6-localhost\n" },
	{ "/etc/profile", "export PATH=/usr/sbin:/usr/bin:/sbin:/bin\n"
			  "export HOME=${HOME:-/root} TERM=${TERM:-linux}\n"
			  "export LANG=C.UTF-8\n"
			  "PS1='[bootstrap shell] \\w # '\n"
			  /* "!" is no letter of a language here, and nothing
			   * is kept. */
			  "[ -z \"$BASH_VERSION\" ] || set +H\n"
			  "unset HISTFILE\n" },
	{ "/etc/inputrc", "set enable-bracketed-paste off\n" },
	{ "/root/.profile", "" },
};

static const char *const terminals[] = {
	"ansi",	 "dumb",  "linux", "screen", "screen-256color", "tmux",
	"vt100", "vt102", "vt220", "xterm",  "xterm-256color",
};

/* Those that the system has, where its programs look. */
static void add_terminals(struct manifest *m)
{
	static const char *const dirs[] = { "/lib/terminfo",
					    "/usr/share/terminfo" };

	for (size_t i = 0; i < ARRAY_SIZE(terminals); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(dirs); j++) {
			char path[PATH_MAX];
			struct text text = text_over(path, sizeof(path));

			text_add(&text, "%s/%c/%s", dirs[j], terminals[i][0],
				 terminals[i]);
			if (system_add_file(m, path, 0644))
				break;
		}
	}
}

/* Files that serve when the system has them. */
static void add_optional(struct manifest *m)
{
	static const char *const files[] = {
		"/etc/protocols",
		"/etc/services",
		/* Names in archives are UTF-8. */
		"/usr/lib/locale/C.utf8/LC_CTYPE",
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		(void)system_add_file(m, files[i], 0644);
}

void contents_add_etc(struct manifest *m, const char *version)
{
	char release[256];
	struct text text = text_over(release, sizeof(release));

	text_add(&text,
		 "NAME=boomerang\n"
		 "ID=boomerang\n"
		 "VERSION_ID=%s\n"
		 "PRETTY_NAME=\"boomerang bootstrap %s\"\n",
		 version, version);
	manifest_text(m, "/etc/os-release", 0644, release);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		manifest_text(m, texts[i].path, 0644, texts[i].text);
	add_terminals(m);
	add_optional(m);
}

/* Whether a program of this name is on the bootstrap's PATH already. */
static bool has_command(const struct manifest *m, const char *name)
{
	static const char *const dirs[] = { "/usr/bin", "/usr/sbin" };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		char path[PATH_MAX];
		struct text text = text_over(path, sizeof(path));

		text_add(&text, "%s/%s", dirs[i], name);
		if (manifest_find(m, path))
			return true;
	}
	return false;
}

/* Whether a busybox has an applet of this name: it holds its names one behind
 * the other, each with its NUL. */
static bool has_applet(struct view busybox, const char *name)
{
	char string[NAME_MAX];
	struct text text = text_over(string + 1, sizeof(string) - 1);

	string[0] = '\0';
	text_add(&text, "%s", name);
	return !text.cut &&
	       memmem(busybox.at, busybox.left, string, text.len + 2);
}

/* A link for every applet that no program stands for; init is ours. */
static void add_applets(struct manifest *m, struct view busybox, char *list)
{
	char *path;

	while ((path = strsep(&list, "\n"))) {
		const char *slash = strrchr(path, '/');
		const char *name = slash ? slash + 1 : path;
		char link[PATH_MAX];
		struct text text = text_over(link, sizeof(link));

		if (!slash || str_eq(name, "init") || has_command(m, name) ||
		    !has_applet(busybox, name))
			continue;
		text_add(&text, "/%s", path);
		manifest_symlink(m, link, "/bin/busybox");
	}
}

/* Only a busybox that runs here can say where its applets belong; one of a
 * sysroot has at most other ones. */
static int list_applets(const char *busybox, char **ret_list,
			struct failure *failure)
{
	char ours[PATH_MAX];
	const char *const argv[] = { busybox ? busybox : ours, "--list-full",
				     NULL };

	if (!busybox && host_find_program("busybox", ours) < 0)
		return failure_set(failure, ENOENT,
				   "busybox is not installed; install "
				   "busybox-static");
	return host_output(argv, TEXT_MAX, ret_list, failure);
}

static int read_busybox(struct manifest *m, char source[static PATH_MAX],
			char **ret_bytes, size_t *ret_len,
			struct failure *failure)
{
	int r;

	if (!system_find_program(m, "busybox", source))
		return failure_set(failure, ENOENT,
				   "busybox is not installed; install "
				   "busybox-static");
	r = host_read(source, BUSYBOX_MAX, ret_bytes, ret_len);
	return r < 0 ? failure_errno(failure, -r, "%s", source) : 0;
}

void contents_add_busybox(struct manifest *m)
{
	char source[PATH_MAX];
	_cleanup_free char *bytes = NULL, *list = NULL;
	struct failure failure;
	size_t len;
	int r = read_busybox(m, source, &bytes, &len, &failure);

	if (r == 0)
		r = list_applets(m->sysroot ? NULL : source, &list, &failure);
	if (r < 0) {
		manifest_fail(m, &failure);
		return;
	}
	/* Static: it is what still runs when a library is damaged. */
	program_add_static(m, "/usr/bin/busybox", source);
	add_applets(m, view_over(bytes, len), list);
}

void contents_add_programs(struct manifest *m, const char *program,
			   const char *init)
{
	static const char *const kmod_names[] = {
		"depmod", "insmod", "lsmod", "modinfo", "modprobe", "rmmod",
	};

	program_add_static(m, "/init", init);
	program_add(m, "/usr/bin/boomerang", program);
	manifest_symlink(m, SSH_SHELL, "boomerang");
	tools_add(m, "base");
	for (size_t i = 0; i < ARRAY_SIZE(kmod_names); i++) {
		char path[64];
		struct text text = text_over(path, sizeof(path));

		text_add(&text, "/usr/sbin/%s", kmod_names[i]);
		manifest_symlink(m, path, "../bin/kmod");
	}
}

/* Appends the PEM file to *bundle of *len bytes. */
static int append_certificates(const char *path, char **bundle, size_t *len)
{
	_cleanup_free char *pem = NULL;
	size_t pem_len;
	char *longer;
	int r = host_read(path, TEXT_MAX, &pem, &pem_len);

	if (r < 0)
		return r;
	if (!memmem(pem, pem_len, "-----BEGIN CERTIFICATE-----", 27))
		return -EBADMSG;
	longer = realloc(*bundle, *len + pem_len + 1);
	if (!longer)
		return -ENOMEM;
	*bundle = longer;
	memcpy(longer + *len, pem, pem_len);
	*len += pem_len;
	longer[(*len)++] = '\n';
	return 0;
}

void contents_add_certificates(struct manifest *m, const char *const *files,
			       size_t count)
{
	static const char system[] = "/etc/ssl/certs/ca-certificates.crt";
	_cleanup_free char *bundle = NULL;
	char source[PATH_MAX];
	size_t len = 0;

	if (!system_find(m, system, source))
		(void)str_copy(source, sizeof(source), system);
	for (size_t i = 0; i <= count; i++) {
		const char *path = i == 0 ? source : files[i - 1];
		int r = append_certificates(path, &bundle, &len);
		struct failure failure;

		if (r == 0)
			continue;
		if (r == -EBADMSG)
			failure_set(&failure, -r,
				    "%s: no certificate in PEM form", path);
		else if (i == 0)
			failure_errno(&failure, -r,
				      "%s; install ca-certificates", path);
		else
			failure_errno(&failure, -r, "%s", path);
		manifest_fail(m, &failure);
		return;
	}
	manifest_bytes(m, system, 0644, bundle, len);
}
