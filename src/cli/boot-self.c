/* SPDX-License-Identifier: MIT */
/* The bootstrap as what is booted next, now or after a live system. */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/boot.h"
#include "kernel/words.h"
#include "takeover/carry.h"
#include "takeover/network.h"

#define RESOLV_CONF_MAX 4096

#define BLOCK ((uint64_t)4096)
/* The archive of tomorrow has some words more than that of today. Behind it
 * goes what an ISO's initrd gets from us: boomerang-init and some modules
 * (kernel/device-files.h). */
#define SLACK (3 * MIB)

int boot_self_open(const struct boot *boot, struct self *ret_self,
		   struct failure *failure)
{
	return boot->in_bootstrap
		       ? self_pack(ret_self, failure)
		       : self_open(ret_self, boot->arguments->bootstrap,
				   failure);
}

/* --- its size --- */

uint64_t boot_in_blocks(uint64_t size)
{
	return DIV_ROUND_UP(size, BLOCK) * BLOCK;
}

uint64_t boot_size_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 ? 0 : (uint64_t)st.st_size;
}

uint64_t boot_return_size(const struct boot *boot, const struct self *of_self)
{
	_cleanup_self struct self self = SELF_NONE;
	struct failure none;

	if (of_self)
		return (of_self->kernel_at > 0 ? 0
					       : boot_in_blocks(boot_size_of(
							 of_self->kernel_fd))) +
		       boot_in_blocks(boot_size_of(of_self->archive_fd)) +
		       SLACK;
	/* What runs takes more room than what it is packed to. */
	if (boot->in_bootstrap)
		return memory_of_tmpfs("/");
	return self_open(&self, boot->arguments->bootstrap, &none) < 0
		       ? 0
		       : boot_return_size(boot, &self);
}

/* --- its command line --- */

/* On another system the bootstrap has neither its consoles nor its address;
 * what `boomerang build` says it needs lies beside it. */
static int foreign_cmdline(const struct boot *boot, char *buf, size_t size,
			   struct failure *failure)
{
	struct text text = text_over(buf, size);
	char words[KERNEL_CMDLINE_MAX], network[512],
		resolv_conf[RESOLV_CONF_MAX], path[PATH_MAX];
	struct text at = text_over(path, sizeof(path));
	int r = words_of_machine(boot->own_cmdline, words, sizeof(words),
				 failure);

	if (r < 0)
		return r;
	carry_resolv_conf(resolv_conf, sizeof(resolv_conf));
	network_cmdline(resolv_conf, network, sizeof(network));
	text_add(&at, "%s/cmdline", boot->arguments->bootstrap);
	text_add(&text, "%s %s", words, network);
	if (file_read_line(AT_FDCWD, path, words, sizeof(words)) > 0)
		text_add(&text, " %s", words);
	return 0;
}

int boot_self_cmdline(const struct boot *boot, bool reserve, char *buf,
		      size_t size, struct failure *failure)
{
	const struct pmem_range *range = reserve ? &boot->range : NULL;
	char foreign[2 * KERNEL_CMDLINE_MAX];
	const char *own = boot->own_cmdline;
	int r = 0;

	if (!boot->in_bootstrap) {
		r = foreign_cmdline(boot, foreign, sizeof(foreign), failure);
		own = foreign;
	}
	return r < 0 ? r : words_for_bootstrap(own, range, buf, size, failure);
}
