/* SPDX-License-Identifier: MIT */
/* Which loader each firmware is offered, from a directory of the test's. */
#include "server/loaders.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "tap.h"

static char top[] = "/tmp/boomerang-loaders-XXXXXX";

static void put(int top_fd, const char *name)
{
	if (file_create(top_fd, name, name) < 0)
		ok(false, name);
}

/* The loaders of an architecture in their order, a blank between. A file that
 * this host's packages bring counts as well; put() has made all of them. */
static const char *order(const struct serve_settings *settings, uint16_t arch,
			 char buf[static 256])
{
	struct text text = text_over(buf, 256);
	struct loaders loaders;
	const char *file;

	if (loaders_open(&loaders, settings, NULL) < 0)
		return "failed";
	for (unsigned int i = 0; (file = loaders_pick(&loaders, arch, i)); i++)
		text_add(&text, "%s%s", i > 0 ? " " : "", file);
	loaders_close(&loaders);
	return buf;
}

static void test_order(const struct serve_settings *settings)
{
	static const struct {
		uint16_t arch;
		const char *insecure, *secure;
	} cases[] = {
		{ ARCH_BIOS, "undionly.kpxe ipxe.pxe",
		  "undionly.kpxe ipxe.pxe" },
		{ ARCH_EFI_X64, "snponly.efi ipxe.efi shimx64.efi",
		  "shimx64.efi" },
		{ ARCH_EFI_BC, "snponly.efi ipxe.efi shimx64.efi",
		  "shimx64.efi" },
		{ ARCH_EFI_X64_HTTP, "snponly.efi ipxe.efi shimx64.efi",
		  "shimx64.efi" },
		{ ARCH_EFI_IA32, "snponly-i386.efi ipxe-i386.efi", "" },
		{ ARCH_EFI_IA32_HTTP, "snponly-i386.efi ipxe-i386.efi", "" },
		{ ARCH_EFI_ARM64,
		  "snponly-arm64.efi ipxe-arm64.efi grubaa64.efi",
		  "shimaa64.efi" },
		{ ARCH_EFI_ARM64_HTTP,
		  "snponly-arm64.efi ipxe-arm64.efi grubaa64.efi",
		  "shimaa64.efi" },
		{ ARCH_EFI_ARM32, "", "" },
		{ 1, "", "" },
		{ ARCH_UNKNOWN, "", "" },
	};
	struct serve_settings secure = *settings;
	char buf[256], what[64];

	secure.secure_boot = true;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(what, sizeof(what), "architecture %u", cases[i].arch);
		ok_str(order(settings, cases[i].arch, buf), cases[i].insecure,
		       what);
		ok_str(order(&secure, cases[i].arch, buf), cases[i].secure,
		       "with Secure Boot");
	}
}

static void test_missing(const struct serve_settings *settings, int top_fd)
{
	struct failure failure = { 0 };
	struct loaders loaders;
	char buf[256];

	unlinkat(top_fd, "loaders/grubaa64.efi", 0);
	ok_str(order(settings, ARCH_EFI_ARM64, buf),
	       "snponly-arm64.efi ipxe-arm64.efi", "what is gone is left out");
	if (loaders_open(&loaders, settings, NULL) < 0)
		return;
	loaders_missing(&loaders, ARCH_EFI_ARM64, &failure);
	ok(strstr(failure.text, "arm64") &&
		   strstr(failure.text, "snponly-arm64.efi, ") &&
		   strstr(failure.text, " or grubaa64.efi") &&
		   strstr(failure.text, "/loaders"),
	   "says what to put where");
	printf("# %s\n", failure.text);
	loaders_missing(&loaders, ARCH_EFI_ARM32, &failure);
	ok(strstr(failure.text, "none is known"), "or that there is none");
	printf("# %s\n", failure.text);

	ok(loaders_find(&loaders, "ipxe.efi") >= 0, "a file");
	ok_int(loaders_find(&loaders, "revocations_sku.efi"), -ENOENT,
	       "no file");
	ok_int(loaders_find(&loaders, "subdir"), -ENOENT, "a directory");
	ok_int(loaders_find(&loaders, "passwd"), -ENOENT,
	       "a link that leaves the served directory");
	loaders_close(&loaders);
}

static void test_needs(const struct serve_settings *settings, int top_fd)
{
	struct serve_settings secure = *settings;
	char buf[256];

	secure.secure_boot = true;
	unlinkat(top_fd, "loaders/grubx64.efi", 0);
	ok_str(order(&secure, ARCH_EFI_X64, buf), "",
	       "shim without GRUB is no loader");
}

int main(void)
{
	static const char *const files[] = {
		"undionly.kpxe",    "ipxe.pxe",	     "snponly.efi",
		"ipxe.efi",	    "shimx64.efi",   "grubx64.efi",
		"snponly-i386.efi", "ipxe-i386.efi", "snponly-arm64.efi",
		"ipxe-arm64.efi",   "shimaa64.efi",  "grubaa64.efi",
	};
	struct serve_settings settings = { .dir = top };
	_cleanup_fd int top_fd = FD_NONE;
	char path[64];

	if (!ok(mkdtemp(top) != NULL, "a directory"))
		return tap_done();
	top_fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	mkdirat(top_fd, "loaders", 0755);
	mkdirat(top_fd, "loaders/subdir", 0755);
	ok_int(symlinkat("/etc/passwd", top_fd, "loaders/passwd"), 0, "a link");
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "loaders/%s", files[i]);
		put(top_fd, path);
	}
	test_order(&settings);
	test_missing(&settings, top_fd);
	test_needs(&settings, top_fd);
	ok_int(path_remove_tree(AT_FDCWD, top), 0, "cleans up");
	return tap_done();
}
