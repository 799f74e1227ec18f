/* SPDX-License-Identifier: MIT */
/*
 * A kernel loaded for kexec(8): it holds its memory, and the next one who
 * says "reboot" gets it.
 */
#include <fcntl.h>
#include <linux/kexec.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "root/audit-internal.h"

static int kexec_take(struct facts *facts)
{
	char loaded[8];
	ssize_t n = file_read_line(AT_FDCWD, "/sys/kernel/kexec_loaded", loaded,
				   sizeof(loaded));

	if (n == -ENOENT)
		return 0;
	if (n < 0)
		return (int)n;
	return str_eq(loaded, "0") ? 0 : facts_add_text(facts, "kexec", "");
}

/* A kernel has either system call, both or, with a signature demanded, only
 * the newer one; each unloads what the other loaded. */
static int kexec_undo(const struct audit_scope *scope,
		      const struct change *change)
{
	(void)scope;
	(void)change;
	if (syscall(SYS_kexec_file_load, -1, -1, 0UL, NULL,
		    (unsigned long)KEXEC_FILE_UNLOAD) == 0 ||
	    syscall(SYS_kexec_load, 0UL, 0UL, NULL, 0UL) == 0)
		return 0;
	return -errno;
}

static void kexec_describe(const struct change *change, struct text *what,
			   struct text *cure)
{
	(void)change;
	text_add(what, "a kernel was left loaded for kexec");
	text_add(cure, "unloaded");
}

const struct probe probe_kexec = {
	.name = "kexec",
	.group = AUDIT_GROUP_CONSOLE,
	.severity = 60,
	.changes = CHANGE_ADDED,
	.take = kexec_take,
	.undo = kexec_undo,
	.describe = kexec_describe,
};
