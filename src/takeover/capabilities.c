/* SPDX-License-Identifier: MIT */
#include "takeover/capabilities.h"

#include "base/text.h"

/* Room for " and 64 more". */
#define MORE_MAX 14

/* In the order of <linux/capability.h>. */
static const char *const names[] = {
	"CHOWN",
	"DAC_OVERRIDE",
	"DAC_READ_SEARCH",
	"FOWNER",
	"FSETID",
	"KILL",
	"SETGID",
	"SETUID",
	"SETPCAP",
	"LINUX_IMMUTABLE",
	"NET_BIND_SERVICE",
	"NET_BROADCAST",
	"NET_ADMIN",
	"NET_RAW",
	"IPC_LOCK",
	"IPC_OWNER",
	"SYS_MODULE",
	"SYS_RAWIO",
	"SYS_CHROOT",
	"SYS_PTRACE",
	"SYS_PACCT",
	"SYS_ADMIN",
	"SYS_BOOT",
	"SYS_NICE",
	"SYS_RESOURCE",
	"SYS_TIME",
	"SYS_TTY_CONFIG",
	"MKNOD",
	"LEASE",
	"AUDIT_WRITE",
	"AUDIT_CONTROL",
	"SETFCAP",
	"MAC_OVERRIDE",
	"MAC_ADMIN",
	"SYSLOG",
	"WAKE_ALARM",
	"BLOCK_SUSPEND",
	"AUDIT_READ",
	"PERFMON",
	"BPF",
	"CHECKPOINT_RESTORE",
};

uint64_t capability_all(uint64_t last)
{
	return last >= 63 ? UINT64_MAX : ((uint64_t)1 << (last + 1)) - 1;
}

static void add_name(struct text *text, unsigned number)
{
	const char *comma = text->len ? ", " : "";

	if (number < ARRAY_SIZE(names))
		text_add(text, "%sCAP_%s", comma, names[number]);
	else
		text_add(text, "%scapability %u", comma, number);
}

const char *capability_names(uint64_t set, char *buf, size_t size)
{
	struct text text = text_over(buf, size);
	unsigned left = 0;

	for (unsigned i = 0; i < 64; i++) {
		struct text before = text;

		if (!(set >> i & 1))
			continue;
		if (!left)
			add_name(&text, i);
		if (left || text.cut || text.len + MORE_MAX > size) {
			text = before;
			buf[text.len] = '\0';
			left++;
		}
	}
	if (left)
		text_add(&text, " and %u more", left);
	return buf;
}
