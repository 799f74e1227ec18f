/* SPDX-License-Identifier: MIT */
/*
 * What /proc and others say, taken apart. Some of it is written by whoever
 * likes to: names of programs, environments.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "root/mountinfo.h"
#include "takeover/preflight-internal.h"

/* The value of a line "NAME:\tVALUE", or NULL. */
static const char *line_value(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (const char *line = text; line;) {
		if (strncmp(line, name, len) == 0 && line[len] == ':')
			return line + len + 1;
		line = strchr(line, '\n');
		if (line)
			line++;
	}
	return NULL;
}

static uint64_t line_number(const char *text, const char *name, int base)
{
	const char *value = line_value(text, name);

	return value ? strtoull(value, NULL, base) : 0;
}

void process_status_parse(const char *text, struct process_status *ret_status)
{
	*ret_status = (struct process_status){
		.parent = (pid_t)line_number(text, "PPid", 10),
		.tracer = (pid_t)line_number(text, "TracerPid", 10),
		.no_new_privs = line_number(text, "NoNewPrivs", 10),
		.seccomp = (uint32_t)line_number(text, "Seccomp", 10),
		.effective = line_number(text, "CapEff", 16),
		.bounding = line_number(text, "CapBnd", 16),
	};
}

uint64_t swap_used_parse(const char *meminfo)
{
	uint64_t total = line_number(meminfo, "SwapTotal", 10);
	uint64_t unused = line_number(meminfo, "SwapFree", 10);

	return unused < total ? (total - unused) * KIB : 0;
}

uint32_t systemd_version_parse(const char *text)
{
	const char *rest = str_after(text, "systemd ");
	unsigned long version;

	text = rest ? rest : text;
	if (*text == 'v')
		text++;
	if (*text < '0' || *text > '9')
		return 0;
	version = strtoul(text, NULL, 10);
	return version > UINT16_MAX ? 0 : (uint32_t)version;
}

/* Whether program's last component is name, or begins with it and has a
 * suffix ("busybox.static", "busybox (deleted)"). */
static bool is_program(const char *program, const char *name)
{
	const char *slash = strrchr(program, '/');
	const char *rest = str_after(slash ? slash + 1 : program, name);

	return rest && (*rest == '\0' || *rest == '.' || *rest == ' ');
}

enum init_kind init_kind_of(const char *program, bool openrc)
{
	static const struct {
		const char *name;
		enum init_kind kind;
	} inits[] = {
		{ "systemd", INIT_SYSTEMD },	{ "busybox", INIT_BUSYBOX },
		{ "openrc-init", INIT_OPENRC }, { "runit", INIT_RUNIT },
		{ "runit-init", INIT_RUNIT },	{ "init", INIT_SYSVINIT },
	};
	enum init_kind kind = INIT_UNKNOWN;

	for (size_t i = 0; i < ARRAY_SIZE(inits); i++)
		if (is_program(program, inits[i].name))
			kind = inits[i].kind;
	return openrc && kind != INIT_SYSTEMD ? INIT_OPENRC : kind;
}

bool environment_value(struct view environment, const char *name, char *buf,
		       size_t size)
{
	size_t name_len = strlen(name);

	while (environment.left > 0) {
		const char *at = (const char *)environment.at;
		size_t len = strnlen(at, environment.left);

		view_skip(&environment, MIN(len + 1, environment.left));
		if (len <= name_len + 1 || at[name_len] != '=' ||
		    memcmp(at, name, name_len) != 0)
			continue;
		len = MIN(len - name_len - 1, size - 1);
		memcpy(buf, at + name_len + 1, len);
		buf[len] = '\0';
		str_make_printable(buf);
		return true;
	}
	return false;
}

void remote_describe(const char *ssh_connection, char *buf, size_t size)
{
	struct text text = text_over(buf, size);
	int len = (int)strcspn(ssh_connection, " ");

	if (len)
		text_add(&text, "ssh from %.*s", len, ssh_connection);
	else
		text_put(&text, "ssh");
	str_make_printable(buf);
}

static bool is_one_of(const char *word, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(word, words[i]))
			return true;
	return false;
}

bool is_remote_login(const char *comm)
{
	static const char *const logins[] = {
		"sshd",	      "sshd-session", "sshd-auth", "dropbear",
		"in.telnetd", "telnetd",      "rlogind",   "in.rlogind",
		"rshd",	      "in.rshd",      "tinysshd",  "mosh-server",
	};

	return is_one_of(comm, logins, ARRAY_SIZE(logins));
}

bool is_network_type(const char *type)
{
	static const char *const types[] = {
		"nfs",	     "nfs4", "cifs", "smb3",	   "ceph",
		"glusterfs", "afs",  "9p",   "fuse.sshfs", "fuse.glusterfs",
	};

	return is_one_of(type, types, ARRAY_SIZE(types));
}

bool is_network_device(const char *sysfs_path)
{
	/* iSCSI's sessions, and drivers that make virtual devices. */
	static const char *const marks[] = {
		"/session",	  "/block/nbd",	   "/block/rbd", "/block/drbd",
		"/nvme-fabrics/", "/block/etherd", "/block/aoe",
	};

	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		if (strstr(sysfs_path, marks[i]))
			return true;
	return false;
}

void root_mount_parse(struct view mountinfo, struct preflight_facts *facts)
{
	struct mountinfo mount;
	int r;

	/* The last one lies above the others. */
	while ((r = mountinfo_next(&mountinfo, &mount)) != 0) {
		if (r < 0 || !str_eq(mount.point, "/"))
			continue;
		str_copy(facts->root_type, sizeof(facts->root_type),
			 mount.type);
		str_copy(facts->root_source, sizeof(facts->root_source),
			 mount.source);
	}
	str_make_printable(facts->root_type);
	str_make_printable(facts->root_source);
	facts->root_is_rootfs = str_eq(facts->root_type, "rootfs");
}
