/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <fcntl.h>

#include "base/fd.h"
#include "base/text.h"
#include "server/machines-file.h"
#include "tap.h"

static const struct bootstrap bootstrap = {
	.dir = "out",
	.cmdline = "quiet",
	.complete = true,
};
static struct machines_context context = {
	.name = "m.ini",
	.dir = "/etc/boomerang",
	.bootstrap = &bootstrap,
};

static const struct plan *find(const struct machines_file *file,
			       const char *text)
{
	struct mac mac;

	if (mac_parse(text, &mac) < 0)
		abort();
	return machines_file_find(file, &mac);
}

static void test_match(void)
{
	static const char text[] = "# comment\n"
				   "[default]\n"
				   "ignore = yes\n"
				   "[52:54:*]\n"
				   "local = yes\n"
				   "[52:54:00:*]\r\n"
				   "local = yes\r\n"
				   "[52-54-00-AB-00-02]\n"
				   "local = TRUE\n"
				   "[52:54:00:ab:00:01]\n"
				   "local = on ; not a comment\n"
				   "[??:00:00:00:00:00]\n"
				   "local=1\n";
	static const struct {
		const char *mac, *origin;
	} rows[] = {
		{ "52:54:00:ab:00:01", "m.ini [52:54:00:ab:00:01]" },
		{ "52:54:00:ab:00:02", "m.ini [52:54:00:ab:00:02]" },
		{ "52:54:00:ab:00:03", "m.ini [52:54:*]" },
		{ "12:00:00:00:00:00", "m.ini [??:00:00:00:00:00]" },
		{ "12:00:00:00:00:01", "m.ini [default]" },
	};
	struct machines_file *file = NULL;
	char *copy = strdup(text), *semicolon = strchr(copy, ';');
	struct failure failure = { 0 };

	*strchr(semicolon - 1, ' ') = '\n';
	if (!ok(machines_file_parse(&context, copy, strlen(copy), &file,
				    &failure) == 0,
		"a machines file"))
		printf("# %s\n", failure.text);
	for (size_t i = 0; file && i < ARRAY_SIZE(rows); i++)
		ok_str(find(file, rows[i].mac)->origin, rows[i].origin,
		       rows[i].mac);
	machines_file_free(file);
	free(copy);
	if (machines_file_parse(&context, "", 0, &file, &failure) < 0)
		abort();
	ok(!find(file, "12:00:00:00:00:00"), "an empty file is for nobody");
	machines_file_free(file);
}

static void test_plans(void)
{
	static const char text[] =
		"[00:00:00:00:00:01]\n"
		"kernel = vmlinuz\n"
		"initrd = /a/i1\n"
		"initrd = http://h/i2\n"
		"cmdline = a=1;b c={{ URL \"ks.cfg\" }} # d\n"
		"message = Hello\n"
		"loader = ipxe.efi\n"
		"local = no\n"
		"[00:00:00:00:00:02]\n"
		"image = http://h/i.tar\n"
		"cmdline = ip=dhcp\n"
		"[00:00:00:00:00:03]\n"
		"image = images/i.tar\n"
		"[00:00:00:00:00:04]\n"
		"script = x.ipxe\n"
		"[00:00:00:00:00:05]\n"
		"image = docker+http://h:5000/i:1\n";
	struct machines_file *file = NULL;
	struct failure failure = { 0 };
	const struct plan *plan;

	if (machines_file_parse(&context, text, strlen(text), &file, &failure) <
	    0) {
		printf("# %s\n", failure.text);
		abort();
	}
	plan = find(file, "00:00:00:00:00:01");
	ok_str(plan->kernel, "/etc/boomerang/vmlinuz", "kernel");
	ok(plan->initrd_count == 2 && str_eq(plan->initrds[0], "/a/i1") &&
		   str_eq(plan->initrds[1], "http://h/i2"),
	   "initrds");
	ok(plan->cmdline_count == 3 &&
		   str_eq(plan->cmdline[0].text, "a=1;b c=") &&
		   plan->cmdline[1].is_file &&
		   str_eq(plan->cmdline[1].text, "/etc/boomerang/ks.cfg") &&
		   str_eq(plan->cmdline[2].text, " # d"),
	   "cmdline");
	ok(str_eq(plan->message, "Hello") && str_eq(plan->loader, "ipxe.efi"),
	   "message and loader");
	plan = find(file, "00:00:00:00:00:02");
	ok(bootstrap_is(plan) && plan->cmdline_count == 5 &&
		   str_eq(plan->cmdline[2].text, "http://h/i.tar") &&
		   !plan->cmdline[2].is_file &&
		   str_eq(plan->cmdline[4].text, "ip=dhcp"),
	   "an image elsewhere");
	plan = find(file, "00:00:00:00:00:03");
	ok(plan->cmdline[2].is_file &&
		   str_eq(plan->cmdline[2].text, "/etc/boomerang/images/i.tar"),
	   "an image here");
	plan = find(file, "00:00:00:00:00:05");
	ok(bootstrap_is(plan) && !plan->cmdline[2].is_file &&
		   str_eq(plan->cmdline[2].text, "docker+http://h:5000/i:1"),
	   "an image of a registry");
	ok_str(find(file, "00:00:00:00:00:04")->script, "/etc/boomerang/x.ipxe",
	       "script");
	machines_file_free(file);
}

#define M "[00:00:00:00:00:01]\n"

static void test_bad(void)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ M "\nkernal = x\n", "m.ini:3: kernal: there is no such key; "
				      "did you mean kernel?" },
		{ M "x = y\n", "m.ini:2: x: there is no such key" },
		{ M "kernel = a\nkernel = b\n",
		  "m.ini:3: kernel: is in line 2 already" },
		{ M "kernel =\n", "m.ini:2: kernel: has no value" },
		{ M "kernel = ftp://h/\n", "m.ini:2: kernel: \"ftp://h/\"" },
		{ M "kernel = a\nimage = b\n",
		  "m.ini:3: image: excludes kernel of line 2" },
		{ M "cmdline = a\n", "m.ini:1: has none of kernel" },
		{ M "local = no\n", "m.ini:1: has none of kernel" },
		{ M "local = perhaps\n",
		  "m.ini:2: local: \"perhaps\" is neither yes nor no" },
		{ M "local = yes\ncmdline = a\n",
		  "m.ini:3: cmdline: needs kernel or image" },
		{ M "kernel = a\ncmdline = {{ X }}\n",
		  "m.ini:3: cmdline: template: " },
		{ M "kernel = a\nloader = a/b\n",
		  "m.ini:3: loader: is no name" },
		{ M "script = http://h/x\n", "m.ini:2: script: is a file" },
		{ M "hello\n", "m.ini:2: neither [section], key = value" },
		{ "kernel = a\n", "m.ini:1: a key before the first section" },
		{ M M "local = yes\n", "m.ini:1: a section without keys" },
		{ M, "m.ini:1: a section without keys" },
		{ M "local = yes\n" M "local = yes\n",
		  "m.ini:3: [00:00:00:00:00:01] begins in line 1 already" },
		{ "\n[00:00:*]\nlocal=1\n[a*]\nlocal=1\n[00:00:*]\nlocal=1",
		  "m.ini:6: [00:00:*] begins in line 2 already" },
		{ "[host1]\nlocal = yes\n",
		  "m.ini:1: [host1] is neither an address" },
		{ "[00:00:00:00:00]\nlocal = yes\n", "m.ini:1: [00:00" },
	};
	struct machines_file *file;
	struct failure failure;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int r = machines_file_parse(&context, rows[i].text,
					    strlen(rows[i].text), &file,
					    &failure);

		if (!ok(r < 0 && str_after(failure.text, rows[i].says),
			rows[i].says))
			printf("# %d %s\n", r, r < 0 ? failure.text : "");
	}
	ok_int(machines_file_parse(&context, "# a\0b", 5, &file, &failure),
	       -EBADMSG, "a NUL");
}

static void test_long(void)
{
	static char text[2 * MACHINES_LINE_MAX] = M "message = ";
	struct machines_file *file;
	struct failure failure;
	size_t len = strlen(text);

	memset(text + len, 'x', sizeof(text) - len - 1);
	ok(machines_file_parse(&context, text, strlen(text), &file, &failure) <
			   0 &&
		   str_eq(failure.text, "m.ini:2: the line is too long"),
	   "a line that is too long");
	len = MACHINES_LINE_MAX;
	(void)str_copy(text + len, 64, "\nkernel = /k\n");
	ok_int(machines_file_parse(&context, text, strlen(text), &file,
				   &failure),
	       0, "one that is nearly");
	machines_file_free(file);
}

static void test_mark(void)
{
	static const char text[] =
		"\xef\xbb\xbf[default]\nlocal = yes\n" M "kernel = /k\n";
	struct machines_file *file = NULL;
	struct failure failure = { 0 };

	if (!ok_int(machines_file_parse(&context, text, strlen(text), &file,
					&failure),
		    0, "a byte order mark"))
		return;
	ok(find(file, "00:00:00:00:00:09") &&
		   find(file, "00:00:00:00:00:09")->kind == PLAN_LOCAL,
	   "the section behind it counts");
	ok_int(find(file, "00:00:00:00:00:01")->kind, PLAN_LINUX,
	       "and is not part of the next");
	machines_file_free(file);
}

static void put(int dir_fd, const char *name, const char *text)
{
	if (file_create(dir_fd, name, text) < 0)
		abort();
}

static void test_load(void)
{
	char dir[] = "/tmp/test-machines-XXXXXX";
	int fd = mkdtemp(dir) ? open(dir, O_PATH | O_CLOEXEC) : -1;
	struct machines_file *file = NULL;
	struct failure failure;

	context.dir = dir;
	ok_int(machines_file_load(&context, fd, &file, &failure), -ENOENT,
	       "no file");
	put(fd, "m.ini", M "script = x.ipxe\n[default]\nkernel = k\n");
	put(fd, "k", "");
	put(fd, "x.ipxe", "#!ipxe\nexit\n");
	ok_int(machines_file_load(&context, fd, &file, &failure), 0, "a file");
	ok_str(find(file, "00:00:00:00:00:01")->script, "#!ipxe\nexit\n",
	       "with a script");
	machines_file_free(file);
	put(fd, "x.ipxe", "exit\n");
	ok(machines_file_load(&context, fd, &file, &failure) < 0 &&
		   strstr(failure.text, "/x.ipxe: not an iPXE script"),
	   "something else instead");
	put(fd, "x.ipxe", "#!ipxe\n");
	unlinkat(fd, "k", 0);
	ok(machines_file_load(&context, fd, &file, &failure) < 0 &&
		   str_after(failure.text, "m.ini:3: [default]: /tmp/") &&
		   strstr(failure.text, "/k: No such file"),
	   "a kernel that is missing");
	unlinkat(fd, "x.ipxe", 0);
	unlinkat(fd, "m.ini", 0);
	rmdir(dir);
	close(fd);
}

int main(void)
{
	test_match();
	test_plans();
	test_bad();
	test_long();
	test_mark();
	test_load();
	return tap_done();
}
